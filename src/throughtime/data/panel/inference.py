"""The grid of a series, told from its times: the one with the fewest slots that explains them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from throughtime.data.panel.frequency import Frequency
from throughtime.data.panel.grids import (
    DAY,
    MONDAY,
    WEEK,
    EvenGrid,
    Grid,
    MonthGrid,
    Rule,
    WeekGrid,
    month_of,
    places_in_month,
)
from throughtime.data.panel.zones import USUAL_ZONES, Times, wall

__all__ = ["HOLIDAYS", "grid_for", "grid_of", "usual_grid"]

HOLIDAYS = 0.05
"""Share of the slots that may be missing: such are holidays, and the steps follow each other across them."""
_STRAYS = 0.05
"""Share of times that may lie beside a grid that is told from the others; they are refused then."""
_FOR_ZONES = 20
"""Times by which a time zone can be told."""
_AGAIN = 1.5
"""Times for each slot of a week or month at least; else it is chance that they come again."""
_FEW_WEEKS = 4
"""Weeks from which the slots of a week tell themselves."""
_MOST_IN_MONTH = 12
"""Slots of a month at most; more are days or weeks."""
_MONTHLY = 26 * DAY
"""Time from one month's step to the next, at least."""
_RARE = 1 / 5
"""Share of the weeks in which a slot must be seen; else it is no slot, but a stray."""
_MOVED = 3 * DAY
"""Time by which a holiday may move the day of a week."""
_BUSINESS = 4 / 5
"""Share of weeks or months whose day was not moved by a holiday, at least."""


class Fit(NamedTuple):
    """How well a grid explains times."""

    grid: Grid
    missing: float
    """Share of the slots between the first time and the last that are missing."""
    strays: float
    """Share of the times that are no slots."""


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
    for grid in _candidates(ticks, shown, dates):
        if _explains(grid, ticks, shown):
            return grid
        fits.append(_fit(grid, shown if grid.wall else ticks))
    whole = [fit for fit in fits if not fit.strays and fit.missing <= _most_missing(fit.grid)]
    nearly = [fit for fit in fits if 0 < fit.strays <= _STRAYS and fit.missing <= HOLIDAYS]
    if nearly:
        return nearly[0].grid
    return min(whole, key=lambda fit: round(fit.missing, 2)).grid if whole else None


def _most_missing(grid: Grid) -> float:
    """The share of slots that may be missing of a grid that is told: if more are, it is chance that times lie on it."""
    return 0.7 if isinstance(grid, EvenGrid) or len(grid.slots) == 1 else 0.45


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
    at_midnight: dict[str, float] = {}
    for zone in USUAL_ZONES:
        other = wall(ticks, zone)
        found = grid_of(ticks, other, True)
        if found is not None and _explains(found, ticks, other):
            at_midnight[zone] = float((other % DAY == 0).mean())
    return max(at_midnight, key=lambda zone: at_midnight[zone], default=None)


def _explains(grid: Grid, ticks: Times, shown: Times) -> bool:
    fit = _fit(grid, shown if grid.wall else ticks)
    return fit.missing <= HOLIDAYS and not fit.strays


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


def _candidates(ticks: Times, shown: Times, dates: bool) -> Iterator[Grid]:
    """Give grids that may explain times, those with the fewest slots first."""
    zoned = dates and shown is not ticks
    if dates and int(np.diff(shown).min()) >= _MONTHLY:
        yield from _month_grids(shown)
    walls = [*_even_grids(shown, wall=True)] if zoned else []
    # A day is one on the wall clock, be it of 23 hours; hours follow each other, whatever the clock shows.
    yield from (grid for grid in walls if grid.step % DAY == 0)
    yield from _even_grids(ticks, wall=False)
    yield from walls
    if dates:
        yield from _week_grids(shown)
        if len(ticks) >= 3:
            yield from _slots_of_month(shown)


def _even_grids(times: Times, wall: bool) -> Iterator[EvenGrid]:
    """Steps as long as most are, and the longest of which all steps are multiples."""
    steps = np.diff(times)
    if (steps == steps[0]).all():
        yield EvenGrid(int(steps[0]), int(times[0] % steps[0]), wall)
        return
    step = _most_common(steps)
    grid = EvenGrid(step, _most_common(times % step), wall)
    yield grid
    if step % WEEK == 0 and grid.numbers(times)[1].mean() >= _BUSINESS:
        yield replace(grid, shift=_MOVED)
    common = int(np.gcd.reduce(steps))
    if common != step:
        yield EvenGrid(common, int(times[0] % common), wall)


