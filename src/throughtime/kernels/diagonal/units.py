"""What the ways of sweeping a diagonal cell share: the call, and the one loop over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from throughtime.kernels.call import Call
from throughtime.kernels.reference.cell import register_cell
from throughtime.kernels.reference.diagonal import DiagonalCell
from throughtime.kernels.reference.diagonal.given import Units
from throughtime.kernels.reference.loop import sweep_direction

__all__ = ["States", "Sweep", "step_by_step"]

States = tuple[list[Tensor], list[Tensor]]
"""Parts of the state of each row, (N', H), zero past the last token; and of the final state, (B, H)."""


class Sweep(NamedTuple):
    """One direction of a diagonal cell over packed rows, after its input's projection and before its output is read."""

    cell: DiagonalCell
    x: list[Tensor]
    """What the units read, (N', blocks*H) each: the cell's blocks one after the other."""
    own: list[Tensor]
    """Numbers of each unit, (H,) each."""
    batch_sizes: Tensor
    """(T,) int64 on the CPU, never increasing."""
    resets: Tensor | None
    """(N',) bool, as in :class:`throughtime.kernels.call.Call`."""
    initial: list[Tensor]
    """Parts of the state before the first step, (B, H)."""
    restart: list[Tensor]
    """What a reset returns to, (H,) each; empty: zeros."""
    reverse: bool

    @property
    def rows(self) -> int:
        """N', rows with those past the last token."""
        return self.x[0].shape[0]

    def tensors(self) -> list[Tensor]:
        """All that a gradient may be asked for."""
        return [*self.x, *self.own, *self.initial, *self.restart]

    def with_tensors(self, tensors: Sequence[Tensor]) -> Sweep:
        """The same sweep of other tensors, in the order of :meth:`tensors`."""
        x, own, initial, restart = self.parted(tensors)
        return self._replace(x=x, own=own, initial=initial, restart=restart)

    def parted(self, tensors: Sequence[Any]) -> list[list[Any]]:
        """A list in the order of :meth:`tensors` as its four parts."""
        parts: list[list[Any]] = []
        rest = list(tensors)
        for part in (self.x, self.own, self.initial, self.restart):
            parts.append(rest[: len(part)])
            rest = rest[len(part) :]
        return parts


_units: dict[str, Units] = {}


def step_by_step(sweep: Sweep) -> States:
    """Sweep in plain PyTorch, one step after the other.

    Args:
        sweep: what to sweep.
    """
    name = sweep.cell.name
    if name not in _units:
        _units[name] = Units(sweep.cell)
        register_cell(_units[name])
    number, width = int(sweep.reverse), len(sweep.own)
    call = Call(
        rows=torch.cat(sweep.x, -1), batch_sizes=sweep.batch_sizes, resets=sweep.resets, row_ids=None, seed=None,
        state=[part.expand(2, *part.shape) for part in sweep.initial],
        restart=[part.expand(2, *part.shape) for part in sweep.restart],
        weights=[*sweep.own, *sweep.own], names=[str(k) for k in range(width)], cell=_units[name].name, directions=2,
        layer=0, zoneout=[0.0] * len(sweep.initial), recurrent_dropout=0.0, training=False, keep=True, recompute=False,
    )  # fmt: skip
    return sweep_direction(call, number)
