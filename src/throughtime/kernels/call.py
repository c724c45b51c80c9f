"""One call of the sweep: the contract between the layers and every kernel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from torch import Tensor

from throughtime.kernels.reference.cell import Cell, Parameters, cell_named

__all__ = ["Call", "Swept"]

Swept = tuple[Tensor, list[Tensor]]
"""What a sweep returns: y (N, D*P), and the final carry, each part (D, B, width)."""


@dataclass(kw_only=True, slots=True)  # as good as frozen; Python takes twice as long to make a frozen one
class Call:
    """All directions of one layer over packed rows (letters as in :mod:`throughtime.axes`)."""

    rows: Tensor
    """(N', I): the real tokens, ordered by step and rank; rows past sum(batch_sizes) are ignored and give zeros."""
    batch_sizes: Tensor
    """(T,) int64 on the CPU, never increasing: how many sequences are alive at each step."""
    resets: Tensor | None
    """(N',) bool: the state is cleared before this token, going forward; after it, going backward."""
    row_ids: Tensor | None
    """(B,) int64: the caller's row of each rank, for the noise; None where they are the same."""
    seed: Tensor | None
    """() int64 on the CPU: seed of all noise in this call; None where there is none."""
    state: list[Tensor]
    """The carry before the first step of each direction: parts of (D, B, width), h first."""
    restart: list[Tensor]
    """The carry that a reset returns to, parts of (D, width); empty: zeros."""
    weights: list[Tensor]
    """The parameters, one direction after the other, each in the order of ``names``."""
    names: list[str]
    """Parameter names without layer suffix; which are there says which variant of the cell runs."""
    cell: str
    """Name of the registered cell."""
    directions: int
    """1, or 2: forward and backward, outputs side by side."""
    layer: int
    """Index of the layer in its stack (part of the noise)."""
    zoneout: list[float]
    """Probability that a unit keeps its value, for each part of the carry."""
    recurrent_dropout: float
    """Probability that a unit of h[t-1] is hidden from the recurrent product, the same at all steps."""
    training: bool
    """True: draw masks. False: zoneout mixes by its expectation, and dropout does nothing."""
    keep: bool
    """Gradients may be asked for: keep what the backward pass needs."""
    recompute: bool
    """Keep the state at some steps only, and compute the rest again in the backward pass."""

    def sizes(self) -> list[int]:
        """``batch_sizes`` as integers, without the steps of no sequence at all."""
        return [n for n in cast("list[int]", self.batch_sizes.tolist()) if n > 0]

    def body(self) -> Cell:
        """The cell itself."""
        return cell_named(self.cell)

    def parameters(self, direction: int) -> Parameters:
        """The parameters of one direction by name."""
        start = direction * len(self.names)
        return dict(zip(self.names, self.weights[start : start + len(self.names)], strict=True))

    def tensors(self) -> tuple[Tensor, ...]:
        """All that a gradient may be asked for: rows, state, restart, weights."""
        return (self.rows, *self.state, *self.restart, *self.weights)

    def everything(self) -> tuple[Tensor | None, ...]:
        """All tensors of the call."""
        return (self.batch_sizes, self.resets, self.row_ids, self.seed, *self.tensors())

    def with_tensors(self, tensors: tuple[Tensor, ...] | list[Tensor]) -> Call:
        """The same call with other tensors in the order of :meth:`tensors`."""
        rows, rest = tensors[0], list(tensors[1:])
        a, b = len(self.state), len(self.state) + len(self.restart)
        return replace(self, rows=rows, state=rest[:a], restart=rest[a:b], weights=rest[b:])

    def split(self, tensors: list[Tensor]) -> tuple[Tensor, list[Tensor], list[Tensor], list[Tensor]]:
        """Tensors in the order of :meth:`tensors`, as (rows, state, restart, weights)."""
        moved = self.with_tensors(tensors)
        return moved.rows, moved.state, moved.restart, moved.weights
