"""What a table holds at one place: text, words, labels, a number, sequences; a DataError says what is there instead."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import numpy as np

from throughtime.data.record import Sequences
from throughtime.data.tables.lists import read_list
from throughtime.errors import DataError

__all__ = [
    "MISSING",
    "as_float",
    "as_label",
    "as_labels",
    "as_sequences",
    "as_step_labels",
    "as_steps",
    "as_text",
    "looks_numeric",
]

MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nil", "?", "-", "--", "."})
"""What stands for no value, in small letters: what spreadsheets, pandas, R, SAS and Weka write."""
NO_LABEL = -100
"""What Hugging Face's tokenizers write where a token has no label."""


_DRESSED = re.compile(r"[-+$€£¥ ]*\d[\d.,' \N{NO-BREAK SPACE}]*(?:[eE][-+]?\d+)?\s*[%$€£¥]?")


def _kind(value: object) -> str:
    shown = repr(value)
    return f"{shown[:40]}{'...' if len(shown) > 40 else ''} ({type(value).__name__})"


def _plain(value: object) -> object:
    """Take a number of NumPy's as one of Python's."""
    return cast(object, cast(Any, value).item()) if isinstance(value, np.generic) else value


def as_text(value: object, column: str) -> str:
    """Take a cell as text, as it stands.

    Args:
        value: the cell.
        column: its column, for messages.

    Returns:
        The text.

    Raises:
        DataError: it is no text, or there is nothing but white space in it.

    Example:
        >>> as_text(" so good ", "text")
        ' so good '
    """
    if not isinstance(value, str):
        raise DataError(_empty(column) if _missing(value) else f"column {column!r} holds {_kind(value)}, not text")
    if not value or value.isspace():
        raise DataError(_empty(column))
    return value


def _missing(value: object) -> bool:
    """Whether it stands for nothing: None, or NaN, as tables in memory have it."""
    return value is None or (isinstance(value, float) and value != value)


def _empty(column: str) -> str:
    return f"column {column!r} is empty"


def as_steps(value: object, column: str) -> tuple[str, ...]:
    """Take a cell as one text for each step: a list of them, be it written as text, or a text that is split at white
    space.

    Args:
        value: the cell.
        column: its column, for messages.

    Returns:
        The texts, one at least.

    Raises:
        DataError: it is no list, or one of its items is no text or empty.

    Example:
        >>> as_steps("a red fox", "words"), as_steps(["New York"], "words")
        (('a', 'red', 'fox'), ('New York',))
    """
    items = _each(value, column, texts=True)
    for number, item in enumerate(items, 1):
        if not isinstance(item, str):
            raise DataError(f"column {column!r}: item {number} is {_kind(item)}, not text")
        if not item or item.isspace():
            raise DataError(f"column {column!r}: item {number} is empty")
    return cast(tuple[str, ...], items)


def _each(value: object, column: str, *, texts: bool) -> tuple[object, ...]:
    """The items of a cell, one at least; ``[1]`` is a text where texts are looked for."""
    if isinstance(value, str):
        listed = read_list(value, column)
        if texts and listed and not any(isinstance(item, str) for item in listed):
            listed = None
        value = value.split() if listed is None else listed
    if not isinstance(value, list | tuple):
        what = _empty(column) if _missing(value) else f"column {column!r} holds {_kind(value)}, not a list of texts"
        raise DataError(what)
    items = tuple(cast(Sequence[object], value))
    if not items:
        raise DataError(_empty(column))
    return items


def as_step_labels(value: object, column: str) -> tuple[str, ...]:
    """Take a cell as one label for each step: a list of them, or a text that is split at white space.

    Args:
        value: the cell; its items are texts, numbers, or truth values as JSON writes them.
        column: its column, for messages.

    Returns:
        The labels, one at least.

    Raises:
        DataError: it is no list, one of its items is no label or empty, or is -100, which stands for no label.

    Example:
        >>> as_step_labels([0, 3], "ner_tags"), as_step_labels("[0, 3]", "ner_tags"), as_step_labels("O B-x", "tags")
        (('0', '3'), ('0', '3'), ('O', 'B-x'))
    """
    labels: list[str] = []
    for number, item in enumerate(_each(value, column, texts=False), 1):
        item = _plain(item)
        if _missing(item) or (isinstance(item, str) and not item.strip()):
            raise DataError(f"column {column!r}: item {number} is empty")
        if not isinstance(item, str | int | float):
            raise DataError(f"column {column!r}: item {number} is {_kind(item)}, not a label")
        if not isinstance(item, str) and item == NO_LABEL:
            raise DataError(
                f"column {column!r}: item {number} is {NO_LABEL}, which stands for no label; each step needs one: "
                "take out the tokens that have none (marks of a tokenizer, pieces of words) or give them a label"
            )
        labels.append(item if isinstance(item, str) else as_label(item, column))
    return tuple(labels)


