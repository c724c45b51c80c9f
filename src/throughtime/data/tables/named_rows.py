"""Rows that bring the names of their cells: a cell as it would stand in a file, and what is wrong with a row."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["FAULT", "as_in_file", "as_numpy"]

FAULT = "\N{NULL}fault"
"""Column of a row that is not of the form of the others; says what it is."""


def as_numpy(value: Any) -> NDArray[Any]:
    """Take an array of any library as one of NumPy's; tensors leave their device, and bfloat16, which NumPy lacks.

    Args:
        value: the array.

    Returns:
        The same numbers.

    Example:
        >>> as_numpy([1, 2]).shape
        (2,)
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
    return np.asarray(value)


def as_in_file(value: object) -> str:
    """Write a cell as it would stand in a file, so that what is read of it is the same.

    Args:
        value: the cell; None, NaN and the like are nothing.

    Returns:
        The text; floating numbers keep all their digits.

    Example:
        >>> as_in_file(True), as_in_file(np.float32(0.5)), as_in_file(None)
        ('true', '0.5', '')
    """
    if isinstance(value, np.datetime64):
        return "" if np.isnat(cast(Any, value)) else str(cast(Any, value))
    if hasattr(value, "shape") and hasattr(value, "__array__"):
        value = cast(object, as_numpy(value).tolist())
    if value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
