"""A part of the training data, for models that must be learned in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from throughtime.data.record import Record

__all__ = ["draw", "share_of"]


def draw(records: Sequence[Record], most: int, cost: Callable[[Record], int]) -> list[Record]:
    """Draw as many records as may be read, the same at every call.

    Args:
        records: all records.
        most: what they may cost together; one record is drawn whatever it costs.
        cost: what one costs.

    Returns:
        Records in the order of the draw; all of them, in their own order, where they cost no more.

    Example:
        >>> records = [Record("a" * size, None, "") for size in (3, 4, 5)]
        >>> [len(each.content) for each in draw(records, 12, lambda record: len(record.content))]
        [3, 4, 5]
    """
    costs = np.array([cost(record) for record in records])
    if costs.sum() <= most:
        return list(records)
    order = np.random.Generator(np.random.PCG64(0)).permutation(len(records))
    count = max(1, int(np.searchsorted(np.cumsum(costs[order]), most, side="right")))
    return [records[index] for index in order[:count]]


def share_of(part: int, whole: int, what: str) -> str:
    """Say how much of the training data was learned from.

    Args:
        part: how much.
        whole: how much there is.
        what: of what, in the plural.

    Returns:
        A few words.

    Example:
        >>> share_of(5000, 20000, "examples"), share_of(40, 40, "examples")
        ('5,000 of 20,000 examples', 'all 40 examples')
    """
    return f"all {whole:,} {what}" if part == whole else f"{part:,} of {whole:,} {what}"