def as_label(value: object, column: str) -> str:
    """Take a cell as a label: text without white space around it; a number or a truth value as JSON writes it.

    Args:
        value: the cell.
        column: its column, for messages.

    Returns:
        The label.

    Raises:
        DataError: the cell is empty, or is no label.

    Example:
        >>> as_label(" good ", "label"), as_label(3, "label"), as_label(True, "label")
        ('good', '3', 'true')
    """
    value = _plain(value)
    if isinstance(value, bool):
        return str(value).lower()
    if _missing(value):
        raise DataError(_empty(column))
    if not isinstance(value, str | int | float):
        raise DataError(f"column {column!r} holds {_kind(value)}, not a label")
    label = str(value).strip()
    if not label:
        raise DataError(_empty(column))
    return label


def as_labels(value: object, column: str, separator: str) -> tuple[str, ...]:
    """Take a cell as any number of labels: a list, be it written as text, or a text that is split; a label named twice
    counts once.

    Args:
        value: the cell; nothing, or white space alone, is no label.
        column: its column, for messages.
        separator: what stands between labels in a text.

    Returns:
        The labels in order, without white space around them.

    Raises:
        DataError: a label between two separators, or in the list, is empty.

    Example:
        >>> as_labels("spam, urgent", "tags", ","), as_labels("", "tags", ",")
        (('spam', 'urgent'), ())
    """
    if _missing(value) or (isinstance(value, str) and not value.strip()):
        return ()
    parts: Sequence[object] = [value]
    if isinstance(value, str):
        listed = read_list(value, column)
        parts = value.split(separator) if listed is None else listed
    elif isinstance(value, list | tuple):
        parts = cast(Sequence[object], value)
    if any(_missing(part) or part == "" or (isinstance(part, str) and part.isspace()) for part in parts):
        raise DataError(f"column {column!r} has an empty label in {_kind(cast(object, value))}")
    return tuple(dict.fromkeys(as_label(part, column) for part in parts))


def as_float(value: object, column: str) -> float:
    """Take a cell as a finite number.

    Args:
        value: the cell.
        column: its column, for messages.

    Returns:
        The number.

    Raises:
        DataError: it is none.

    Example:
        >>> as_float("2.5", "score")
        2.5
    """
    value = _plain(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise DataError(_empty(column))
    number = math.nan
    if isinstance(value, str):
        try:
            number = float(value if "_" not in value else "no")  # Python reads 1_000 as a number; a table means none
        except ValueError:
            raise DataError(f"column {column!r} holds {value!r}, not a number{_hint(value.strip())}") from None
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = float(value)
    if not math.isfinite(number):
        raise DataError(f"column {column!r} holds {_kind(value)}, not a finite number")
    return number


def looks_numeric(cell: str) -> bool:
    """Tell whether a cell is a number with something more: parted thousands, a decimal comma, a unit of money or %.

    Args:
        cell: the cell.

    Returns:
        Whether it is.

    Example:
        >>> looks_numeric("1,500"), looks_numeric("5 %"), looks_numeric("$2.50"), looks_numeric("a 5")
        (True, True, True, False)
    """
    return _DRESSED.fullmatch(cell.strip()) is not None


def _hint(value: str) -> str:
    """How to write a number that is written otherwise; nothing where it is none."""
    if not looks_numeric(value):
        return " (write a point for the decimal comma)" if "," in value else ""
    plain = value.strip("%$€£¥ +\N{NO-BREAK SPACE}")
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain.lstrip("-")):
        return f" (write thousands without commas, {plain.replace(',', '')}, or a decimal comma as a point)"
    if re.fullmatch(r"-?\d+,\d+", plain) and plain == value:
        return " (write a point for the decimal comma)"
    plain = plain.replace(".", "").replace(",", ".") if "," in plain else plain
    return f" (write the number alone: {re.sub('[^-0-9.eE]', '', plain)})"


def as_sequences(value: object, column: str) -> Sequences:
    """Take a cell as one or several right sequences: a text, or a list of texts that are all right.

    Args:
        value: the cell.
        column: its column, for messages.

    Returns:
        The sequences.

    Raises:
        DataError: it is no text and no list of texts, or one of them is empty.

    Example:
        >>> as_sequences("ein Hund", "de"), as_sequences(["a dog", "a brown dog"], "captions").right
        (Sequences(right=('ein Hund',)), ('a dog', 'a brown dog'))
    """
    if isinstance(value, list | tuple):
        return Sequences(as_steps(cast(object, value), column))
    return Sequences((as_text(value, column),))
