"""Batches of whole items of similar cost, in an order drawn from (seed, epoch)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from throughtime.data.planning.drawing import entropy
from throughtime.data.source import Lengths

__all__ = ["BucketPlan", "Costs", "plan_buckets"]

Costs: TypeAlias = NDArray[np.int64 | np.float64]
"""What each item costs to compute, (items,); a batch costs its rows times the dearest of them."""

JITTER = 1.0
"""How far the costs are shaken before they are sorted, so that each epoch puts other items together: in one batch are
items up to about twice as long as others. Batches of nearly equal lengths train worse, and the layers skip padding."""


@dataclass(frozen=True, slots=True)
class BucketPlan:
    """An immutable sequence of steps, each a batch of items."""

    order: NDArray[np.int64]
    """Numbers of the items, those of one batch side by side."""
    starts: tuple[int, ...]
    """Where each batch starts in the order."""
    stops: tuple[int, ...]
    """Where each batch ends."""

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, step: int, /) -> NDArray[np.int64]:
        """Give the numbers of the items of one batch."""
        if not 0 <= step < len(self):
            raise IndexError(f"step {step} of a plan of {len(self)} steps")
        return self.order[self.starts[step] : self.stops[step]]

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        return (self[step] for step in range(len(self)))

    def waste(self, lengths: Lengths) -> float:
        """Share of the batches that is padding.

        Args:
            lengths: (items,) steps of each item.

        Returns:
            0 where all items of a batch are of one length; the layers skip padding, only their inputs hold it.
        """
        padded = sum(len(batch) * int(lengths[batch].max()) for batch in self)
        return 1 - int(lengths.sum()) / padded if padded else 0.0


def plan_buckets(costs: Costs, *, rows: int, most_cost: int, seed: int = 0, epoch: int | None = None) -> BucketPlan:
    """Plan one pass over all items.

    Args:
        costs: (items,) what each item costs: its steps, or its steps and those of its target together.
        rows: items of a batch, at most.
        most_cost: rows times the dearest row, at most; a dearer item is a batch of its own.
        seed: seed of the run.
        epoch: number of the epoch, from 0; None plans without chance, for evaluation, from dear to cheap.

    Returns:
        The plan: every item once; each epoch has the same number of steps.

    Example:
        >>> plan = plan_buckets(np.array([1, 9, 2, 8]), rows=2, most_cost=100)
        >>> [batch.tolist() for batch in plan]
        [[1, 3], [2, 0]]
    """
    falling = np.sort(costs)[::-1]
    # After shaking, no batch has an item dearer than this much times the one that it would have started with.
    starts = _starts(falling, rows, most_cost if epoch is None else int(most_cost / (1 + JITTER)))
    stops = [*starts[1:], len(costs)]
    if epoch is None:
        return BucketPlan(np.argsort(-costs, kind="stable"), tuple(starts), tuple(stops))
    generator = np.random.Generator(np.random.PCG64(entropy(f"{seed}:{epoch}")))
    shaken = costs * (1 + JITTER * generator.random(len(costs)))
    order = np.argsort(-shaken, kind="stable")
    steps: list[int] = generator.permutation(len(starts)).tolist()
    return BucketPlan(order, tuple(starts[step] for step in steps), tuple(stops[step] for step in steps))


def _starts(falling: Costs, rows: int, most_cost: int) -> list[int]:
    """Cut costs that fall: the first item of a batch is its dearest."""
    starts: list[int] = []
    at = 0
    while at < len(falling):
        starts.append(at)
        at += max(1, min(rows, int(most_cost // max(1, falling[at]))))
    return starts
