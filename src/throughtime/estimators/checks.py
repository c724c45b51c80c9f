"""What scikit-learn checks of X and y, and the errors that its users know. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import multiclass, validation

from throughtime.errors import DataError

__all__ = ["labels_in", "numbers_in", "require_fitted", "require_y", "same_length", "table_in", "watch_names"]


def require_fitted(estimator: object) -> None:
    """Raise NotFittedError where nothing was learned yet.

    Args:
        estimator: the estimator.
    """
    validation.check_is_fitted(estimator)


def require_y(estimator: object, y: object) -> None:
    """Raise where no targets were given.

    Args:
        estimator: the estimator, for the message.
        y: what was given.

    Raises:
        DataError: it is None.
    """
    if y is None:
        raise DataError(f"{type(estimator).__name__} requires y to be passed, but the target y is None")


def same_length(rows: Sequence[object], y: object) -> None:
    """Raise a ValueError where there is not one target for each row.

    Args:
        rows: the rows of X.
        y: the targets.
    """
    validation.check_consistent_length(rows, y)


def labels_in(y: Any) -> NDArray[Any]:
    """Take y as labels.

    Args:
        y: (N,) labels; (N, 1) is taken too, with a warning.

    Returns:
        (N,) the labels.

    Raises:
        ValueError: it has another shape, or numbers that are no classes.
    """
    given = _plain(y)
    if isinstance(given, list | tuple):
        kinds = {type(label).__name__ for label in cast("list[object]", given)}
        if "str" in kinds and len(kinds) > 1:  # NumPy would make texts of numbers
            raise DataError(f"y holds labels of several kinds, {' and '.join(sorted(kinds))}; give all of one kind")
    labels = cast("NDArray[Any]", validation.column_or_1d(given, warn=True))
    if labels.dtype.kind == "f" and np.isfinite(labels).all():
        multiclass.check_classification_targets(labels)
    return labels


def numbers_in(y: Any) -> NDArray[np.float64]:
    """Take y as numbers.

    Args:
        y: (N,) numbers; (N, 1) is taken too, with a warning.

    Returns:
        (N,) the numbers.

    Raises:
        ValueError: it has another shape, or holds what is no finite number.
    """
    how: dict[str, Any] = {"dtype": np.float64, "ensure_2d": False, "input_name": "y"}
    numbers = cast("NDArray[np.float64]", validation.check_array(_plain(y), **how))
    return cast("NDArray[np.float64]", validation.column_or_1d(numbers, warn=True))


def table_in(X: Any) -> NDArray[Any]:
    """Take X as numbers.

    Args:
        X: an array or a data frame of one row and one column at least.

    Returns:
        The array.

    Raises:
        ValueError: it has no rows or columns, or holds what is no number; NaN and infinity are let through.
        TypeError: it holds what can be no number.
    """
    how: dict[str, Any] = {"allow_nd": True, "ensure_all_finite": False, "input_name": "X"}
    return cast("NDArray[Any]", validation.check_array(X, **how))


def watch_names(estimator: object, X: Any, *, reset: bool) -> None:
    """Keep the names of X's columns as ``feature_names_in_``, or see that they are the same.

    Args:
        estimator: the estimator.
        X: what was given.
        reset: whether it is learned from.

    Raises:
        ValueError: they are others.
    """
    how: dict[str, Any] = {"reset": reset, "skip_check_array": True, "ensure_2d": False}
    validation.validate_data(estimator, X, **how)


def _plain(column: Any) -> Any:
    """A column of pandas or polars as a list; of text that NumPy keeps in a type of its own, too."""
    if hasattr(column, "to_list"):
        return column.to_list()
    return column.tolist() if getattr(getattr(column, "dtype", None), "kind", "") == "T" else column
