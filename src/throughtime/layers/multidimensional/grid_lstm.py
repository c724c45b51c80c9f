"""The Grid LSTM as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast

from throughtime.errors import UsageError
from throughtime.kernels.reference.grid_lstm import GridLSTMCell
from throughtime.layers.construction.arguments import flag, size
from throughtime.layers.recurrent import Recurrent

__all__ = ["GridLSTM"]


class GridLSTM(Recurrent):
    """Grid LSTM: a column of blocks at each step, along which an LSTM runs, gates and memory, as it runs along time.

    .. code-block:: text

        (h_1, m_1) = I x[t], then for each block:                H = [h_1; h_2]                  (eq. 7)
            (h_1, m_1) = LSTM(H, m_1, W_1)                       up, to the block above          (eq. 8)
            (h_2, m_2) = LSTM(H, m_2, W_2)                       on, to the same block at t + 1
        y[t] = h_1

        LSTM(H, m, W) = (tanh(o . m'), m')  with  m' = f . m + u . c,                            (eq. 1)
            u, f, o = sigmoid(W_u H), sigmoid(W_f H), sigmoid(W_o H),  c = tanh(W_c H)

    Where one dimension is asked for there is no time: H = h_1, and each step passes through the blocks by itself.

    Args:
        input_size: I, features of one step.
        hidden_size: H, or a list with one H per layer.
        depth: blocks of the column. (``num_layers`` puts whole grids one on another; a deeper grid is a larger depth.)
        dimensions: 1: depth (the paper's 1-LSTM), 2: depth and time (2-LSTM).
        tied: all blocks of the column have the same weights (section 3.5), so depth costs no parameters.
        priority: depth is the prioritized dimension: W_1 sees h_2 as time has just made it (section 3.2, eq. 9).
        **kwargs: num_layers, bias, batch_first, dropout, bidirectional, device, dtype, input_dropout,
            variational_dropout, initial_state and others of :class:`throughtime.Recurrent`. Zoneout, layer norm,
            recurrent and weight dropout are not declared: asking for them raises.

    Shapes: x (T, B, I); y (T, B, D*H). State of two dimensions: (h, hidden, memory) of (L*D, B, H), (L*D, B, depth*H)
    and (L*D, B, depth*H): the last output, which no step reads, and h_2 and m_2 of each block, the lowest first. State
    of one dimension: h. See :meth:`throughtime.Recurrent.forward`; ``trace=True`` gives gates by names like
    "f_time_0_l0".

    Raises:
        ArgumentTypeError: an argument of another type.
        UsageError: an argument out of range, or one that the cell does not declare.

    Source: Kalchbrenner, Danihelka and Graves 2015, "Grid long short-term memory", eq. 1, 3 and 7-9; the parameters are
    in :class:`throughtime.kernels.reference.grid_lstm.GridLSTMCell`.

    Example:
        >>> import torch, throughtime as tt
        >>> layer = tt.GridLSTM(3, 4, depth=6, tied=True)
        >>> y, (h_n, hidden, memory) = layer(torch.randn(5, 2, 3), lengths=[5, 3])
        >>> y.shape, memory.unflatten(-1, (6, 4)).shape
        (torch.Size([5, 2, 4]), torch.Size([1, 2, 6, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        depth: int = 2,
        *,
        dimensions: Literal[1, 2] = 2,
        tied: bool = False,
        priority: bool = False,
        **kwargs: Any,
    ) -> None:
        self.depth, self.tied, self.priority = size("depth", depth, 1), flag("tied", tied), flag("priority", priority)
        self.dimensions = cast("Literal[1, 2]", size("dimensions", dimensions, 1))
        if self.dimensions > 2:
            raise UsageError(f"dimensions must be 1 (depth) or 2 (depth and time), got {dimensions}")
        cell = GridLSTMCell(self.depth, dimensions=self.dimensions, tied=self.tied, priority=self.priority)
        super().__init__(cell, input_size, hidden_size, **kwargs)

    def extra_repr(self) -> str:
        given: dict[str, object] = {"depth": self.depth, "dimensions": self.dimensions}
        given |= {name: True for name in ("tied", "priority") if getattr(self, name)}
        return ", ".join([super().extra_repr(), *(f"{name}={value}" for name, value in given.items())])
