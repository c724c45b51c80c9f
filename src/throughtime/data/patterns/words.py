"""What is known of grids of time: their grain, the seasons that are usual in them, and how they are called."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from throughtime.data.clocks.zones import HOUR, MINUTE, SECOND
from throughtime.data.patterns.frequency import length
from throughtime.data.patterns.grids import DAY, WEEK, EvenGrid, Grid, MonthGrid, Rule, WeekGrid

__all__ = ["WEEKDAYS", "described", "grain_of", "seasons_of"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_YEAR = 365


def grain_of(grid: Grid) -> int:
    """Tell how far steps are apart that follow each other closely: series of a panel must agree in it.

    Args:
        grid: a grid of dates.

    Returns:
        Microseconds; business days have the grain of days, months that of 30 days.

    Example:
        >>> grain_of(WeekGrid((0, 2 * DAY))) == grain_of(EvenGrid(DAY)) == DAY
        True
    """
    if isinstance(grid, EvenGrid):
        return grid.step
    if isinstance(grid, MonthGrid):
        return 30 * grid.months * DAY // len(grid.slots)
    clocks = _by_day(grid)
    gaps = [gap for day in clocks.values() for gap in np.diff(day).tolist()]
    return min(gaps, default=DAY)


def seasons_of(grid: Grid) -> tuple[int, ...]:
    """Give the usual seasons of a grid of dates.

    Args:
        grid: the grid.

    Returns:
        Steps of each, the shortest first.

    Example:
        >>> seasons_of(EvenGrid(HOUR)), seasons_of(EvenGrid(DAY)), seasons_of(MonthGrid((DAY,)))
        ((24, 168), (7, 365), (12,))
    """
    if isinstance(grid, MonthGrid):
        slots = len(grid.slots)
        year = 12 // grid.months * slots if 12 % grid.months == 0 else 0
        return tuple(season for season in ((slots, year) if slots > 1 else (year,)) if season > 1)
    if isinstance(grid, WeekGrid):
        days = {len(clocks) for clocks in _by_day(grid).values()}
        usual = (days.pop(), len(grid.slots)) if len(days) == 1 else (len(grid.slots),)
        return tuple(sorted({season for season in usual if season > 1}))
    step = grid.step
    if step > DAY:
        seasons = (round(365.25 * DAY / step),)
    elif step == DAY:
        seasons = (7, _YEAR)
    else:
        spans = (HOUR, DAY) if step < MINUTE else (DAY, WEEK)
        seasons = tuple(span // step for span in spans if span % step == 0)
    return tuple(season for season in seasons if season > 1)


def described(grid: Grid) -> str:
    """Say what a step of a grid of dates is.

    Args:
        grid: the grid.

    Returns:
        Words that go on from *a step is*.

    Example:
        >>> described(WeekGrid(tuple(range(0, 5 * DAY, DAY)))), described(MonthGrid((31 * DAY,)))
        ('a business day', 'a month, on its last day')
    """
    if isinstance(grid, EvenGrid):
        return length(grid.step, "time") + (", but for holidays" if grid.shift else "")
    return _months(grid) if isinstance(grid, MonthGrid) else _week(_by_day(grid))


def _by_day(grid: WeekGrid) -> dict[int, list[int]]:
    """The clock times of each day of the week that has some."""
    clocks: dict[int, list[int]] = {}
    for slot in grid.slots:
        clocks.setdefault(slot // DAY, []).append(slot % DAY)
    return clocks


def _week(clocks: dict[int, list[int]]) -> str:
    days = "every day" if len(clocks) == 7 else _joined_days(list(clocks))
    count = sum(map(len, clocks.values()))
    if count == len(clocks):
        if list(clocks) == [0, 1, 2, 3, 4] and len(set(map(tuple, clocks.values()))) == 1:
            return "a business day"
        return f"one of {count} days of the week ({days})"
    if len(set(map(tuple, clocks.values()))) > 1:
        return f"one of {count} slots of the week, on {days}"
    times = next(iter(clocks.values()))
    gaps = set(np.diff(times).tolist())
    what = f"one of {len(times)} {'hours' if gaps == {HOUR} else 'times of the day'}"
    every = f", {length(gaps.pop(), 'time')} apart" if len(gaps) == 1 and gaps != {HOUR} else ""
    return f"{what} ({_clock(times[0])} to {_clock(times[-1])}{every}) {'' if days == 'every day' else 'on '}{days}"


def _joined_days(days: Sequence[int]) -> str:
    for first in days if len(days) > 2 else ():
        if {(first + later) % 7 for later in range(len(days))} == set(days):
            return f"{WEEKDAYS[first]} to {WEEKDAYS[(first + len(days) - 1) % 7]}"
    return _and([WEEKDAYS[day] for day in days])


def _clock(time: int) -> str:
    seconds = f":{time // SECOND % 60:02d}" if time % MINUTE else ""
    return f"{time // HOUR:02d}:{time // MINUTE % 60:02d}{seconds}"


def _months(grid: MonthGrid) -> str:
    days = [slot // DAY for slot in grid.slots]
    if len(days) > 1:
        names = [("the last day" if day >= 31 else str(day)) for day in days]
        return f"one of {len(days)} slots of a month ({', '.join(names)})"
    every, day = length(grid.months, "month"), _day(grid.rule, days[0])
    if grid.months == 1 or grid.phase == (0 if day == "first day" else grid.months - 1 if day == "last day" else None):
        whole = day == "first day"
        return every if whole else f"{every}, on its {day}"
    months = [_MONTHS[month] for month in range(grid.phase % 12, 12, grid.months)]
    return f"{every}, on the {day} of {_and(months)}"


def _day(rule: Rule, day: int) -> str:
    """What a day of a month is called."""
    if rule == "day" and 1 < day < 31:
        ending = {1: "st", 2: "nd", 3: "rd"}.get(day % 10 if day // 10 != 1 else 0, "th")
        return f"{day}{ending} day"
    if rule == "day":
        return "first day" if day == 1 else "last day"
    if rule.endswith("business day"):
        return rule
    return f"{'last' if rule == 'last weekday' else _ORDINALS[day // 7]} {WEEKDAYS[day % 7]}"


def _and(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
