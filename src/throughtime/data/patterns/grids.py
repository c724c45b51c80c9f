"""Grids of time: where the steps of a series lie, by number.

Times are whole numbers, for dates microseconds since 1970. A step has a number that grows by one for the next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from throughtime.data.clocks.zones import HOUR, Flags, Times

__all__ = ["DAY", "MONDAY", "WEEK", "EvenGrid", "Grid", "MonthGrid", "Rule", "WeekGrid", "month_of", "places_in_month"]

DAY, WEEK = 24 * HOUR, 7 * 24 * HOUR
MONDAY = -3 * DAY
"""The start of a week: 1970 began on a Thursday."""
Rule: TypeAlias = Literal["day", "first business day", "last business day", "weekday", "last weekday"]
"""What tells the days of a month: their number, the last day standing for those that a month has not; a business day;
or the weekday, the first to the fifth of the month, or the last."""
_SHIFT = 5
"""Days by which holidays may move the business day of a month."""


@dataclass(frozen=True, slots=True)
class EvenGrid:
    """Steps that are equally long.

    Example:
        >>> numbers, there = EvenGrid(5, 1).numbers(np.array([1, 6, 8]))
        >>> numbers.tolist(), there.tolist()
        ([0, 1, 1], [True, True, False])
    """

    step: int = 1
    """How long."""
    origin: int = 0
    """Where one lies."""
    wall: bool = False
    """Whether that is counted on the wall clock."""
    shift: int = 0
    """Whole days, in microseconds, by which holidays may move a step."""

    def numbers(self, times: Times) -> tuple[Times, Flags]:
        if self.step == 1:
            return times - self.origin, np.ones(len(times), bool)
        numbers = (times - self.origin + self.shift) // self.step
        beside = times - self.times(numbers)
        return numbers, (beside == 0) | ((abs(beside) <= self.shift) & (beside % DAY == 0))

    def times(self, numbers: Times) -> Times:
        return numbers * self.step + self.origin


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """Slots of a week: business days, the hours of trading, Mondays and Fridays.

    Example:
        >>> business = WeekGrid(tuple(range(0, 5 * DAY, DAY)))
        >>> fridays, there = business.numbers(np.array([DAY, 2 * DAY]))  # a Friday and a Saturday
        >>> there.tolist(), (business.times(fridays + 1) // DAY).tolist()
        ([True, False], [4, 4])
    """

    slots: tuple[int, ...]
    """Microseconds since Monday, 0 o'clock, growing."""
    wall: ClassVar[bool] = True
    """Weeks and months are those of the wall clock."""

    def numbers(self, times: Times) -> tuple[Times, Flags]:
        slots = _array(self.slots)
        weeks, rest = np.divmod(times - MONDAY, WEEK)
        places = np.searchsorted(slots, rest, "right") - 1
        return weeks * len(slots) + places, (places >= 0) & (slots[places] == rest)

    def times(self, numbers: Times) -> Times:
        weeks, places = np.divmod(numbers, len(self.slots))
        return weeks * WEEK + MONDAY + _array(self.slots)[places]


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """Slots of a month, or of every third, sixth ... one.

    Example:
        >>> ends = MonthGrid((31 * DAY,))
        >>> print(ends.times(np.arange(3)).astype("datetime64[us]").astype("datetime64[D]"))
        ['1970-01-31' '1970-02-28' '1970-03-31']
    """

    slots: tuple[int, ...]
    """Day of the month times 24 hours, in microseconds, and the time of that day; growing."""
    months: int = 1
    """Months from one to the next; 3 is a quarter, 12 a year."""
    phase: int = 0
    """Which months: their number since January 1970, modulo ``months``."""
    rule: Rule = "day"
    """What a day in ``slots`` is: its number; 0 for business days; 7 (n - 1) + weekday for the n-th weekday."""
    wall: ClassVar[bool] = True
    """Weeks and months are those of the wall clock."""

    def numbers(self, times: Times) -> tuple[Times, Flags]:
        months = month_of(times)
        blocks, rest = np.divmod(months - self.phase, self.months)
        there = places_in_month(months, self.slots, self.rule)
        if self.rule.endswith("business day"):
            near = abs((times - there[0]) // DAY) <= _SHIFT
            return blocks, near & (rest == 0) & ((times - there[0]) % DAY == 0)
        places = (times >= there).sum(0) - 1
        found = there[np.maximum(places, 0), np.arange(len(times))] == times
        places = np.where(rest == 0, places, len(self.slots) - 1)
        return blocks * len(self.slots) + places, found & (rest == 0)

    def times(self, numbers: Times) -> Times:
        blocks, places = np.divmod(numbers, len(self.slots))
        there = places_in_month(blocks * self.months + self.phase, self.slots, self.rule)
        return there[places, np.arange(len(numbers))]


Grid: TypeAlias = EvenGrid | WeekGrid | MonthGrid
"""``numbers`` gives the number of the step at each time, or of the last one before it, and whether one lies just there;
``times`` gives the times of steps; ``wall`` says whether both are of the wall clock."""


def month_of(times: Times) -> Times:
    """Give the months of times.

    Args:
        times: (T,) microseconds since 1970.

    Returns:
        (T,) months since January 1970.
    """
    return times.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)


def places_in_month(months: Times, slots: tuple[int, ...], rule: Rule) -> Times:
    """Give the times of slots in some months.

    Args:
        months: (T,) months since January 1970.
        slots: S slots, see :class:`MonthGrid`.
        rule: what their days are.

    Returns:
        (S, T) microseconds since 1970.
    """
    dates = months.astype("datetime64[M]")
    first, after = (each.astype("datetime64[D]").astype(np.int64) for each in (dates, dates + 1))
    days, clock = np.divmod(_array(slots)[:, None], DAY)
    if rule == "day":
        found = first + np.minimum(days, after - first) - 1
    elif rule == "first business day":
        found = first + (7 - _weekday(first)) * (_weekday(first) >= 5)
    elif rule == "last business day":
        found = after - 1 - np.maximum(_weekday(after - 1) - 4, 0)
    elif rule == "weekday":
        found = first + (days % 7 - _weekday(first)) % 7 + days // 7 * 7
    else:
        found = after - 1 - (_weekday(after - 1) - days) % 7
    return np.broadcast_to(found, (len(slots), len(months))) * DAY + clock


def _weekday(days: Times) -> Times:
    """0 for Monday ... 6 for Sunday."""
    return (days + 3) % 7


@lru_cache(maxsize=256)
def _array(slots: tuple[int, ...]) -> Times:
    return np.array(slots, np.int64)
