"""What a table may be meant as where its columns have no usual names: told by what is in them, or refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from throughtime.data.reading import Reading
from throughtime.data.tables.column_names import known_column
from throughtime.data.tables.header import is_number
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["columns_of_labels", "columns_of_texts", "is_nameless", "refuse_shape", "refuse_title"]

_NAMELESS = re.compile(r"|Unnamed: \d+")
_WORDS = ("word", "words", "token", "tokens", "form")
_SENTENCE = re.compile(r".*(?:sent|doc|id\b|#).*", re.IGNORECASE)
_LONGEST = 40
"""Characters of a label, at most."""


def is_nameless(name: str) -> bool:
    """Tell whether a column has no name: an empty one, or pandas' ``Unnamed: 0``.

    Args:
        name: what stands above it.

    Returns:
        Whether it is none.

    Example:
        >>> is_nameless(""), is_nameless("Unnamed: 0"), is_nameless("x")
        (True, True, False)
    """
    return _NAMELESS.fullmatch(name.strip()) is not None


def columns_of_texts(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Give the columns whose cells are texts of several words, hardly one like another.

    Args:
        names: the columns.
        rows: the first rows.

    Returns:
        Their names.

    Example:
        >>> columns_of_texts(["a", "b"], [["x", "so good"], ["y", "so bad"]])
        ['b']
    """
    found: list[str] = []
    for column, name in enumerate(names):
        cells = [row[column] for row in rows if len(row) > column and row[column].strip()]
        several = sum(len(cell.split()) > 1 for cell in cells)
        if cells and several > len(cells) / 2 and len(set(cells)) > len(cells) / 2:
            found.append(name)
    return found


def columns_of_labels(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Give the columns whose cells are labels: short, two at least, that come again.

    Args:
        names: the columns.
        rows: the first rows.

    Returns:
        Their names.

    Example:
        >>> columns_of_labels(["a", "b", "c"], [["x", "1", "k"], ["y", "2", "k"], ["x", "3", "k"], ["y", "4", "k"]])
        ['a']
    """
    found: list[str] = []
    for column, name in enumerate(names):
        cells = [row[column].strip() for row in rows if len(row) > column and row[column].strip()]
        counts = Counter(cells)
        if len(cells) >= 4 and 2 <= len(counts) <= len(cells) / 2 and max(map(len, counts)) <= _LONGEST:
            found.append(name)
    return found


def refuse_title(rows: Sequence[Sequence[str]], name: str) -> None:
    """See that the first line is no title above a table.

    Args:
        rows: the first rows.
        name: the file, for the message.

    Raises:
        DataError: it has one cell with something in it, and all others have more.
    """
    there = [[cell for cell in row if cell.strip()] for row in rows[:50]]
    if len(there) > 2 and len(there[0]) == 1 and min(map(len, there[1:])) > 1 and len(rows[1]) > 1:
        raise DataError(
            f"{name}: the first line holds {there[0][0][:_LONGEST]!r} alone, and the rows below have {len(rows[1])} "
            "cells; take lines above the table out"
        )


def refuse_shape(names: Sequence[str], rows: Sequence[Sequence[str]], how: Reading, name: str) -> None:
    """See that a table is one of texts with a target each, where neither its columns' names nor options say so.

    Args:
        names: the columns.
        rows: the first rows.
        how: the columns that were asked for.
        name: the file, for the message.

    Raises:
        DataError: it has one column, a word in each row, or nothing but numbers: what to say then.
    """
    if how.text_column is not None or how.file_column is not None:
        return
    if len(names) == 1:
        raise DataError(f"{name} has one column, {names[0]!r}; a text and a target are needed")
    if known_column(names, how, "text") is not None or columns_of_texts(names, rows):
        return
    usual = {each.strip().casefold(): each for each in reversed(names)}
    word = next((usual[each] for each in _WORDS if each in usual), None)
    if how.per_step and word is not None:
        near = next((each for each in names if each != word and _SENTENCE.fullmatch(each)), None)
        raise DataError(
            f"{name}: each row has a word, in column {word!r}: say which column tells sentences apart with "
            f"{option('id_column', near)}"
            if near
            else f"{name}: each row has a word, in column {word!r}, and words are labelled in their sentence: add a "
            f"column that tells sentences apart and name it with {option('id_column')}"
        )
    columns = [[row[i] for row in rows if len(row) > i] for i in range(len(names))]
    numbers = [each for each, cells in zip(names, columns, strict=True) if cells and all(map(is_number, cells))]
    if len(numbers) < max(2, len(names) - 2):
        return
    shown = f"{name} is a table of numbers, {numbers[0]!r} to {numbers[-1]!r}"
    by = f"{option('id_column')}, {option('time_column')}"
    steps = f"name the columns that tell series apart and order them with {by}"
    if how.per_step:
        raise DataError(f"{shown}: each row is a step; {steps}, one of them at least")
    raise DataError(
        f"{shown}: if each row is a series with a value in each column, say {option('wide', True)} and which column is "
        f"the target with {option('target_column')}; if each row is one step, {steps}"
    )
