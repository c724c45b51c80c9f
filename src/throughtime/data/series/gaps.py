"""Missing values in series: what they look like in a table, and what takes their place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throughtime.data.reading import Fill
from throughtime.data.record import Frames
from throughtime.data.tables.values import MISSING, as_float
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["Gaps", "filled"]


class Gaps:
    """Takes cells as numbers, missing ones too where they are to be filled, and counts what was filled.

    Args:
        fill: what takes the place of missing values; None refuses them.
        columns: names of the features.

    Example:
        >>> gaps = Gaps("forward", ["x"])
        >>> frames = np.array([[gaps.number(cell, "x")] for cell in ["3", "", "5"]], np.float32)
        >>> gaps.fill(frames).tolist()
        [[3.0, 0.0], [3.0, 1.0], [5.0, 0.0]]
        >>> print(gaps.describe())
        of 3 values 1 is missing and filled (forward): 'x' 1; each column has a second feature, 1 where it was missing
    """

    def __init__(self, fill: Fill | None, columns: Sequence[str]) -> None:
        self.how: Fill | None = fill
        self.columns = columns
        self.missing = np.zeros(len(columns), np.int64)
        self.empty = np.zeros(len(columns), np.int64)
        self.values = 0

    def number(self, cell: str, column: str) -> float:
        """Take a cell as a number, NaN where its value is missing; a DataError says what it holds instead."""
        if cell.strip().lower() not in MISSING:
            return as_float(cell, column)
        if self.how is not None:
            return math.nan
        try:
            return as_float(cell, column)
        except DataError as error:
            raise DataError(
                f"{error} ({option('fill', 'forward')}, linear or zero: learns with missing values)"
            ) from None

    def fill(self, frames: Frames, before: Frames | None = None, *, whole: bool = True) -> Frames:
        """Fill the gaps of a series, and add for each feature one that says where they were.

        Args:
            frames: (T, F), NaN where a value is missing, in the order of time.
            before: (1, F) the step before them, filled; None where the series begins with them.
            whole: whether they are the whole series, so that a feature without a value here has none at all.

        Returns:
            (T, 2F): the features, then 1 or 0 for each; frames as they are where gaps are refused.
        """
        if self.how is None:
            return frames
        missing = np.isnan(frames)
        self.values += frames.size
        self.missing += missing.sum(0)
        self.empty += missing.all(0) & whole
        known = frames if before is None else np.concatenate([before, frames])
        return np.concatenate([filled(known, self.how)[-len(frames) :], missing.astype(np.float32)], axis=1)

    def describe(self) -> str:
        """Say in one line what was filled."""
        total = int(self.missing.sum())
        if not total:
            what = f"none of {self.values:,} values is missing"
        else:
            counts = ", ".join(
                f"{name!r} {n:,}" for name, n in zip(self.columns, self.missing.tolist(), strict=True) if n
            )
            verb = "is" if total == 1 else "are"
            what = f"of {self.values:,} values {total:,} {verb} missing and filled ({self.how}): {counts}"
        if self.empty.any():
            counts = ", ".join(
                f"{name!r} {n:,}" for name, n in zip(self.columns, self.empty.tolist(), strict=True) if n
            )
            what += f" (0 in series without a single value: {counts})"
        return f"{what}; each column has a second feature, 1 where it was missing"


def filled(frames: Frames, how: Fill) -> Frames:
    """Put something in the place of missing values, feature by feature.

    .. code-block:: text

        forward  the last value before; before the first value, the first
        linear   on the straight line from the value before to the one after, step by step; at the ends the nearest
        zero     0

    Args:
        frames: (T, F), NaN where a value is missing.
        how: what takes their place.

    Returns:
        (T, F) without NaN; a feature that has no value at all becomes 0.

    Example:
        >>> x = np.float32([[np.nan], [1], [np.nan], [3], [np.nan]])
        >>> filled(x, "forward")[:, 0].tolist(), filled(x, "linear")[:, 0].tolist()
        ([1.0, 1.0, 1.0, 3.0, 3.0], [1.0, 1.0, 2.0, 3.0, 3.0])
    """
    there = ~np.isnan(frames)
    result = np.where(there, frames, np.float32(0))
    if how == "zero":
        return result
    for feature in np.flatnonzero(there.any(0) & ~there.all(0)).tolist():
        result[:, feature] = _column(frames[:, feature], there[:, feature], how)
    return result


def _column(values: NDArray[np.float32], there: NDArray[np.bool_], how: Fill) -> NDArray[np.float32]:
    """Fill one feature that has a value somewhere, (T,)."""
    known = np.flatnonzero(there)
    steps = np.arange(len(values))
    if how == "linear":
        between = np.interp(steps, known, values[known]).astype(np.float32)
        return np.where(there, values, between)
    return values[known[np.maximum(np.searchsorted(known, steps, side="right") - 1, 0)]]
