"""The time loop, written once: packed rows, ragged ends, resets, both directions, noise, trace."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from throughtime.kernels.reference.cell import CellStep
from throughtime.kernels.reference.noise import Purpose, dropped

if TYPE_CHECKING:
    from throughtime.kernels.call import Call, Swept

__all__ = ["advance", "run", "sweep_direction"]

Carry = tuple[Tensor, ...]
Trace = dict[str, Tensor]


def run(call: Call, trace: list[Trace] | None = None, sizes: list[int] | None = None) -> Swept:
    """Sweep every direction of one layer.

    Args:
        call: what to run; see :class:`throughtime.kernels.call.Call`.
        trace: where given, one mapping per direction is appended: every gate and every part of the carry by name,
            (N, width), in the order of the rows.
        sizes: ``call.sizes()`` where the caller knows them; None: they are read.

    Returns:
        y (N', D*P) and the final carry, parts of (D, B, width).
    """
    outputs: list[Tensor] = []
    finals: list[Carry] = []
    for direction in range(call.directions):
        y, final, seen = _Sweep(call, direction, sizes).run(trace is not None)
        outputs.append(y)
        finals.append(final)
        if trace is not None:
            trace.append(seen)
    return torch.cat(outputs, -1), [torch.stack(parts) for parts in zip(*finals, strict=True)]


def sweep_direction(call: Call, direction: int) -> tuple[list[Tensor], list[Tensor]]:
    """Sweep one direction, and keep the whole carry of every row.

    Args:
        call: what to run.
        direction: 0 forward, 1 backward.

    Returns:
        the carry after each row, parts of (N', width); and the final carry, parts of (B, width).
    """
    sweep = _Sweep(call, direction, None)
    _, final, trace = sweep.run(True)
    names = call.body().carry("weight_hr" in call.names)
    tail = call.rows.shape[0] - sweep.tokens
    states: list[Tensor] = []
    for name, part in zip(names, final, strict=True):
        rows = trace[name] if trace else part[:0]
        states.append(torch.cat([rows, rows.new_zeros(tail, part.shape[-1])]))
    return states, list(final)


def advance(
    call: Call, direction: int, from_x: Tensor, carry: Carry, hidden: Tensor | None, kept: list[Tensor | None]
) -> CellStep:
    """One step with its noise: recurrent dropout before the cell, zoneout after it.

    Args:
        call: options and parameters.
        direction: 0 forward, 1 backward.
        from_x: the input's part of the gates, (n, G*H).
        carry: parts of (n, width), h first.
        hidden: (n, P) scale of h in the recurrent product (recurrent dropout), or None.
        kept: for each part of the carry, (n, width) bool: units that zoneout keeps; None: no mask drawn.

    Returns:
        the next carry and the gates by name.

    Source: zoneout by Krueger et al. 2017, "Zoneout: regularizing RNNs by randomly preserving hidden activations",
    eq. 4-5 (h is computed from the new c, before c's own zoneout); recurrent dropout by Gal and Ghahramani 2016, "A
    theoretically grounded application of dropout in recurrent neural networks", one mask per sequence, tied over gates.
    """
    h = carry[0] if hidden is None else carry[0] * hidden
    fresh, gates = call.body().step(call.parameters(direction), from_x, h, carry)
    zoned = (_zone(old, new, p, mask) for old, new, p, mask in zip(carry, fresh, call.zoneout, kept, strict=True))
    return tuple(zoned), gates


def _zone(old: Tensor, new: Tensor, p: float, kept: Tensor | None) -> Tensor:
    if p == 0.0:
        return new
    return p * old + (1 - p) * new if kept is None else torch.where(kept, old, new)


class _Sweep:
    """One direction of one call."""

    def __init__(self, call: Call, direction: int, sizes: list[int] | None) -> None:
        self.call, self.direction = call, direction
        self.sizes = call.sizes() if sizes is None else sizes
        self.starts = [0, *accumulate(self.sizes)]
        self.batch = call.state[0].shape[1]
        self.tokens = self.starts[-1]

    def run(self, traced: bool) -> tuple[Tensor, Carry, Trace]:
        call, direction = self.call, self.direction
        projected = call.body().project(call.parameters(direction), call.rows[: self.tokens])
        # At once: the gradient of each slice by itself would be as large as all steps.
        steps = cast("tuple[Tensor, ...]", projected.split(self.sizes))
        hidden, kept, restarts = self._hidden(), self._kept(), self._restarts()
        carry = tuple(part[direction].clone() for part in call.state)
        outputs: list[Tensor] = []
        traces: list[Trace] = []
        for t in self._order():
            n, block = self.sizes[t], slice(self.starts[t], self.starts[t + 1])
            active = carry if n == self.batch else tuple(part[:n] for part in carry)
            if restarts is not None:
                active = self._restarted(active, restarts[block])
            scale = None if hidden is None else hidden[:n]
            masks = [None if mask is None else mask[block] for mask in kept]
            fresh, gates = advance(call, direction, steps[t], active, scale, masks)
            carry = tuple(
                new if n == self.batch else torch.cat([new, old[n:]]) for new, old in zip(fresh, carry, strict=True)
            )
            outputs.append(fresh[0])
            if traced:
                names = call.body().carry("weight_hr" in call.names)
                traces.append({**gates, **dict(zip(names, fresh, strict=True))})
        return self._joined(outputs), carry, self._trace(traces)

    def _order(self) -> Sequence[int]:
        steps = range(len(self.sizes))
        return steps[::-1] if self.direction else steps

    def _joined(self, blocks: list[Tensor]) -> Tensor:
        """Blocks in the order they were computed -> rows in the order of the call, zeros past the last token."""
        width = self.call.state[0].shape[-1]
        tail = self.call.rows.new_zeros(self.call.rows.shape[0] - self.tokens, width)
        return torch.cat([*(blocks[::-1] if self.direction else blocks), tail])

    def _trace(self, steps: list[Trace]) -> Trace:
        ordered = steps[::-1] if self.direction else steps
        return {name: torch.cat([step[name] for step in ordered]) for name in (steps[0] if steps else {})}

    def _restarts(self) -> Tensor | None:
        """(N,) bool: the carry is cleared before this token in the order of this direction.

        Going backward, a boundary before step t lies between t and t-1, so it is met on the way into step t-1.
        """
        resets = self.call.resets
        if resets is None or self.direction == 0:
            return resets
        later: list[Tensor] = []
        for t, n in enumerate(self.sizes):
            after = resets[self.starts[t + 1] : self.starts[t + 2]] if t + 1 < len(self.sizes) else resets[:0]
            later.append(torch.cat([after, after.new_zeros(n - after.shape[0])]))
        return torch.cat(later) if later else resets[:0]

    def _restarted(self, carry: Carry, cleared: Tensor) -> Carry:
        if not self.call.restart:
            return tuple(part.masked_fill(cleared[:, None], 0.0) for part in carry)
        initial = (part[self.direction] for part in self.call.restart)
        return tuple(torch.where(cleared[:, None], start, part) for start, part in zip(initial, carry, strict=True))

    def _row_ids(self) -> Tensor:
        ids = self.call.row_ids
        return torch.arange(self.batch, device=self.call.rows.device) if ids is None else ids

    def _hidden(self) -> Tensor | None:
        """(B, P) scale of h[t-1] in the recurrent product: 0 or 1/(1-p)."""
        p = self.call.recurrent_dropout
        if not self.call.training or p == 0.0:
            return None
        rows = self._row_ids()
        out = self._dropped(p, Purpose.RECURRENT_DROPOUT, rows, torch.zeros_like(rows), self.call.state[0].shape[-1])
        return torch.zeros_like(self.call.state[0][0]).masked_fill(~out, 1.0 / (1.0 - p))

    def _kept(self) -> list[Tensor | None]:
        """For each part of the carry, (N, width) bool: units that keep their value at that token."""
        if not self.call.training or not any(self.call.zoneout):
            return [None] * len(self.call.state)
        ids, device = self._row_ids(), self.call.rows.device
        rows = torch.cat([ids[:n] for n in self.sizes]) if self.sizes else ids[:0]
        sizes = torch.tensor(self.sizes, dtype=torch.int64, device="cpu")
        steps = torch.repeat_interleave(torch.arange(len(self.sizes), device="cpu"), sizes)
        purposes = [Purpose.ZONEOUT_H] + [Purpose.ZONEOUT_C] * (len(self.call.state) - 1)
        return [
            self._dropped(p, purpose, rows, steps.to(device), part.shape[-1]) if p > 0.0 else None
            for p, purpose, part in zip(self.call.zoneout, purposes, self.call.state, strict=True)
        ]

    def _dropped(self, p: float, purpose: Purpose, rows: Tensor, steps: Tensor, units: int) -> Tensor:
        seed = self.call.seed
        assert seed is not None, "a call with noise carries a seed"
        return dropped(p, seed, purpose, self.call.layer, self.direction, rows, steps, units)
