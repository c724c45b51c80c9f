"""Data in memory as records: pairs, texts, arrays, tables of other libraries, known by what they can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.tables.columns import Columns, choose_columns
from throughtime.data.tables.wide import find_wide, may_be_wide, read_wide
from throughtime.errors import DataError

__all__ = ["read_memory"]

_WHERE = "the data"
_FORMS = (
    "a list of (x, y) pairs, of dicts or of texts, a dict of columns, a table (polars, pandas, datasets), or (X, y) "
    "with X a list of texts, of (T, F) arrays, or an (N, T, F) array"
)


def read_memory(data: object, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read what is in memory, row by row.

    A tuple of two is (X, y); a list, or anything else that can be gone through, has rows: pairs (x, y), dicts, or x
    alone where there are no targets. A dict, and the tables of polars, pandas and Hugging Face's datasets, have
    columns; they are chosen as those of a file. Numbers as labels are taken as they are written, but as the names of
    their classes where a data set of Hugging Face has those. ``original`` of a record is its row: cells by column.

    Args:
        data: the data.
        how: columns, kind of target.
        problems: where bad rows and notes go.
        targets: whether each row needs a target; without it none is read, whether there is one or not.

    Yields:
        The records in order; their place is ``row 7 of the data``, from 1.

    Raises:
        DataError: the data is of no known form, has no rows, has not the columns, or a row is bad.

    Example:
        >>> data = [("so good", "positive"), ("so bad", "negative")]
        >>> [(record.content, record.target) for record in read_memory(data, Reading(), Problems(), targets=True)]
        [('so good', 'positive'), ('so bad', 'negative')]
    """
    names, rows = _table(data, how, targets)
    first = next(rows, None)
    if first is None:
        raise DataError("the data has no rows")
    if names is None and may_be_wide(list(first.values()), how, targets=targets):
        ahead = [first, *islice(rows, 0 if how.found.fixed else _AHEAD)]
        rows = chain(ahead, rows)
        wide = find_wide(list(first), ahead, how, _WHERE, header=True, targets=targets)
        if wide is not None:
            problems.note(f"{_WHERE}: {wide.said}")
            columns = Columns.choose(list(first), wide.values[0], wide.target, how, problems, _WHERE)
            yield from read_wide(
                ((f"row {n} of the data", row) for n, row in enumerate(rows, 1)), wide, columns, problems
            )
            return
        first = next(rows)
    if names is None:
        content, target = choose_columns(list(first), how, problems, _WHERE, targets=targets)
    else:
        content, target = names[0], names[1] if targets else None
    columns = Columns.choose(list(first), content, target, how, problems, _WHERE)
    read: list[str] = [content, *columns.beside.values(), *([] if target is None else [target])]
    told = False
    for number, row in enumerate(chain([first], rows), 1):
        place = f"row {number} of the data"
        plain = {name: _plain(row[name], name == target) for name in read if name in row}
        if content in plain and (series := _as_series(plain[content], how)) is not None:
            plain[content] = series
            if not told:
                told = True
                problems.note(f"{_WHERE}: a list of numbers is a series of one feature")
        if fault := row.get(_FAULT):
            problems.report(place, str(fault))
        elif record := columns.record({**row, **plain}, place, row):
            yield record


_TEXT_KINDS = "OUT"
"""Kinds of NumPy's arrays that hold texts."""
_AHEAD = 200
"""Rows that are looked at to tell whether each is a series."""
_FAULT = "\N{NULL}fault"
"""Column of a row that is not of the form of the others; says what it is."""
_Rows = Iterator[Mapping[str, object]]


