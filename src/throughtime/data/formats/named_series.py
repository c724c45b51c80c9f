"""Tables in long format whose rows name their cells: JSON lines, JSON arrays, Parquet, and data in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from throughtime.data.files import STANDARD, describe, first_bytes, suffixes
from throughtime.data.formats.json_array import json_array_rows
from throughtime.data.formats.memory_cells import as_in_file
from throughtime.data.formats.memory_pairs import FAULT
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.tables.series import read_series, read_steps
from throughtime.data.tables.series_layout import Layout, choose_layout
from throughtime.data.tables.table import json_rows, parquet_rows
from throughtime.errors import DataError

__all__ = ["read_any_series", "read_named_steps"]

_AHEAD = 200
"""Rows that are looked at to tell what the columns hold."""
_Row = Mapping[str, object]


def read_any_series(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    r"""Read series from a table with one row for each step, however it is written.

    Args:
        path: the table; ``-`` is standard input, which is delimited text.
        how: columns, as for :func:`read_series`.
        problems: told of rows that cannot be read, which takes their whole series out.
        targets: whether there must be a target.

    Yields:
        Series in the order of their first rows.

    Raises:
        DataError: the file cannot be read, has no rows, or lacks a column.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.jsonl"
        >>> _ = path.write_text('{"id": 1, "x": 0.5, "label": "up"}\n{"id": 1, "x": 1.5, "label": "up"}\n')
        >>> problems = Problems(note=lambda line: None)
        >>> (record,) = read_any_series(path, Reading(id_column="id"), problems, targets=True)
        >>> record.content.tolist(), record.target
        ([[0.5], [1.5]], 'up')
    """
    rows, unit = _named_rows(path, how, problems)
    if rows is None:
        yield from read_series(path, how, problems, targets=targets)
    else:
        yield from read_named_steps(rows, how, problems, targets=targets, name=describe(path), unit=unit)


def _named_rows(path: Path, how: Reading, problems: Problems) -> tuple[Iterator[tuple[int, _Row]] | None, str]:
    """(number and cells by column of each row, what a row is called); None where the rows do not name their cells."""
    if path == STANDARD:
        return None, "line"
    begun = first_bytes(path, 64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if begun.startswith(b"PAR1"):
        return enumerate(parquet_rows(path), 1), "row"
    named = suffixes(path)[0]
    if begun.startswith(b"[") and named not in (".jsonl", ".ndjson"):
        return _numbered(json_array_rows(path, how, problems)), "item"
    if begun.startswith(b"{") or named in (".jsonl", ".ndjson"):
        return _numbered(json_rows(path, how, problems)), "line"
    return None, "line"


def _numbered(rows: Iterator[tuple[str, _Row]]) -> Iterator[tuple[int, _Row]]:
    """Take the number of each row from the end of its place."""
    return ((int(place.rpartition(" ")[2]), row) for place, row in rows)


def read_named_steps(
    rows: Iterator[tuple[int, _Row]],
    how: Reading,
    problems: Problems,
    *,
    targets: bool,
    name: str,
    unit: str | None = None,
    checking: Callable[[Layout], Callable[[Sequence[str]], None]] | None = None,
) -> Iterator[Record]:
    """Read series from rows that bring the names of their cells.

    Args:
        rows: number, from 1, and cells by column of each; what is wrong with one may stand under FAULT.
        how: columns.
        problems: told of rows that cannot be read, which takes their whole series out.
        targets: whether there must be a target.
        name: the file, or what the data is called.
        unit: what a row of a file is called; None for data in memory.
        checking: makes, for the columns, what raises a DataError where a row holds what no file can.

    Yields:
        Series in the order of their first rows.

    Raises:
        DataError: there are no rows, or a column is missing.
    """
    ahead = list(islice(rows, _AHEAD))
    if not ahead:
        raise DataError(f"{name} has no rows")
    # A file leaves out the keys of what is missing; rows in memory are alike, and one that is not is told of.
    keys = list(dict.fromkeys(key for _, row in ahead[: 1 if unit is None else None] for key in row if key != FAULT))
    sample = [[as_in_file(row.get(key)) for key in keys] for _, row in ahead]
    layout = choose_layout(keys, replace(how, header=True), name, targets=targets, rows=sample)
    problems.note(f"{name}: {layout.describe((unit or 'row') + 's')}")
    lines = _cells(chain(ahead, rows), keys, problems)
    check = None if checking is None else checking(layout)
    yield from read_steps(lines, layout, how, problems, targets=targets, check=check, name=name, unit=unit)


def _cells(
    rows: Iterator[tuple[int, _Row]], keys: Sequence[str], problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """Write the cells of each row as they would stand in a file."""
    for number, row in rows:
        if fault := row.get(FAULT):
            problems.report(f"row {number} of the data", str(fault))
            continue
        more = [str(key) for key in row if key not in keys]
        yield number, [as_in_file(row.get(key)) for key in keys] + more
