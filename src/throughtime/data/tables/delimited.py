"""Rows of cells out of comma- and tab-separated text, with their lines, and whether the first names the columns."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from throughtime.data.files import describe, open_lines
from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.columns import choose_columns, known_column, say_columns
from throughtime.errors import DataError

__all__ = ["Head", "Row", "read_head", "read_rows"]

Row = tuple[int, list[str]]
"""Number of the line where it begins, from 1, and its cells."""
_CELL = 1 << 26
"""Characters of the largest cell: a quote that is never closed must not take all the memory."""
_AHEAD = 200
"""Rows that are looked at to tell whether the first names the columns."""
_LONG = 60
"""Characters that no name of a column has."""


def read_rows(path: Path, encoding: str, problems: Problems, *, tabs: bool) -> Iterator[Row]:
    r"""Read the rows of a table.

    With commas, a cell in double quotes may hold commas, line ends and doubled quotes; a quote out of place is a bad
    row. With tabs there is no quoting: a line is a row, and quotes are text, as corpora and databases write them.
    Blank lines are no rows; those between rows are told of, and are bad rows where there is one column.

    Args:
        path: the file; ``-`` is standard input.
        encoding: its encoding.
        problems: where bad rows and notes go.
        tabs: whether cells stand between tabs, not commas.

    Yields:
        The rows in order.

    Raises:
        DataError: the file cannot be read, or a row is bad.
    """
    lines, name = open_lines(path, encoding, problems.note), describe(path)
    blanks: list[int] = []
    width = told = 0
    for number, cells in _split_tabs(lines, name, problems) if tabs else _split_commas(lines, name, problems):
        if cells in ([], [""]):
            blanks.append(number)
            continue
        width = width or len(cells)
        for blank in blanks:
            if width == 1:
                problems.report(f"{name}: line {blank}", "is blank, where every line is a row")
            elif not told:
                told = blank
                problems.note(f"{name}: line {blank} is blank; blank lines are left out, here and further on")
        blanks.clear()
        yield number, cells


def _split_tabs(lines: Iterable[str], name: str, problems: Problems) -> Iterator[Row]:
    told = False
    for number, line in enumerate(lines, 1):
        cells = line.split("\t")
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


def _split_commas(lines: Iterable[str], name: str, problems: Problems) -> Iterator[Row]:
    # The limit belongs to the whole process; it is only ever raised, as another table may be open.
    csv.field_size_limit(max(csv.field_size_limit(), _CELL))
    feed = _Feed(lines)
    reader = csv.reader(feed, strict=True)
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


@dataclass(frozen=True, slots=True)
class Head:
    """The columns of a table."""

    names: tuple[str, ...]
    """Their names, in order; "1", "2" and so on where there is no header."""
    header: bool
    """Whether the first line names them."""
    content: str
    """Column of the text, or of the file's name."""
    target: str | None
    """Column of the target, or None."""


def read_head(
    rows: Iterator[Row], how: Reading, problems: Problems, name: str, *, targets: bool
) -> tuple[Head, Iterator[Row]]:
    """Tell the columns of a table by its first rows.

    A first line with the names asked for, or with usual ones, is a header. One that holds a number, a long text, or a
    target that comes again further down is data; which it is, is said through ``problems.note``.

    Args:
        rows: the rows.
        how: header and columns that were asked for.
        problems: where notes go.
        name: the file, for messages.
        targets: whether a target is needed.

    Returns:
        (head, the rows of data).

    Raises:
        DataError: a column is missing, or it cannot be told whether the first line is a header.

    Example:
        >>> rows = iter([(1, ["so good", "1"]), (2, ["so bad", "0"])])
        >>> head, rows = read_head(rows, Reading(), Problems(), "a.tsv", targets=True)
        a.tsv: the first line is data and no header; the text is column '1', the target column '2'
        >>> head.names, next(rows)
        (('1', '2'), (1, ['so good', '1']))
    """
    ahead = list(islice(rows, 1))
    if not ahead:
        raise DataError(f"{name} has no rows")
    first = ahead[0][1]
    header = how.header
    if header is None:
        header = _by_names(first, how, targets=targets)
    if header is None:
        ahead += islice(rows, _AHEAD)
        header = _by_cells([row[1] for row in ahead], how, name, targets=targets)
    head = _named(first, how, problems, name, targets) if header else _numbered(first, how, problems, name, targets)
    return head, chain(ahead[1:] if header else ahead, rows)


def _by_names(first: Sequence[str], how: Reading, *, targets: bool) -> bool | None:
    """True where the names in the first line, or those asked for, can only mean a header; None where it is open."""
    content = how.text_column or how.file_column
    roles = {"text": content, "target": how.target_column} if targets else {"text": content}
    if any(asked and not asked.isdecimal() for asked in roles.values()):
        return True
    found = sum(known_column(first, how, role) is not None for role in roles)
    open_roles = sum(asked is None for asked in roles.values())
    return True if found >= max(1, open_roles) else None


def _by_cells(rows: Sequence[Sequence[str]], how: Reading, name: str, *, targets: bool) -> bool:
    """False where the first row is like the others."""
    first = rows[0]
    if len(first) == 1 and not targets:
        return False
    if any(len(cell) >= _LONG or _is_number(cell) for cell in first):
        return False
    asked = how.target_column or ""
    index = int(asked) - 1 if asked.isdecimal() and 1 <= int(asked) <= len(first) else min(1, len(first) - 1)
    if any(len(row) > index and row[index] == first[index] for row in rows[1:]):
        return False
    raise DataError(
        f"{name}: whether the first line, {', '.join(map(repr, first[:9]))}, names the columns cannot be told: "
        "say which they are with --text-column and --target-column (names or numbers) and --header or --no-header"
    )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _named(first: Sequence[str], how: Reading, problems: Problems, name: str, targets: bool) -> Head:
    numbered = {n: number for number, n in enumerate(first, 1)}
    names = [n or str(number) for number, n in enumerate(first, 1)] if first.count("") > 1 else list(first)
    twice = next((n for number, n in enumerate(names, 1) if numbered.get(n, number) != number), None)
    if twice is not None:
        raise DataError(f"{name}: two columns are called {twice!r}; rename one")
    if names != list(first):
        problems.note(f"{name}: columns without a name are called by their number")
    if len(names) == 1 and targets and ";" in names[0]:
        raise DataError(f"{name} seems to be separated by semicolons; save it with commas, or with tabs as .tsv")
    content, target = choose_columns(names, how, problems, name, targets=targets)
    return Head(tuple(names), True, content, target)


def _numbered(first: Sequence[str], how: Reading, problems: Problems, name: str, targets: bool) -> Head:
    names = [str(number) for number in range(1, len(first) + 1)]
    asked = how.text_column or how.file_column
    content = asked or next((n for n in names if n != how.target_column), "1")
    target = how.target_column or next((n for n in names if n != content), None)
    if targets and target is None:
        raise DataError(
            f"{name} has one column in its first line, {first[0][:_LONG]!r}; a text and a target are needed"
        )
    if asked is how.target_column is None and len(names) > 1 and _is_number(first[int(content) - 1]):
        raise DataError(
            f"{name}: column {content} holds {first[int(content) - 1]!r} in the first line, which is no text; "
            f"of columns 1 to {len(names)}, choose with --text-column and --target-column"
        )
    chosen = replace(how, text_column=None if how.file_column else content, target_column=target)
    content, target = choose_columns(names, chosen, problems, name, targets=targets)
    if how.header is None:
        problems.note(f"{name}: the first line is data and no header; {say_columns(content, target)}")
    return Head(tuple(names), False, content, target)
