"""How often: the names of frequencies, and lengths of time in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from throughtime.data.clocks.zones import HOUR, MINUTE, SECOND
from throughtime.data.patterns.grids import DAY, WEEK
from throughtime.doors import named
from throughtime.errors import UsageError

__all__ = ["Frequency", "frequency_named", "length"]

_UNITS: dict[str, tuple[str, int]] = {
    "microsecond": ("time", 1),
    "millisecond": ("time", 1000),
    "second": ("time", SECOND),
    "minute": ("time", MINUTE),
    "hour": ("time", HOUR),
    "day": ("time", DAY),
    "business day": ("business day", 1),
    "week": ("time", WEEK),
    "month": ("month", 1),
    "quarter": ("month", 3),
    "year": ("month", 12),
}
_SHORTS = {
    "microsecond": "us U",
    "millisecond": "ms L",
    "second": "s S sec",
    "minute": "T min",
    "hour": "h H hr",
    "day": "d D",
    "business day": "B C",
    "week": "w W",
    "month": "M ME MS BM BME BMS",
    "quarter": "Q QE QS BQ BQE BQS",
    "year": "y Y YE YS A AS BY BYE BYS BA BAS",
}
_SHORT = {short: name for name, shorts in _SHORTS.items() for short in shorts.split()}
_WORDS = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annual": "year",
    "weekday": "business day",
}
_NAME = re.compile(r"(\d*)\s*([A-Za-z ]*?)(?:-[A-Z]{3})?")


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a series is seen."""

    unit: Literal["number", "time", "business day", "month"]
    """What is counted."""
    count: int
    """Numbers, microseconds or months."""

    @property
    def words(self) -> str:
        """Give it in words, as *an hour*."""
        return "a business day" if self.unit == "business day" else length(self.count, self.unit)


def frequency_named(name: str) -> Frequency:
    """Tell how often a name says.

    Args:
        name: ``hour``, ``15 minutes``, ``business day``, ``month`` ..., a short form as pandas has them (``15min``,
            ``D``, ``B``, ``ME``), or a whole number where times are numbers.

    Returns:
        The frequency.

    Raises:
        UsageError: it is none.

    Example:
        >>> frequency_named("15 minutes").words, frequency_named("2h").words, frequency_named("W-SUN").words
        ('15 minutes', '2 hours', 'a week')
    """
    match = _NAME.fullmatch(re.sub(r"[-_](?=[a-z])", " ", name.strip()))
    if match and match[1] and not match[2] and int(match[1]) > 0:
        return Frequency("number", int(match[1]))
    count = int(match[1] or 1) if match else 0
    word = _SHORT.get(match[2]) or match[2].lower() if match else ""
    unit = _WORDS.get(word, word)
    unit = unit if unit in _UNITS else unit.removesuffix("s")
    if unit not in _UNITS or count < 1 or (unit == "business day" and count > 1):
        raise UsageError(
            f"{named('frequency')} must be second, minute, hour, day, business day, week, month, quarter or year, or a "
            f"number of them, as '15 minutes', not {name!r}"
        )
    kind, size = _UNITS[unit]
    return Frequency("business day" if kind == "business day" else "month" if kind == "month" else "time", count * size)


def length(count: int, unit: str) -> str:
    """Give a length in words.

    Args:
        count: how many.
        unit: ``time`` for microseconds, ``month``, or ``number``.

    Returns:
        The words.

    Example:
        >>> length(36 * HOUR, "time"), length(HOUR, "time"), length(6, "month")
        ('36 hours', 'an hour', '6 months')
    """
    if unit == "number":
        return str(count)
    kinds = [(name, size) for name, (kind, size) in _UNITS.items() if kind == unit]
    name, size = next(
        (name, size) for name, size in reversed(kinds) if (count % size == 0 and name != "quarter") or count == size
    )
    article = "an" if name == "hour" else "a"
    return f"{article} {name}" if count == size else f"{count // size} {name}s"
