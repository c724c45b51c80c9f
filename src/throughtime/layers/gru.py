"""The gated recurrent unit as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.kernels.reference.gru import GRUCell
from throughtime.layers.construction.arguments import flag
from throughtime.layers.recurrent import Recurrent

__all__ = ["GRU"]


class GRU(Recurrent):
    """Gated recurrent unit; takes the place of ``torch.nn.GRU``.

    .. code-block:: text

        r, z = sigmoid(W_i* x[t] + b_i* + W_h* h[t-1] + b_h*)
        n = tanh(W_in x[t] + b_in + r * (W_hn h[t-1] + b_hn))
        h[t] = (1 - z) * n + z * h[t-1]

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        *args: num_layers, bias, batch_first, dropout, bidirectional, as in ``torch.nn.GRU``; proj_size, device, dtype.
        reset_after: True: PyTorch's form, above. False: ``W_hn (r * h[t-1])``, as in Cho et al. and in Keras with
            ``reset_after=False``.
        **kwargs: those, and the options of :class:`throughtime.Recurrent`.

    Shapes: x (T, B, I); y (T, B, D*P); state h (L*D, B, H). With ``proj_size`` the state is (h, m): the projection
    (L*D, B, P) and the memory (L*D, B, H). See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or ``proj_size`` with ``reset_after=False``.

    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for statistical machine
    translation"; the equations of every variant are in :class:`throughtime.kernels.reference.gru.GRUCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, h_n = tt.GRU(3, 4, reset_after=False)(torch.randn(5, 2, 3))
        >>> y.shape, h_n.shape
        (torch.Size([5, 2, 4]), torch.Size([1, 2, 4]))
    """

    def __init__(
        self, input_size: int, hidden_size: int | Sequence[int], *args: Any, reset_after: bool = True, **kwargs: Any
    ) -> None:
        self.reset_after = flag("reset_after", reset_after)
        super().__init__(GRUCell(self.reset_after), input_size, hidden_size, *args, **kwargs)
