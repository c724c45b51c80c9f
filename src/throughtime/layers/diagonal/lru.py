"""The linear recurrent unit as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.kernels.reference.diagonal import LRUCell
from throughtime.layers.recurrent import Recurrent

__all__ = ["LRU"]


class LRU(Recurrent):
    """LRU: complex states that turn and decay at speeds of their own, and a linear read-out.

    .. code-block:: text

        s[t] = lambda s[t-1] + exp(gamma) (B x[t])        |lambda| < 1, s complex
        h[t] = Re(C s[t]) + D x[t]

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        *args: num_layers, bias, batch_first, dropout, bidirectional, as in ``torch.nn.GRU``; device, dtype.
        **kwargs: those, and the options of :class:`throughtime.Recurrent` without ``layer_norm``; there is no bias,
            whatever ``bias`` says.

    Shapes: x (T, B, I); y (T, B, D*H); state (h, re, im), each (L*D, B, H). See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or one that the cell cannot honour.

    Source: Orvieto et al. 2023, "Resurrecting recurrent neural networks for long sequences"; the equations with their
    numbers are in :class:`throughtime.kernels.reference.diagonal.LRUCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, (h_n, re_n, im_n) = tt.LRU(3, 4)(torch.randn(5, 2, 3))
        >>> y.shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, input_size: int, hidden_size: int | Sequence[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(LRUCell(), input_size, hidden_size, *args, **kwargs)
