"""Cells of data in memory: arrays of any library, lists of numbers, and labels, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.characters import refuse_half_pairs
from throughtime.data.reading import Reading
from throughtime.data.tables.named_rows import as_numpy
from throughtime.errors import DataError

__all__ = ["TEXT_KINDS", "is_array", "is_numbers", "is_sparse", "plain_cell"]

TEXT_KINDS = "OUT"
"""Kinds of NumPy's arrays that hold texts."""
IGNORED = -100
"""What PyTorch's losses and Hugging Face's examples write where there is no label."""


def is_array(value: object) -> bool:
    """Whether it is an array of numbers or texts of any library, not a single number.

    Args:
        value: anything.

    Returns:
        Whether it is.

    Example:
        >>> is_array(np.zeros(2)), is_array(np.float32(1)), is_array([1])
        (True, False, False)
    """
    return hasattr(value, "shape") and hasattr(value, "__array__") and cast(Any, value).shape != ()


def is_sparse(value: object) -> bool:
    """Whether it is a sparse matrix of SciPy.

    Args:
        value: anything.

    Returns:
        Whether it is.

    Example:
        >>> is_sparse(np.zeros((2, 2)))
        False
    """
    return hasattr(value, "toarray") and hasattr(value, "tocsr")


def is_numbers(value: object) -> bool:
    """Whether it is a list of numbers, or of such lists, as its first item tells.

    Args:
        value: anything.

    Returns:
        Whether it is.

    Example:
        >>> is_numbers([1, 2]), is_numbers([[0.5], [1.5]]), is_numbers(["a"]), is_numbers([])
        (True, True, False, False)
    """
    if not isinstance(value, list | tuple) or not value:
        return False
    first = cast(Sequence[object], value)[0]
    return (isinstance(first, int | float | np.number) and not isinstance(first, bool)) or is_numbers(first)


def plain_cell(value: object, column: str, how: Reading, *, is_target: bool) -> object:
    """Take a cell as its text, list, number or frames.

    Args:
        value: the cell.
        column: its column, for messages.
        how: what the target is.
        is_target: whether it is the target: then arrays become lists.

    Returns:
        The plain value.

    Raises:
        DataError: it is sparse, a list of numbers and of something else, a mark for no label, or is not made of whole
            characters.

    Example:
        >>> plain_cell(np.array([0, 1]), "tags", Reading(per_step=True), is_target=True)
        ['0', '1']
    """
    if is_sparse(value):
        raise DataError(f"column {column!r} holds a sparse matrix; give an array (T, F): x.toarray()")
    if hasattr(value, "shape") and hasattr(value, "__array__"):
        array = as_numpy(value)
        if how.wide and not is_target and array.ndim == 1 and array.dtype.kind in "iuf":
            return array[:, None]
        value = (
            cast(object, array.tolist()) if is_target or array.dtype.kind in TEXT_KINDS or not array.shape else array
        )
    refuse_half_pairs(value, f"column {column!r}")
    if is_target:
        return _plain_target(value, column, how)
    return _frames(value, column) if is_numbers(value) else value


def _plain_target(value: object, column: str, how: Reading) -> object:
    several = isinstance(value, list | tuple)
    if not several:
        if how.target_type != "number" and _is_ignored(value):
            raise DataError(f"column {column!r} is -100, which stands for no label; leave such rows out, or label them")
        return value
    items = list(cast(Sequence[object], value))
    for number, item in enumerate(items, 1):
        if _is_ignored(item):
            step = "leave such steps out, of what is read too, or label them" if how.per_step else "leave it out"
            raise DataError(f"column {column!r}: item {number} is -100, which stands for no label; {step}")
    return [str(item) if _is_integer(item) else item for item in items] if how.per_step else items


def _is_ignored(value: object) -> bool:
    return _is_integer(value) and value == IGNORED


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer)


def _frames(value: object, column: str) -> NDArray[Any]:
    """Take numbers as steps of one feature, and lists of numbers as steps of several."""
    try:
        array = np.array(value)
    except ValueError:
        raise DataError(f"column {column!r}: its steps are not lists of as many numbers each") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"column {column!r} is a list that holds something else than numbers, such as None or a text")
    return array[:, None] if array.ndim == 1 else array
