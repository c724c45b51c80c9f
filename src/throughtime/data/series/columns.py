"""The columns of a table of series beside id, time and target: words, numbers, truth values, labels, or left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from throughtime.data.reading import Reading
from throughtime.data.tables.column_names import pick_column
from throughtime.data.tables.header import is_number
from throughtime.data.tables.values import looks_numeric
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError

__all__ = [
    "EMPTY",
    "Kind",
    "asked_columns",
    "is_index",
    "is_unnamed",
    "kind_of_column",
    "leave_out",
    "looks_like_date",
    "name_empty",
    "pick_features",
    "word_column",
]

Kind: TypeAlias = Literal["number", "flag", "labels"]
"""What a column of features holds: numbers, true or false, or labels."""
_WORDS = ("word", "words", "token", "tokens", "form")
EMPTY = "empty column "
"""How the names of columns without a name and without a cell begin."""
_DAY = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
_DATE = re.compile(rf"(?:{_DAY})(?:[ T]\d{{1,2}}:.*)?|\d{{1,2}}:\d{{2}}(?::\d{{2}})?")
_UNNAMED = re.compile(r"|Unnamed: \d+")
"""Names that pandas gives to, or leaves for, a column without one."""


def is_unnamed(name: str) -> bool:
    """Tell whether a column has no name: an empty one, or pandas' ``Unnamed: 0``.

    Args:
        name: the name.

    Returns:
        Whether it is none.
    """
    return _UNNAMED.fullmatch(name) is not None


def looks_like_date(cell: str) -> bool:
    """Tell whether a cell looks like a date or a time of the day, be it one that can mean two days.

    Args:
        cell: the cell.

    Returns:
        Whether it does.

    Example:
        >>> looks_like_date("1/2/2024"), looks_like_date("2024-02-01 10:00"), looks_like_date("5")
        (True, True, False)
    """
    return _DATE.fullmatch(cell) is not None


def name_empty(names: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Call columns with neither a name nor anything in them by their number: separators at line ends make such.

    Args:
        names: the columns.
        rows: the first rows.

    Returns:
        Their names; those of empty ones begin with EMPTY.

    Example:
        >>> name_empty(["x", ""], [["1", ""], ["2", ""]])
        ('x', 'empty column 2')
    """
    return tuple(
        f"{EMPTY}{i + 1}" if not name and not any(row[i].strip() for row in rows if i < len(row)) else name
        for i, name in enumerate(names)
    )


def is_index(cells: Sequence[str]) -> bool:
    """Tell whether cells number the rows: whole numbers, each once.

    Args:
        cells: the first cells of a column without a name.

    Returns:
        Whether they do.

    Example:
        >>> is_index(["0", "1", "2"]), is_index(["0.5", "1"]), is_index([])
        (True, False, False)
    """
    return bool(cells) and all(cell.isdecimal() for cell in cells) and len(set(cells)) == len(cells)


def kind_of_column(cells: Sequence[str]) -> Kind:
    """Tell what a column of features holds.

    Args:
        cells: its first cells. Where only some are numbers it is one of numbers, and the others are faults.

    Returns:
        Its kind.

    Example:
        >>> kind_of_column(["1.5", "high"]), kind_of_column(["True", "false"]), kind_of_column(["left", "right"])
        ('number', 'flag', 'labels')
    """
    there = [cell.strip() for cell in cells if cell.strip()]
    if not there or any(map(is_number, there)) or all(map(looks_numeric, there)):
        return "number"
    return "flag" if all(cell.lower() in ("true", "false") for cell in there) else "labels"


def word_column(names: Sequence[str], how: Reading, name: str, rows: Sequence[Sequence[str]]) -> int | None:
    """Find the column of words of a table with one word in each row.

    Args:
        names: the columns.
        how: the columns that were asked for.
        name: the file, for messages.
        rows: the first rows.

    Returns:
        The one that was asked for; where labels of steps are learned, one that is called word or the like and does
        not hold numbers; None where the rows are steps of numbers.

    Raises:
        DataError: the column is not there.
    """
    if how.text_column is not None:
        return names.index(pick_column(names, how.text_column, name, "text_column"))
    if not how.per_step or how.feature_columns is not None:
        return None
    usual = {each.casefold(): i for i, each in reversed(list(enumerate(names)))}
    found = next((usual[word] for word in _WORDS if word in usual), None)
    if found is None or kind_of_column([row[found] for row in rows if found < len(row)]) == "number":
        return None
    return found


