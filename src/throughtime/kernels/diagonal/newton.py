"""Newton's method over time: all steps of a nonlinear diagonal cell at once.

The states of a sequence are the root of r[t](h) = h[t] - unit(x[t], h[t-1]). Newton's step for it is a recurrence that
is linear in the states, with the slope of each unit at the states guessed so far, and so a scan:

.. code-block:: text

    h'[t] = J[t] h'[t-1] + unit(x[t], h[t-1]) - J[t] h[t-1]            J[t] = d unit / d h[t-1]

Time is solved in chunks, each from the exact end of the one before. A chunk has converged where no residual is larger
than the tolerance; one that has not after so many iterations is swept step by step. Nothing is ever left inexact.

Sources: Lim, Zhu, Selfridge and Kasim 2024, "Parallelizing non-linear sequential models over the sequence length"
(DEER), section 3; Danieli et al. 2025, "ParaRNN", section 2 (diagonal Jacobians).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor
from torch.func import vjp  # pyright: ignore[reportUnknownVariableType]

from throughtime.errors import UsageError
from throughtime.kernels.diagonal.scan import Grid, scan
from throughtime.kernels.diagonal.units import States, Sweep
from throughtime.kernels.reference.diagonal import DiagonalCell

__all__ = ["NewtonReport", "NewtonSettings", "newton_settings", "sweep_by_newton"]


@dataclass(kw_only=True)
class NewtonReport:
    """What Newton's method did in the calls since it was asked for."""

    iterations: list[int] = field(default_factory=list[int])
    """Iterations of each chunk, in the order in which they were solved."""
    residuals: list[float] = field(default_factory=list[float])
    """The largest |h[t] - unit(x[t], h[t-1])| that each chunk was left with; 0 where it was swept step by step."""
    sequential: int = 0
    """Chunks that did not converge and were swept step by step."""

    def __str__(self) -> str:
        if not self.iterations:
            return "Newton: no chunk was solved"
        mean = sum(self.iterations) / len(self.iterations)
        return (
            f"Newton: {len(self.iterations)} chunks, {mean:.1f} iterations each (at most {max(self.iterations)}), "
            f"residual at most {max(self.residuals):.1e}, {self.sequential} swept step by step"
        )


@dataclass(frozen=True, kw_only=True)
class NewtonSettings:
    """How far Newton's method goes."""

    tolerance: float | None = None
    """The largest residual that is accepted; None: 4 units in the last place of the largest state, or of 1."""
    iterations: int = 20
    """Iterations of a chunk, at most; then it is swept step by step."""
    chunk: int = 256
    """Steps of a chunk."""
    report: NewtonReport = field(default_factory=NewtonReport)
    """Where it is written down."""

    def __post_init__(self) -> None:
        if self.tolerance is not None and not 0 < self.tolerance < math.inf:
            raise UsageError(f"tolerance must be a number above 0, got {self.tolerance}")
        if self.iterations < 1 or self.chunk < 1:
            raise UsageError(f"iterations and chunk must be 1 or more, got {self.iterations} and {self.chunk}")


class _Current(threading.local):
    def __init__(self) -> None:
        self.settings = NewtonSettings()


_current = _Current()


@contextmanager
def newton_settings(settings: NewtonSettings) -> Generator[None]:
    """Use these settings in this thread."""
    before, _current.settings = _current.settings, settings
    try:
        yield
    finally:
        _current.settings = before


def sweep_by_newton(sweep: Sweep) -> States:
    """Sweep one direction of a cell with one part of state.

    Args:
        sweep: what to sweep.
    """
    grid, cell, hidden = Grid(sweep), sweep.cell, sweep.initial[0].shape[1]
    if not grid.steps:
        return [grid.rows(sweep.initial[0].new_zeros(0, grid.batch, hidden))], [sweep.initial[0]]
    blocks = cell.blocks(torch.cat(sweep.x, -1), hidden)
    x = torch.stack([grid.steps_of(block, 0.0) for block in blocks])
    cleared = grid.cleared()
    restart = sweep.restart[0] if sweep.restart else sweep.initial[0].new_zeros(hidden)
    problem = _Problem(cell, grid.alive(), cleared)
    states = cast(Tensor, _Solved.apply(problem, x, sweep.initial[0], restart, *sweep.own))
    return [grid.rows(states)], [grid.last(states)]


def _pulled(function: Callable[..., Tensor], *inputs: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, ...]]]:
    """A function's value, and what pulls a gradient of it back to its inputs; inside transforms too."""
    return cast(Any, vjp)(function, *inputs)


