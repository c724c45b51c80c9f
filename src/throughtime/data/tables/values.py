"""What a table holds at one place: text, words, labels, a number, sequences, frames or a picture; a DataError says what
is there instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.record import Frames, Picture, Sequences
from throughtime.data.tables.lists import read_list
from throughtime.errors import DataError

__all__ = [
    "as_float",
    "as_frames",
    "as_label",
    "as_labels",
    "as_picture",
    "as_sequences",
    "as_step_labels",
    "as_steps",
    "as_text",
]

NO_LABEL = -100
"""What Hugging Face's tokenizers write where a token has no label."""


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
            hint = " (write a point for the decimal comma)" if "," in value else ""
            raise DataError(f"column {column!r} holds {value!r}, not a number{hint}") from None
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = float(value)
    if not math.isfinite(number):
        raise DataError(f"column {column!r} holds {_kind(value)}, not a finite number")
    return number


def as_frames(value: NDArray[Any], column: str) -> Frames:
    """Take an array as frames.

    Args:
        value: numbers, (T, F).
        column: what it is called, for messages.

    Returns:
        The frames in float32, (T, F).

    Raises:
        DataError: it has another shape, no step, or holds NaN or infinity (the message says where).

    Example:
        >>> as_frames(np.ones((3, 2)), "x").shape
        (3, 2)
    """
    if value.ndim != 2:
        hint = "; for one feature a step write x[..., None]" if value.ndim == 1 else ""
        raise DataError(f"{column} has shape {value.shape}, not (T, F): T steps of F features{hint}")
    return _finite(value, column, ("step", "feature"))


def as_picture(value: NDArray[Any], column: str) -> Picture:
    """Take an array as a picture; bytes 0 to 255 become 0 to 1.

    Args:
        value: numbers, (H, W, C), or (H, W) where a pixel has one channel.
        column: what it is called, for messages.

    Returns:
        The picture in float32, (H, W, C).

    Raises:
        DataError: it has another shape, no pixel, or holds NaN or infinity (the message says where).

    Example:
        >>> as_picture(np.full((2, 3), 51, np.uint8), "x").shape
        (2, 3, 1)
    """
    if value.ndim not in (2, 3):
        raise DataError(f"{column} has shape {value.shape}, not (H, W, C): height, width and channels of a picture")
    picture = _finite(value if value.ndim == 3 else value[..., None], column, ("row", "column", "channel"))
    return picture / np.float32(255) if value.dtype == np.uint8 else picture


def _finite(value: NDArray[Any], column: str, axes: Sequence[str]) -> NDArray[np.float32]:
    """Take an array of numbers in float32; a message about one names its place along each axis, from 1."""
    if not value.size:
        raise DataError(f"{column} is empty: its shape is {value.shape}")
    if value.dtype.kind not in "biuf":
        raise DataError(f"{column} holds {value.dtype}, not numbers")
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(value, dtype=np.float32)
    finite = np.isfinite(numbers)
    if not finite.all():
        place = [int(index) for index in np.argwhere(~finite)[0]]
        where = ", ".join(f"{axis} {index + 1}" for axis, index in zip(axes, place, strict=True))
        raise DataError(f"{column}: {where} is {value[tuple(place)]}, not a finite number")
    return numbers


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
