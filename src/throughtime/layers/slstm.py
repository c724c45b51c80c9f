"""The scalar long short-term memory of xLSTM as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.kernels.reference.slstm import SLSTMCell
from throughtime.layers.construction.arguments import flag, size
from throughtime.layers.recurrent import Recurrent

__all__ = ["SLSTM"]


class SLSTM(Recurrent):
    """sLSTM: an LSTM with exponential gates, a normaliser beside its memory, and heads that do not mix.

    .. code-block:: text

        i, f = exp(i~), sigmoid(f~)                   i~, f~, z~, o~ = W x[t] + R h[t-1] + b, R block-diagonal
        c[t] = f c[t-1] + i tanh(z~)
        n[t] = f n[t-1] + i
        h[t] = sigmoid(o~) c[t] / n[t]

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer; a multiple of ``heads``.
        *args: num_layers, bias, batch_first, dropout, bidirectional, as in ``torch.nn.LSTM``; device, dtype.
        heads: groups of units whose recurrent products do not mix.
        exponential_forget: the forget gate is exp(f~) instead of sigmoid(f~).
        **kwargs: those, and the options of :class:`throughtime.Recurrent` without ``zoneout`` and ``layer_norm``.

    Shapes: x (T, B, I); y (T, B, D*H); state (h, c, n, m), each (L*D, B, H), m the logarithm by which c and n are
    scaled down. See :meth:`throughtime.Recurrent.forward`.

    Raises:
        UsageError: an argument out of range, or one that the cell cannot honour.

    Source: Beck et al. 2024, "xLSTM: extended long short-term memory", section 2.2; the equations with their numbers
    are in :class:`throughtime.kernels.reference.slstm.SLSTMCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> y, (h_n, c_n, n_n, m_n) = tt.SLSTM(3, 4, heads=2)(torch.randn(5, 2, 3))
        >>> y.shape
        torch.Size([5, 2, 4])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        *args: Any,
        heads: int = 1,
        exponential_forget: bool = False,
        **kwargs: Any,
    ) -> None:
        self.heads, self.exponential_forget = size("heads", heads, 1), flag("exponential_forget", exponential_forget)
        super().__init__(SLSTMCell(self.heads, self.exponential_forget), input_size, hidden_size, *args, **kwargs)
