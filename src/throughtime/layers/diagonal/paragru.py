"""The diagonal gated recurrent unit as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.kernels.reference.diagonal import ParaGRUCell
from throughtime.layers.recurrent import Recurrent

__all__ = ["ParaGRU"]


class ParaGRU(Recurrent):
    """ParaGRU: a GRU whose recurrent matrices are diagonal; see :func:`throughtime.newton` for all its steps at once.

    .. code-block:: text

        z, r = sigmoid(W_* x[t] + b_* + u_* h[t-1])
        n = tanh(W_n x[t] + b_n + u_n (r h[t-1]))
        h[t] = (1 - z) h[t-1] + z n

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        *args: num_layers, bias, batch_first, dropout, bidirectional, as in ``torch.nn.GRU``; device, dtype.
        **kwargs: those, and the options of :class:`throughtime.Recurrent`.

    Shapes: x (T, B, I); y (T, B, D*H); state h (L*D, B, H). See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or one that the cell cannot honour.

    Source: Danieli et al. 2025, "ParaRNN: unlocking parallel training of nonlinear RNNs for large language models"; the
    equations with their numbers are in :class:`throughtime.kernels.reference.diagonal.ParaGRUCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, h_n = tt.ParaGRU(3, 4)(torch.randn(5, 2, 3))
        >>> y.shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, input_size: int, hidden_size: int | Sequence[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(ParaGRUCell(), input_size, hidden_size, *args, **kwargs)