def asked_columns(asked: str | None, names: Sequence[str], name: str, asking: str) -> tuple[int, ...] | None:
    """Find columns that were asked for, with commas between.

    Args:
        asked: names or numbers, or None.
        names: the columns.
        name: the file, for messages.
        asking: the option that asked.

    Returns:
        Their indices, or None where nothing was asked for.

    Raises:
        DataError: one is not there.
        UsageError: nothing stands between two commas.
    """
    if asked is None:
        return None
    parts = [part.strip() for part in asked.split(",")]
    if not all(parts):
        raise UsageError(f"{named(asking)} {asked!r} names nothing between two commas; write a,b")
    return tuple(dict.fromkeys(names.index(pick_column(names, part, name, asking)) for part in parts))


def leave_out(how: Reading, column: str) -> str:
    """Say how one more column is left out.

    Args:
        how: what was asked for.
        column: the column, by name or number.

    Returns:
        The end of a sentence.

    Example:
        >>> leave_out(Reading(ignore_columns="a"), "b"), leave_out(Reading(feature_columns="a,b"), "b")
        ('leave it out with --ignore-columns a,b', 'take it out of --feature-columns')
    """
    if how.feature_columns is not None:
        return f"take it out of {option('feature_columns')}"
    ignored = column if how.ignore_columns is None else f"{how.ignore_columns},{column}"
    return f"leave it out with {option('ignore_columns', ignored)}"


def _asked_features(names: Sequence[str], how: Reading, name: str) -> tuple[int, ...] | None:
    """The features that were asked for, where what is learned from was read."""
    if how.found.fixed and how.feature_columns is not None:
        lacking = [part for part in map(str.strip, how.feature_columns.split(",")) if not _is_there(part, names)]
        if lacking:
            raise DataError(_lacks(name, names, lacking[0]))
    return asked_columns(how.feature_columns, names, name, "feature_columns")


def _is_there(asked: str, names: Sequence[str]) -> bool:
    return asked in names or (asked.isdecimal() and 1 <= int(asked) <= len(names))


def _lacks(name: str, names: Sequence[str], column: str) -> str:
    shown = ", ".join(map(repr, names[:20])) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return (
        f"{name} has no column {column!r}, a feature of what was learned from; it has {shown}: name its columns alike"
    )


def pick_features(
    names: Sequence[str], taken: Sequence[int], rows: Sequence[Sequence[str]], how: Reading, name: str
) -> tuple[int, ...]:
    """Say which columns are features.

    Args:
        names: the columns.
        taken: those that are something else.
        rows: the first rows.
        how: what was asked for, and what was found in the data that was learned from.
        name: the file, for messages.

    Returns:
        Their indices.

    Raises:
        DataError: a column is missing, is asked for as two things, or none is left.
        UsageError: an option names nothing.
    """
    asked = _asked_features(names, how, name)
    left_out = asked_columns(how.ignore_columns, names, name, "ignore_columns") or ()
    for i in (*(asked or ()), *left_out):
        if i in taken:
            raise DataError(f"{name}: column {names[i]!r} is id, time, target or text, and cannot be anything else too")
    known = how.found.features if how.found.fixed else []
    if asked is not None:
        return asked
    there = {names[i] for i in range(len(names)) if i not in taken}
    if known and set(known) <= there:
        return tuple(names.index(each) for each in known)
    if set(known) & there:
        raise DataError(_lacks(name, names, next(each for each in known if each not in there)))
    features = [i for i in range(len(names)) if i not in taken and i not in left_out]
    features = [
        i for i in features if not (is_unnamed(names[i]) and is_index([row[i] for row in rows if i < len(row)]))
    ]
    features = [i for i in features if not names[i].startswith(EMPTY)]
    for i in features:
        _refuse_dates(names[i], [row[i] for row in rows if i < len(row)], how, name)
        if not names[i]:
            raise DataError(
                f"{name}: column {i + 1} has no name, and does not number the rows; give it one, or "
                f"{leave_out(how, str(i + 1))}"
            )
    if not features:
        raise DataError(f"{name}: no column of numbers is left beside {', '.join(names[i] for i in taken)}")
    return tuple(features)


def _refuse_dates(column: str, cells: Sequence[str], how: Reading, name: str) -> None:
    """See that a column that was not asked for as a feature holds no dates, each of which would be a label."""
    there = [cell.strip() for cell in cells if cell.strip()]
    if how.found.fixed or not there or not all(map(looks_like_date, there)):
        return
    order = "" if how.time_column else f"order the steps by it with {option('time_column', column)}, or "
    raise DataError(
        f"{name}: column {column!r} holds dates or times, such as {there[0]!r}, which are no features; {order}"
        f"{leave_out(how, column)}"
    )
