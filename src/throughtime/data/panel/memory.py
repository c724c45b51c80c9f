"""Data in memory as tables of series: arrays, lists, dicts and data frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.in_memory.rows import rows_in_memory
from throughtime.data.in_memory.values import is_array
from throughtime.data.panel.columns import Fault, numbers_in
from throughtime.data.panel.draft import Draft
from throughtime.data.panel.making import VALUE, Maker
from throughtime.data.panel.opening import named_sheet
from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.panel import Panel
from throughtime.data.panel.roles import Keys
from throughtime.data.panel.sheet import ArraySheet, Sheet
from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.column_names import listed
from throughtime.data.tables.named_rows import as_numpy
from throughtime.errors import DataError

__all__ = ["panel_in_memory"]

_WHERE = "the data"
_ReadSheet: TypeAlias = Callable[[Sheet], Panel]


def panel_in_memory(data: object, how: PanelReading, found: PanelFound, problems: Problems, read: _ReadSheet) -> Panel:
    """Read series from data in memory.

    A list or an array (T,) of numbers is one series; an array (T, K) has a series in each column; a list of such lists
    or a dict of them has one in each item. Data frames, lists of dicts and dicts of columns of one length are tables.

    Args:
        data: the data.
        how: what was asked for.
        found: what was found in the tables that were learned from.
        problems: told of what was chosen.
        read: reads a table.

    Returns:
        The panel.

    Raises:
        DataError: the data is of no known form, has no rows, or cannot be read.
    """
    if isinstance(data, Mapping):
        columns = {str(name): _column(each, str(name)) for name, each in cast("Mapping[object, object]", data).items()}
        if len({len(each) for each in columns.values()}) > 1:
            return _of_arrays(columns, how, found, problems)
        return read(_array_sheet(columns))
    if hasattr(data, "columns") and hasattr(data, "iter_rows"):  # polars
        frame = cast("Any", data)
        return read(_array_sheet({name: _of_polars(frame[name]) for name in frame.columns}))
    if hasattr(data, "columns") and hasattr(data, "itertuples"):  # pandas
        return read(_array_sheet(_of_pandas(cast("Any", data))))
    if hasattr(data, "index") and hasattr(data, "to_frame") and hasattr(data, "iloc"):  # a series of pandas
        series = cast("Any", data)
        return read(_array_sheet(_of_pandas(series.to_frame(VALUE if series.name is None else series.name))))
    return _of_items(data, how, found, problems, read)


def _of_items(data: object, how: PanelReading, found: PanelFound, problems: Problems, read: _ReadSheet) -> Panel:
    """Read an array, or a list."""
    if is_array(data) or hasattr(data, "to_numpy"):
        array = as_numpy(data) if is_array(data) else np.asarray(cast("Any", data).to_numpy())
        return _of_array(array, how, found, problems, read)
    if isinstance(data, list | tuple) and data:
        items = cast("Sequence[object]", data)
        if all(_is_plain(item) for item in items):
            return _of_array(_column(items, "the data"), how, found, problems, read)
        if all(is_array(item) or isinstance(item, list | tuple) for item in items):
            columns = {str(i): _column(item, f"series {i}") for i, item in enumerate(items, 1)}
            return _of_arrays(columns, how, found, problems)
    rows = rows_in_memory(cast("object", data), Reading(), targets=False)
    return read(named_sheet(_WHERE, enumerate(rows.rows, 1), None, problems))


def _is_plain(item: object) -> bool:
    return item is None or (isinstance(item, int | float | np.number) and not isinstance(item, bool))


def _of_array(array: NDArray[Any], how: PanelReading, found: PanelFound, problems: Problems, read: _ReadSheet) -> Panel:
    if array.dtype.kind not in "iufb" or array.ndim not in (1, 2) or not array.size:
        raise DataError(
            f"the data is an array of {array.dtype}, {array.shape}; numbers are needed, (T,) for one series or (T, K) "
            "for one in each of K columns"
        )
    if array.ndim == 1:
        return _of_arrays({"": array.astype(np.float64)}, how, found, problems)
    series = array if how.wide == "rows" else array.T
    if how.wide is None:
        problems.note(f"{_WHERE}: each of the {len(series):,} columns of the array is a series of {len(array):,} steps")
    return _of_arrays({str(i): each for i, each in enumerate(series.astype(np.float64), 1)}, how, found, problems)


def _of_arrays(columns: Mapping[str, NDArray[Any]], how: PanelReading, found: PanelFound, problems: Problems) -> Panel:
    """Read series that have values and nothing else, by name."""
    if found.covariates or len(found.targets) > 1:
        needed = [*found.targets, *found.covariates]
        raise DataError(
            f"the data is numbers alone; {listed(needed)} were learned from: give a table with such columns"
        )
    sheet = ArraySheet(_WHERE, {name: each for name, each in columns.items() if len(each)}, header=False)
    maker = Maker(sheet, Keys(None, (), ()), "columns" if len(columns) > 1 else "long", how, found, problems)
    clock = maker.clock([])
    drafts: list[Draft] = []
    for name, column in columns.items():
        faults: list[Fault] = []
        values = numbers_in(column, [name or VALUE], 0, faults)[:, None]
        nothing = np.zeros((len(values), 0))
        if faults:
            problems.report(
                f"row {faults[0].row + 1} of {f'series {name!r} in ' if name else ''}{_WHERE}", faults[0].what
            )
        else:
            steps = np.arange(len(values))
            drafts.append(Draft(name, steps + 1, steps, values, nothing, nothing, np.zeros(0)))
    maker.remember(clock, [VALUE], [], [], [])
    return maker.panel(clock, drafts, found.targets, ((), (), ()))


def _column(values: object, name: str) -> NDArray[Any]:
    """Take a column of any library as an array (N,)."""
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise DataError(f"{name!r} of the data is {type(values).__name__}, not a column of cells")
    if hasattr(values, "dtype") and hasattr(values, "to_list") and hasattr(values, "to_numpy"):
        return _of_polars(values)
    if is_array(values):
        array = as_numpy(values)
    else:
        cells = list(cast("Sequence[object]", values))
        numeric = bool(cells) and all(_is_plain(cell) for cell in cells)
        array = (
            np.array([np.nan if cell is None else cell for cell in cells], np.float64 if None in cells else None)
            if numeric
            else _objects(cells)
        )
    if array.ndim != 1:
        raise DataError(f"{name!r} of the data has shape {array.shape}, not (N,)")
    return array


def _objects(cells: Sequence[object]) -> NDArray[Any]:
    array = np.empty(len(cells), object)
    array[:] = cells
    return array


def _of_polars(column: Any) -> NDArray[Any]:
    """Take a column of polars or pandas; dates with a time zone stay so."""
    zoned = getattr(column.dtype, "time_zone", None) or getattr(column.dtype, "tz", None)
    return _objects(column.to_list()) if zoned else np.asarray(column.to_numpy())


def _of_pandas(data: Any) -> dict[str, NDArray[Any]]:
    """Take the columns of a data frame, and its index where that holds times or has a name."""
    index = data.index
    kind = type(index).__name__
    if kind == "PeriodIndex":
        data, index = data.set_axis(index.to_timestamp()), index.to_timestamp()
    names = [str(name) for name in data.columns]
    if twice := next((name for i, name in enumerate(names) if name in names[:i]), None):
        raise DataError(f"the data has two columns called {twice!r}; rename one")
    columns = {name: _of_polars(data.iloc[:, i]) for i, name in enumerate(names)}
    if kind in ("DatetimeIndex", "PeriodIndex"):
        name = "time" if index.name is None else str(index.name)
        return {name: _of_polars(index), **columns}
    if kind == "MultiIndex" or (index.name is not None and kind != "RangeIndex"):
        parts = range(index.nlevels)
        own = {
            str(index.names[i] or ("time" if i == index.nlevels - 1 else "id")): index.get_level_values(i)
            for i in parts
        }
        return {**{name: _of_polars(each) for name, each in own.items()}, **columns}
    return columns


def _array_sheet(columns: Mapping[str, NDArray[Any]]) -> Sheet:
    if not columns or not len(next(iter(columns.values()))):
        raise DataError(f"{_WHERE} has no rows")
    return ArraySheet(_WHERE, dict(columns))
