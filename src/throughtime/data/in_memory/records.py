"""Data in memory as records: pairs, texts, arrays, and tables of other libraries, read as those in files are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import cast

from throughtime.data.characters import refuse_half_pairs
from throughtime.data.in_memory.rows import MemoryRows, rows_in_memory
from throughtime.data.in_memory.values import is_numbers, plain_cell
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.layout import Layout
from throughtime.data.series.named_steps import read_named_steps
from throughtime.data.series.wide import find_wide, may_be_wide, read_wide
from throughtime.data.tables.column_names import choose_columns, known_column, say_columns
from throughtime.data.tables.columns import Columns
from throughtime.data.tables.named_rows import FAULT, as_in_file
from throughtime.data.tables.table_head import ask_by_cells
from throughtime.errors import DataError

__all__ = ["read_memory"]

_WHERE = "the data"
_AHEAD = 200
"""Rows that are looked at to tell whether each is a series."""
_Row = Mapping[str, object]


def read_memory(data: object, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read what is in memory, row by row.

    A tuple of two is (X, y); a list, or anything else that can be gone through, has rows: pairs (x, y), dicts, x
    alone where there are no targets, or sentences of (word, tag) pairs. A dict, and the tables of polars, pandas and
    Hugging Face's datasets, have columns; they are chosen as those of a file, and ``how.id_column`` or
    ``how.time_column`` make such a table one of a row for each step. Numbers as labels are taken as they are written,
    but as the names of their classes where a data set of Hugging Face has those. ``original`` of a record is its row,
    cells by column, or the ``Steps`` of a series.

    Args:
        data: the data.
        how: columns, kind of target.
        problems: where bad rows and notes go.
        targets: whether each row needs a target; without it none is read, whether there is one or not.

    Yields:
        The records in order; their place is ``row 7 of the data``, from 1.

    Raises:
        DataError: the data is of no known form, has no rows, has not the columns, or a row is bad.

    Example:
        >>> data = [("so good", "positive"), ("so bad", "negative")]
        >>> [(record.content, record.target) for record in read_memory(data, Reading(), Problems(), targets=True)]
        [('so good', 'positive'), ('so bad', 'negative')]
    """
    found = rows_in_memory(data, how, targets)
    first = next(found.rows, None)
    if first is None:
        raise DataError("the data has no rows")
    if found.told:
        problems.note(f"{_WHERE}: {found.told}")
    ahead = _ahead(found, first, how, targets)
    is_wide = len(ahead) > 1 or (how.found.fixed and bool(how.found.values) and found.names is None)
    wide = find_wide(list(first), ahead, how, _WHERE, header=True, targets=targets) if is_wide else None
    if wide is None and found.names is None and not (how.id_column or how.time_column):
        ahead, how = _told_by_cells(found, first, ahead, how, problems, targets)
    rows = enumerate(chain(ahead, found.rows), 1)
    if wide is not None:
        problems.note(f"{_WHERE}: {wide.said}")
        columns = Columns.choose(list(first), wide.values[0], wide.target, how, problems, _WHERE)
        yield from read_wide(((f"row {n} of the data", row) for n, row in rows), wide, columns, problems)
    elif found.names is None and (how.id_column or how.time_column):
        yield from _series(rows, how, problems, targets)
    else:
        yield from _records(rows, _columns(found, first, how, problems, targets), how)


def _ahead(found: MemoryRows, first: _Row, how: Reading, targets: bool) -> list[_Row]:
    """Look at the first rows of what may be a table with a series in each row; at the first one alone elsewhere."""
    long = how.id_column or how.time_column
    if found.names is not None or long or not may_be_wide(list(first.values()), how, targets=targets):
        return [first]
    return [first, *islice(found.rows, 0 if how.found.fixed else _AHEAD)]


def _told_by_cells(
    found: MemoryRows, first: _Row, ahead: list[_Row], how: Reading, problems: Problems, targets: bool
) -> tuple[list[_Row], Reading]:
    """Tell columns without usual names by what is in them, as those of files; (the rows looked at, the options)."""
    names = [name for name in first if name != FAULT]
    roles = ("text", "target") if targets else ("text",)
    if len(names) < 2 or all(known_column(names, how, role) is not None for role in roles):
        return ahead, how
    ahead += islice(found.rows, _AHEAD)
    sample = [[as_in_file(row.get(name)) for name in names] for row in ahead]
    told = ask_by_cells(names, sample, how, targets)
    if told is not how and told.text_column is not None:
        said = say_columns(told.text_column, told.target_column if targets else None)
        problems.note(f"{_WHERE}: by what is in them, {said}")
    return ahead, told


def _columns(found: MemoryRows, first: _Row, how: Reading, problems: Problems, targets: bool) -> Columns:
    """Tell which columns are read, by the first row."""
    there = [name for name in first if name != FAULT]
    if found.names is not None:
        content, target = found.names[0], found.names[1] if targets else None
    elif not targets and len(there) == 1 and how.text_column is how.file_column is None:
        content, target = there[0], None
        problems.note(f"{_WHERE}: {say_columns(content, None)}")
    else:
        content, target = choose_columns(there, how, problems, _WHERE, targets=targets)
    value = first.get(content)
    if is_numbers(value) and not is_numbers(cast(Sequence[object], value)[0]):
        problems.note(f"{_WHERE}: a list of numbers in {content!r} is read as a series of one feature a step")
    return Columns.choose(there, content, target, how, problems, _WHERE)


def _records(rows: Iterator[tuple[int, _Row]], columns: Columns, how: Reading) -> Iterator[Record]:
    read = [columns.content, *columns.beside.values(), columns.target, columns.group]
    names = [name for name in read if name is not None]
    for number, row in rows:
        place = f"row {number} of the data"
        try:
            if fault := row.get(FAULT):
                raise DataError(str(fault))
            plain = {
                name: plain_cell(row[name], name, how, is_target=name == columns.target)
                for name in names
                if name in row
            }
        except DataError as error:
            columns.problems.report(place, str(error))
            continue
        if record := columns.record({**row, **plain}, place, row):
            yield record


def _series(rows: Iterator[tuple[int, _Row]], how: Reading, problems: Problems, targets: bool) -> Iterator[Record]:
    """Read a table with a row for each step, as one in a file."""

    def checking(layout: Layout) -> Callable[[Sequence[str]], None]:
        def check(cells: Sequence[str]) -> None:
            for role in (layout.id, layout.target):
                if role is not None:
                    refuse_half_pairs(cells[role], f"column {layout.names[role]!r}")
            if targets and layout.target is not None:
                plain_target = cells[layout.target]
                number = -100 if plain_target == "-100" else plain_target
                plain_cell(number, layout.names[layout.target], how, is_target=True)

        return check

    yield from read_named_steps(rows, how, problems, targets=targets, name=_WHERE, checking=checking)
