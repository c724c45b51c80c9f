"""Who reads what at which step: pure functions of (lengths, seed, epoch, rank, world, token budget).

A plan is a sequence of steps, a step is a tuple of spans. Nothing is drawn while reading, so the position in
training is one integer, and every rank can compute its own part and that of the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from throughtime.data.planning.drawing import entropy
from throughtime.data.source import Lengths
from throughtime.errors import DataError, UsageError

__all__ = ["LanePlan", "Plan", "Span", "plan_evaluation", "plan_lanes"]


class Span(NamedTuple):
    """A piece of one item that one row of the batch reads; a row reads its spans in the order of the step."""

    row: int
    """Row of this rank's batch."""
    item: int
    """Number of the item in the source."""
    start: int
    """First token of the item that is read."""
    stop: int
    """One past the last token that is read."""
    reset: bool
    """Whether the state is cleared before this span: an item starts here, or the row jumped to another place."""
    scored: bool
    """Whether the predictions made at these tokens count."""


class Plan(Protocol):
    """An immutable sequence of steps."""

    def __len__(self) -> int:
        """Give the number of steps."""
        ...

    def __getitem__(self, step: int, /) -> tuple[Span, ...]:
        """Give the spans which this rank reads at ``step``, ordered by row."""
        ...

    def tokens(self, step: int) -> int:
        """Count the predictions scored at ``step`` by all ranks together."""
        ...


class Lane(NamedTuple):
    """One row of all ranks' batches: where it starts on the circle, and which part of its way is scored."""

    start: int
    """Position on the circle of the first token."""
    score_from: int
    """Tokens before this offset only warm up the state."""
    score_to: int
    """Tokens from this offset on are read and not scored."""


