"""What stands for X: texts, sequences of words or frames, arrays, and the columns of data frames. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.in_memory.values import TEXT_KINDS, is_array, is_sparse
from throughtime.data.tables.named_rows import as_numpy
from throughtime.errors import ArgumentTypeError, DataError
from throughtime.estimators.checks import table_in

__all__ = ["Form", "Sequences", "items_of", "sequences_of"]

Form: TypeAlias = Literal["texts", "words", "columns", "steps"]
"""Texts; lists of words; rows of columns, all as long; or sequences of frames, each as long as it is."""
_Array: TypeAlias = NDArray[Any]
_FORMS = "a list of texts, of arrays (T, F) or of lists of numbers, an array (N, T, F), or a table (N, T) of numbers"
_TEXTS = f"{TEXT_KINDS}ST"
"""Kinds of NumPy's arrays that may hold texts."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """The rows of X, and what they are."""

    rows: Sequence[object]
    """N texts, lists of words, or frames (T, F) in float32."""
    form: Form
    """What they are."""
    features: int | None
    """Columns of a table, or features of a step; None of texts and words."""

    def like(self, form: Form, features: int | None, name: str) -> Sequences:
        """See that the rows are as those that were learned from.

        Args:
            form: what those were.
            features: their columns, or features of a step.
            name: the estimator, for messages.

        Returns:
            The same rows, a table as sequences of one feature or the other way round where that was learned from.

        Raises:
            DataError: they are something else.
        """
        found = self
        if (self.form, form, features) == ("columns", "steps", 1):
            found = Sequences(self.rows, "steps", 1)
        elif (self.form, form, self.features) == ("steps", "columns", 1):
            lengths = sorted({len(cast("_Array", row)) for row in self.rows})
            if len(lengths) > 1:
                raise DataError(
                    f"X has rows of {lengths[0]} to {lengths[-1]} numbers, and {name} has learned from rows of "
                    f"{features}"
                )
            found = Sequences(self.rows, "columns", lengths[0])
        if found.features is not None and features is not None and found.features != features:
            raise DataError(f"X has {found.features} features, but {name} is expecting {features} features as input.")
        if found.form != form and {found.form, form} != {"texts", "words"}:
            raise DataError(f"X has {_SAID[found.form]}, and {name} has learned from {_SAID[form]}")
        return found


_SAID = {
    "texts": "texts",
    "words": "lists of words",
    "columns": "rows of numbers, all as long",
    "steps": "sequences of numbers",
}


def sequences_of(given: object) -> Sequences:
    """Take what was given as X.

    A table of numbers, an array (N, T) or a data frame, has a series of one feature in each row, all as long: its T
    columns are what scikit-learn calls features. Of an array (N, T, F), and of lists, each item is a sequence.

    Args:
        given: texts (a list, an array, a column of pandas or polars), lists of words, arrays (T, F), lists of numbers,
            an array (N, T, F), or a table of numbers.

    Returns:
        The rows.

    Raises:
        DataError: it is of another form, is empty, or holds what is missing.

    Example:
        >>> sequences_of(["so good", "so bad"]).form, sequences_of(np.zeros((3, 5))).features
        ('texts', 5)
        >>> [row.shape for row in sequences_of([[1, 2, 3], [4, 5]]).rows]
        [(3, 1), (2, 1)]
    """
    if is_sparse(given):
        raise ArgumentTypeError(
            "X is a sparse matrix, and dense data is required; give the texts themselves, or arrays"
        )
    data = cast("Any", given)
    if isinstance(given, str | bytes | Mapping) or not (hasattr(data, "__len__") or hasattr(data, "__array__")):
        raise DataError(f"X is {type(data).__name__}, not {_FORMS}")
    if hasattr(data, "columns") and not hasattr(data, "column_names"):
        return _of_frame(data)
    if hasattr(data, "__array__") and not hasattr(data, "to_list"):
        return _of_array(as_numpy(data))
    return _of_items(items_of(data))


def items_of(given: Any) -> list[Any]:
    """Take a list, or a column of pandas or polars, as a list.

    Args:
        given: what was given.

    Returns:
        Its items.
    """
    return list(given.to_list()) if hasattr(given, "to_list") else list(given)


