"""Data in memory as tables of series: arrays, lists, dicts and data frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.in_memory.rows import rows_in_memory
from throughtime.data.in_memory.values import is_array
from throughtime.data.panel.assembly.draft import Draft
from throughtime.data.panel.assembly.making import VALUE, Maker
from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.panel import Panel
from throughtime.data.panel.sheets.columns import Fault, numbers_in
from throughtime.data.panel.sheets.frames import array_sheet, as_column, is_plain, pandas_columns, polars_columns
from throughtime.data.panel.sheets.opening import named_sheet
from throughtime.data.panel.sheets.roles import Keys
from throughtime.data.panel.sheets.sheet import RowSheet, Sheet
from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.column_names import listed
from throughtime.data.tables.named_rows import as_numpy
from throughtime.doors import named
from throughtime.errors import DataError, UsageError

__all__ = ["panel_in_memory"]

_WHERE = "the data"
_FORMS = (
    "series in memory are a list or an array of numbers, a list or a dict of such, a data frame, a list of dicts, or a "
    "dict of columns"
)
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
        columns = {
            str(name): as_column(each, str(name)) for name, each in cast("Mapping[object, object]", data).items()
        }
        if len({len(each) for each in columns.values()}) > 1:
            return _of_arrays(columns, how, found, problems)
        return read(array_sheet(_WHERE, columns))
    if hasattr(data, "columns") and hasattr(data, "iter_rows"):  # polars
        return read(array_sheet(_WHERE, polars_columns(data)))
    if hasattr(data, "columns") and hasattr(data, "itertuples"):  # pandas
        return read(array_sheet(_WHERE, pandas_columns(data)))
    if hasattr(data, "index") and hasattr(data, "to_frame") and hasattr(data, "iloc"):  # a series of pandas
        series = cast("Any", data)
        return read(array_sheet(_WHERE, pandas_columns(series.to_frame(VALUE if series.name is None else series.name))))
    return _of_items(data, how, found, problems, read)


def _of_items(data: object, how: PanelReading, found: PanelFound, problems: Problems, read: _ReadSheet) -> Panel:
    """Read an array, or a list."""
    if is_array(data) or hasattr(data, "to_numpy"):
        array = as_numpy(data) if is_array(data) else np.asarray(cast("Any", data).to_numpy())
        return _of_array(array, how, found, problems, read)
    if hasattr(data, "column_names"):
        return _of_rows(data, problems, read)
    if isinstance(data, list | tuple) and data:
        items = cast("Sequence[object]", data)
        if all(is_plain(item) for item in items):
            return _of_array(as_column(items, "the data"), how, found, problems, read)
        if all(is_array(item) or isinstance(item, list | tuple) for item in items):
            columns = {str(i): as_column(item, f"series {i}") for i, item in enumerate(items, 1)}
            return _of_arrays(columns, how, found, problems)
        if not any(isinstance(item, Mapping) for item in items):
            raise DataError(f"the data is a list of {type(items[0]).__name__}; {_FORMS}")
        return _of_rows(items, problems, read)
    empty = isinstance(data, list | tuple)
    raise DataError(f"{_WHERE} has no rows" if empty else f"the data is {type(data).__name__}; {_FORMS}")


def _of_rows(data: object, problems: Problems, read: _ReadSheet) -> Panel:
    """Read a list of dicts, or a data set of Hugging Face."""
    rows = rows_in_memory(data, Reading(), targets=False)
    return read(named_sheet(_WHERE, enumerate(rows.rows, 1), None, problems))


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
    for role in ("id_column", "time_column", "target_column", "known_columns", "past_columns", "static_columns"):
        if getattr(how, role) is not None and not found.fixed:
            raise UsageError(f"{named(role)} names a column, and the data is numbers alone: give a table with such")
    if found.covariates or len(found.targets) > 1:
        needed = [*found.targets, *found.covariates]
        raise DataError(
            f"the data is numbers alone; {listed(needed)} were learned from: give a table with such columns"
        )
    sheet = RowSheet(_WHERE, [], False, [], iter(()), None)
    maker = Maker(sheet, Keys(None, (), ()), "columns" if len(columns) > 1 else "long", how, found, problems)
    clock = maker.clock([])
    drafts: list[Draft] = []
    for name, column in columns.items():
        faults: list[Fault] = []
        values = numbers_in(column, [name or VALUE], 0, faults)[:, None]
        nothing = np.zeros((len(values), 0))
        if not len(values):
            problems.report(f"series {name!r} of {_WHERE}", "no value; a series has one at least")
        elif faults:
            problems.report(
                f"row {faults[0].row + 1} of {f'series {name!r} in ' if name else ''}{_WHERE}", faults[0].what
            )
        else:
            steps = np.arange(len(values))
            drafts.append(Draft(name, steps + 1, steps, values, nothing, nothing, np.zeros(0)))
    maker.remember(clock, [VALUE], [], [], [])
    return maker.panel(clock, drafts, found.targets, ((), (), ()))
