"""The Grid LSTM of Kalchbrenner, Danihelka and Graves 2015."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.errors import UsageError
from throughtime.kernels.reference.cell import Cell, CellStep, Parameters

__all__ = ["GridLSTMCell"]


class GridLSTMCell(Cell):
    """A column of Grid LSTM blocks: the LSTM runs along depth as it does along time.

    .. code-block:: text

        (h', m') = LSTM(H, m, W):                                                                (eq. 1, 3)
            u, f, o = sigmoid(W_u H), sigmoid(W_f H), sigmoid(W_o H)
            m' = f . m + u . tanh(W_c H)
            h' = tanh(o . m')

        (h_1, m_1) at depth 0 = I x[t]                                      the side where the input enters
        H = [h_1; h_2]                                                                            (eq. 7)
        (h_1', m_1') = LSTM(H, m_1, W_1)              along depth, to the block above             (eq. 8)
        (h_2', m_2') = LSTM(H, m_2, W_2)              along time, to the same block at t + 1
        y[t] = h_1 above the last block

    With ``priority`` depth is computed last and sees what time has made of the step: H = [h_1; h_2'] for W_1 (eq. 9).
    With one dimension there is no time: H = h_1, and each step is by itself. Every W H has a bias here.

    The carry is h (the output y, which no step reads), and of two dimensions ``hidden`` (h_2 of all blocks, the lowest
    first) and ``memory`` (m_2), each depth * H wide. Parameters: ``weight_in (2H, I)`` is the paper's I; a block has
    ``weight_depth_0`` and ``weight_time_0 (4H, N*H)``, rows u, f, o, c, the lowest block being 0; where ``tied`` there
    is but one of each, ``weight_depth`` and ``weight_time``.

    Args:
        depth: number of blocks.
        dimensions: N; 1: depth, 2: depth and time.
        tied: all blocks have the same weights (section 3.5).
        priority: depth is the prioritized dimension (section 3.2).

    Source: Kalchbrenner, Danihelka and Graves 2015, "Grid long short-term memory", eq. 1, 3 and 7-9.
    """

    gates = ("u", "f", "o", "c")
    finite_only = True

    def __init__(
        self, depth: int, *, dimensions: Literal[1, 2] = 2, tied: bool = False, priority: bool = False
    ) -> None:
        if priority and dimensions == 1:
            raise UsageError("priority=True lets depth see what time has made of a step: it needs dimensions=2")
        self.depth, self.dimensions, self.tied, self.priority = depth, dimensions, tied, priority
        said = ("_tied" if tied else "") + ("_priority" if priority else "")
        self.name = f"grid_lstm_{dimensions}d_{depth}_deep{said}"
        can = {"bidirectional", "lengths", "resets", "stream"}
        self.capabilities = frozenset(can | {"trace"} if dimensions == 2 else can)

    def carry(self, projected: bool) -> tuple[str, ...]:
        return ("h", "hidden", "memory") if self.dimensions == 2 else ("h",)

    def carry_sizes(self, hidden_size: int, proj_size: int) -> tuple[int, ...]:
        return (hidden_size, *[self.depth * hidden_size] * (2 * self.dimensions - 2))

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        if proj_size:
            raise UsageError(f"cell {self.name!r} has no projection: leave proj_size at 0")
        transforms = [
            self._named(along, block)
            for block in range(1 if self.tied else self.depth)
            for along in ("depth", "time")[: self.dimensions]
        ]
        weights = {"weight_in": (2 * hidden_size, input_size)}
        weights |= {f"weight_{name}": (4 * hidden_size, self.dimensions * hidden_size) for name in transforms}
        biases = {f"bias{name.removeprefix('weight')}": (shape[0],) for name, shape in weights.items()}
        return {**weights, **(biases if bias else {})}

    def uses(self, name: str) -> int:
        return self.depth if self.tied and name in ("weight_depth", "weight_time") else 1

    def gate_biases(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name.startswith(("bias_depth", "bias_time"))]

    def project(self, p: Parameters, x: Tensor) -> Tensor:
        """The side where the input enters, (..., 2H); of one dimension, which knows no past, the output (..., H)."""
        side = functional.linear(x, p["weight_in"], p.get("bias_in"))
        if self.dimensions == 2:
            return side
        h, m = side.chunk(2, -1)
        for block in range(self.depth):
            h, m, _ = self._lstm(p, "depth", block, h, m)
        return h

    def step(self, p: Parameters, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> CellStep:
        if self.dimensions == 1:
            return (from_x,), {}
        h_1, m_1 = from_x.chunk(2, -1)
        before = zip(*(part.chunk(self.depth, -1) for part in carry[1:]), strict=True)
        hidden: list[Tensor] = []
        memory: list[Tensor] = []
        gates: dict[str, Tensor] = {}
        for block, (h_2, m_2) in enumerate(before):
            both = torch.cat([h_1, h_2], -1)
            h_2, m_2, of_time = self._lstm(p, "time", block, both, m_2)
            both = torch.cat([h_1, h_2], -1) if self.priority else both
            h_1, m_1, of_depth = self._lstm(p, "depth", block, both, m_1)
            gates |= of_time | of_depth
            hidden.append(h_2)
            memory.append(m_2)
        return (h_1, torch.cat(hidden, -1), torch.cat(memory, -1)), gates

    def _lstm(
        self, p: Parameters, along: str, block: int, both: Tensor, m: Tensor
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Eq. 1 with the weights of a block along one dimension: h', m' and the gates."""
        name = self._named(along, block)
        a = functional.linear(both, p[f"weight_{name}"], p.get(f"bias_{name}"))
        gates, c = torch.split(a, [3 * m.shape[-1], m.shape[-1]], -1)
        (u, f, o), c = torch.sigmoid(gates).chunk(3, -1), torch.tanh(c)
        m = f * m + u * c
        return torch.tanh(o * m), m, {f"{g}_{along}_{block}": v for g, v in zip("ufoc", (u, f, o, c), strict=True)}

    def _named(self, along: str, block: int) -> str:
        return along if self.tied else f"{along}_{block}"
