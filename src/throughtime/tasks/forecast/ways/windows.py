"""Windows of series to learn from: which are drawn at a step follows from the seed and the step alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throughtime.tasks.forecast.ways.encoding import Encoded

__all__ = ["Window", "Windows"]

FEWEST, MOST = 640, 12_800
"""Windows that count as one pass, at least and at most: of little data more is learned than there are horizons in it,
and of much data it is validated before all of it was seen."""
Window = tuple[int, int, int]
"""(which series, first step, step after the last one)."""


class Windows:
    """Draws windows of a context and a horizon, each place of each series as likely as any other.

    Args:
        encoded: the series to learn from.
        length: steps of a window; a shorter series is one by itself.
        horizon: steps that are looked ahead: how far apart windows count as others.
        lead: steps that a window should leave before it, where the series is long enough, so that one can look back.

    Example:
        >>> windows = Windows([5, 40], length=10, horizon=5, lead=8)
        >>> windows.draw(seed=0, step=0, count=2) == windows.draw(seed=0, step=0, count=2)
        True
    """

    def __init__(self, encoded: Sequence[Encoded] | Sequence[int], *, length: int, horizon: int, lead: int) -> None:
        steps = np.array([each if isinstance(each, int) else len(each) for each in encoded], np.int64)
        self.length = length
        self.last = np.maximum(steps - length, 0)
        """The last first step of a window in each series."""
        self.first = np.minimum(lead, self.last)
        """The first one."""
        self._stops = np.minimum(self.last + length, steps) - self.last
        self._ends = np.cumsum(self.last - self.first + 1)
        self.count = min(max(FEWEST, int(np.maximum(1, steps // horizon).sum())), MOST)
        """Windows that count as one pass."""

    def draw(self, *, seed: int, step: int, count: int) -> list[Window]:
        """Draw the windows of one step of training."""
        generator = np.random.Generator(np.random.PCG64([seed, step]))
        places: NDArray[np.int64] = generator.integers(int(self._ends[-1]), size=count)
        chosen = np.searchsorted(self._ends, places, side="right")
        starts = self.last[chosen] - (self._ends[chosen] - 1 - places)
        stops = starts + self._stops[chosen]
        return list(zip(chosen.tolist(), starts.tolist(), stops.tolist(), strict=True))
