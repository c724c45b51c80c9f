"""The columns of data frames as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.in_memory.values import is_array
from throughtime.data.panel.sheets.sheet import ArraySheet, Sheet
from throughtime.data.tables.named_rows import as_numpy
from throughtime.errors import DataError

__all__ = ["array_sheet", "as_column", "is_plain", "pandas_columns", "polars_columns"]


def polars_columns(frame: Any) -> dict[str, NDArray[Any]]:
    """Take the columns of a data frame of polars.

    Args:
        frame: the data frame.

    Returns:
        The columns by name, (N,) each.
    """
    return {name: _of_frame(frame[name]) for name in frame.columns}


def pandas_columns(frame: Any) -> dict[str, NDArray[Any]]:
    """Take the columns of a data frame of pandas, and its index where that holds times or has a name.

    Args:
        frame: the data frame.

    Returns:
        The columns by name, (N,) each.

    Raises:
        DataError: two columns have one name.
    """
    names = [str(name) for name in frame.columns]
    columns = {name: _of_frame(frame.iloc[:, i]) for i, name in enumerate(names)}
    kind, index = type(frame.index).__name__, frame.index
    if kind == "PeriodIndex":
        index = index.to_timestamp()
    levels = [index.get_level_values(i) for i in range(index.nlevels)]
    usual = ["time"] if kind in ("DatetimeIndex", "PeriodIndex") else [None]
    if kind == "MultiIndex":
        usual = [*(f"id {i}" if i else "id" for i in range(len(levels) - 1)), "time"]
    own = [str(level.name) if level.name is not None else name for level, name in zip(levels, usual, strict=True)]
    beside = {name: _of_frame(level) for name, level in zip(own, levels, strict=True) if name is not None}
    twice = next((name for i, name in enumerate(names) if name in names[:i] or name in beside), None)
    if twice is not None:
        raise DataError(f"the data has two columns called {twice!r}; rename one")
    return beside | columns


def as_column(values: object, name: str) -> NDArray[Any]:
    """Take a column of any library as an array.

    Args:
        values: the column.
        name: what it is called, for messages.

    Returns:
        (N,) its cells.

    Raises:
        DataError: it is no column.

    Example:
        >>> as_column([1, None, 2.5], "x")
        array([1. , nan, 2.5])
    """
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise DataError(f"{name!r} of the data is {type(values).__name__}, not a column of cells")
    if hasattr(values, "to_list") and hasattr(values, "to_numpy"):
        return _of_frame(values)
    if is_array(values):
        array = as_numpy(values)
    else:
        cells = list(cast("Sequence[object]", values))
        plain = bool(cells) and all(map(is_plain, cells))
        array = np.array([np.nan if cell is None else cell for cell in cells]) if plain else _objects(cells)
    if array.ndim != 1:
        raise DataError(f"{name!r} of the data has shape {array.shape}, not (N,)")
    return array


def is_plain(cell: object) -> bool:
    """Tell whether a cell is a number, or missing.

    Args:
        cell: the cell.

    Returns:
        Whether it is.
    """
    return cell is None or (isinstance(cell, int | float | np.number) and not isinstance(cell, bool))


def _of_frame(column: Any) -> NDArray[Any]:
    """Take a column of polars or pandas; dates with a time zone keep it."""
    zoned = getattr(column.dtype, "time_zone", None) or getattr(column.dtype, "tz", None)
    return _objects(column.to_list()) if zoned else np.asarray(column.to_numpy())


def _objects(cells: Sequence[object]) -> NDArray[Any]:
    array = np.empty(len(cells), object)
    array[:] = cells
    return array


def array_sheet(name: str, columns: Mapping[str, NDArray[Any]], unit: str | None = None) -> Sheet:
    """Make a sheet of columns.

    Args:
        name: the file, or what the data is called.
        columns: the columns by name, (N,) each.
        unit: what a row of a file is called; None for data in memory.

    Returns:
        The sheet.

    Raises:
        DataError: there are no rows.
    """
    if not columns or not len(next(iter(columns.values()))):
        raise DataError(f"{name} has no rows")
    return ArraySheet(name, dict(columns), unit=unit)
