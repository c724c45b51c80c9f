"""Cells that are linear in their state as a scan in PyTorch's operators: any device, any type, differentiable as it
stands.

Time is cut into about sqrt(T) chunks. All chunks are swept side by side, from zero, in sqrt(T) steps; the states that
enter them are found in as many steps more; then each chunk's own part and what it keeps of its entering state are
added. So a sweep of T steps costs about 2 sqrt(T) calls of operators instead of T, and no number is ever divided or
logarithmed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module

import torch
from torch import Tensor

from throughtime.kernels.diagonal.units import States, Sweep
from throughtime.kernels.reference.diagonal import LinearCell

__all__ = ["Grid", "scan", "sweep_by_scan", "sweep_by_triton"]


Scan = Callable[[Tensor, Tensor, Tensor], Tensor]


def sweep_by_triton(sweep: Sweep) -> States:
    """Sweep one direction of a linear cell on a GPU, its chunks and columns side by side.

    Args:
        sweep: as for :func:`sweep_by_scan`, on CUDA.
    """
    return sweep_by_scan(sweep, import_module("throughtime.kernels.triton.scan").scan)


def sweep_by_scan(sweep: Sweep, scanned: Scan | None = None) -> States:
    """Sweep one direction of a linear cell.

    Args:
        sweep: what to sweep; its cell is a :class:`LinearCell`. Types narrower than float32 are computed in that.
        scanned: what makes the states out of a, b and the initial state; None: :func:`scan`.
    """
    cell, kind = sweep.cell, sweep.x[0].dtype
    assert isinstance(cell, LinearCell)
    if kind in (torch.float16, torch.bfloat16):
        states, finals = sweep_by_scan(sweep.with_tensors([each.float() for each in sweep.tensors()]), scanned)
        return [each.to(kind) for each in states], [each.to(kind) for each in finals]
    hidden, grid = sweep.initial[0].shape[1], Grid(sweep)
    x = [each[: grid.tokens] for each in sweep.x]  # what lies past the last token may be anything
    a, b, _ = cell.coefficients(cell.blocks(torch.cat(x, -1) if len(x) > 1 else x[0], hidden), tuple(sweep.own))
    restart = cell.joined(tuple(sweep.restart)) if sweep.restart else None
    states = grid.scan(a.expand_as(b), b, cell.joined(tuple(sweep.initial)), restart, scanned or scan)
    return [*cell.parted(grid.rows(states))], [*cell.parted(grid.last(states))]


def scan(a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
    """All states of s[t] = a[t] s[t-1] + b[t].

    Args:
        a: (T, ...) floating or complex.
        b: (T, ...).
        initial: (...) s[-1].

    Returns:
        (T, ...).
    """
    steps = a.shape[0]
    length = max(1, math.isqrt(steps))
    chunks = -(-steps // length)
    short = chunks * length - steps
    if short:
        a = torch.cat([a, a.new_ones(short, *a.shape[1:])])
        b = torch.cat([b, b.new_zeros(short, *b.shape[1:])])
    a, b = (each.reshape(chunks, length, *each.shape[1:]) for each in (a, b))
    kept, added = [a[:, 0]], [b[:, 0]]
    for t in range(1, length):
        kept.append(a[:, t] * kept[-1])
        added.append(a[:, t] * added[-1] + b[:, t])
    entering = [initial]
    for chunk in range(chunks - 1):
        entering.append(kept[-1][chunk] * entering[-1] + added[-1][chunk])
    states = torch.stack(kept, 1) * torch.stack(entering)[:, None] + torch.stack(added, 1)
    return states.reshape(chunks * length, *states.shape[2:])[:steps]


class Grid:
    """Packed rows laid out as (T, B, ...) in the order of the direction, and back.

    Args:
        sweep: its sizes, resets and direction are used.
    """

    def __init__(self, sweep: Sweep) -> None:
        sizes, device = sweep.batch_sizes, sweep.x[0].device
        self.steps, self.batch = sizes.shape[0], sweep.initial[0].shape[0]
        self._reverse, self._total = sweep.reverse, sweep.rows
        alive = torch.arange(self.batch, device="cpu") < sizes[:, None]
        self._alive = alive.to(device)
        self._places = alive.flatten().nonzero().flatten().to(device)
        self._resets = None if sweep.resets is None else self._cleared(sweep.resets)

    @property
    def tokens(self) -> int:
        """N, rows without those past the last token."""
        return self._places.shape[0]

    def steps_of(self, rows: Tensor, fill: float) -> Tensor:
        """(N', ...) -> (T, B, ...)."""
        full = rows.new_full((self.steps * self.batch, *rows.shape[1:]), fill)
        laid = full.index_copy(0, self._places, rows[: self.tokens])
        laid = laid.reshape(self.steps, self.batch, *rows.shape[1:])
        return laid.flip(0) if self._reverse else laid

    def rows(self, states: Tensor) -> Tensor:
        """(T, B, H) -> (N', H), zero past the last token."""
        ordered = states.flip(0) if self._reverse else states
        packed = ordered.reshape(-1, ordered.shape[-1]).index_select(0, self._places)
        return torch.cat([packed, packed.new_zeros(self._total - self.tokens, packed.shape[1])])

    def last(self, states: Tensor) -> Tensor:
        """(T, B, H) -> (B, H): where a row has no step its state does not move, so it is the last one."""
        return states[-1]

    def alive(self) -> Tensor:
        """(T, B, 1) bool: the row has this step, in the order of the direction."""
        return (self._alive.flip(0) if self._reverse else self._alive)[..., None]

    def cleared(self) -> Tensor | None:
        """(T, B, 1) bool: the state is cleared before the step, in the order of the direction; None: nowhere."""
        return self._resets

    def scan(self, a: Tensor, b: Tensor, initial: Tensor, restart: Tensor | None, scanned: Scan) -> Tensor:
        """States (T, B, H) of rows a and b (N', H) from initial (B, H); ``restart`` (H,) is what a reset returns to."""
        if not self.steps:
            return initial[None]
        a, b = self.steps_of(a, 1.0), self.steps_of(b, 0.0)
        if self._resets is not None:
            b = b if restart is None else torch.where(self._resets, b + a * restart, b)
            a = a.masked_fill(self._resets, 0.0)
        return scanned(a, b, initial)

    def _cleared(self, resets: Tensor) -> Tensor:
        laid = torch.zeros(self.steps * self.batch, dtype=torch.bool, device=resets.device)
        laid = laid.index_copy(0, self._places, resets[: self.tokens]).reshape(self.steps, self.batch)
        if self._reverse:  # a boundary before step t is met on the way from t to t-1, where t is in the row
            laid = torch.cat([laid[1:] & self._alive[1:], torch.zeros_like(laid[:1])]).flip(0)
        return laid[..., None]
