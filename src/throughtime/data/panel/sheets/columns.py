"""Cells of a table column by column, many at a time: numbers as arrays, all else as codes of what is different."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.panel import Numbers
from throughtime.data.tables.delimited import Row
from throughtime.data.tables.named_rows import as_in_file
from throughtime.data.tables.values import MISSING, as_float
from throughtime.errors import DataError

__all__ = ["Coded", "Collected", "Fault", "coded", "collect", "number_in", "numbers_in", "numbers_of", "python_cells"]

_CHUNK = 512
"""Rows that are turned over at once; of many the collector of garbage would look at each again and again."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few different cells."""

    codes: NDArray[np.int64]
    """(N,): which cell each row has."""
    cells: Sequence[object]
    """The different cells, in the order in which they were met."""

    def texts(self) -> list[str]:
        """Give the different cells as they would stand in a file, without white space around them."""
        return [as_in_file(cell).strip() for cell in self.cells]


class Fault(NamedTuple):
    """What cannot be read."""

    row: int
    """Which row, from 0."""
    column: int | None
    """Which column; None where the whole row cannot be."""
    what: str
    """What is wrong with it."""


@dataclass(slots=True)
class Collected:
    """The columns of a table that were asked for."""

    lines: NDArray[np.int64]
    """(N,): the line of each row."""
    numbers: dict[int, Numbers] = field(default_factory=dict[int, Numbers])
    """Columns of numbers, (N,) each, NaN where a value is missing."""
    codes: dict[int, Coded] = field(default_factory=dict[int, Coded])
    """Columns of anything else."""
    faults: list[Fault] = field(default_factory=list[Fault])
    """What cannot be read."""

    def __len__(self) -> int:
        return len(self.lines)


class _Codes(dict[str, int]):
    """Numbers what it is asked for, from 0."""

    def __missing__(self, key: str) -> int:
        number = self[key] = len(self)
        return number


def number_in(cell: str, column: str) -> float:
    """Take a cell as a number, NaN where its value is missing.

    Args:
        cell: the cell.
        column: its column, for messages.

    Returns:
        The number.

    Raises:
        DataError: it holds something else.

    Example:
        >>> number_in("2.5", "y"), number_in("n/a", "y")
        (2.5, nan)
    """
    try:
        number = float(cell)
        if math.isfinite(number) and "_" not in cell:
            return number
    except ValueError:
        pass
    return math.nan if cell.strip().lower() in MISSING else as_float(cell, column)


def numbers_of(cells: Sequence[str], names: Sequence[str], column: int, faults: list[Fault], first: int = 0) -> Numbers:
    """Take cells as numbers, NaN where a value is missing.

    Args:
        cells: N cells.
        names: names of all columns.
        column: which one it is.
        faults: takes what holds something else.
        first: number of the first row.

    Returns:
        (N,) the numbers; NaN for faults.

    Example:
        >>> faults = []
        >>> numbers_of(["1", "", "x"], ["y"], 0, faults)
        array([ 1., nan, nan])
        >>> faults
        [Fault(row=2, column=0, what="column 'y' holds 'x', not a number")]
    """
    try:
        numbers = np.fromiter(map(float, cells), np.float64, len(cells))
        if np.isfinite(numbers).all() and "_" not in "".join(cells):
            return numbers
    except ValueError:
        pass
    numbers = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        try:
            numbers[row] = number_in(cell, names[column])
        except DataError as error:
            faults.append(Fault(first + row, column, str(error)))
    return numbers


def collect(
    rows: Iterator[Row], names: Sequence[str], numbers: Sequence[int], others: Sequence[int], unit: str = "line"
) -> Collected:
    """Take in the columns of rows as they come, some thousands at a time.

    Args:
        rows: line and cells of each.
        names: names of all columns.
        numbers: indices of those that hold numbers.
        others: indices of others that are read.
        unit: what a row is called.

    Returns:
        The columns; a row with too few or too many cells is a fault.

    Example:
        >>> table = collect(iter([(2, ["a", "1.5"]), (3, ["b", ""])]), ["id", "y"], [1], [0])
        >>> table.numbers[1], table.codes[0].codes, table.codes[0].cells
        (array([1.5, nan]), array([0, 1]), ['a', 'b'])
    """
    lines: list[NDArray[np.int64]] = []
    faults: list[Fault] = []
    parts: dict[int, list[Numbers]] = {i: [] for i in numbers}
    codes: dict[int, list[NDArray[np.int64]]] = {i: [] for i in others}
    known = {i: _Codes() for i in others}
    total, width = 0, len(names)
    while chunk := list(islice(rows, _CHUNK)):
        of_lines, cells = zip(*chunk, strict=True)
        if any(len(row) != width for row in cells):
            cells = _evened(cells, width, total, faults, unit)
        columns = list(zip(*cells, strict=True))
        lines.append(np.array(of_lines, np.int64))
        for i in numbers:
            parts[i].append(numbers_of(columns[i], names, i, faults, total))
        for i in others:
            codes[i].append(np.fromiter(map(known[i].__getitem__, columns[i]), np.int64, len(chunk)))
        total += len(chunk)
    return Collected(
        _joined(lines, np.int64),
        {i: _joined(each, np.float64) for i, each in parts.items()},
        {i: Coded(_joined(each, np.int64), list(known[i])) for i, each in codes.items()},
        faults,
    )


def _joined(parts: Sequence[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def _evened(rows: Sequence[Sequence[str]], width: int, first: int, faults: list[Fault], unit: str) -> list[list[str]]:
    """Give rows of another width as many cells as the others have, and tell of them."""
    for row, cells in enumerate(rows):
        if len(cells) != width:
            some = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            faults.append(Fault(first + row, None, f"{some}, where the first {unit} has {width}"))
    return [[*cells[:width], *[""] * (width - len(cells))] for cells in rows]


def numbers_in(column: NDArray[Any], names: Sequence[str], number: int, faults: list[Fault]) -> Numbers:
    """Take a column in memory as numbers, NaN where a value is missing.

    Args:
        column: (N,) anything.
        names: names of all columns.
        number: which one it is.
        faults: takes what holds something else.

    Returns:
        (N,) the numbers; NaN for faults.
    """
    if column.dtype.kind in "iuf" and not np.isinf(column).any():
        return column.astype(np.float64)
    return numbers_of([as_in_file(cell) for cell in python_cells(column)], names, number, faults)


def python_cells(column: NDArray[Any]) -> list[object]:
    """Give the cells of a column as values of Python; dates keep their digits.

    Args:
        column: (N,) anything.

    Returns:
        The N values.
    """
    return list(column) if column.dtype.kind in "mM" else column.tolist()


def coded(column: NDArray[Any]) -> Coded:
    """Number the different cells of a column in memory.

    Args:
        column: (N,) anything.

    Returns:
        The codes.

    Example:
        >>> coded(np.array(["b", "a", "b"])).cells
        ['b', 'a']
    """
    if column.dtype.kind != "O":
        distinct, first, codes = np.unique(column, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return Coded(place[codes], python_cells(distinct[order]))
    known: dict[object, int] = {}
    cells = [cell if isinstance(cell, str | Hashable) else as_in_file(cell) for cell in column]
    codes = np.fromiter((known.setdefault(cell, len(known)) for cell in cells), np.int64, len(column))
    return Coded(codes, list(known))