class _Problem:
    """The cell, and where it does not simply follow the step before."""

    def __init__(self, cell: DiagonalCell, alive: Tensor, cleared: Tensor | None) -> None:
        self.cell, self.alive, self.cleared = cell, alive, cleared

    def part(self, first: int, last: int) -> _Problem:
        cleared = None if self.cleared is None else self.cleared[first:last]
        return _Problem(self.cell, self.alive[first:last], cleared)

    def before(self, states: Tensor, initial: Tensor, restart: Tensor) -> Tensor:
        """The state that each step finds, (T, B, H)."""
        shifted = torch.cat([initial[None], states[:-1]])
        return shifted if self.cleared is None else torch.where(self.cleared, restart, shifted)

    def after(self, x: Tensor, own: tuple[Tensor, ...], before: Tensor) -> Tensor:
        """What each step makes of it; where a row has no step, nothing changes."""
        (states,), _ = self.cell.unit(tuple(x), own, (before,))
        return torch.where(self.alive, states, before)

    def slopes(self, x: Tensor, own: tuple[Tensor, ...], before: Tensor) -> tuple[Tensor, Tensor]:
        """The states after, and how fast each changes with the state before it."""

        def found(before: Tensor) -> Tensor:
            return self.after(x, own, before)

        after, pulled = _pulled(found, before)
        (slope,) = pulled(torch.ones_like(after))
        return after, slope

    def carried(self, slope: Tensor) -> Tensor:
        """The slope by the state of the step before, which a reset cuts off."""
        return slope if self.cleared is None else slope.masked_fill(self.cleared, 0.0)


class _Solved(torch.autograd.Function):
    """The solution; its gradient is one linear recurrence backwards, so it is exact whatever led to the states.

    The gradient is made of differentiable operators on the states, so that it can be differentiated as often as asked.
    """

    @staticmethod
    def forward(ctx: Any, problem: _Problem, x: Tensor, initial: Tensor, restart: Tensor, *own: Tensor) -> Tensor:
        settings, state, parts = _current.settings, initial, [x.new_empty(0, *initial.shape)]
        for first in range(0, x.shape[1], settings.chunk):
            last = min(first + settings.chunk, x.shape[1])
            parts.append(_chunk(problem.part(first, last), x[:, first:last], own, state, restart, settings))
            state = parts[-1][-1]
        states = torch.cat(parts)
        ctx.save_for_backward(states, x, initial, restart, *own)
        ctx.problem = problem
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        problem: _Problem = ctx.problem
        states, x, initial, restart, *own = ctx.saved_tensors

        def after(x: Tensor, initial: Tensor, restart: Tensor, *own: Tensor) -> Tensor:
            return problem.after(x, own, problem.before(states, initial, restart))

        _, slope = problem.slopes(x, tuple(own), problem.before(states, initial, restart))
        follows = torch.cat([problem.carried(slope)[1:], torch.zeros_like(initial)[None]])
        reaching = scan(follows.flip(0), grads[0].flip(0), torch.zeros_like(initial)).flip(0)
        _, pulled = _pulled(after, x, initial, restart, *own)
        return None, *pulled(reaching)


def _chunk(
    problem: _Problem, x: Tensor, own: tuple[Tensor, ...], initial: Tensor, restart: Tensor, settings: NewtonSettings
) -> Tensor:
    """The states (T, B, H) of one chunk, and a line in the report."""
    report, states = settings.report, x.new_zeros(x.shape[1:])
    residual = float("inf")
    for iteration in range(1, settings.iterations + 1):
        before = problem.before(states, initial, restart)
        after, slope = problem.slopes(x, own, before)
        states = scan(problem.carried(slope), after - slope * before + _restarted(problem, slope, restart), initial)
        residual = _residual(problem, x, own, states, initial, restart)
        if residual <= _accepted(settings, states):
            report.iterations.append(iteration)
            report.residuals.append(residual)
            return states
    report.iterations.append(settings.iterations)
    report.residuals.append(0.0)
    report.sequential += 1
    return _in_turn(problem, x, own, initial, restart)


def _restarted(problem: _Problem, slope: Tensor, restart: Tensor) -> Tensor | float:
    """What a state that a reset put in adds to Newton's step: there the state before is known."""
    return 0.0 if problem.cleared is None else torch.where(problem.cleared, slope * restart, 0.0)


def _residual(
    problem: _Problem, x: Tensor, own: tuple[Tensor, ...], states: Tensor, initial: Tensor, restart: Tensor
) -> float:
    wrong = states - problem.after(x, own, problem.before(states, initial, restart))
    return float(wrong.abs().max()) if wrong.numel() else 0.0


def _accepted(settings: NewtonSettings, states: Tensor) -> float:
    if settings.tolerance is not None:
        return settings.tolerance
    largest = float(states.abs().max()) if states.numel() else 1.0
    return 4 * torch.finfo(states.dtype).eps * max(1.0, largest)


def _in_turn(problem: _Problem, x: Tensor, own: tuple[Tensor, ...], state: Tensor, restart: Tensor) -> Tensor:
    states: list[Tensor] = []
    for t in range(x.shape[1]):
        one = problem.part(t, t + 1)
        before = one.before(state[None], state, restart)
        states.append(one.after(x[:, t : t + 1], own, before)[0])
        state = states[-1]
    return torch.stack(states)
