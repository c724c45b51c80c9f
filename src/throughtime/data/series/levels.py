"""Labels as features: one that is 1 where its label stands, for each label that was met in what is learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from throughtime.data.reading import Found, Reading
from throughtime.data.record import Record
from throughtime.data.series.columns import leave_out
from throughtime.errors import DataError

__all__ = ["Levels", "widened"]

MOST = 100
"""Labels of one column, at most: a column with more is a name, a date or a text."""
_UNSEEN = -1


class Levels:
    """Numbers the labels of some columns.

    Args:
        columns: the columns.
        how: what was asked for; ``found`` knows the labels met so far, and takes up new ones where it is not fixed.

    Example:
        >>> levels = Levels(["side"], Reading())
        >>> [levels.numbers([label], print) for label in ("left", "right", "left")]
        [[0], [1], [0]]
        >>> levels.one_hot([[0], [1]])
        array([[1., 0.],
               [0., 1.]], dtype=float32)
    """

    def __init__(self, columns: Sequence[str], how: Reading) -> None:
        self.columns, self.how, self.found = columns, how, how.found
        self._numbers = {(column, label): number for number, (column, label) in enumerate(how.found.levels)}

    def numbers(self, labels: Sequence[str], tell: Callable[[str], None]) -> list[int]:
        """Give the number of each column's label.

        Args:
            labels: a label for each column.
            tell: told of labels that were not learned from; they have none.

        Returns:
            The numbers.

        Raises:
            DataError: a column has too many labels.
        """
        return [self._number(*pair, tell) for pair in zip(self.columns, labels, strict=True)]

    def _number(self, column: str, label: str, tell: Callable[[str], None]) -> int:
        known = self._numbers.get((column, label))
        if known is not None:
            return known
        if self.found.fixed:
            tell(f"column {column!r} holds {label!r}, which was not learned from: no feature says so")
            return _UNSEEN
        if sum(column == other for other, _ in self._numbers) >= MOST:
            raise DataError(
                f"column {column!r} holds more than {MOST} different labels, too many to be features: "
                f"{leave_out(self.how, column)}"
            )
        self._numbers[column, label] = len(self.found.levels)
        self.found.levels.append([column, label])
        return self._numbers[column, label]

    def one_hot(self, numbers: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Give the features of steps.

        Args:
            numbers: T lists of numbers.

        Returns:
            (T, labels met so far) 1 where a label stands, else 0.
        """
        frames = np.zeros((len(numbers), len(self.found.levels)), np.float32)
        for frame, present in zip(frames, numbers, strict=True):
            frame[[number for number in present if number != _UNSEEN]] = 1
        return frames


def widened(records: Sequence[Record], found: Found) -> list[Record]:
    """Give series that were read first the features of labels that were met later: 0.

    Args:
        records: the records.
        found: knows whether labels are features.

    Returns:
        The records, all series of them as wide as the widest.
    """
    if not found.levels:
        return list(records)
    widest = max((each.content.shape[1] for each in records if isinstance(each.content, np.ndarray)), default=0)
    return [_widened(record, widest) for record in records]


def _widened(record: Record, width: int) -> Record:
    content = record.content
    if not isinstance(content, np.ndarray) or content.shape[1] == width:
        return record
    return replace(record, content=np.pad(content, ((0, 0), (0, width - content.shape[1]))))
