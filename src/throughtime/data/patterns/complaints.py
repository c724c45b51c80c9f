"""What is wrong with the times of a series, in one line, and what may mend it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import numpy as np

from throughtime.data.clocks.zones import HOUR, MINUTE, SECOND, Times
from throughtime.data.patterns.grids import DAY
from throughtime.data.patterns.words import WEEKDAYS
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


def no_pattern(ticks: Times, kind: str) -> str:
    """Say that times lie in no pattern.

    Args:
        ticks: (T,) the times, two or more.
        kind: what they are, ``number`` or ``date``.

    Returns:
        The message.
    """
    steps = np.sort(np.diff(ticks))
    told = (int(steps[place]) for place in (0, len(steps) // 2, -1))
    least, usual, most = (_roughly(step) if kind == "date" else str(step) for step in told)
    return (
        f"its times follow no pattern: they are {least} to {most} apart, half of them {usual} at most; round them to "
        f"the steps they stand for, or say what a step is with {option('frequency')}"
    )


def stray(time: int, pattern: str, kind: str) -> str:
    """Say that a time lies beside the pattern of the others.

    Args:
        time: what the wall clock showed, or the number.
        pattern: what a step is.
        kind: what times are, ``number`` or ``date``.

    Returns:
        The message.
    """
    stamp = str(time)
    if kind == "date":
        moment = np.datetime64(time, "us").item()
        stamp = (
            f"{moment:%Y-%m-%d}"
            + ("" if time % DAY == 0 else f" {moment.time()}")
            + f", a {WEEKDAYS[moment.weekday()]},"
        )
    return (
        f"{stamp} lies beside the pattern of the other times ({pattern}): mend or leave out such times, or say what a "
        f"step is with {option('frequency')}"
    )


def _roughly(time: int) -> str:
    """A length of time in the largest unit of which it has two or more."""
    units = {DAY: "days", HOUR: "hours", MINUTE: "minutes", SECOND: "seconds"}
    size, name = next(((size, name) for size, name in units.items() if time >= 2 * size), (1, "microseconds"))
    count = time / size
    return f"{count:.3g} {name}" if count < 1000 else f"{count:,.0f} {name}"
