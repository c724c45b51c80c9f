"""Which columns of a table hold time stamps, and the stamps that several columns make together."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.sheets.columns import Coded, Collected, Fault, coded
from throughtime.data.panel.sheets.sheet import Sheet
from throughtime.data.series.columns import asked_columns, looks_like_date
from throughtime.data.tables.column_names import listed
from throughtime.data.tables.header import is_number
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["are_dates", "find_times", "stamps_of", "time_name"]

_USUAL = (
    *("timestamp", "datetime", "date_time", "date time", "date", "time", "ds", "t", "step", "period", "epoch"),
    *("year", "month", "week", "day", "hour", "quarter"),
)
_NUMBERS = ("timestamp", "datetime", "date", "time", "ds", "epoch")
"""Names of times that may be numbers."""
_COUNTED = ("t", "step", "period", "year")
"""Names of times where they are whole numbers; a month or an hour by itself comes again and again."""
_PARTS = ("year", "month", "day", "hour", "minute", "second")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?")
_DAY_ALONE = re.compile(r"[\d./-]+")


def are_dates(cells: Sequence[str]) -> bool:
    """Tell whether cells are dates, with a time of the day or without, be it such that may be two days: 1/2/2024.

    Args:
        cells: some cells.

    Returns:
        Whether all are, and there is one.

    Example:
        >>> are_dates(["2024-05-01", "2024-05-02"]), are_dates(["5", "6"]), are_dates([])
        (True, False, False)
    """
    first = cells[0] if cells else ""
    if is_number(first) or _CLOCK.fullmatch(first) or not any(map(str.isdecimal, first)):
        return False
    try:
        return Clock.told(cells).kind == "date"
    except DataError:
        return all(map(looks_like_date, cells))


def find_times(sheet: Sheet, how: PanelReading, found: PanelFound) -> tuple[int, ...]:
    """Find the columns of the time stamps.

    Args:
        sheet: the table.
        how: the columns that were asked for.
        found: those of the tables that were learned from.

    Returns:
        Their indices: one, several that make one stamp, or none.

    Raises:
        DataError: a column is not there, or several may be meant.
    """
    asked = asked_columns(how.time_column, sheet.names, sheet.name, "time_column")
    if asked is not None:
        return asked
    if found.fixed and found.time_columns and set(found.time_columns) <= set(sheet.names):
        return tuple(map(sheet.names.index, found.time_columns))
    names = {name.strip().casefold(): i for i, name in reversed(list(enumerate(sheet.names)))}
    dated = [i for i in range(len(sheet.names)) if are_dates(sheet.cells(i))]
    if dated:
        return _one_of(dated, sheet, names)
    if "year" in names and "month" in names and all(_are_whole(sheet.cells(names[each])) for each in ("year", "month")):
        parts = [names[part] for part in _PARTS if part in names]
        return tuple(parts[: next((n for n, i in enumerate(parts) if sheet.names[i].casefold() != _PARTS[n]), 6)])
    usual = [names[name] for name in _USUAL if name in names]
    numeric = [names[name] for name in _NUMBERS if name in names and _are_numbers(sheet.cells(names[name]))]
    counted = [names[name] for name in _COUNTED if name in names and _are_whole(sheet.cells(names[name]))]
    worded = [i for i in usual if (cells := sheet.cells(i)) and not any(map(is_number, cells))]
    return (*numeric, *counted, *worded)[:1]


def _are_numbers(cells: Sequence[str]) -> bool:
    return bool(cells) and all(map(is_number, cells))


def _are_whole(cells: Sequence[str]) -> bool:
    return _are_numbers(cells) and all(float(cell).is_integer() for cell in cells)


def _one_of(dated: Sequence[int], sheet: Sheet, names: dict[str, int]) -> tuple[int, ...]:
    """The column of dates, and one of times of the day beside it where there is one."""
    chosen = list(dated)
    if len(dated) > 1:
        chosen = [names[name] for name in _USUAL if name in names and names[name] in dated][:1]
    if not chosen:
        raise DataError(
            f"{sheet.name}: columns {listed([sheet.names[i] for i in dated])} hold dates; say which has the time "
            f"stamps with {option('time_column')}"
        )
    clocks = [
        i
        for i in range(len(sheet.names))
        if (cells := sheet.cells(i)) and all(map(_CLOCK.fullmatch, cells)) and i not in chosen
    ]
    if len(clocks) == 1 and all(map(_DAY_ALONE.fullmatch, sheet.cells(chosen[0]))):
        return chosen[0], clocks[0]
    return (chosen[0],)


def time_name(columns: Sequence[str]) -> str | None:
    """Name the time column as it is written back.

    Args:
        columns: the columns that make a stamp.

    Returns:
        Its name, ``time`` where there are several or it has none; None where there are none.
    """
    return None if not columns else (columns[0] if len(columns) == 1 else "") or "time"


def stamps_of(table: Collected, times: Sequence[int], names: Sequence[str]) -> Coded:
    """Give the time stamp of each row.

    Args:
        table: the columns.
        times: those of the stamps, at least one.
        names: names of all columns.

    Returns:
        The stamps as cells: what stands in one column, or what the parts in several make together.
    """
    first, *others = (table.codes[i] for i in times)
    if not others:
        return first
    codes = first.codes
    for each in others:
        codes = codes * len(each.cells) + each.codes
    whole = coded(codes)
    place = np.zeros(len(whole.cells), np.int64)
    place[whole.codes[::-1]] = np.arange(len(codes))[::-1]
    columns = [np.array(each.texts())[each.codes[place]].tolist() for each in (first, *others)]
    called = [names[i] for i in times]
    stamps = [_joined(cells, called, row, table) for row, *cells in zip(place.tolist(), *columns, strict=True)]
    return Coded(whole.codes, stamps)


def _joined(cells: Sequence[str], names: Sequence[str], row: int, table: Collected) -> str:
    """Write the parts of a stamp as one."""
    if not all(map(is_number, cells)):
        return " ".join(cells)
    bounds = (range(1, 10000), range(1, 13), range(1, 32), range(24), range(60), range(60))
    for cell, name, bound, part in zip(cells, names, bounds, _PARTS, strict=False):
        if not float(cell).is_integer() or int(float(cell)) not in bound:
            table.faults.append(Fault(row, None, f"column {name!r} holds {cell!r}, which is no {part} of a date"))
            return ""
    year, month, *more = (int(float(cell)) for cell in cells)
    date = f"{year:04d}-{month:02d}" + (f"-{more[0]:02d}" if more else "")
    clock = [f"{part:02d}" for part in (*more[1:], 0)] if len(more) > 1 else []
    return date + (" " + ":".join(clock[: max(2, len(more) - 1)]) if clock else "")
