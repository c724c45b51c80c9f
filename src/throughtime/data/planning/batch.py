"""Spans of a plan become the arrays of one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.data.planning.lanes import Span
from throughtime.data.source import Source, Tokens

__all__ = ["NOT_SCORED", "Batch", "next_token_batch", "of_each_token"]

NOT_SCORED = -100
"""Target of a token whose prediction does not count; the value that torch's losses ignore."""


class Batch(NamedTuple):
    """One step's input and what is to be predicted, row by row."""

    inputs: NDArray[np.int64]
    """Tokens, (B, T)."""
    targets: NDArray[np.int64]
    """The token after each, (B, T), or NOT_SCORED."""
    resets: NDArray[np.bool_]
    """Where the state is cleared before the token, (B, T)."""


def next_token_batch(source: Source[Tokens], spans: Sequence[Span], *, end: int) -> Batch:
    """Lay spans out as rows for next-token prediction.

    Args:
        source: items of token ids.
        spans: one step of a plan, ordered by row; all rows have the same number of tokens.
        end: the token that follows an item's last one, where the next item begins.

    Returns:
        The batch.
    """
    rows = spans[-1].row + 1
    width = sum(span.stop - span.start for span in spans if span.row == 0)
    inputs = np.empty((rows, width), np.int64)
    targets = np.full((rows, width), NOT_SCORED, np.int64)
    resets = np.zeros((rows, width), np.bool_)
    column = row = 0
    for span in spans:
        column = column if span.row == row else 0
        row, item, count = span.row, source[span.item], span.stop - span.start
        inputs[row, column : column + count] = item[span.start : span.stop]
        resets[row, column] |= span.reset
        if span.scored:
            following = item[span.start + 1 : span.stop + 1]
            targets[row, column : column + count] = end
            targets[row, column : column + len(following)] = following
        column += count
    return Batch(inputs, targets, resets)


def of_each_token(numbers: NDArray[np.int64], spans: Sequence[Span]) -> NDArray[np.int64]:
    """Lay out what belongs to whole items, such as the number of a label, beside the tokens of a batch.

    Args:
        numbers: (items,) one for each item.
        spans: one step of a plan, as :func:`next_token_batch` takes it.

    Returns:
        (B, T), of each token that of its item.

    Example:
        >>> spans = [Span(0, 0, 1, 3, False, True), Span(0, 1, 0, 2, True, True)]
        >>> of_each_token(np.array([7, 5]), spans)
        array([[7, 7, 5, 5]])
    """
    items = [span.item for span in spans]
    return np.repeat(numbers[items], [span.stop - span.start for span in spans]).reshape(spans[-1].row + 1, -1)
