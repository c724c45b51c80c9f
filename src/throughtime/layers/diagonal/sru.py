"""The simple recurrent unit as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.kernels.reference.diagonal import SRUCell
from throughtime.layers.recurrent import Recurrent

__all__ = ["SRU"]


class SRU(Recurrent):
    """SRU: a memory whose gates see it unit by unit, and a highway past it.

    .. code-block:: text

        f, r = sigmoid(W_* x[t] + v_* c[t-1] + b_*)
        c[t] = f c[t-1] + (1 - f) W x[t]
        h[t] = r c[t] + (1 - r) W_s x[t]

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        *args: num_layers, bias, batch_first, dropout, bidirectional, as in ``torch.nn.GRU``; device, dtype.
        **kwargs: those, and the options of :class:`throughtime.Recurrent`.

    Shapes: x (T, B, I); y (T, B, D*H); state (h, c), each (L*D, B, H). See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or one that the cell cannot honour.

    Source: Lei et al. 2018, "Simple recurrent units for highly parallelizable recurrence"; the equations with their
    numbers are in :class:`throughtime.kernels.reference.diagonal.SRUCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, (h_n, c_n) = tt.SRU(3, 4)(torch.randn(5, 2, 3))
        >>> y.shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, input_size: int, hidden_size: int | Sequence[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(SRUCell(), input_size, hidden_size, *args, **kwargs)
