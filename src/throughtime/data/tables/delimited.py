"""Rows of cells out of comma- and tab-separated text, with their lines."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from throughtime.data.files import STANDARD, describe, open_lines
from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.dialect import Dialect, cells_between, is_comma_number, told_dialect
from throughtime.data.tables.habits import Row, doubled_quotes

__all__ = ["AHEAD", "Row", "pointed", "read_rows"]

_CELL = 1 << 26
"""Characters of the largest cell: a quote that is never closed must not take all the memory."""
AHEAD = 200
"""Rows that are looked at to tell whether the first names the columns."""
_SAMPLE, _SAMPLE_CHARACTERS = 1000, 1_000_000
"""Lines that are looked at to tell how a table is written."""


def read_rows(path: Path, how: Reading, problems: Problems, *, tabs: bool) -> Iterator[Row]:
    r"""Read the rows of a table, which is written as its first lines show (``dialect.py``).

    A quoted cell may hold separators, line ends and doubled quotes; a quote out of place is a bad row. Where quotes are
    text a line is a row, as corpora and databases write them. Blank lines are no rows; those between rows are told of,
    and are bad rows where there is one column. Decimal commas become points.

    Args:
        path: the file; ``-`` is standard input, of which one line alone is looked at ahead.
        how: ``encoding``, and ``separator`` where it was asked for.
        problems: where bad rows and notes go.
        tabs: whether the name stands for tabs, not commas.

    Yields:
        The rows in order.

    Raises:
        DataError: the file cannot be read, or a row is bad.
    """
    lines, name = open_lines(path, how.encoding, problems.note), describe(path)
    ahead = _sample(lines, 1 if path == STANDARD else _SAMPLE)
    dialect = told_dialect(ahead, "\t" if tabs else ",", how.separator, name, problems.note)
    lines = chain(ahead[dialect.skip :], lines)
    split = _split_quoted if dialect.quoted else _split_plain
    blanks: list[int] = []
    width = told = 0
    for place, cells in split(lines, name, problems, dialect):
        number = place + dialect.skip
        if cells in ([], [""]):
            blanks.append(number)
            continue
        if dialect.row_names and not width:
            cells = ["", *cells]
        width = width or len(cells)
        if dialect.trails and len(cells) == width + 1 and not cells[-1].strip():
            del cells[-1]
        for blank in blanks:
            if width == 1:
                problems.report(f"{name}: line {blank}", "is blank, where every line is a row")
            elif not told:
                told = blank
                problems.note(f"{name}: line {blank} is blank; blank lines are left out, here and further on")
        blanks.clear()
        yield number, pointed(cells, dialect.decimal_commas) if dialect.decimal_commas else cells


def _sample(lines: Iterator[str], most: int) -> list[str]:
    """Take the first lines, fewer where they are long: a table of long rows isn't held whole."""
    sample: list[str] = []
    characters = 0
    while characters < _SAMPLE_CHARACTERS and len(sample) < most and (line := next(lines, None)) is not None:
        sample.append(line)
        characters += len(line)
    return sample


def pointed(cells: list[str], columns: frozenset[int]) -> list[str]:
    """Write decimal commas as points, and take out points that part thousands.

    Args:
        cells: the cells of a row.
        columns: those that hold such numbers.

    Returns:
        The cells.

    Example:
        >>> pointed(["a,b", "1.592,04"], frozenset([1]))
        ['a,b', '1592.04']
    """
    return [
        (cell.replace(".", "") if "," in cell or cell.count(".") else cell).replace(",", ".", 1)
        if column in columns and is_comma_number(cell)
        else cell
        for column, cell in enumerate(cells)
    ]


def _split_plain(lines: Iterable[str], name: str, problems: Problems, dialect: Dialect) -> Iterator[Row]:
    told = False
    for number, line in enumerate(lines, 1):
        cells = cells_between(line, dialect.separator)
        if not told and '"' in line and any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells):
            told = True
            problems.note(
                f"{name}: line {number} has a cell in quotes; in a tab-separated file quotes are text as all else"
            )
        yield number, cells


class _Feed:
    """Hands lines to the csv module, and knows those of the row that is being read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)
        self.again: deque[str] = deque()
        self.number = 0
        self.row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else next(self.lines)
        self.number += 1
        self.row.append(line)
        return line + "\n"

    def drop_first(self) -> None:
        """Go on behind the first line of the row that is being read."""
        self.again.extendleft(reversed(self.row[1:]))
        self.number -= len(self.row) - 1


def _split_quoted(lines: Iterable[str], name: str, problems: Problems, dialect: Dialect) -> Iterator[Row]:
    # The limit belongs to the whole process; it is only ever raised, as another table may be open.
    csv.field_size_limit(max(csv.field_size_limit(), _CELL))
    feed = _Feed(map(doubled_quotes, lines) if dialect.escaped else lines)
    reader = csv.reader(feed, delimiter=dialect.separator, strict=True, skipinitialspace=dialect.spaced)
    told = False
    while True:
        first = feed.number + 1
        feed.row.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            what = _misquoted(str(error), feed.number)
            feed.drop_first()
            problems.report(f"{name}: line {first}", what)
            continue
        if feed.number > first and not told:
            told = True
            problems.note(f"{name}: quoted cells hold line ends, the first in lines {first} to {feed.number}")
        yield first, cells


def _misquoted(reason: str, line: int) -> str:
    if "unexpected end" in reason:
        return "a quote that opens here is never closed; write a quote inside a quoted cell twice"
    if "field limit" in reason:
        return f"a cell has more than {csv.field_size_limit()} characters; is a quote never closed?"
    return f"a quoted cell goes on behind its closing quote in line {line}; write a quote inside a quoted cell twice"
