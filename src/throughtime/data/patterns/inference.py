"""The grid of a series, told from its times: the one with the fewest slots that explains them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from throughtime.data.clocks.zones import HOUR, USUAL_ZONES, Times, wall
from throughtime.data.patterns.candidates import candidates, month_grids_of, most_common
from throughtime.data.patterns.frequency import Frequency
from throughtime.data.patterns.grids import DAY, EvenGrid, Grid, MonthGrid, WeekGrid, month_of

__all__ = ["HOLIDAYS", "grid_for", "grid_of", "usual_grid", "zone_that_explains"]

HOLIDAYS = 0.05
"""Share of the slots that may be missing: such are holidays, and the steps follow each other across them."""
_STRAYS = 0.05
"""Share of times that may lie beside a grid that is told from the others; they are refused then."""
_BETTER = 1.4
"""How much more is missing of equal steps, at least, where slots are told in their place."""
_FOR_ZONES = 20
"""Times by which a time zone can be told."""


class Fit(NamedTuple):
    """How well a grid explains times."""

    grid: Grid
    missing: float
    """Share of the slots between the first time and the last that are missing."""
    strays: float
    """Share of the times that are no slots."""

    @property
    def explains(self) -> bool:
        """Whether nothing speaks against it but holidays."""
        return self.missing <= HOLIDAYS and not self.strays


def grid_of(ticks: Times, shown: Times, dates: bool) -> Grid | None:
    """Tell the grid of a series.

    Args:
        ticks: (T,) its times, growing; two or more.
        shown: (T,) what the wall clock showed; the same where there is none.
        dates: whether they are dates.

    Returns:
        The grid; None where the times lie on none.

    Example:
        >>> grid_of(np.array([5, 10, 15, 25]), np.array([5, 10, 15, 25]), False)
        EvenGrid(step=5, origin=0, wall=False, shift=0)
    """
    fits: list[Fit] = []
    for grid in candidates(ticks, shown, dates):
        fits.append(fit := _fit(grid, shown if grid.wall else ticks))
        if fit.explains:
            return grid
    whole = [fit for fit in fits if not fit.strays and fit.missing <= _most_missing(fit.grid)]
    nearly = [fit for fit in fits if 0 < fit.strays <= _STRAYS and fit.missing <= HOLIDAYS]
    if nearly:
        return nearly[0].grid
    return (
        min(whole, key=lambda fit: round(fit.missing * (1 if _is_simple(fit.grid) else _BETTER), 2)).grid
        if whole
        else None
    )


def _is_simple(grid: Grid) -> bool:
    return isinstance(grid, EvenGrid) or len(grid.slots) == 1


def _most_missing(grid: Grid) -> float:
    """The share of slots that may be missing of a grid that is told: if more are, it is chance that times lie on it."""
    return 0.7 if _is_simple(grid) else 0.45


def zone_that_explains(grid: Grid | None, ticks: Times, shown: Times) -> str | None:
    """Find a time zone whose clocks explain times that their own offset does not.

    Args:
        grid: the grid that was told with their offset, if there was one.
        ticks: (T,) the instants, growing.
        shown: (T,) what the wall clock with their offset showed.

    Returns:
        The zone, where one leaves less than 5 % of the slots missing and the offset does not; of several the one with
        the most times at midnight.
    """
    if len(ticks) < _FOR_ZONES or (grid is not None and _explains(grid, ticks, shown)):
        return None
    # What is done to clocks moves times by hours: they must be even otherwise.
    if ((ticks - ticks[0]) % min(most_common(np.diff(ticks)), HOUR)).any():
        return None
    at_midnight: dict[str, float] = {}
    for zone in USUAL_ZONES:
        other = wall(ticks, zone)
        found = grid_of(ticks, other, True)
        if found is not None and _explains(found, ticks, other):
            at_midnight[zone] = float((other % DAY == 0).mean())
    return max(at_midnight, key=lambda zone: at_midnight[zone], default=None)


def _explains(grid: Grid, ticks: Times, shown: Times) -> bool:
    return _fit(grid, shown if grid.wall else ticks).explains


def _fit(grid: Grid, times: Times) -> Fit:
    numbers, there = grid.numbers(times)
    strays = 1 - float(there.mean())
    numbers = numbers[there]
    if not len(numbers):
        return Fit(grid, 1.0, 1.0)
    slots = int(numbers[-1] - numbers[0]) + 1
    # Two times in one slot are no fit: a slot is one step.
    twice = len(numbers) - 1 - int((np.diff(numbers) > 0).sum())
    return Fit(grid, 1 - (len(numbers) - twice) / slots, strays + twice / len(times))


def grid_for(frequency: Frequency, ticks: Times, shown: Times) -> Grid | None:
    """Give the grid of a series whose frequency is named.

    Args:
        frequency: how often it is seen.
        ticks: (T,) its times, growing; one or more.
        shown: (T,) what the wall clock showed.

    Returns:
        The grid that explains the most of them; None where there is none of that frequency.

    Example:
        >>> grid_for(Frequency("number", 2), np.array([1, 3, 4]), np.array([1, 3, 4]))
        EvenGrid(step=2, origin=1, wall=False, shift=0)
    """
    fits = [_fit(grid, shown if grid.wall else ticks) for grid in _named_grids(frequency, ticks, shown)]
    return min(fits, key=lambda fit: fit.strays).grid if fits else None


def _named_grids(frequency: Frequency, ticks: Times, shown: Times) -> Iterator[Grid]:
    count = frequency.count
    if frequency.unit == "month":
        yield from month_grids_of(shown, month_of(shown), count)
    elif frequency.unit == "business day":
        yield WeekGrid(tuple(day * DAY + most_common(shown % DAY) for day in range(5)))
    else:
        for wall in (True, False) if count % DAY == 0 and frequency.unit == "time" else (False, True):
            times = shown if wall else ticks
            yield EvenGrid(count, most_common(times % count), wall)


def usual_grid(frequency: Frequency) -> Grid:
    """Give the grid of dates that a frequency usually means.

    Args:
        frequency: how often; no number.

    Returns:
        The grid.

    Example:
        >>> usual_grid(Frequency("month", 3))
        MonthGrid(slots=(86400000000,), months=3, phase=0, rule='day')
    """
    if frequency.unit == "business day":
        return WeekGrid(tuple(day * DAY for day in range(5)))
    return MonthGrid((DAY,), frequency.count) if frequency.unit == "month" else EvenGrid(frequency.count)
