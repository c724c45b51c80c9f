"""Stamps of a wall clock in a time zone: hours that come twice, and hours that never came."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from throughtime.data.clocks.cells import StampError
from throughtime.data.clocks.zones import HOUR, Flags, Times, instants, unclear
from throughtime.doors import named

__all__ = ["place_in_zone"]


def place_in_zone(shown: Times, zone: str, style: str, column: str, series: NDArray[np.int64] | None = None) -> Times:
    """Give the instants of stamps that a wall clock has shown.

    Args:
        shown: (T,) what it has shown.
        zone: the time zone it hangs in.
        style: how the stamps are written.
        column: the name of their column, for messages.
        series: (T,) numbers of the series they belong to; None where they are of one.

    Returns:
        (T,) the instants.

    Raises:
        StampError: an hour that was left out when clocks were put forward.
    """
    never, twice = unclear(shown, zone)
    if "h" in style and never.any():
        index = int(np.flatnonzero(never)[0])
        stamp = np.datetime64(int(shown[index]), "us").item()
        raise StampError(
            index,
            f"column {column!r} holds {stamp}, which no clock in {zone} has shown: clocks were put forward then; name "
            f"another {named('time_zone')}",
        )
    return instants(shown, zone, _later(shown, twice, series) if twice.any() else None)


def _later(shown: Times, twice: Flags, series: NDArray[np.int64] | None) -> Flags:
    """Tell which stamps of an hour that comes twice are of the second one.

    Where times go back once within the hour, they are from there on; else the second of two equal ones is. Of a series
    that is written newest first, all is told from its end.
    """
    later = np.zeros(len(shown), bool)
    numbers = np.zeros(len(shown), np.int64) if series is None else series
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place in np.flatnonzero(twice).tolist():
        groups[int(numbers[place]), int(shown[place]) // (24 * HOUR)].append(place)
    falling = _newest_first(shown, numbers)
    for (number, _), places in groups.items():
        ordered = places[::-1] if number in falling else places
        back = [place for before, place in pairwise(ordered) if shown[place] <= shown[before]]
        if len(back) == 1:
            later[ordered[ordered.index(back[0]) :]] = True
            continue
        seen: set[int] = set()
        for place in ordered:
            later[place] = int(shown[place]) in seen
            seen.add(int(shown[place]))
    return later


def _newest_first(shown: Times, numbers: NDArray[np.int64]) -> set[int]:
    """The series whose last stamp is before their first one."""
    kinds, first = np.unique(numbers, return_index=True)
    last = len(numbers) - 1 - np.unique(numbers[::-1], return_index=True)[1]
    return set(kinds[shown[last] < shown[first]].tolist())
