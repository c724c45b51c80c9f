"""What the calendar says of steps: features that come again, and the slot of the year or week they lie in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from throughtime.data.clocks.clock import Clock
from throughtime.data.clocks.zones import HOUR, Times
from throughtime.data.patterns.grids import DAY, MONDAY, WEEK, month_of
from throughtime.data.patterns.pattern import Pattern

__all__ = ["calendar_features", "calendar_names", "calendar_slot", "slot_title"]

_MONTH, _YEAR = 28 * DAY, 360 * DAY
_BEFORE = np.cumsum([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30])
"""Days of a leap year before each of its months."""


def calendar_names(pattern: Pattern) -> tuple[str, ...]:
    """Give the names of the calendar's features.

    Args:
        pattern: which steps follow.

    Returns:
        The C names, a sine and a cosine of each cycle that is longer than a step and no longer than a year; none where
        times are no dates.

    Example:
        >>> from throughtime.data.patterns.grids import EvenGrid
        >>> calendar_names(Pattern(EvenGrid(7 * DAY), "date"))
        ('day of year (sine)', 'day of year (cosine)')
    """
    return tuple(f"{name} ({wave})" for name in _cycles(pattern) for wave in ("sine", "cosine"))


def calendar_features(ticks: Times, clock: Clock, pattern: Pattern) -> NDArray[np.float32]:
    """Give what the calendar says of times.

    Args:
        ticks: (T,) the times.
        clock: what they are.
        pattern: which steps follow.

    Returns:
        (T, C) sines and cosines, in the order of :func:`calendar_names`.
    """
    cycles = _cycles(pattern)
    if not cycles:
        return np.zeros((len(ticks), 0), np.float32)
    shown = clock.local(ticks).astype(np.int64)
    angles = np.stack([2 * np.pi * _PHASES[name](shown) for name in cycles], 1)
    return np.stack([np.sin(angles), np.cos(angles)], 2).reshape(len(ticks), -1).astype(np.float32)


def calendar_slot(ticks: Times, clock: Clock, pattern: Pattern) -> NDArray[np.int64] | None:
    """Give the slot of the calendar in which each time lies: that of the week for hours, that of the year for days.

    Args:
        ticks: (T,) the times.
        clock: what they are.
        pattern: which steps follow.

    Returns:
        (T,) hour of the week from 0, Monday 0 o'clock; day of the year 0 to 365, each date having its own, leap year or
        not; week of the year 0 to 52; month 0 to 11. None where there is no calendar, or a step is a year.
    """
    title = slot_title(pattern)
    return None if title is None else _SLOTS[title](clock.local(ticks).astype(np.int64))


def slot_title(pattern: Pattern) -> str | None:
    """Say what :func:`calendar_slot` counts.

    Args:
        pattern: which steps follow.

    Returns:
        The words; None where there is no calendar, or a step is a year.

    Example:
        >>> from throughtime.data.patterns.grids import EvenGrid
        >>> slot_title(Pattern(EvenGrid(DAY), "date"))
        'day of the year'
    """
    if pattern.kind != "date" or pattern.grain >= _YEAR:
        return None
    bounds = ((DAY, "hour of the week"), (2 * DAY, "day of the year"), (_MONTH, "week of the year"))
    return next((title for bound, title in bounds if pattern.grain < bound), "month of the year")


def _cycles(pattern: Pattern) -> tuple[str, ...]:
    """The cycles that are longer than a step, and no longer than a year."""
    if pattern.kind != "date":
        return ()
    grain = pattern.grain
    least = {"minute of hour": (0, HOUR), "hour of day": (0, DAY), "day of week": (0, 2 * DAY)}
    least |= {"day of month": (DAY, 2 * DAY), "day of year": (0, _MONTH), "month of year": (_MONTH, _YEAR)}
    return tuple(name for name, (low, high) in least.items() if low <= grain < high)


def _day_of_month(shown: Times) -> Times:
    return shown // DAY - month_of(shown).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _day_of_year(shown: Times) -> Times:
    """Days since January 1st, of a leap year."""
    return _BEFORE[month_of(shown) % 12] + _day_of_month(shown)


_PHASES: dict[str, Callable[[Times], NDArray[np.float64]]] = {
    "minute of hour": lambda shown: shown % HOUR / HOUR,
    "hour of day": lambda shown: shown % DAY / DAY,
    "day of week": lambda shown: (shown - MONDAY) % WEEK // DAY / 7,
    "day of month": lambda shown: _day_of_month(shown) / 31,
    "day of year": lambda shown: _day_of_year(shown) / 366,
    "month of year": lambda shown: month_of(shown) % 12 / 12,
}
_SLOTS: dict[str, Callable[[Times], NDArray[np.int64]]] = {
    "hour of the week": lambda shown: (shown - MONDAY) % WEEK // HOUR,
    "day of the year": _day_of_year,
    "week of the year": lambda shown: _day_of_year(shown) // 7,
    "month of the year": lambda shown: month_of(shown) % 12,
}
"""For each slot what it counts, of wall clock times."""