def _table(data: object, how: Reading, targets: bool) -> tuple[tuple[str, str] | None, _Rows]:
    """Give the rows of the data, and (column of the content, of the target) where its own names do not tell."""
    given = cast(Any, data)
    if type(data) is tuple and len(given) == 2:
        return _of_arrays(given[0], given[1], how)
    if isinstance(data, Mapping):
        return None, _of_columns(cast(Mapping[object, object], data))
    if hasattr(given, "iter_rows"):  # polars
        return None, iter(given.iter_rows(named=True))
    if hasattr(given, "itertuples"):  # pandas
        names = [str(name) for name in given.columns]
        return None, (dict(zip(names, row, strict=True)) for row in given.itertuples(index=False, name=None))
    if hasattr(given, "column_names"):  # datasets
        return None, _of_dataset(given)
    if _is_array(given):
        if targets:
            raise DataError("the data is one array and has no targets; give (X, y)")
        return _of_arrays(data, None, how)
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise DataError(f"data in memory must be {_FORMS}; not {type(data).__name__}")
    return _of_items(cast(Iterable[object], data), how, targets)


def _of_dataset(data: Any) -> _Rows:
    """Take a Hugging Face data set's rows; where numbers stand for classes, their names take their place."""
    features: Mapping[str, Any] = getattr(data, "features", None) or {}
    # A column of lists has the feature of their items as its own "feature".
    inner = {name: getattr(feature, "feature", feature) for name, feature in features.items()}
    classes = {name: feature.names for name, feature in inner.items() if hasattr(feature, "names")}
    for row in data:
        yield {name: _called(cell, classes[name]) if name in classes else cell for name, cell in row.items()}


def _called(cell: object, classes: Sequence[str]) -> object:
    """The name of a class, or of each of a list; -1 is none."""
    if isinstance(cell, list | tuple):
        return [_called(item, classes) for item in cast(Sequence[object], cell)]
    return classes[cell] if isinstance(cell, int) and cell >= 0 else None


def _names(how: Reading, frames: bool) -> tuple[str, str]:
    content = "frames" if frames else "words" if how.per_step else "text"
    return content, "labels" if how.per_step or how.target_type == "labels" else "label"


def _of_arrays(inputs: Any, given: Any, how: Reading) -> tuple[tuple[str, str], _Rows]:
    """Take X and y apart."""
    if isinstance(inputs, str | bytes) or not hasattr(inputs, "__len__") or getattr(inputs, "shape", None) == ():
        raise DataError(f"X in (X, y) must be a list or an array of rows, not {type(inputs).__name__}")
    if given is not None and (isinstance(given, str | bytes) or not hasattr(given, "__len__")):
        raise DataError(f"y in (X, y) must be a list or an array, one item for each row, not {type(given).__name__}")
    if given is not None and len(inputs) != len(given):
        raise DataError(f"X has {len(inputs)} rows and y has {len(given)}; they must be as many")
    inputs, given = (_numpy(each) if _is_array(each) else each for each in (inputs, given))
    shape = _shape_of_numbers(inputs)
    if shape is not None:
        _check_shape(shape, how)
    if how.target_type == "labels" and _shape_of_numbers(given) is not None:
        raise DataError(
            "y is an array of numbers where each row has several labels; give a list of their names for each"
        )
    x_name, y_name = _names(how, _is_array(next(iter(inputs), None)))
    if given is None:
        return (x_name, y_name), ({x_name: item} for item in inputs)
    return (x_name, y_name), ({x_name: item, y_name: target} for item, target in zip(inputs, given, strict=True))


def _check_shape(shape: tuple[int, ...], how: Reading) -> None:
    if how.image_steps == "none":
        if len(shape) not in (3, 4):
            raise DataError(f"X has shape {shape}, not (N, H, W, C): N pictures of H x W pixels of C channels")
    elif len(shape) != 3 and not (len(shape) == 2 and how.wide):
        hint = "; for one feature a step give X[..., None] or, to classify, wide=True" if len(shape) == 2 else ""
        raise DataError(f"X has shape {shape}, not (N, T, F): N rows of T steps of F features{hint}")


def _shape_of_numbers(value: Any) -> tuple[int, ...] | None:
    """Give the shape of an array of numbers; None for texts and lists."""
    if not isinstance(value, np.ndarray):
        return None
    array = cast(NDArray[Any], value)
    return None if array.dtype.kind in _TEXT_KINDS else array.shape


