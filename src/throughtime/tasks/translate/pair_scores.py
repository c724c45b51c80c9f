"""How likely given pairs are: a file with the log-probability of each target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.features import text_of
from throughtime.data.formats.writers import open_writer
from throughtime.data.planning.buckets import Costs
from throughtime.data.reading import Note
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.writing.targets import Right, right_of

__all__ = ["Pair", "write_scores"]

Pair: TypeAlias = tuple[int, int]
"""Number of an example, and which of its right texts."""


def write_scores(
    examples: Examples[Right],
    nats: Callable[[Sequence[Pair]], Sequence[float]],
    plan: Callable[[Costs], Iterable[NDArray[np.int64]]],
    out: Path,
    note: Note,
) -> None:
    """Write each pair with the log-probability of its target, the end included.

    Args:
        examples: sources with their right texts; each of these makes a row.
        nats: gives the loss of some pairs.
        plan: gives the numbers of pairs that are scored together, by what each costs.
        out: the file.
        note: told what the user should know of it.

    Raises:
        DataError: it cannot be written.
        UsageError: its name says no form that is known.
    """
    pairs = [(row, place) for row, right in enumerate(examples.targets) for place in range(len(right))]
    scores: dict[int, float] = {}
    for chosen in plan(np.array([examples.costs[row] for row, _ in pairs])):
        numbers = cast("list[int]", chosen.tolist())
        scores |= zip(numbers, nats([pairs[number] for number in numbers]), strict=True)
    with open_writer(out, ".tsv", note) as writer:
        for number, (row, place) in enumerate(pairs):
            record = examples.records[row]
            pair = {"source": text_of(record), "target": right_of(record)[place]}
            writer.write(replace(record, original=pair), {"score": f"{-scores[number]:.4f}"})
