"""The minimal gated recurrent unit as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.kernels.reference.diagonal import MinGRUCell
from throughtime.layers.construction.arguments import flag
from throughtime.layers.recurrent import Recurrent

__all__ = ["MinGRU"]


class MinGRU(Recurrent):
    """minGRU: a GRU whose gates do not look back, so that time is swept in parallel.

    .. code-block:: text

        z = sigmoid(W_z x[t] + b_z)
        h[t] = (1 - z) h[t-1] + z (W_n x[t] + b_n)

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        *args: num_layers, bias, batch_first, dropout, bidirectional, as in ``torch.nn.GRU``; device, dtype.
        log_space: the paper's form in log-space: the candidate is made positive, g(n) = n + 1/2 where n >= 0, else
            sigmoid(n).
        **kwargs: those, and the options of :class:`throughtime.Recurrent`.

    Shapes: x (T, B, I); y (T, B, D*H); state h (L*D, B, H). See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or one that the cell cannot honour.

    Source: Feng et al. 2024, "Were RNNs all we needed?"; the equations with their numbers are in
    :class:`throughtime.kernels.reference.diagonal.MinGRUCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, h_n = tt.MinGRU(3, 4, num_layers=2)(torch.randn(5, 2, 3))
        >>> y.shape
        torch.Size([5, 2, 4])
    """

    def __init__(
        self, input_size: int, hidden_size: int | Sequence[int], *args: Any, log_space: bool = False, **kwargs: Any
    ) -> None:
        self.log_space = flag("log_space", log_space)
        super().__init__(MinGRUCell(self.log_space), input_size, hidden_size, *args, **kwargs)
