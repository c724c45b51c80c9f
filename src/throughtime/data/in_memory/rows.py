"""The rows of data in memory: pairs, texts, arrays, tables of other libraries, known by what they can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.in_memory.pairs import as_pair, as_tagged, decide, is_pair, kind_of_item
from throughtime.data.in_memory.values import TEXT_KINDS, is_array, is_numbers, is_sparse
from throughtime.data.reading import Reading
from throughtime.data.tables.named_rows import FAULT, as_numpy
from throughtime.doors import option, takes
from throughtime.errors import DataError

__all__ = ["MemoryForm", "MemoryRows", "form_of_memory", "rows_in_memory"]

MemoryForm: TypeAlias = Literal["rows", "table", "series"]
"""Rows whose columns have no names, rows of named columns, or such with a row for each step of a series."""
_FORMS = (
    "a list of (x, y) pairs, of dicts or of texts, a dict of columns, a table (polars, pandas, datasets), or (X, y) "
    "with X a list of texts, of (T, F) arrays, or an (N, T, F) array"
)
_Rows = Iterator[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class MemoryRows:
    """The rows of data in memory."""

    rows: _Rows
    """Cells by column of each, or what is wrong with it under FAULT."""
    names: tuple[str, str] | None = None
    """(column of the content, of the target) where the data has no names of its own."""
    told: str | None = None
    """What was decided about their form, for a note."""


def form_of_memory(data: object, how: Reading) -> MemoryForm:
    """Tell whether the rows of data have named columns, and whether these are steps of series.

    Args:
        data: the data; an iterator must not be given, as its first item is looked at.
        how: columns for series make a table one of steps.

    Returns:
        The form.

    Example:
        >>> form_of_memory({"t": [1, 2], "x": [0.5, 1.5]}, Reading(time_column="t")), form_of_memory(["a"], Reading())
        ('series', 'rows')
    """
    if not _is_table(data):
        alone = _is_x_and_y(data) or is_array(data) or is_sparse(data) or isinstance(data, str | bytes)
        first = next(iter(cast(Iterable[object], data)), None) if not alone and isinstance(data, Iterable) else None
        if not isinstance(first, Mapping):
            return "rows"
    return "series" if how.id_column or how.time_column else "table"


def _is_table(data: object) -> bool:
    libraries = ("iter_rows", "itertuples", "column_names")
    return isinstance(data, Mapping) or any(hasattr(data, name) for name in libraries)


def _is_x_and_y(data: object) -> bool:
    return type(data) is tuple and len(cast(Sequence[object], data)) == 2


def rows_in_memory(data: object, how: Reading, targets: bool) -> MemoryRows:
    """Give the rows of data, whatever it is.

    Args:
        data: the data.
        how: kind of target.
        targets: whether each row needs a target.

    Returns:
        The rows, as they come.

    Raises:
        DataError: the data is of no known form.
    """
    given = cast(Any, data)
    if _is_x_and_y(data):
        return _of_arrays(given[0], given[1], how)
    if isinstance(data, Mapping):
        return MemoryRows(_of_columns(cast(Mapping[object, object], data)))
    if hasattr(given, "iter_rows"):  # polars
        return MemoryRows(iter(given.iter_rows(named=True)))
    if hasattr(given, "itertuples"):  # pandas
        return MemoryRows(_of_pandas(given))
    if hasattr(given, "column_names"):  # datasets
        return MemoryRows(_of_dataset(given))
    if is_sparse(data):
        raise DataError(_sparse("the data", data))
    if is_array(given):
        if targets:
            raise DataError("the data is one array and has no targets; give (X, y)")
        return _of_arrays(data, None, how)
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise DataError(f"data in memory must be {_FORMS}; not {type(data).__name__}")
    return _of_items(cast(Iterable[object], data), how, targets)


def _sparse(name: str, value: object) -> str:
    return (
        f"{name} is a sparse matrix ({type(value).__name__}), a row of counts for each text, which is no sequence; "
        "give the texts themselves, or arrays (T, F)"
    )


def _of_pandas(data: Any) -> _Rows:
    names = [str(name) for name in data.columns]
    if twice := next((name for i, name in enumerate(names) if name in names[:i]), None):
        raise DataError(f"the data has two columns called {twice!r}; rename one")
    return (dict(zip(names, row, strict=True)) for row in data.itertuples(index=False, name=None))


def _of_dataset(data: Any) -> _Rows:
    """Take a Hugging Face data set's rows; where numbers stand for classes, their names take their place."""
    features: Mapping[str, Any] = getattr(data, "features", None) or {}
    # A column of lists has the feature of their items as its own "feature".
    inner = {name: getattr(feature, "feature", feature) for name, feature in features.items()}
    classes = {name: feature.names for name, feature in inner.items() if hasattr(feature, "names")}
    for row in data:
        try:
            yield {name: _called(cell, classes[name], name) if name in classes else cell for name, cell in row.items()}
        except DataError as error:
            yield {**row, FAULT: str(error)}


