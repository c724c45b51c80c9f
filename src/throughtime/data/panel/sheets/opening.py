"""Files as sheets: delimited text, JSON, Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path

from throughtime.data.files import STANDARD, describe, suffixes
from throughtime.data.formats.evidence.by_lines import format_by_bytes, sample_lines
from throughtime.data.formats.evidence.foreign import foreign_lines
from throughtime.data.formats.named_series import named_rows
from throughtime.data.formats.table import import_polars, parquet_batches
from throughtime.data.panel.options import PanelReading
from throughtime.data.panel.sheets.frames import array_sheet, polars_columns
from throughtime.data.panel.sheets.sheet import RowSheet, Sheet
from throughtime.data.panel.sheets.time_columns import are_dates
from throughtime.data.reading import Problems, Reading
from throughtime.data.series.columns import name_empty
from throughtime.data.series.layout import series_has_header
from throughtime.data.tables.delimited import AHEAD, Row, read_rows
from throughtime.data.tables.habits import drop_repeats
from throughtime.data.tables.header import is_number
from throughtime.data.tables.named_rows import FAULT, as_in_file
from throughtime.data.tables.values import MISSING
from throughtime.errors import DataError, UnknownNameError

__all__ = ["named_sheet", "open_sheet"]

_FORMATS = ("csv", "tsv", "jsonl", "json", "parquet")


def open_sheet(path: Path, how: PanelReading, problems: Problems) -> Sheet:
    """Open a table of series, however it is written.

    Args:
        path: the table, packed or plain; ``-`` is standard input.
        how: encoding, separator, header, format.
        problems: told of rows that cannot be read.

    Returns:
        The sheet.

    Raises:
        DataError: the file cannot be read, or has no rows.
        UnknownNameError: there is no format of the name asked for.
    """
    if how.format is not None and how.format not in _FORMATS:
        raise UnknownNameError("format", how.format, _FORMATS)
    reading = how.as_reading()
    if _is_parquet(path, reading) and how.format in (None, "parquet"):
        batches = list(parquet_batches(path))
        columns = import_polars(f"reading {path}").concat(batches) if batches else None
        return array_sheet(describe(path), {} if columns is None else polars_columns(columns), "row")
    rows, unit = named_rows(path, reading, problems)
    if rows is not None and how.format not in ("csv", "tsv"):
        return named_sheet(describe(path), rows, unit, problems)
    if how.format in ("jsonl", "json", "parquet"):
        raise DataError(f"{describe(path)} is no {how.format}")
    return _delimited(path, reading, problems, tabs=how.format == "tsv" or suffixes(path)[0] in (".tsv", ".tab"))


def _is_parquet(path: Path, how: Reading) -> bool:
    """Whether a file is Parquet; that it is no spreadsheet, picture or page is seen to."""
    if path == STANDARD:
        return False
    form = format_by_bytes(path)
    if form not in (None, "parquet"):
        raise DataError(f"{path} is no table, whatever its name says; save the table as .csv")
    if form is None and (what := foreign_lines(sample_lines(path, how))) is not None:
        raise DataError(f"{path} is {what}")
    return form == "parquet"


def _delimited(path: Path, how: Reading, problems: Problems, *, tabs: bool) -> Sheet:
    name = describe(path)
    rows = read_rows(path, how, problems, tabs=tabs)
    ahead = list(islice(rows, AHEAD))
    if not ahead:
        raise DataError(f"{name} has no rows")
    sample = [cells for _, cells in ahead]
    header = _has_header(sample, how, name)
    if not header:
        return RowSheet(name, [str(i + 1) for i in range(len(sample[0]))], False, ahead, rows, "line")
    names = name_empty([cell.strip() for cell in sample[0]], sample[1:])
    rows = drop_repeats(chain(ahead[1:], rows), sample[0], name, problems)
    below = list(islice(rows, AHEAD))
    if not below:
        raise DataError(f"{name} has no rows under its header")
    return RowSheet(name, names, True, below, rows, "line")


def _has_header(rows: Sequence[Sequence[str]], how: Reading, name: str) -> bool:
    """Tell whether the first row names the columns: what stands above numbers and dates tells it."""
    if how.header is not None:
        return how.header
    first, below = rows[0], rows[1:]
    if not below and not any(map(_kind, first)):
        raise DataError(f"{name} has no rows under its header")
    if below and _counts(first) and (not _counts(below[0]) or (_years(first) and not _years(below[0]))):
        return True  # steps that are called by their numbers
    columns = ([row[i] for row in below if i < len(row)] for i in range(len(first)))
    votes = {_names(cell, cells) for cell, cells in zip(first, columns, strict=True)} - {None}
    return votes.pop() is True if len(votes) == 1 else series_has_header(rows, how, name)


def _counts(cells: Sequence[str]) -> bool:
    """Whether three cells at least are whole numbers, each one more than that before, and the others are none."""
    numbers = [int(cell) for cell in cells if cell.strip().isdecimal()]
    others = sum(map(is_number, cells)) - len(numbers)
    return len(numbers) > 2 and not others and all(b - a == 1 for a, b in pairwise(numbers))


def _years(cells: Sequence[str]) -> bool:
    return all(1000 <= int(cell) < 3000 for cell in cells if cell.strip().isdecimal())


def _kind(cell: str) -> str:
    return "number" if is_number(cell) else "date" if are_dates([cell.strip()]) else ""


def _names(first: str, below: Sequence[str]) -> bool | None:
    """Whether a cell is the name of numbers or dates below it; None where it tells nothing."""
    kinds = [_kind(cell) for cell in below if cell.strip().lower() not in MISSING]
    kind, count = Counter(kinds).most_common(1)[0] if kinds else ("", 0)
    if not kind or 2 * count <= len(kinds) or first.strip().lower() in MISSING:
        return None
    return _kind(first) != kind


def named_sheet(
    name: str, rows: Iterator[tuple[int, Mapping[str, object]]], unit: str | None, problems: Problems
) -> Sheet:
    """Make a sheet of rows that bring the names of their cells.

    Args:
        name: the file, or what the data is called.
        rows: number, from 1, and cells by column of each; what is wrong with one may stand under FAULT.
        unit: what a row of a file is called; None for data in memory.
        problems: told of rows that cannot be read.

    Returns:
        The sheet.

    Raises:
        DataError: there are no rows.
    """
    ahead = list(islice(rows, AHEAD))
    if not ahead:
        raise DataError(f"{name} has no rows")
    names = list(dict.fromkeys(key for _, row in ahead for key in row if key != FAULT))

    def cells(some: Iterator[tuple[int, Mapping[str, object]]]) -> Iterator[Row]:
        for number, row in some:
            if fault := row.get(FAULT):
                problems.report(f"row {number} of {name}", str(fault))
            else:
                more = [str(key) for key in row if key not in names]
                yield number, [as_in_file(row.get(key)) for key in names] + more

    return RowSheet(name, names, True, list(cells(iter(ahead))), cells(rows), unit)
