"""Grids that may explain the times of a series, the simplest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from throughtime.data.clocks.zones import Times
from throughtime.data.patterns.grids import (
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

__all__ = ["candidates", "month_grids_of", "most_common"]

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


def candidates(ticks: Times, shown: Times, dates: bool) -> Iterator[Grid]:
    """Give grids that may explain times.

    Args:
        ticks: (T,) the times, growing; two or more.
        shown: (T,) what the wall clock showed; the same where there is none.
        dates: whether they are dates.

    Yields:
        The grids, those with the fewest slots first.
    """
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
    step = most_common(steps)
    grid = EvenGrid(step, most_common(times % step), wall)
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
    yield from month_grids_of(shown, months, most_common(gaps))


def most_common(numbers: Times) -> int:
    """Give the number that comes most often.

    Args:
        numbers: (T,) one or more.

    Returns:
        The number, the smallest of such.

    Example:
        >>> most_common(np.array([3, 2, 3, 2, 5]))
        2
    """
    each, counts = np.unique(numbers, return_counts=True)
    return int(each[counts.argmax()])


def month_grids_of(shown: Times, months: Times, every: int) -> Iterator[Grid]:
    """Give grids of a day in each of so many months.

    Args:
        shown: (T,) what the wall clock showed.
        months: (T,) their months.
        every: months from one step to the next.

    Yields:
        The grids.
    """
    phase, clock = most_common(months % every), most_common(shown % DAY)
    if (slot := _day_of_month(shown, months, clock)) is not None:
        yield MonthGrid((slot,), every, phase)
    if len(shown) >= 3:
        yield from _business_days(shown, months, clock, every, phase)


def _day_of_month(shown: Times, months: Times, clock: int) -> int | None:
    """The day, as a slot, that explains the most times: the last one where it does as well."""
    first = places_in_month(months, (DAY,), "day")[0]
    days = (shown - first) // DAY + 1
    best, slot = 0, None
    for day in dict.fromkeys((31, int(days.max()), most_common(days))):
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
        yield from _usual_weeks(_clocks(clocks, counts), np.unique((days + 3) % 7))


def _clocks(clocks: Times, counts: Times) -> Times:
    """The times of the day that were seen again, and others that are as far apart as most of these are."""
    again = clocks[counts >= 2]
    if len(again) < 2:
        return again
    return clocks[(counts >= 2) | ((clocks - again[0]) % most_common(np.diff(again)) == 0)]


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
    if len(np.unique(shown[:1000] % DAY)) > _MOST_IN_MONTH:
        return
    months = month_of(shown)
    if len(np.unique(months[:: max(len(months) // 1000, 1)])) < 2:
        return
    first, last = (places_in_month(months, (day * DAY,), "day")[0] // DAY for day in (1, 31))
    days = shown // DAY - first + 1
    for numbers in (np.where(shown // DAY == last, 31, days), days):
        slots = np.unique(numbers * DAY + shown % DAY)
        if len(slots) <= _MOST_IN_MONTH and len(shown) >= _AGAIN * len(slots):
            yield MonthGrid(tuple(slots.tolist()))
