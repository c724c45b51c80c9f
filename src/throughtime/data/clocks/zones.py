"""Wall clocks and instants: what a clock on the wall of a time zone shows, and when it shows it.

Times are microseconds since 1970-01-01. A *place* is the name of a time zone, a fixed offset such as ``+01:00``, or
None where wall clock and instant are one.
"""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import UsageError

__all__ = [
    "HOUR",
    "MICROSECOND",
    "MINUTE",
    "SECOND",
    "USUAL_ZONES",
    "instants",
    "is_offset",
    "offset_of",
    "unclear",
    "wall",
    "zone_named",
]

MICROSECOND, SECOND, MINUTE, HOUR = 1, 1_000_000, 60_000_000, 3_600_000_000
_DAY = 24 * HOUR
_OFFSET = re.compile(r"Z|([+-])(\d\d):?(\d\d)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECADE = 3653 * _DAY
_EUROPE = "Europe/London Europe/Berlin Europe/Helsinki"
_AMERICA = "America/New_York America/Chicago America/Denver America/Los_Angeles America/Halifax America/Sao_Paulo"
USUAL_ZONES = f"{_EUROPE} {_AMERICA} Australia/Sydney Australia/Adelaide Pacific/Auckland".split()
"""Time zones that are proposed where one is missing."""
_EARLIEST, _LATEST = -195, 802
"""Decades from 1970 for which time zones are asked."""

Times: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """Give a time zone.

    Args:
        name: its name in the IANA's data base, such as ``Europe/Berlin``.

    Returns:
        The zone.

    Raises:
        UsageError: there is none of that name.

    Example:
        >>> zone_named("Europe/Berlin").key
        'Europe/Berlin'
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = sorted(available_timezones())
        if not known:
            raise UsageError(f"this machine knows no time zones, so not {name!r} either; pip install tzdata") from None
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "write a name such as 'Europe/Berlin' or 'UTC'"
        raise UsageError(f"unknown time zone {name!r}: {hint}") from None


def is_offset(place: str) -> bool:
    """Tell whether a place is a fixed offset.

    Args:
        place: a name or an offset.

    Returns:
        Whether it is, as ``+01:00`` or ``Z``.
    """
    return _OFFSET.fullmatch(place) is not None


def offset_of(place: str) -> int:
    """Read a fixed offset.

    Args:
        place: the offset.

    Returns:
        Microseconds that the wall clock is ahead.

    Example:
        >>> offset_of("-03:30") / HOUR
        -3.5
    """
    match = _OFFSET.fullmatch(place)
    if match is None:
        raise ValueError(place)
    if not match[1]:
        return 0
    ahead = int(match[2]) * HOUR + int(match[3] or 0) * MINUTE
    return -ahead if match[1] == "-" else ahead


def wall(times: Times, place: str | None) -> Times:
    """Give what the clock on the wall shows.

    Args:
        times: (T,) instants.
        place: where the clock hangs.

    Returns:
        (T,) the same as wall clock times.

    Raises:
        UsageError: an unknown time zone.

    Example:
        >>> summer = np.array(["2024-07-01T10:00"], "datetime64[us]").astype("int64")
        >>> print(wall(summer, "Europe/Berlin").astype("datetime64[us]").astype("datetime64[h]"))
        ['2024-07-01T12']
    """
    if place is None or not len(times):
        return times
    if is_offset(place):
        return times + offset_of(place)
    starts, offsets = _rules(place, times)
    return times + offsets[np.searchsorted(starts, times, "right")]


def instants(shown: Times, place: str | None, later: Flags | None = None) -> Times:
    """Give when a clock on the wall shows a time.

    Args:
        shown: (T,) wall clock times.
        place: where the clock hangs.
        later: (T,) whether it is the second time, of those that come twice when clocks are put back; None says no.

    Returns:
        (T,) the instants. A time that is left out when clocks are put forward is an hour later.

    Raises:
        UsageError: an unknown time zone.

    Example:
        >>> twice = np.array(["2024-10-27T02:30"] * 2, "datetime64[us]").astype("int64")
        >>> found = instants(twice, "Europe/Berlin", np.array([False, True]))
        >>> print(found.astype("datetime64[us]").astype("datetime64[m]"))
        ['2024-10-27T00:30' '2024-10-27T01:30']
    """
    if place is None or not len(shown):
        return shown
    if is_offset(place):
        return shown - offset_of(place)
    first, second, offsets = _readings(shown, place)
    return shown - offsets[first if later is None else np.where(later, second, first)]


def unclear(shown: Times, place: str | None) -> tuple[Flags, Flags]:
    """Tell which times a clock on the wall never shows, and which twice.

    Args:
        shown: (T,) wall clock times.
        place: where the clock hangs.

    Returns:
        (T,) whether it is left out when clocks are put forward, and (T,) whether it comes twice when they are put back.

    Raises:
        UsageError: an unknown time zone.
    """
    if place is None or is_offset(place) or not len(shown):
        return np.zeros(len(shown), bool), np.zeros(len(shown), bool)
    first, second, offsets = _readings(shown, place)
    return wall(shown - offsets[first], place) != shown, first != second


def _readings(shown: Times, place: str) -> tuple[Times, Times, Times]:
    """Places in the offsets of the first and the second time that a wall clock shows a time, and the offsets."""
    starts, offsets = _rules(place, shown)
    first = np.searchsorted(starts + np.maximum(offsets[:-1], offsets[1:]), shown, "right")
    second = np.searchsorted(starts + offsets[1:], shown, "right")
    return first, second, offsets


def _rules(place: str, times: Times) -> tuple[Times, Times]:
    """Instants (N,) at which the offset of a time zone changes around some times, and the offsets (N + 1,) between."""
    first, last = int(times.min()) // _DECADE, int(times.max()) // _DECADE
    return _changes(place, max(first, _EARLIEST), min(last, _LATEST))


@lru_cache(maxsize=256)
def _changes(place: str, first: int, last: int) -> tuple[Times, Times]:
    """Ask a time zone for its offset each day of some decades, and find the second at which it changed."""
    zone = zone_named(place)

    def offset(second: int) -> int:
        ahead = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset() or timedelta()
        return ahead // timedelta(microseconds=1)

    day = _DAY // SECOND
    days = range((first * _DECADE) // SECOND - 2 * day, ((last + 1) * _DECADE) // SECOND + 3 * day, day)
    starts: list[int] = []
    offsets = [offset(days[0])]
    for low in days[:-1]:
        high = low + day
        if (ahead := offset(high)) == offsets[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
        starts.append(high * SECOND)
        offsets.append(ahead)
    return np.array(starts, np.int64), np.array(offsets, np.int64)
