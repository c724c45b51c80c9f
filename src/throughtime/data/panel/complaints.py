"""What is wrong with the times of a series, in one line, and what may mend it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import numpy as np

from throughtime.data.panel.frequency import length
from throughtime.data.panel.grids import DAY
from throughtime.data.panel.zones import Times, is_offset
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["naming", "no_pattern", "stray"]


@contextmanager
def naming(name: str) -> Generator[None]:
    """Put the name of a series before what is raised inside.

    Args:
        name: the name; empty where there is none.

    Yields:
        Once.

    Raises:
        DataError: one was raised inside.

    Example:
        >>> with naming("sales.csv"):
        ...     raise DataError("too short")
        Traceback (most recent call last):
        throughtime.errors.DataError: sales.csv: too short
    """
    try:
        yield
    except DataError as error:
        raise DataError(f"{name}: {error}" if name else str(error)) from None


def no_pattern(ticks: Times, kind: str, place: str | None) -> str:
    """Say that times lie in no pattern.

    Args:
        ticks: (T,) the times, two or more.
        kind: what they are, ``number`` or ``date``.
        place: where the wall clock hangs.

    Returns:
        The message.
    """
    steps = np.diff(ticks)
    unit = "time" if kind == "date" else "number"
    told = (steps.min(), steps.max(), np.sort(steps)[len(steps) // 2])
    least, most, usual = (length(int(step), unit) for step in told)
    return (
        f"its times follow no pattern: they are {least} to {most} apart, half of them {usual} at most; round them to the "
        f"steps they stand for, or say what a step is with {option('frequency')}{_zone(kind, place)}"
    )


def stray(time: int, pattern: str, kind: str, place: str | None) -> str:
    """Say that a time lies beside the pattern of the others.

    Args:
        time: what the wall clock showed, or the number.
        pattern: what a step is.
        kind: what times are, ``number`` or ``date``.
        place: where the wall clock hangs.

    Returns:
        The message.
    """
    stamp = str(time)
    if kind == "date":
        moment = np.datetime64(time, "us").item()
        stamp = f"{moment:%Y-%m-%d}" + ("" if time % DAY == 0 else f" {moment.time()}") + f", a {moment:%A},"
    return (
        f"{stamp} lies beside the pattern of the other times ({pattern}): mend or leave out such times, or say what a "
        f"step is with {option('frequency')}{_zone(kind, place)}"
    )


def _zone(kind: str, place: str | None) -> str:
    """Ask for the time zone where it may be that clocks were changed."""
    if kind != "date" or not (place is None or is_offset(place)):
        return ""
    return f"; where clocks were changed, name the {option('time_zone')}"
