"""How well a unit's values follow what is wanted of them: correlation, area under the curve, overlap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.insight.results import Floats

__all__ = ["Measure", "Scored", "auc", "correlation", "overlap", "scored"]

AT_ONCE = 64
"""Units that are sorted side by side."""

Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """How well each unit of a track follows."""

    scores: Floats
    """(H,), 1 at best."""
    signs: Floats
    """(H,) 1 where it goes up with what is wanted, -1 where it goes down."""
    thresholds: Floats
    """(H,) value beyond which it counts as on; nan where there is none."""


Measure = Callable[[Floats, NDArray[Any]], Scored]
"""Values (T, H) and what is wanted (T,) -> how well each unit follows it."""


def scored(measure: Measure, values: Floats, wanted: NDArray[Any]) -> Scored:
    """Measure all units of a track, some at a time, so that a long sequence needs no more room than it has itself.

    Args:
        measure: one of those below.
        values: (T, H).
        wanted: (T,), what is to be followed.

    Returns:
        How well each follows it.
    """
    parts = [measure(values[:, first : first + AT_ONCE], wanted) for first in range(0, values.shape[1], AT_ONCE)]
    joined = (np.concatenate(each) for each in zip(*((p.scores, p.signs, p.thresholds) for p in parts), strict=True))
    return Scored(*joined)


def correlation(values: Floats, wanted: Floats) -> Scored:
    """Pearson's r with numbers; its size is the score, and there is no threshold.

    Args:
        values: (T, H).
        wanted: (T,) numbers.

    Returns:
        How well each unit follows them; 0 where it never moves.
    """
    centred, target = values - values.mean(0), wanted - wanted.mean()
    sizes = np.sqrt((centred**2).sum(0) * (target**2).sum())
    r: Floats = (target @ centred) / np.where(sizes > 0, sizes, np.inf)
    return Scored(np.abs(r), np.where(r < 0, -1.0, 1.0), np.full_like(r, np.nan))


def auc(values: Floats, wanted: Truth) -> Scored:
    """Area under the ROC curve, by ranks; the threshold is where hits and false alarms are furthest apart.

    Args:
        values: (T, H).
        wanted: (T,) yes or no.

    Returns:
        How well each unit tells them apart; 0.5 is chance.

    Source: Hanley and McNeil 1982; the threshold: Youden 1950, "Index for rating diagnostic tests".
    """
    yes, no = int(wanted.sum()), int((~wanted).sum())
    ranks = np.stack([_ranks(column) for column in values.T], 1)
    area = (ranks[wanted].sum(0) - yes * (yes + 1) / 2) / (yes * no)
    signs = np.where(area < 0.5, -1.0, 1.0)
    cuts = _Cuts(values * signs, wanted)
    apart = cuts.hits / yes - cuts.alarms / no
    return Scored(np.maximum(area, 1 - area), signs, cuts.at(apart)[1] * signs)


def overlap(values: Floats, wanted: Truth, threshold: float | None = None) -> Scored:
    """Steps at which a unit is on and is to be on, over those at which either is so.

    Args:
        values: (T, H).
        wanted: (T,) yes or no.
        threshold: beyond which a unit is on; None: of each unit the best one.

    Returns:
        How well each unit is on there alone; 1 is exactly.
    """
    found: list[tuple[Floats, Floats]] = []
    for sign in (1.0, -1.0):
        if threshold is None:
            cuts = _Cuts(sign * values, wanted)
            found.append(cuts.at(cuts.hits / (wanted.sum() + cuts.alarms)))
        else:
            on, there = sign * values > threshold, wanted[:, None]
            share: Floats = (on & there).sum(0) / (on | there).sum(0)
            found.append((share, np.full_like(share, threshold)))
    (up, high), (down, low) = found
    return Scored(np.maximum(up, down), np.where(down > up, -1.0, 1.0), np.where(down > up, -low, high))


def _ranks(values: Floats) -> Floats:
    """(T,) from 1, equal values sharing theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[places]


class _Cuts:
    """What is on above each possible threshold of each unit: with the largest 1, 2, ... values.

    Args:
        values: (T, H).
        target: (T,) where a unit is to be on.
    """

    def __init__(self, values: Floats, target: Truth) -> None:
        order = np.argsort(-values, axis=0, kind="stable")
        self._sorted = np.take_along_axis(values, order, 0)
        marked = target[order]
        self.hits, self.alarms = marked.cumsum(0), (~marked).cumsum(0)

    def at(self, measure: Floats) -> tuple[Floats, Floats]:
        """The best of a measure (T, H) and the threshold (H,) that gives it; equal values are on together."""
        below = np.concatenate([self._sorted[1:], self._sorted[-1:] - 1])
        possible = np.where(self._sorted > below, measure, -np.inf)
        best = possible.argmax(0)[None]
        middle = (np.take_along_axis(self._sorted, best, 0) + np.take_along_axis(below, best, 0)) / 2
        return np.take_along_axis(possible, best, 0)[0], middle[0]
