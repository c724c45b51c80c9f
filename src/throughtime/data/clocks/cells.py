"""Cells of a column of times, and how they become whole numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.clocks.stamps import read_stamps
from throughtime.data.clocks.styles import offset_in, padded, style_of
from throughtime.data.clocks.zones import Times, offset_of
from throughtime.data.series.timestamps import TimeColumn
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = [
    "EPOCH",
    "MICROSECOND",
    "Cells",
    "StampError",
    "read_dates",
    "read_numbers",
    "refuse_missing",
    "some",
]

Cells: TypeAlias = "Sequence[str] | Sequence[datetime] | Sequence[date] | Sequence[float] | NDArray[Any]"
"""Cells of a column of times, of one type; an array of datetime64 or numbers, too."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_SAMPLE = 2000
"""Cells that are looked at to tell how times are written."""
_LARGEST = 2**62
"""Numbers that are larger leave no room for the steps that follow."""


class StampError(DataError):
    """A cell that is no time.

    Args:
        index: the first such cell.
        message: what is wrong with it.
    """

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def some(cells: Cells) -> tuple[Cells, Sequence[int]]:
    """Give cells enough to tell what they are, the first and the last among them.

    Args:
        cells: the cells.

    Returns:
        All, or 2,000 of them, and where each stands.
    """
    if len(cells) <= _SAMPLE:
        return cells, range(len(cells))
    places = np.linspace(0, len(cells) - 1, _SAMPLE).astype(int)
    if isinstance(cells, np.ndarray):
        return cells[places], places.tolist()
    return cast(Cells, [cells[place] for place in places]), places.tolist()


def read_numbers(cells: Cells, column: str) -> Times:
    """Read whole numbers.

    Args:
        cells: T cells.
        column: the name of their column, for messages.

    Returns:
        (T,) the numbers.

    Raises:
        StampError: a cell is none.

    Example:
        >>> read_numbers(["1", "2.0"], "t")
        array([1, 2])
    """
    if isinstance(cells, np.ndarray) and cells.dtype.kind == "i":
        return cells.astype(np.int64)
    listed = cast(Sequence[Any], cells.tolist() if isinstance(cells, np.ndarray) else cells)
    return np.array([_whole(cell, index, column) for index, cell in enumerate(listed)], np.int64)


def _whole(cell: Any, index: int, column: str) -> int:
    """Take a cell as a whole number."""
    refuse_missing(cell, index, column)
    try:
        number = cell if isinstance(cell, int) else _number_of(cell)
    except (DataError, ValueError, OverflowError, TypeError):
        raise StampError(
            index, f"column {column!r} holds {cell!r}; times that are numbers must be whole numbers, all of them"
        ) from None
    if abs(number) > _LARGEST:
        raise StampError(index, f"column {column!r} holds {cell}, a number too large for a time")
    return number


def _number_of(cell: Any) -> int:
    if isinstance(cell, str):
        if cell.isdecimal():
            return int(cell)
        cell = TimeColumn("").read(cell)
    if isinstance(cell, datetime) or cell != int(cell):
        raise ValueError
    return int(cell)


