"""The head of a table: whether its first row names the columns, and which of them are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.column_names import choose_columns, known_column, say_columns
from throughtime.data.tables.delimited import AHEAD, Row
from throughtime.data.tables.header import is_number, weigh_first_row
from throughtime.data.tables.meant import (
    columns_of_labels,
    columns_of_texts,
    is_nameless,
    refuse_shape,
    refuse_title,
)
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["Head", "ask_by_cells", "header_unclear", "read_head"]

_LONG = 60
"""Characters that no name of a column has."""


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
    if header is None or not _names_all(ahead[0][1], how, targets=targets):
        ahead += islice(rows, AHEAD)  # only then: who sends rows one by one may wait for each answer
    sample = [row[1] for row in ahead]
    header = _has_header(sample, how, name, targets=targets) if header is None else header
    make = _named if header else _numbered
    head = make(sample, how, problems, name, targets)
    return head, chain(ahead[1:] if header else ahead, rows)


def _has_header(rows: Sequence[Sequence[str]], how: Reading, name: str, *, targets: bool) -> bool:
    """Tell from the cells whether the first row names the columns."""
    first = rows[0]
    refuse_title(rows, name)
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
    told = ask_by_cells(names, rows[1:], how, targets)
    if told is how and targets and None in (known_column(names, how, "text"), known_column(names, how, "target")):
        refuse_shape(names, rows[1:], how, name)
    content, target = choose_columns(names, told, problems, name, targets=targets)
    if told is not how:
        problems.note(f"{name}: by what is in them, {say_columns(content, target)}")
    return Head(tuple(names), True, content, target)


def ask_by_cells(names: Sequence[str], rows: Sequence[Sequence[str]], how: Reading, targets: bool) -> Reading:
    """Ask for the columns that can only be meant, where names are unusual: the one of texts, the one of labels.

    Args:
        names: the columns.
        rows: the first rows.
        how: the columns that were asked for.
        targets: whether a target is needed.

    Returns:
        The options with these columns; as they were where names tell, or nothing does.
    """
    content = how.text_column or known_column(names, how, "text")
    target = how.target_column or (known_column(names, how, "target") if targets else None)
    if how.per_step or how.names_files or (content and (target or not targets)):
        return how
    named = [each for each in names if not (is_nameless(each) or _is_empty(names, rows, each))]
    if how.target_type == "sequences" and targets:
        return _other_one(named, content, target, how)
    if content is None:
        texts = [each for each in columns_of_texts(names, rows) if each in named and each != target]
        content = texts[0] if len(texts) == 1 else None
    if targets and target is None and content in names:
        labels = [each for each in (columns_of_labels(names, rows) if len(named) > 2 else named) if each in named]
        labels = [each for each in labels if each != content]
        target = labels[0] if len(labels) == 1 else None
    if content is None or (targets and target is None):
        return how
    return replace(how, text_column=content, target_column=target if targets else how.target_column)


def _other_one(named: Sequence[str], content: str | None, target: str | None, how: Reading) -> Reading:
    """Take the one column that is left beside a source or a target; which of two texts is which no cell tells."""
    left = [each for each in named if each not in (content, target)]
    if len(left) != 1 or content is target is None:
        return how
    return replace(how, text_column=content or left[0], target_column=target or left[0])


def _is_empty(names: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> bool:
    """Whether a column that was called by its number has nothing in it."""
    column = names.index(name)
    return name.isdecimal() and not any(row[column].strip() for row in rows if len(row) > column)


def _numbered(rows: Sequence[Sequence[str]], how: Reading, problems: Problems, name: str, targets: bool) -> Head:
    first = rows[0]
    names = [str(number) for number in range(1, len(first) + 1)]
    told = ask_by_cells(names, rows, how, targets) if _differ(names, rows, how) else how
    asked = told.text_column or told.file_column
    content = asked or next((n for n in names if n != told.target_column), "1")
    target = told.target_column or next((n for n in names if n != content), None)
    if targets and target is None:
        raise DataError(
            f"{name} has one column in its first line, {first[0][:_LONG]!r}; a text and a target are needed"
        )
    if asked is told.target_column is None and len(names) > 1 and is_number(first[int(content) - 1]):
        if targets:
            refuse_shape(names, rows, how, name)
        raise DataError(
            f"{name}: column {content} holds {first[int(content) - 1]!r} in the first line, which is no text; "
            f"of columns 1 to {len(names)}, choose with {option('text_column')} and {option('target_column')}"
        )
    column = "file_column" if how.names_files else "text_column"
    chosen = replace(how, target_column=target, **{column: content})
    content, target = choose_columns(names, chosen, problems, name, targets=targets)
    if how.header is None or told is not how:
        why = "the first line is data and no header" if how.header is None else "by what is in them"
        problems.note(f"{name}: {why}; {say_columns(content, target)}")
    return Head(tuple(names), False, content, target)


def _differ(names: Sequence[str], rows: Sequence[Sequence[str]], how: Reading) -> bool:
    """Whether one column alone holds texts, and it is not the first, which would be taken otherwise."""
    if how.per_step or how.text_column or how.file_column or len(names) < 2 or how.target_type == "sequences":
        return False
    texts = [each for each in columns_of_texts(names, rows) if each != how.target_column]
    first = next((n for n in names if n != how.target_column), "1")
    return len(texts) == 1 and texts[0] != first
