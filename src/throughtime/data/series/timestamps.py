"""The times of the steps of series: numbers or ISO dates, all of one sort, so that steps can be put in order."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import TypeAlias

from throughtime.data.tables.header import is_number
from throughtime.errors import DataError

__all__ = ["Time", "TimeColumn", "first_repeated", "order_of"]

Time: TypeAlias = int | float | datetime
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})((?: .*)?)")
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})((?: .*)?)")
_MONTH = re.compile(r"\d{4}-\d{2}")
_CLOCK = re.compile(r"\d{1,2}:\d{2}:\d{2}(?:\.\d+)?")


class TimeColumn:
    """Reads the times of one column.

    Args:
        name: the column, for messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.sort: str | None = None
        """What its first time is; all others must be so."""

    def read(self, cell: str) -> Time:
        """Take a cell as a time.

        Args:
            cell: a number, a time of the day, or an ISO date with or without a time and a time zone; 31.12.2024,
                2024/12/31 and 2024-12 are dates too, 12/31/2024 is none, as days and months cannot be told.

        Returns:
            The time.

        Raises:
            DataError: it is none, or not of the sort of those before.

        Example:
            >>> times = TimeColumn("t")
            >>> times.read(" 2024-05-01 12:30"), times.read("2024-05-02")
            (datetime.datetime(2024, 5, 1, 12, 30), datetime.datetime(2024, 5, 2, 0, 0))
        """
        try:
            time = _parse_time(cell.strip())
        except ValueError:
            raise DataError(
                f"column {self.name!r} holds {cell!r}, neither a number nor an ISO date and time; write 2024-12-31 or "
                "2024-12-31T23:59:00"
            ) from None
        sort = "a number"
        if isinstance(time, datetime):
            sort = "a date without time zone" if time.tzinfo is None else "a date with time zone"
        self.sort = self.sort or sort
        if sort != self.sort:
            raise DataError(f"column {self.name!r} holds {cell!r}, {sort}, and {self.sort} further up; write all alike")
        return time


def order_of(times: Sequence[Time]) -> list[int]:
    """Give the places of times of one sort in their order; equal ones stay as they stand.

    Args:
        times: the times.

    Returns:
        Their indices.

    Example:
        >>> order_of([3, 1, 2])
        [1, 2, 0]
    """
    return sorted(range(len(times)), key=times.__getitem__)  # type: ignore[arg-type]


def first_repeated(times: Sequence[Time], order: Sequence[int]) -> tuple[int, int] | None:
    """Find two steps with the same time.

    Args:
        times: the times.
        order: their order.

    Returns:
        The indices of the first two, or None.

    Example:
        >>> first_repeated([3, 1, 3], [1, 0, 2]), first_repeated([3, 1], [1, 0])
        ((0, 2), None)
    """
    return next(((one, other) for one, other in pairwise(order) if times[one] == times[other]), None)


def _parse_date(text: str) -> datetime:
    """Read a date or a time of the day in one of the ways that can mean one thing only."""
    if match := _DOTTED.fullmatch(text):
        text = f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}{match[4]}"
    elif match := _SLASHED.fullmatch(text):
        text = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}{match[4]}"
    elif _MONTH.fullmatch(text):
        text += "-01"
    elif _CLOCK.fullmatch(text):
        text = f"1970-01-01 {text.zfill(8) if len(text) < 8 else text}"
    return datetime.fromisoformat(text)


def _parse_time(text: str) -> Time:
    """Read whole numbers (nanoseconds must not be rounded), other numbers, and ISO dates.

    Raises:
        ValueError: it is none of them.
    """
    if "_" in text:
        raise ValueError
    try:
        return int(text)
    except ValueError:
        if not is_number(text):
            return _parse_date(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number