def _of_columns(data: Mapping[object, object]) -> _Rows:
    """Turn columns into rows."""
    lengths: dict[str, int] = {}
    for name, column in data.items():
        if hasattr(column, "column_names"):
            parts = ", ".join(repr(key) for key in data)
            raise DataError(f"the data has several parts, {parts}; give one of them")
        if isinstance(column, str | bytes) or not hasattr(column, "__len__"):
            raise DataError(f"column {name!r} of the data is {type(column).__name__}, not a list of cells")
        lengths[str(name)] = len(cast(Sequence[object], column))
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise DataError(f"the columns of the data differ in length: {listed}")
    cells = zip(*cast(Iterable[Iterable[object]], data.values()), strict=True)
    return (dict(zip(lengths, row, strict=True)) for row in cells)


def _of_items(data: Iterable[object], how: Reading, targets: bool) -> tuple[tuple[str, str] | None, _Rows]:
    """Take each item as the first one tells: a dict, a pair, or x alone."""
    items = iter(data)
    first = next(items, None)
    if first is None:
        return None, iter(())
    whole = chain([first], items)
    if isinstance(first, Mapping):
        return None, (_as_row(item) for item in whole)
    names = _names(how, _is_array(cast(Sequence[object], first)[0] if _is_pair(first) else first))
    return names, (_as_pair(item, names, how, targets) for item in whole)


def _as_row(item: object) -> Mapping[str, object]:
    if not isinstance(item, Mapping):
        return {_FAULT: f"is {_kind(item)}, not a dict as the first row"}
    return {str(name): value for name, value in cast(Mapping[object, object], item).items()}


def _as_pair(item: object, names: tuple[str, str], how: Reading, targets: bool) -> Mapping[str, object]:
    if not targets and (not _is_pair(item) or (how.per_step and _are_words(item))):
        return {names[0]: item}
    if not _is_pair(item):
        return {_FAULT: f"is {_kind(item)}, not a pair (x, y)"}
    return dict(zip(names, cast(Sequence[object], item), strict=True))


def _is_pair(item: object) -> bool:
    return isinstance(item, tuple | list) and len(cast(Sequence[object], item)) == 2


def _are_words(item: object) -> bool:
    return all(isinstance(word, str) for word in cast(Sequence[object], item))


def _kind(item: object) -> str:
    if isinstance(item, tuple | list):
        return f"a {type(cast(object, item)).__name__} of {len(cast(Sequence[object], item))}"
    return f"{type(item).__name__}"


def _is_array(value: object) -> bool:
    """Whether it is an array of numbers or texts of any library, not a single number."""
    return hasattr(value, "shape") and hasattr(value, "__array__") and cast(Any, value).shape != ()


def _numpy(value: Any) -> NDArray[Any]:
    """Take an array of any library as one of NumPy's; tensors leave their device, and bfloat16, which NumPy lacks."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
    return np.asarray(value)


def _plain(value: object, is_target: bool) -> object:
    """Take a cell as its text, list, number or frames."""
    if hasattr(value, "shape") and hasattr(value, "__array__"):
        array = _numpy(value)
        value = (
            cast(object, array.tolist()) if is_target or array.dtype.kind in _TEXT_KINDS or not array.shape else array
        )
    return value


def _as_series(value: object, how: Reading) -> NDArray[Any] | None:
    """Take a list of numbers, or where it was asked for an array of them, as (T, 1); None where it is neither."""
    if isinstance(value, np.ndarray):
        array = cast(NDArray[Any], value)
        return array[:, None] if how.wide and array.ndim == 1 and array.dtype.kind in "iuf" else None
    if not isinstance(value, list | tuple) or not value:
        return None
    items = cast(Sequence[object], value)
    if not all(isinstance(item, int | float | np.number) and not isinstance(item, bool) for item in items):
        return None
    return np.array(items, np.float64)[:, None]
