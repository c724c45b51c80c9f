"""What stands for y of a forecaster, and for X beside it: as ``fit("forecast", ...)`` takes series. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.sheets.frames import as_column, pandas_columns, polars_columns
from throughtime.data.tables.named_rows import as_numpy
from throughtime.errors import DataError, UsageError

__all__ = ["History", "columns_of"]

_Array: TypeAlias = NDArray[Any]
TARGET, TIME = "y", "time"
"""Names of the columns of a table that is made of y and X."""


@dataclass(frozen=True, slots=True)
class History:
    """What a forecaster goes on from."""

    y: Any
    """The series."""
    X: Mapping[str, _Array] | None = None
    """What is known ahead, step by step: columns by name; None where nothing is."""

    @classmethod
    def of(cls, y: Any, X: Any) -> Self:
        """Take y and X.

        Args:
            y: the series; one alone where X is given.
            X: (T, F) what is known ahead, or None.

        Returns:
            Both.

        Raises:
            DataError: X is given for several series, or is of another length.
        """
        if isinstance(y, str | Path) or (isinstance(y, list | tuple) and (not y or isinstance(y[0], str | Path))):
            raise DataError(f"y is {y!r:.40}; series in memory are numbers, or a table of them")
        y = _flat(y)
        if X is None:
            return cls(y)
        columns, one = _beside(X), _one(y)
        if (rows := len(next(iter(columns.values())))) != (steps := len(one[TARGET])):
            raise DataError(f"y has {steps} steps and X has {rows} rows; they must be as many")
        if TIME in columns and TIME in one and not np.array_equal(columns[TIME], one[TIME]):
            raise DataError("the index of X holds other times than that of y; give the same steps of both")
        return cls(y, columns)

    def data(self, ahead: Any = None) -> Any:
        """Give both as a run takes them.

        Args:
            ahead: (H, F) of X for the steps after the last one.

        Returns:
            y itself, or a table of y, its times and X.

        Raises:
            DataError: what is known ahead has other columns.
        """
        if self.X is None:
            return self.y
        table = {**_one(self.y), **self.X}
        if ahead is None:
            return table
        more = _beside(ahead)
        if TIME in table and TIME not in more:
            raise DataError("y has times, and X has none: give X as a data frame whose index holds the times to come")
        wanted = [name for name in table if name != TARGET]
        if sorted(more) != sorted(wanted):
            raise DataError(f"X has the columns {', '.join(more)}; {', '.join(wanted)} were learned from")
        more[TARGET] = np.full(len(next(iter(more.values()))), np.nan)
        return {name: _behind(column, more[name]) for name, column in table.items()}

    @property
    def known(self) -> dict[str, object]:
        """The options that say which columns are which, where X was given."""
        if self.X is None:
            return {}
        names = [name for name in self.X if name != TIME]
        comma = next((name for name in names if "," in name), None)
        if comma is not None:
            raise UsageError(f"column {comma!r} of X has a comma in its name; rename it")
        return {"target_column": TARGET, "known_columns": ",".join(names)}

    def newer(self, y: Any) -> History:
        """Give the same with another y."""
        if self.X is not None:
            raise UsageError("what was learned from has X beside y: fit it again to go on from another y")
        return replace(self, y=y)


def _behind(before: _Array, after: _Array) -> _Array:
    if before.dtype.kind == after.dtype.kind:
        return np.concatenate([before, after])
    if before.dtype.kind in "biuf" and after.dtype.kind in "biuf":
        return np.concatenate([before.astype(np.float64), after.astype(np.float64)])
    return np.concatenate([before.astype(object), after.astype(object)])


def _one(y: Any) -> dict[str, _Array]:
    """One series as a table: its values, and its times where it has some."""
    if hasattr(y, "to_frame") and hasattr(y, "index"):  # a series of pandas
        return {**_times(y), TARGET: as_column(y, TARGET)}
    if hasattr(y, "columns") or isinstance(y, Mapping):
        raise DataError("X stands beside one series: give y as an array (T,), or both in one table, with known_columns")
    return {TARGET: as_column(y, TARGET)}


def _times(given: Any) -> dict[str, _Array]:
    """What an index of pandas holds, where it is more than the numbers of the rows."""
    found = pandas_columns(given.to_frame().iloc[:, :0] if hasattr(given, "to_frame") else given.iloc[:, :0])
    if len(found) > 1:
        raise DataError("the index has several levels; X stands beside one series, whose index holds its times")
    return dict(zip([TIME], found.values(), strict=False))


def _flat(y: Any) -> Any:
    """One series in a column by itself as that series; anything else as it is."""
    array = None if hasattr(y, "columns") or not hasattr(y, "shape") else as_numpy(y)
    return array[:, 0] if array is not None and array.ndim == 2 and array.shape[1] == 1 else y


def _beside(X: Any) -> dict[str, _Array]:
    """The columns of X by name; those of an array are called x1, x2 ..."""
    columns: dict[str, _Array] | None = None
    if hasattr(X, "iter_rows"):
        columns = polars_columns(X)
    elif hasattr(X, "itertuples"):
        columns = {**_times(X), **pandas_columns(X.reset_index(drop=True))}
    if columns is not None:
        if TARGET in columns:
            raise DataError(f"X has a column {TARGET!r}, which is what is to be forecast; rename it")
        return columns
    array = np.asarray(X)
    if array.ndim != 2 or not array.size:
        raise DataError(f"X has shape {array.shape}, not (T, F): F numbers that are known ahead for each step")
    return {f"x{number}": column for number, column in enumerate(array.T, 1)}


def columns_of(y: Any) -> _Array:
    """Take the values of series that stand in columns.

    Args:
        y: (T,) or (T, N): an array, a list of numbers, a column or a data frame of numbers.

    Returns:
        (T, N).

    Raises:
        DataError: it is no table of numbers.

    Example:
        >>> columns_of([1, 2, 3]).shape
        (3, 1)
    """
    if hasattr(y, "iter_rows") or hasattr(y, "itertuples"):
        columns = polars_columns(y) if hasattr(y, "iter_rows") else pandas_columns(y)
        named = {name: column for name, column in columns.items() if column.dtype.kind in "biuf"}
        columns = named if len(named) >= len(columns) - 1 else {}
        if not columns:
            raise DataError("y is a table with a row for each step of several series; score takes series in columns")
        return np.stack(list(columns.values()), 1).astype(np.float64)
    given: Any = y
    if isinstance(y, Mapping) or (isinstance(y, list | tuple) and y and hasattr(given[0], "__len__")):
        raise DataError("y has a series in each item; score takes series in columns: an array (T, N)")
    array: _Array = np.asarray(given.to_numpy() if hasattr(given, "to_numpy") else given)
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2) or not array.size:
        raise DataError(f"y is an array of {array.dtype}, {array.shape}; numbers are needed, (T,) or (T, N)")
    return (array[:, None] if array.ndim == 1 else array).astype(np.float64)
