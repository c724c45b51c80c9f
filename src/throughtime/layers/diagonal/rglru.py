"""The real-gated linear recurrent unit as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.kernels.reference.diagonal import RGLRUCell
from throughtime.layers.recurrent import Recurrent

__all__ = ["RGLRU"]


class RGLRU(Recurrent):
    """RG-LRU: decays of the units' own, quickened by a gate of the input.

    .. code-block:: text

        r, i = sigmoid(W_* x[t] + b_*)
        a = sigmoid(lambda)^(8 r)
        h[t] = a h[t-1] + sqrt(1 - a^2) i (W_n x[t] + b_n)

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        *args: num_layers, bias, batch_first, dropout, bidirectional, as in ``torch.nn.GRU``; device, dtype.
        **kwargs: those, and the options of :class:`throughtime.Recurrent`.

    Shapes: x (T, B, I); y (T, B, D*H); state h (L*D, B, H). See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or one that the cell cannot honour.

    Source: De et al. 2024, "Griffin: mixing gated linear recurrences with local attention for efficient
    language models"; the equations with their numbers are in
    :class:`throughtime.kernels.reference.diagonal.RGLRUCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, h_n = tt.RGLRU(3, 4)(torch.randn(5, 2, 3))
        >>> y.shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, input_size: int, hidden_size: int | Sequence[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(RGLRUCell(), input_size, hidden_size, *args, **kwargs)
