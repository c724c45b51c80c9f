"""Tables in long format, however they are written: delimited text, or rows that name their cells (JSON, Parquet)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from throughtime.data.files import STANDARD, describe, first_bytes, suffixes
from throughtime.data.formats.json.array import json_array_rows
from throughtime.data.formats.json.lines import json_rows
from throughtime.data.formats.table import parquet_rows
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.long import read_series
from throughtime.data.series.named_steps import read_named_steps

__all__ = ["named_rows", "read_any_series"]

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
    rows, unit = named_rows(path, how, problems)
    if rows is None:
        yield from read_series(path, how, problems, targets=targets)
    else:
        yield from read_named_steps(rows, how, problems, targets=targets, name=describe(path), unit=unit)


def named_rows(path: Path, how: Reading, problems: Problems) -> tuple[Iterator[tuple[int, _Row]] | None, str]:
    """Read the rows of a table that name their cells.

    Args:
        path: the table; ``-`` is standard input, which is delimited text.
        how: its encoding.
        problems: told of rows that cannot be read.

    Returns:
        (number and cells by column of each row, what a row is called); None where the rows do not name their cells.
    """
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
