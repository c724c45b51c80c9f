"""A table before its columns mean anything: their names, its first rows, and a way to take its columns in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.sheets.columns import Collected, Fault, coded, collect, numbers_in, python_cells
from throughtime.data.tables.delimited import AHEAD, Row
from throughtime.data.tables.named_rows import as_in_file

__all__ = ["ArraySheet", "RowSheet", "Sheet"]


class Sheet(ABC):
    """A table whose columns may be taken in.

    Args:
        name: the file, or what the data is called.
        names: the columns; "1", "2" and so on where they have no names.
        header: whether they have names of their own.
        sample: the first rows, as they would stand in a file.
        unit: what a row of a file is called; None for data in memory.
    """

    def __init__(
        self, name: str, names: Sequence[str], header: bool, sample: Sequence[Sequence[str]], unit: str | None
    ) -> None:
        self.name, self.names, self.header, self.sample, self.unit = name, list(names), header, sample, unit

    @abstractmethod
    def collect(self, numbers: Sequence[int], others: Sequence[int]) -> Collected:
        """Take in columns, by their indices: some as numbers, others as codes. A sheet can be read once."""

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Give the lines and cells of all rows, as they would stand in a file. A sheet can be read once."""

    def cells(self, column: int) -> list[str]:
        """Give the first cells of a column that hold something, without white space around them."""
        cells = (row[column].strip() for row in self.sample if column < len(row))
        return [cell for cell in cells if cell]

    def place(self, line: int, series: str | None = None) -> str:
        """Say where a row stands."""
        place = f"row {line} of {self.name}" if self.unit is None else f"{self.name}: {self.unit} {line}"
        return f"{place} (series {series!r})" if series else place


class RowSheet(Sheet):
    """A table that is read row by row.

    Args:
        name: the file, or what the data is called.
        names: the columns.
        header: whether they have names of their own.
        ahead: the first rows.
        rows: those behind them.
        unit: what a row is called.
    """

    def __init__(
        self, name: str, names: Sequence[str], header: bool, ahead: Sequence[Row], rows: Iterator[Row], unit: str | None
    ) -> None:
        super().__init__(name, names, header, [cells for _, cells in ahead], unit)
        self._rows = chain(ahead, rows)

    def collect(self, numbers: Sequence[int], others: Sequence[int]) -> Collected:
        """Take in columns, some thousands of rows at a time."""
        return collect(self._rows, self.names, numbers, others, self.unit or "row")

    def rows(self) -> Iterator[Row]:
        """Give the rows as they come."""
        return self._rows


class ArraySheet(Sheet):
    """A table in memory, whose columns are arrays.

    Args:
        name: what the data is called.
        columns: the columns by name, (N,) each.
        header: whether they have names of their own.
        unit: what a row of a file is called; None for data in memory.
    """

    def __init__(
        self, name: str, columns: dict[str, NDArray[Any]], header: bool = True, unit: str | None = None
    ) -> None:
        first = ([as_in_file(cell) for cell in python_cells(column[:AHEAD])] for column in columns.values())
        super().__init__(name, list(columns), header, [list(row) for row in zip(*first, strict=True)], unit)
        self.columns = list(columns.values())

    def collect(self, numbers: Sequence[int], others: Sequence[int]) -> Collected:
        """Take in columns whole."""
        faults: list[Fault] = []
        return Collected(
            np.arange(1, len(self.columns[0]) + 1),
            {i: numbers_in(self.columns[i], self.names, i, faults) for i in numbers},
            {i: coded(self.columns[i]) for i in others},
            faults,
        )

    def rows(self) -> Iterator[Row]:
        """Give the rows as they would stand in a file."""
        for number, cells in enumerate(zip(*map(python_cells, self.columns), strict=True), 1):
            yield number, [as_in_file(cell) for cell in cells]
