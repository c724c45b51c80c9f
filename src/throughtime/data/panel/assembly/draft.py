"""A series as it stands in a table, before its steps are put in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.panel import Numbers, Ticks

__all__ = ["Draft"]


@dataclass(slots=True)
class Draft:
    """A series as it stands in the table."""

    name: str
    """Its id; empty where a table holds one alone."""
    lines: NDArray[np.int64]
    """(n,): the line of each row."""
    ticks: Ticks
    """(n,): the time of each."""
    values: Numbers
    """(n, K): what is to be forecast; NaN where a value is missing."""
    past: Numbers
    """(n, P): NaN where a value is missing."""
    known: Numbers
    """(n, N): NaN where a value is missing."""
    static: Numbers
    """(S,): what never changes."""
    seen: int = 0
    """Rows up to the last value; those behind it are of what is known ahead alone."""

    def taken(self, rows: NDArray[np.int64] | slice) -> Draft:
        """Give some of its rows, (n,) of them, in their order."""
        lines, ticks, values = self.lines[rows], self.ticks[rows], self.values[rows]
        return Draft(self.name, lines, ticks, values, self.past[rows], self.known[rows], self.static)