@dataclass(frozen=True, slots=True)
class LanePlan:
    """Lanes through all items laid end to end as a circle; each step moves every lane on by one window.

    Position p of the circle predicts position p + 1. The last position has no successor and is never scored.
    """

    stops: tuple[int, ...]
    """Where each item ends on the circle."""
    lanes: tuple[Lane, ...]
    """The lanes of all ranks."""
    ours: range
    """The lanes that this rank reads."""
    length: int
    """Tokens that each lane reads, at most once around the circle."""
    window: int
    """Tokens that a lane reads in one step; the last step takes what is left."""

    def __len__(self) -> int:
        return -(-self.length // self.window)

    def __getitem__(self, step: int, /) -> tuple[Span, ...]:
        begin, end = self._range(step)
        return tuple(span for row, lane in enumerate(self.ours) for span in self._spans(row, lane, begin, end))

    def tokens(self, step: int) -> int:
        begin, end = self._range(step)
        return sum(self._count(lane, begin, end) for lane in self.lanes)

    def _range(self, step: int) -> tuple[int, int]:
        """Offsets into every lane between which ``step`` reads."""
        if not 0 <= step < len(self):
            raise IndexError(f"step {step} of a plan of {len(self)} steps")
        return step * self.window, min((step + 1) * self.window, self.length)

    def _count(self, lane: Lane, begin: int, end: int) -> int:
        begin, end = max(begin, lane.score_from), min(end, lane.score_to)
        last = (self.stops[-1] - 1 - lane.start) % self.stops[-1]
        return max(0, end - begin) - (begin <= last < end)

    def _spans(self, row: int, lane: int, begin: int, end: int) -> Iterator[Span]:
        """Cut a lane's window where an item ends, where scoring begins or ends, and around the last position."""
        start, score_from, score_to = self.lanes[lane]
        total, last = self.stops[-1], self.stops[-1] - 1
        while begin < end:
            at = (start + begin) % total
            item = bisect_right(self.stops, at)
            first = self.stops[item - 1] if item else 0
            cuts = (end, score_from, score_to, begin + self.stops[item] - at, begin + last - at)
            stop = min(cut for cut in cuts if cut > begin)
            scored = score_from <= begin < score_to and at != last
            yield Span(row, item, at - first, at - first + stop - begin, begin == 0 or at == first, scored)
            begin = stop


def plan_lanes(
    lengths: Lengths, *, seed: int, epoch: int, rank: int = 0, world: int = 1, token_budget: int, lanes: int
) -> LanePlan:
    """Plan one epoch of training on items laid end to end, read by lanes side by side.

    Every lane reads an equal, unbroken part of the circle, so its state can be carried from step to step. Each epoch
    starts at another token of the first window, drawn from (seed, epoch), so that windows cut the text elsewhere each
    time; the fewer than ``lanes`` tokens that do not fit equal parts are left out.

    Args:
        lengths: (items,) tokens of each item.
        seed: seed of the run.
        epoch: number of the epoch, from 0.
        rank: number of this process, 0 <= rank < world.
        world: number of processes; each reads its share of the lanes.
        token_budget: tokens that all ranks together read in one step; a multiple of ``lanes``.
        lanes: rows of all ranks together.

    Returns:
        The plan of this rank.

    Raises:
        UsageError: the lanes cannot be shared out among the ranks, or the budget among the lanes.
        DataError: a lane would be shorter than one window.

    Example:
        >>> plan = plan_lanes(np.array([70, 30]), seed=0, epoch=0, token_budget=20, lanes=2)
        >>> len(plan), plan.tokens(1)
        (5, 20)
    """
    if not 0 <= rank < world or lanes % world or token_budget % lanes:
        raise UsageError(
            f"{lanes} lanes and {token_budget} tokens a step cannot be shared out to rank {rank} of {world}:"
            " lanes must be a multiple of the processes, and the budget of the lanes"
        )
    stops, window = np.cumsum(lengths), token_budget // lanes
    total, length = int(stops[-1]), int(stops[-1]) // lanes
    if length < window:
        raise DataError(_too_short(total, lanes, window))
    offset = entropy(f"{seed}:{epoch}") % window
    starts = [(offset + lane * length) % total for lane in range(lanes)]
    share = lanes // world
    return LanePlan(
        stops=tuple(stops.tolist()),
        lanes=tuple(Lane(start, 0, length) for start in starts),
        ours=range(rank * share, (rank + 1) * share),
        length=length,
        window=window,
    )


def plan_evaluation(lengths: Lengths, *, token_budget: int, lanes: int) -> LanePlan:
    """Plan one pass that scores every prediction exactly once.

    Each lane first reads the window before its part without scoring it, so that it does not start cold. Where the
    text is too short for so many lanes, fewer are used; the first lane of all starts at the first item.

    Args:
        lengths: (items,) tokens of each item.
        token_budget: tokens of one step, at most.
        lanes: rows, at most.

    Returns:
        The plan; its steps' ``tokens`` sum to one less than the tokens of all items.

    Raises:
        DataError: there are not two tokens, so there is nothing to predict.
    """
    stops, window = np.cumsum(lengths), max(1, token_budget // lanes)
    total = int(stops[-1]) if len(stops) else 0
    if total < 2:
        raise DataError("there is nothing to score: the text is empty")
    used = max(1, min(lanes, total // window))
    part = -(-total // used)
    skip = window if used > 1 else 0
    return LanePlan(
        stops=tuple(stops.tolist()),
        lanes=tuple(
            Lane((lane * part - skip) % total, skip, skip + max(0, min(part, total - lane * part)))
            for lane in range(used)
        ),
        ours=range(used),
        length=part + skip,
        window=window,
    )


def _too_short(total: int, lanes: int, window: int) -> str:
    fewer_lanes, shorter_window = total // window, total // lanes
    mend = [f"lanes to {fewer_lanes}"] * (fewer_lanes > 0) + [f"tbptt to {shorter_window}"] * (shorter_window > 0)
    return (
        f"the training text has {total} tokens, {total // lanes} for each of {lanes} lanes, but one window takes"
        f" {window}: give more text, or lower {' or '.join(mend) or 'both lanes and tbptt'}"
    )