def _called(cell: Any, classes: Sequence[str], column: str) -> object:
    """The name of a class, or of each of a list; -1 is none, and -100 stays, to be told of."""
    if hasattr(cell, "__array__"):  # a data set in the format of torch, numpy ...
        cell = as_numpy(cell).tolist()
    if isinstance(cell, list | tuple):
        return [_called(item, classes, column) for item in cast(Sequence[object], cell)]
    if not isinstance(cell, int) or cell < 0:
        return cell if isinstance(cell, int) and cell < -1 else None
    if cell >= len(classes):
        raise DataError(f"column {column!r} holds {cell}, and the data set names {len(classes)} classes, from 0")
    return classes[cell]


def _names(how: Reading, first: object) -> tuple[str, str]:
    """Columns of x and y; x is called by what it is."""
    content = "frames" if is_array(first) or is_numbers(first) else "words" if how.per_step else "text"
    return content, "labels" if how.per_step or how.target_type == "labels" else "label"


def _of_arrays(inputs: Any, given: Any, how: Reading) -> MemoryRows:
    """Take X and y apart."""
    if is_sparse(inputs):
        raise DataError(_sparse("X", inputs))
    if is_sparse(given):
        raise DataError("y is a sparse matrix; give a list of the names of its labels for each row")
    if isinstance(inputs, str | bytes) or not hasattr(inputs, "__len__") or getattr(inputs, "shape", None) == ():
        raise DataError(f"X in (X, y) must be a list or an array of rows, not {type(inputs).__name__}")
    if given is not None and (isinstance(given, str | bytes) or not hasattr(given, "__len__")):
        raise DataError(f"y in (X, y) must be a list or an array, one item for each row, not {type(given).__name__}")
    if given is not None and len(inputs) != len(given):
        raise DataError(f"X has {len(inputs)} rows and y has {len(given)}; they must be as many")
    inputs, given = (as_numpy(each) if is_array(each) else each for each in (inputs, given))
    shape = _shape_of_numbers(inputs)
    if shape is not None:
        _check_shape(shape, how)
    if how.target_type == "labels" and _shape_of_numbers(given) is not None:
        raise DataError(
            "y is an array of numbers where each row has several labels; give a list of their names for each"
        )
    x_name, y_name = _names(how, next(iter(inputs), None))
    if given is None:
        return MemoryRows(({x_name: item} for item in inputs), (x_name, y_name))
    rows = ({x_name: item, y_name: target} for item, target in zip(inputs, given, strict=True))
    return MemoryRows(rows, (x_name, y_name))


def _check_shape(shape: tuple[int, ...], how: Reading) -> None:
    if how.image_steps == "none":
        if len(shape) not in (3, 4):
            raise DataError(f"X has shape {shape}, not (N, H, W, C): N pictures of H x W pixels of C channels")
    elif len(shape) != 3 and not (len(shape) == 2 and how.wide):
        wide = f" or, to classify, {option('wide', True)}" if takes("wide") else ""
        hint = f"; for one feature a step give X[..., None]{wide}" if len(shape) == 2 else ""
        raise DataError(f"X has shape {shape}, not (N, T, F): N rows of T steps of F features{hint}")


def _shape_of_numbers(value: Any) -> tuple[int, ...] | None:
    """Give the shape of an array of numbers; None for texts and lists."""
    if not isinstance(value, np.ndarray):
        return None
    array = cast(NDArray[Any], value)
    return None if array.dtype.kind in TEXT_KINDS else array.shape


def _of_columns(data: Mapping[object, object]) -> _Rows:
    """Turn columns into rows."""
    lengths: dict[str, int] = {}
    for name, column in data.items():
        if hasattr(column, "column_names"):
            parts = ", ".join(repr(key) for key in data)
            raise DataError(f"the data has several parts, {parts}; give one of them")
        if is_sparse(column):
            raise DataError(_sparse(f"column {name!r} of the data", column))
        if isinstance(column, str | bytes) or not hasattr(column, "__len__"):
            raise DataError(f"column {name!r} of the data is {type(column).__name__}, not a list of cells")
        lengths[str(name)] = len(cast(Sequence[object], column))
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise DataError(f"the columns of the data differ in length: {listed}")
    cells = zip(*cast(Iterable[Iterable[object]], data.values()), strict=True)
    return (dict(zip(lengths, row, strict=True)) for row in cells)


def _of_items(data: Iterable[object], how: Reading, targets: bool) -> MemoryRows:
    """Take each item as the first one tells: a dict, a pair, or x alone; sentences of pairs as all of them do."""
    items = iter(data)
    first = next(items, None)
    if first is None:
        return MemoryRows(iter(()))
    whole: Iterable[object] = chain([first], items)
    if isinstance(first, Mapping):
        return MemoryRows(_as_row(item) for item in whole)
    if how.per_step:
        reading, whole = decide(iter(whole), targets=targets)
        if reading == "tagged":
            names = ("words", "labels")
            told = "each row is a sentence of (word, tag) pairs"
            return MemoryRows((as_tagged(item, names) for item in whole), names, told)
    x = cast(Sequence[object], first)[0] if is_pair(first) and not is_numbers(first) else first
    names = _names(how, x)
    return MemoryRows((as_pair(item, names, how, targets) for item in whole), names)


def _as_row(item: object) -> Mapping[str, object]:
    if not isinstance(item, Mapping):
        return {FAULT: f"is {kind_of_item(item)}, not a dict as the first row"}
    return {str(name): value for name, value in cast(Mapping[object, object], item).items()}
