"""The convolutional LSTM as a layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from torch import Tensor

from throughtime.errors import ArgumentTypeError, UsageError
from throughtime.kernels.reference.conv_lstm import ConvLSTMCell
from throughtime.layers.construction.arguments import flag, size
from throughtime.layers.construction.symbols import is_symbol
from throughtime.layers.multidimensional.pictures import PictureStates, PictureStream, flattened, in_pictures
from throughtime.layers.recurrent import Recurrent
from throughtime.layers.rows import Input, Lengths
from throughtime.layers.states import States

__all__ = ["ConvLSTM"]


class ConvLSTM(Recurrent):
    """Convolutional LSTM: pictures in, pictures out, and a state of pictures, each place seeing its neighbourhood.

    .. code-block:: text

        i[t] = sigmoid(W_xi * X[t] + W_hi * H[t-1] + w_ci . C[t-1] + b_i)      * convolution, . product      (eq. 3)
        f[t] = sigmoid(W_xf * X[t] + W_hf * H[t-1] + w_cf . C[t-1] + b_f)
        C[t] = f[t] . C[t-1] + i[t] . tanh(W_xc * X[t] + W_hc * H[t-1] + b_c)
        o[t] = sigmoid(W_xo * X[t] + W_ho * H[t-1] + w_co . C[t] + b_o)
        H[t] = o[t] . tanh(C[t])

    The convolutions of X are one call over the frames of all steps; the loop convolves H alone.

    Args:
        input_channels: C, channels of a frame.
        hidden_channels: C', channels of H, or a list with one number per layer.
        picture_size: (height, width) of all frames, or one number where they are square. It stays the same from layer
            to layer: beyond the edge there are zeros.
        kernel_size: (height, width) of all kernels, or one number; odd, so that a kernel has a middle.
        peepholes: the gates see C, through a number for each channel and place (``weight_ch_l0``), as in the paper.
        **kwargs: num_layers, bias, batch_first, bidirectional, zoneout, initial_state and others of
            :class:`throughtime.Recurrent`, where a feature or unit is a channel at a place. Layer norm and weight
            dropout are refused.

    Shapes: x (T, B, C, height, width), (B, T, ...) when ``batch_first``, (T, C, height, width) unbatched, a
    PackedSequence or a nested tensor of such; y the same with D*C' channels; state (h, c), each (L*D, B, C', height,
    width). ``input_size`` and ``hidden_size`` count the features of a flattened frame. See
    :meth:`throughtime.Recurrent.forward`.

    Raises:
        ArgumentTypeError: an argument of another type.
        UsageError: an argument out of range, or one that the cell does not declare.

    Source: Shi et al. 2015, "Convolutional LSTM network: a machine learning approach for precipitation nowcasting"; the
    parameters are in :class:`throughtime.kernels.reference.conv_lstm.ConvLSTMCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> layer = tt.ConvLSTM(1, 8, picture_size=(16, 12), num_layers=2, batch_first=True)
        >>> y, (h_n, c_n) = layer(torch.randn(2, 5, 1, 16, 12), lengths=[5, 3])
        >>> y.shape, c_n.shape
        (torch.Size([2, 5, 8, 16, 12]), torch.Size([2, 2, 8, 16, 12]))
    """

    _streamed = PictureStream

    def __init__(
        self,
        input_channels: int,
        hidden_channels: int | Sequence[int],
        picture_size: int | tuple[int, int],
        kernel_size: int | tuple[int, int] = 3,
        *,
        peepholes: bool = True,
        **kwargs: Any,
    ) -> None:
        self.input_channels, self.hidden_channels = size("input_channels", input_channels, 1), hidden_channels
        self.picture_size = _pair("picture_size", picture_size)
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.peepholes = flag("peepholes", peepholes)
        if not all(side % 2 for side in self.kernel_size):
            raise UsageError(f"kernel_size must be odd, so that a kernel has a middle, got {kernel_size}")
        if kwargs.get("weight_dropout"):
            raise UsageError("weight_dropout acts on matrices, and this layer's weights are kernels: leave it at 0")
        area = math.prod(self.picture_size)
        several = isinstance(hidden_channels, list | tuple)
        channels = [size("hidden_channels", each, 1) for each in (hidden_channels if several else [hidden_channels])]
        hidden = [each * area for each in channels]
        cell = ConvLSTMCell(self.picture_size, self.kernel_size, self.peepholes)
        super().__init__(cell, self.input_channels * area, hidden if several else hidden[0], **kwargs)

    def forward(
        self,
        input: Input,
        hx: Any = None,
        *,
        lengths: Lengths | None = None,
        resets: Tensor | None = None,
        mask: Tensor | None = None,
        zero_output_for_mask: bool = True,
        trace: bool = False,
    ) -> Any:
        """Run the stack: as :meth:`throughtime.Recurrent.forward`, each step's features being a picture.

        Args:
            input: (T, B, C, height, width), or any other form.
            hx: the state before the first step, (h, c), each (L*D, B, C', height, width), (L*D, C', height, width)
                unbatched, or a list by layer where those differ in channels. None: zeros, or the learned state.
            lengths: (B,) real steps of each row.
            resets: (B, T) bool: the state is cleared before that step.
            mask: (B, T) bool: True where a step is read.
            zero_output_for_mask: what y has at masked steps.
            trace: also return every gate and state.

        Returns:
            ``(y, state)``, or ``(y, state, traced)``, of pictures.

        Raises:
            ArgumentTypeError: an argument of another type.
            ShapeError: a tensor that does not fit.
            UsageError: an option that the cell does not declare.
        """
        if type(input) is not Tensor and is_symbol(input):
            return super().forward(input, hx, lengths=lengths, resets=resets, mask=mask, trace=trace)
        y, state, *traced = super().forward(
            self.entered(input), hx, lengths=lengths, resets=resets, mask=mask,
            zero_output_for_mask=zero_output_for_mask, trace=trace,
        )  # fmt: skip
        found = [{name: in_pictures(each, self.picture_size) for name, each in seen.items()} for seen in traced]
        return in_pictures(y, self.picture_size), state, *found

    def entered(self, input: Input) -> Input:
        return flattened(input, (self.input_channels, *self.picture_size))

    def states(self, batch: int, like: Tensor, unbatched: bool = False) -> States:
        plain = super().states(batch, like, unbatched)
        return PictureStates(
            widths=plain.widths, directions=plain.directions, batch=batch, unbatched=unbatched, initial=plain.initial,
            like=like, place=self.picture_size,
        )  # fmt: skip

    def extra_repr(self) -> str:
        sizes = f"{self.input_channels}, {self.hidden_channels}, {self.picture_size}, kernel_size={self.kernel_size}"
        peepholes = [] if self.peepholes else ["peepholes=False"]
        _, _, options = super().extra_repr().partition(f"{self.input_size}, {self.hidden_size}")
        return ", ".join([sizes, *peepholes]) + options


def _pair(name: str, given: Any) -> tuple[int, int]:
    """(height, width)."""
    sides = cast("Sequence[Any]", given) if isinstance(given, list | tuple) else [given, given]
    if len(sides) != 2:
        raise ArgumentTypeError(f"{name} is one number or (height, width), got {given!r}")
    return size(name, sides[0], 1), size(name, sides[1], 1)
