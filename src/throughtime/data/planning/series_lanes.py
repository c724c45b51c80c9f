"""Windows of series read by lanes side by side: those of one series stay in one lane, in order.

A plan is a pure function of (windows of each series, rows, seed, epoch), so the position in training is one integer.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from throughtime.data.planning.drawing import entropy

__all__ = ["SeriesLanes", "Turn", "plan_series_lanes"]


class Turn(NamedTuple):
    """What the lanes read at one step, a window in each row; lanes that are through are no rows any more."""

    series: list[int]
    """The series of each row."""
    windows: list[int]
    """Which of its windows, from 0."""

    @property
    def begins(self) -> list[bool]:
        """Whether a series begins in each row, so that its state is cleared."""
        return [window == 0 for window in self.windows]


@dataclass(frozen=True, slots=True)
class SeriesLanes:
    """An immutable sequence of steps; each moves every lane on by one window."""

    lanes: tuple[tuple[list[int], list[int]], ...]
    """Of each lane its series in order, and how many windows are read when each of them ends; the longest lane first,
    so that those that are not through are the first rows of every step."""

    def __len__(self) -> int:
        return self.lanes[0][1][-1]

    def __getitem__(self, step: int, /) -> Turn:
        """Give what is read at a step."""
        if not 0 <= step < len(self):
            raise IndexError(f"step {step} of a plan of {len(self)} steps")
        turn = Turn([], [])
        for series, stops in self.lanes:
            if step >= stops[-1]:
                break
            place = bisect_right(stops, step)
            turn.series.append(series[place])
            turn.windows.append(step - (stops[place - 1] if place else 0))
        return turn

    def __iter__(self) -> Iterator[Turn]:
        return (self[step] for step in range(len(self)))


def plan_series_lanes(windows: Sequence[int], *, rows: int, seed: int = 0, epoch: int | None = None) -> SeriesLanes:
    """Plan one pass over all windows of series, the state carried from each to the next of its series.

    The series are shared out among the lanes, the longest first, each to the lane that has least; so each epoch has as
    many steps. In which order a lane reads its series is drawn from (seed, epoch).

    Args:
        windows: (series,) windows of each series, one at least.
        rows: lanes at most; of fewer series each has a lane of its own.
        seed: seed of the run.
        epoch: number of the epoch, from 0; None plans without chance, for evaluation.

    Returns:
        The plan.

    Example:
        >>> plan = plan_series_lanes([1, 3, 1], rows=2)
        >>> [(turn.series, turn.windows) for turn in plan]
        [([1, 0], [0, 0]), ([1, 2], [1, 0]), ([1], [2])]
    """
    lanes: list[tuple[int, int, list[int]]] = [(0, lane, []) for lane in range(min(rows, len(windows)))]
    for series in sorted(range(len(windows)), key=lambda each: -windows[each]):
        load, lane, held = lanes[0]
        held.append(series)
        heapq.heapreplace(lanes, (load + windows[series], lane, held))
    generator = None if epoch is None else np.random.Generator(np.random.PCG64(entropy(f"{seed}:{epoch}")))
    planned: list[tuple[list[int], list[int]]] = []
    for _, _, held in sorted(lanes, key=lambda each: (-each[0], each[1])):
        order: list[int] = held if generator is None else generator.permutation(held).tolist()
        planned.append((order, list(accumulate(windows[series] for series in order))))
    return SeriesLanes(tuple(planned))
