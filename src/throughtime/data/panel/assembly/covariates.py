"""What stands beside a series, as numbers: numbers, true or false as 1 and 0, labels as a column for each (one-hot)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.panel import Numbers
from throughtime.data.panel.sheets.columns import Coded, Collected, Fault
from throughtime.data.panel.sheets.sheet import Sheet
from throughtime.data.reading import Found, Problems, Reading
from throughtime.data.series.columns import Kind
from throughtime.data.series.levels import Levels
from throughtime.errors import DataError

__all__ = ["Covariates", "never_change"]

_FLAGS = {"true": 1.0, "false": 0.0, "": np.nan}


class Covariates:
    """Makes numbers of columns of covariates.

    Args:
        sheet: the table.
        table: its columns.
        kinds: what each column of covariates holds.
        how: columns that are left out, for messages.
        found: the labels of the tables that were learned from; takes up new ones where it is not fixed.
        problems: told of labels that were not learned from.
    """

    def __init__(
        self,
        sheet: Sheet,
        table: Collected,
        kinds: Mapping[int, Kind],
        how: PanelReading,
        found: PanelFound,
        problems: Problems,
    ) -> None:
        self.sheet, self.table, self.kinds, self.found, self.problems = sheet, table, kinds, found, problems
        self.how = Reading(ignore_columns=how.ignore_columns, found=Found(fixed=found.fixed, levels=found.levels))

    def single(self, column: int) -> Numbers:
        """Give a column as numbers that are equal where its cells are, (N,); NaN where nothing stands."""
        if self.kinds[column] == "number":
            return self.table.numbers[column]
        held = self.table.codes[column]
        texts = held.texts()
        numbers = np.array(
            [
                _FLAGS.get(text.lower(), 0.0) if self._is_flag(column) else float(i) if text else np.nan
                for i, text in enumerate(texts)
            ]
        )
        if self._is_flag(column):
            self._refuse_others(column, held, texts)
        return numbers[held.codes]

    def _is_flag(self, column: int) -> bool:
        return self.kinds[column] == "flag"

    def _refuse_others(self, column: int, held: Coded, texts: Sequence[str]) -> None:
        for code, text in enumerate(texts):
            if text.lower() not in _FLAGS:
                rows = np.flatnonzero(held.codes == code)
                what = f"column {self.sheet.names[column]!r} holds {text!r}, neither true nor false"
                self.table.faults.append(Fault(int(rows[0]), column, what))

    def encoded(self, columns: Sequence[int]) -> tuple[Numbers, tuple[str, ...]]:
        """Give columns as numbers.

        Args:
            columns: their indices.

        Returns:
            ((N, W) the numbers, NaN where nothing stands, names of the W).

        Raises:
            DataError: a column has too many labels.
        """
        parts: list[Numbers] = []
        names: list[str] = []
        for column in columns:
            name = self.sheet.names[column]
            if self.kinds[column] == "labels":
                block, labels = self._one_hot(column)
                parts.append(block)
                names += [f"{name}={label}" for label in labels]
            else:
                parts.append(self.single(column)[:, None])
                names.append(name)
                if self._is_flag(column) and name not in self.found.flags:
                    self.found.flags.append(name)
        empty = np.zeros((len(self.table), 0))
        return np.concatenate([empty, *parts], axis=1), tuple(names)

    def _one_hot(self, column: int) -> tuple[Numbers, list[str]]:
        """((N, labels of the column) 1 where a label stands, the labels); NaN where none does."""
        held, name = self.table.codes[column], self.sheet.names[column]
        levels = Levels([name], self.how)
        texts = held.texts()
        try:
            numbers = [levels.numbers([text], self._tell)[0] if text else None for text in texts]
        except DataError as error:
            raise DataError(f"{self.sheet.name}: {error}") from None
        own = [(i, label) for i, (of, label) in enumerate(self.found.levels) if of == name]
        rows = np.zeros((len(texts), len(own)))
        for row, number in zip(rows, numbers, strict=True):
            row[:] = np.nan if number is None else [number == i for i, _ in own]
        return rows[held.codes], [label for _, label in own]

    def _tell(self, what: str) -> None:
        self.problems.note(f"{self.sheet.name}: {what}")


def never_change(values: Numbers, starts: NDArray[np.int64]) -> bool:
    """Tell whether a column never changes inside any series.

    Args:
        values: (N,) the column, series after series, NaN where nothing stands.
        starts: (S,) where each series starts.

    Returns:
        Whether it does not; False where there is one series alone, of which nothing can be told.

    Example:
        >>> never_change(np.array([1, 1, 2, 2.0]), np.array([0, 2])), never_change(np.array([1, 2.0]), np.array([0]))
        (True, False)
    """
    if len(starts) < 2:
        return False
    least, most = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return bool(np.all((least == most) | np.isnan(least)))