def _month_grids(shown: Times) -> Iterator[Grid]:
    """A day of each month, or of each third, twelfth ... one."""
    months = month_of(shown)
    gaps = np.diff(months)
    if not (gaps > 0).all():
        return
    yield from _month_grids_of(shown, months, _most_common(gaps))


def _most_common(numbers: Times) -> int:
    """The number that comes most often, the smallest of such."""
    each, counts = np.unique(numbers, return_counts=True)
    return int(each[counts.argmax()])


def _month_grids_of(shown: Times, months: Times, every: int) -> Iterator[Grid]:
    phase, clock = _most_common(months % every), _most_common(shown % DAY)
    if (slot := _day_of_month(shown, months, clock)) is not None:
        yield MonthGrid((slot,), every, phase)
    if len(shown) >= 3:
        yield from _business_days(shown, months, clock, every, phase)


def _day_of_month(shown: Times, months: Times, clock: int) -> int | None:
    """The day, as a slot, that explains the most times: the last one where it does as well."""
    first = places_in_month(months, (DAY,), "day")[0]
    days = (shown - first) // DAY + 1
    best, slot = 0, None
    for day in dict.fromkeys((31, int(days.max()), _most_common(days))):
        fitting = int((places_in_month(months, (day * DAY + clock,), "day")[0] == shown).sum())
        if fitting > best:
            best, slot = fitting, day * DAY + clock
    return slot


def _business_days(shown: Times, months: Times, clock: int, every: int, phase: int) -> Iterator[Grid]:
    """Business days at the ends of months, and weekdays of months."""
    rules: tuple[Rule, ...] = ("first business day", "last business day")
    for rule in rules:
        if (places_in_month(months, (clock,), rule)[0] == shown).mean() >= _BUSINESS:
            yield MonthGrid((clock,), every, phase, rule)
    weekday = int((shown[-1] // DAY + 3) % 7)
    first = places_in_month(months[-1:], (DAY,), "day")[0]
    turn = int((shown[-1] - first[0]) // DAY // 7)
    yield MonthGrid(((7 * turn + weekday) * DAY + clock,), every, phase, "weekday")
    yield MonthGrid((weekday * DAY + clock,), every, phase, "last weekday")


def _week_grids(shown: Times) -> Iterator[Grid]:
    """Slots of a week: those that were seen again and again; of few weeks also the same hours on usual days."""
    slots, counts = np.unique((shown - MONDAY) % WEEK, return_counts=True)
    weeks = (int(shown[-1]) - int(shown[0])) / WEEK
    often = counts >= max(_RARE * weeks, 2)
    if weeks >= 2 and often.any() and len(shown) >= _AGAIN * len(slots):
        yield WeekGrid(tuple(slots[often].tolist()))
    clocks, counts = np.unique(shown % DAY, return_counts=True)
    days = np.unique(shown // DAY)
    if weeks < _FEW_WEEKS and len(days) >= 2 and len(shown) >= _AGAIN * len(clocks):
        yield from _usual_weeks(clocks[counts >= 2], np.unique((days + 3) % 7))


def _usual_weeks(clocks: Times, weekdays: Times) -> Iterator[Grid]:
    """The same hours on the days of usual weeks that hold the days that were seen: those with the fewest first, but
    where few days were seen all days.
    """
    weeks = [range(5), (6, 0, 1, 2, 3), range(6), range(7)]
    for usual in weeks if len(weekdays) >= 5 else weeks[::-1]:
        if set(weekdays.tolist()) <= set(usual):
            starts = np.array(sorted(usual), np.int64)[:, None] * DAY
            yield WeekGrid(tuple((starts + clocks).ravel().tolist()))


def _slots_of_month(shown: Times) -> Iterator[Grid]:
    """Some days of each month."""
    months = month_of(shown)
    if len(np.unique(months[:: max(len(months) // 1000, 1)])) < 2:
        return
    first, last = (places_in_month(months, (day * DAY,), "day")[0] // DAY for day in (1, 31))
    days = shown // DAY - first + 1
    for numbers in (np.where(shown // DAY == last, 31, days), days):
        slots = np.unique(numbers * DAY + shown % DAY)
        if len(slots) <= _MOST_IN_MONTH and len(shown) >= _AGAIN * len(slots):
            yield MonthGrid(tuple(slots.tolist()))


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
        yield from _month_grids_of(shown, month_of(shown), count)
    elif frequency.unit == "business day":
        yield WeekGrid(tuple(day * DAY + _most_common(shown % DAY) for day in range(5)))
    else:
        for wall in (True, False) if count % DAY == 0 and frequency.unit == "time" else (False, True):
            times = shown if wall else ticks
            yield EvenGrid(count, _most_common(times % count), wall)


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
