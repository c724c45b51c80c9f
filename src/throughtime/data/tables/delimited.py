"""Rows of cells out of comma- and tab-separated text, with their lines, and whether the first names the columns."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from throughtime.data.files import STANDARD, describe, open_lines
from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.columns import choose_columns, known_column, say_columns
from throughtime.data.tables.dialect import cells_between, told_dialect
from throughtime.data.tables.header import is_number, weigh_first_row
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["AHEAD", "Head", "Row", "header_unclear", "read_head", "read_rows"]

Row = tuple[int, list[str]]
"""Number of the line where it begins, from 1, and its cells."""
_CELL = 1 << 26
"""Characters of the largest cell: a quote that is never closed must not take all the memory."""
AHEAD = 200
"""Rows that are looked at to tell whether the first names the columns."""
_SAMPLE, _SAMPLE_CHARACTERS = 1000, 1_000_000
"""Lines that are looked at to tell how a table is written."""
_LONG = 60
"""Characters that no name of a column has."""


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
    for place, cells in split(lines, name, problems, dialect.separator):
        number = place + dialect.skip
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
        yield number, _pointed(cells, dialect.decimal_commas) if dialect.decimal_commas else cells


def _sample(lines: Iterator[str], most: int) -> list[str]:
    """Take the first lines, fewer where they are long: a table of long rows isn't held whole."""
    sample: list[str] = []
    characters = 0
    while characters < _SAMPLE_CHARACTERS and len(sample) < most and (line := next(lines, None)) is not None:
        sample.append(line)
        characters += len(line)
    return sample


def _pointed(cells: list[str], columns: frozenset[int]) -> list[str]:
    """Write decimal commas as points."""
    return [cell.replace(",", ".", 1) if column in columns else cell for column, cell in enumerate(cells)]


def _split_plain(lines: Iterable[str], name: str, problems: Problems, separator: str) -> Iterator[Row]:
    told = False
    for number, line in enumerate(lines, 1):
        cells = cells_between(line, separator)
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


def _split_quoted(lines: Iterable[str], name: str, problems: Problems, separator: str) -> Iterator[Row]:
    # The limit belongs to the whole process; it is only ever raised, as another table may be open.
    csv.field_size_limit(max(csv.field_size_limit(), _CELL))
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=separator, strict=True)
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
    header = _by_names(ahead[0][1], how, targets=targets) if how.header is None else how.header
    if header is None or (header and not _names_all(ahead[0][1], how, targets=targets)):
        ahead += islice(rows, AHEAD)  # only then: who sends rows one by one may wait for each answer
    sample = [row[1] for row in ahead]
    header = _has_header(sample, how, name, targets=targets) if header is None else header
    first = sample[0]
    head = _named(sample, how, problems, name, targets) if header else _numbered(first, how, problems, name, targets)
    return head, chain(ahead[1:] if header else ahead, rows)


def _has_header(rows: Sequence[Sequence[str]], how: Reading, name: str, *, targets: bool) -> bool:
    """Tell from the cells whether the first row names the columns."""
    first = rows[0]
    known = {known_column(first, how, role) or "" for role in ("text", "target")} - {""}
    decided = weigh_first_row(rows, known=known).decision
    if decided is not None:
        return decided
    raise DataError(header_unclear(name, first))


def header_unclear(name: str, first: Sequence[str]) -> str:
    """Say that the first row of a table may be both.

    Args:
        name: the file.
        first: the row.

    Returns:
        One line for the user.
    """
    shown = ", ".join(repr(cell) for cell in first[:9])
    return (
        f"{name}: whether the first line, {shown}, names the columns cannot be told: "
        f"say it with {option('header', True)} or {option('header', False)}"
    )


def _names_all(first: Sequence[str], how: Reading, *, targets: bool) -> bool:
    """Whether names alone tell which columns are read."""
    content = how.text_column or how.file_column or known_column(first, how, "text")
    return bool(content and (not targets or how.target_column or known_column(first, how, "target")))


def _by_names(first: Sequence[str], how: Reading, *, targets: bool) -> bool | None:
    """True where the names in the first line, or those asked for, can only mean a header; None where it is open."""
    content = how.text_column or how.file_column
    roles = {"text": content, "target": how.target_column} if targets else {"text": content}
    if any(asked and not asked.isdecimal() for asked in roles.values()):
        return True
    found = sum(known_column(first, how, role) is not None for role in roles)
    open_roles = sum(asked is None for asked in roles.values())
    return True if found >= max(1, open_roles) else None


def _named(rows: Sequence[Sequence[str]], how: Reading, problems: Problems, name: str, targets: bool) -> Head:
    first = rows[0]
    numbered = {n: number for number, n in enumerate(first, 1)}
    names = [n or str(number) for number, n in enumerate(first, 1)] if first.count("") > 1 else list(first)
    twice = next((n for number, n in enumerate(names, 1) if numbered.get(n, number) != number), None)
    if twice is not None:
        raise DataError(f"{name}: two columns are called {twice!r}; rename one")
    if names != list(first):
        problems.note(f"{name}: columns without a name are called by their number")
    told = _by_cells(names, rows[1:], how, targets)
    content, target = choose_columns(names, told, problems, name, targets=targets)
    if told is not how:
        problems.note(f"{name}: by what is in them, {say_columns(content, target)}")
    return Head(tuple(names), True, content, target)


def _by_cells(names: Sequence[str], rows: Sequence[Sequence[str]], how: Reading, targets: bool) -> Reading:
    """Ask for the columns that can only be meant, where names are unusual: the one of texts, the one of labels."""
    content = how.text_column or known_column(names, how, "text")
    target = how.target_column or (known_column(names, how, "target") if targets else None)
    if how.per_step or how.file_column is not None or (content and (target or not targets)):
        return how
    if content is None:
        texts = [each for each in _columns_of_texts(names, rows) if each != target]
        content = texts[0] if len(texts) == 1 else None
    if targets and target is None and len(names) == 2 and content in names:
        target = next(each for each in names if each != content)
    if content is None or (targets and target is None):
        return how
    return replace(how, text_column=content, target_column=target if targets else how.target_column)


def _columns_of_texts(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The columns whose cells are texts of several words, hardly one like another."""
    found: list[str] = []
    for column, name in enumerate(names):
        cells = [row[column] for row in rows if len(row) > column and row[column].strip()]
        several = sum(len(cell.split()) > 1 for cell in cells)
        if cells and several > len(cells) / 2 and len(set(cells)) > len(cells) / 2:
            found.append(name)
    return found


def _numbered(first: Sequence[str], how: Reading, problems: Problems, name: str, targets: bool) -> Head:
    names = [str(number) for number in range(1, len(first) + 1)]
    asked = how.text_column or how.file_column
    content = asked or next((n for n in names if n != how.target_column), "1")
    target = how.target_column or next((n for n in names if n != content), None)
    if targets and target is None:
        raise DataError(
            f"{name} has one column in its first line, {first[0][:_LONG]!r}; a text and a target are needed"
        )
    if asked is how.target_column is None and len(names) > 1 and is_number(first[int(content) - 1]):
        raise DataError(
            f"{name}: column {content} holds {first[int(content) - 1]!r} in the first line, which is no text; "
            f"of columns 1 to {len(names)}, choose with {option('text_column')} and {option('target_column')}"
        )
    chosen = replace(how, text_column=None if how.file_column else content, target_column=target)
    content, target = choose_columns(names, chosen, problems, name, targets=targets)
    if how.header is None:
        problems.note(f"{name}: the first line is data and no header; {say_columns(content, target)}")
    return Head(tuple(names), False, content, target)