def refuse_missing(cell: Any, index: int, column: str) -> None:
    """Refuse a cell that is empty.

    Args:
        cell: the cell.
        index: which it is.
        column: the name of its column, for messages.

    Raises:
        StampError: it is.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()) or cell != cell:
        raise StampError(index, f"column {column!r} holds no time here; give each row one, or leave it out")


def read_dates(cells: Cells, style: str, column: str, zone: str | None) -> Times:
    """Read dates, however they are written.

    Args:
        cells: T cells, all with an offset or none.
        style: how texts are written; others are read, too, where they can mean one thing only.
        column: the name of their column, for messages.
        zone: the time zone that is named; None where all must have the offset of the style.

    Returns:
        (T,) microseconds since 1970, of the instant where there is an offset, else of the wall clock.

    Raises:
        StampError: a cell is no date, or not of the sort that the style is of.

    Example:
        >>> read_dates(["1970-01-01 01:00", "1.1.1970 2:00"], "YYYY-MM-DD hh:mm", "t", None) // 3_600_000_000
        array([1, 2])
    """
    if isinstance(cells, np.ndarray):
        if cells.dtype.kind == "M":
            return _read_array(cells, column)
        cells = cast(Sequence[Any], cells.tolist())
    if len(cells) and not isinstance(cells[0], str):
        if isinstance(cells[0], date | np.datetime64):
            return _read_objects(cast(Sequence[Any], cells), column)
        cells = [str(number) for number in read_numbers(cells, column).tolist()]
    texts = cast(Sequence[Any], cells)
    offset = offset_in(style)
    if zone is not None and offset not in ("", "Z"):
        style = style.removesuffix(offset) + ("±hh:mm" if ":" in offset else "±hhmm" if len(offset) > 3 else "±hh")
    times, good = read_stamps(texts, style)
    if not good.all():
        _read_others(texts, times, np.flatnonzero(~good).tolist(), style, column)
    return times


def _read_array(cells: NDArray[Any], column: str) -> Times:
    """Read an array of datetime64."""
    missing = np.flatnonzero(np.isnat(cells))
    if len(missing):
        refuse_missing(None, int(missing[0]), column)
    times = cells.astype("datetime64[us]")
    finer = np.flatnonzero(times != cells)
    if len(finer):
        raise StampError(int(finer[0]), f"column {column!r} holds {cells[finer[0]]}, finer than a microsecond")
    return times.astype(np.int64)


def _read_objects(cells: Sequence[Any], column: str) -> Times:
    """Read dates and times of Python and NumPy."""
    aware = isinstance(cells[0], datetime) and cells[0].tzinfo is not None
    times = np.zeros(len(cells), np.int64)
    for index, cell in enumerate(cells):
        refuse_missing(cell, index, column)
        if isinstance(cell, np.datetime64):
            cell = cell.astype("datetime64[us]").item()
        if not isinstance(cell, date):
            raise StampError(index, f"column {column!r} holds {cell!r}, and dates further up; write all alike")
        if getattr(cell, "nanosecond", 0):
            raise StampError(index, f"column {column!r} holds {cell}, finer than a microsecond")
        moment = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)
        if (moment.tzinfo is not None) != aware:
            raise StampError(
                index, f"column {column!r} holds {cell}, with a time zone or without, unlike those further up"
            )
        times[index] = (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH) // MICROSECOND
    return times


def _read_others(texts: Sequence[Any], times: Times, places: Sequence[int], style: str, column: str) -> None:
    """Read the stamps at some places that are not of the style of the others, or refuse them."""
    by_style: dict[str, list[int]] = defaultdict(list)
    full: dict[int, str] = {}
    days_first = re.match(r"D+/", style) is not None
    for place in places:
        full[place], own = padded(texts[place].strip()) if isinstance(texts[place], str) else ("", "")
        if own.startswith("MM/"):
            own = own.replace("MM/DD", "DD/MM") if days_first else own if style.startswith("M") else ""
        by_style[own if _alike(offset_in(own), offset_in(style)) else ""].append(place)
    bad: list[int] = []
    for own, group in by_style.items():
        times[group], good = read_stamps([full[place] for place in group], own)
        bad.extend(place for place, fine in zip(group, good.tolist(), strict=True) if not fine)
    for place in sorted(bad):
        times[place] = _read_other(texts[place], place, style, column)


def _alike(offset: str, usual: str) -> bool:
    """Whether stamps with an offset may stand among others."""
    if not offset or not usual or "±" in usual:
        return bool(offset) == bool(usual)
    return offset_of(offset) == offset_of(usual)


def _read_other(text: Any, index: int, style: str, column: str) -> int:
    """Read a stamp of no usual style, or refuse it."""
    refuse_missing(text, index, column)
    times, offset = TimeColumn(column), offset_in(style)
    times.sort = f"a date with{'' if offset else 'out'} time zone"
    if style.isalpha():
        raise StampError(index, f"column {column!r} holds {text}, which is no date as {style}, and dates elsewhere")
    if re.search(r"\.\d{6}\d*[1-9]", text):
        raise StampError(index, f"column {column!r} holds {text!r}, finer than a microsecond")
    own = offset_in(style_of(text.strip()) or "")
    if offset and own and not _alike(own, offset):
        raise StampError(
            index,
            f"column {column!r} holds {text!r}, and the offset {offset} elsewhere; name the time zone whose days and "
            f"hours count, as {option('time_zone', 'Europe/Berlin')}",
        )
    try:
        moment = cast(datetime, times.read(text))
    except DataError as error:
        raise StampError(index, str(error)) from None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH) // MICROSECOND
