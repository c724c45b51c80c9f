"""Series from rows that name their cells, a row for each step: those of files, and those in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.layout import Layout, choose_layout
from throughtime.data.series.long import read_steps
from throughtime.data.tables.named_rows import FAULT, as_in_file
from throughtime.errors import DataError

__all__ = ["read_named_steps"]

_AHEAD = 200
"""Rows that are looked at to tell what the columns hold."""
_Row = Mapping[str, object]


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
