"""Long short-term memory as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from throughtime.kernels.reference.lstm import LSTMCell
from throughtime.layers.construction.arguments import flag
from throughtime.layers.recurrent import Recurrent

__all__ = ["LSTM"]


class LSTM(Recurrent):
    """Long short-term memory; takes the place of ``torch.nn.LSTM``.

    .. code-block:: text

        i, f, g, o = split(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh)
        c[t] = sigmoid(f) * c[t-1] + sigmoid(i) * tanh(g)
        h[t] = sigmoid(o) * tanh(c[t])

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        *args: num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype, as in ``torch.nn.LSTM``.
        peepholes: the gates also see c, through a diagonal ``weight_ch_l0`` (3H,), in the order i, f, o.
        **kwargs: those, and the options of :class:`throughtime.Recurrent`.

    Shapes: x (T, B, I); y (T, B, D*P); state (h, c) of (L*D, B, P) and (L*D, B, H).
    See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range.

    Source: Hochreiter and Schmidhuber 1997, "Long short-term memory"; the equations of every variant and their sources
    are in :class:`throughtime.kernels.reference.lstm.LSTMCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> layer = tt.LSTM(3, 4, layer_norm=True)
        >>> y, (h_n, c_n) = layer(torch.randn(5, 2, 3), lengths=[5, 3])
        >>> y.shape, c_n.shape
        (torch.Size([5, 2, 4]), torch.Size([1, 2, 4]))
    """

    def __init__(
        self, input_size: int, hidden_size: int | Sequence[int], *args: Any, peepholes: bool = False, **kwargs: Any
    ) -> None:
        self.peepholes = flag("peepholes", peepholes)
        super().__init__(LSTMCell(self.peepholes), input_size, hidden_size, *args, **kwargs)

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """(L*D, B, H): shape of the state c for this input, as :meth:`get_expected_hidden_size` of h."""
        return self._expected_size(1, input, batch_sizes)