def _of_frame(frame: Any) -> Sequences:
    """Take a data frame: one column of texts or sequences, or all of numbers."""
    names = [str(name) for name in frame.columns]
    first = [next(iter(frame[key]), None) for key in frame.columns]
    texts = [name for name, cell in zip(names, first, strict=True) if isinstance(cell, str) or _is_sequence(cell)]
    if not texts:
        return _of_table(frame)
    if len(names) > 1:
        raise DataError(f"X has {len(names)} columns, and {texts[0]!r} holds sequences: give that one, X[{texts[0]!r}]")
    return _of_items(items_of(frame[frame.columns[0]]))


def _is_sequence(item: object) -> bool:
    """Whether an item may be a sequence of words, numbers or frames."""
    return is_array(item) or hasattr(item, "to_numpy") or isinstance(item, list | tuple)


def _of_array(array: _Array) -> Sequences:
    if array.dtype.kind in _TEXTS and (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)):
        items = cast("list[object]", array.ravel().tolist())
        if items and (array.ndim == 1 or isinstance(items[0], str)):
            return _of_items(items)
    if array.ndim == 2:
        return _of_table(array)
    if array.ndim == 3:
        frames = _finite(_numbers(array))
        return Sequences(list(frames), "steps", frames.shape[2])
    raise DataError(
        f"X has shape {array.shape}, not (N, T) or (N, T, F). Reshape your data with X.reshape(-1, 1) if each number "
        "is a row of its own, or X.reshape(1, -1) if all are one row"
    )


def _of_table(table: Any) -> Sequences:
    """Take a table (N, T) of numbers: a series of one feature in each row."""
    frames = _finite(_numbers(table))
    return Sequences(list(frames[..., None]), "columns", frames.shape[1])


def _numbers(table: Any) -> _Array:
    """Take numbers as scikit-learn does: one row and one column at least."""
    array = table_in(table)
    if not array.size:
        raise DataError(f"X has shape {array.shape}: no sequence has a step")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        return array.astype(np.float32)


def _finite(frames: Any) -> Any:
    """See that rows of numbers hold numbers alone."""
    for number, row in enumerate(frames, 1):
        if not np.isfinite(row).all():
            what = "NaN" if np.isnan(row).any() else "inf, or a number too large for float32"
            raise DataError(f"row {number} of X holds {what}; fill it in before, or leave the row out")
    return frames


def _of_items(items: list[Any]) -> Sequences:
    """Take a list: what its first item is, all must be."""
    if not items:
        raise DataError("X has no rows; 0 sample(s) were given, and 1 is needed at least")
    first: Any = items[0]
    if isinstance(first, str):
        return Sequences(_each(items, lambda item: isinstance(item, str), "text"), "texts", None)
    if _are_words(first) and first:
        return Sequences(_each(items, _are_words, "list of words"), "words", None)
    if not _is_sequence(first):
        raise DataError(f"row 1 of X is {type(first).__name__}. Reshape your data: X is {_FORMS}")
    frames = [_frames(item, number) for number, item in enumerate(items, 1)]
    width = frames[0].shape[1]
    for number, row in enumerate(frames, 1):
        if row.shape[1] != width:
            raise DataError(f"row {number} of X has {row.shape[1]} features a step, and row 1 has {width}")
    return Sequences(_finite(frames), "steps", width)


def _are_words(item: object) -> bool:
    return isinstance(item, list | tuple) and all(isinstance(word, str) for word in cast("Sequence[object]", item))


def _each(items: list[Any], fits: Callable[[object], bool], what: str) -> list[Any]:
    """See that all items are of one kind, and hold something."""
    for number, item in enumerate(items, 1):
        if not fits(item):
            raise DataError(f"row {number} of X is {item!r:.40}, not a {what} as row 1")
        if not (item.strip() if isinstance(item, str) else item):
            raise DataError(f"row {number} of X is empty; leave it out")
    return items


def _frames(item: Any, number: int) -> _Array:
    """Take one sequence of numbers as frames (T, F)."""
    if not _is_sequence(item):
        raise DataError(f"row {number} of X is {type(item).__name__}, not a sequence of numbers as row 1")
    try:
        array = np.asarray(as_numpy(item) if is_array(item) else item)
    except ValueError:
        raise DataError(f"row {number} of X: its steps are not lists of as many numbers each") from None
    if array.ndim not in (1, 2) or not array.size:
        raise DataError(f"row {number} of X has shape {array.shape}, not (T,) or (T, F) with a step at least")
    if array.dtype.kind not in "biuf":
        raise DataError(f"row {number} of X holds {array.dtype}, not numbers")
    with np.errstate(over="ignore"):
        frames = array.astype(np.float32)
    return frames[:, None] if frames.ndim == 1 else frames
