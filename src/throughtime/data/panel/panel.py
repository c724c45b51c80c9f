"""Panels of series: what was seen of each, step by step, and when. What reads files fills them in; tasks take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from throughtime.data.clocks.clock import Clock
    from throughtime.data.patterns.pattern import Pattern

__all__ = ["Form", "Numbers", "Panel", "Series", "Ticks"]

Numbers: TypeAlias = NDArray[np.float64]
Ticks: TypeAlias = NDArray[np.int64]
"""Times as whole numbers: microseconds since 1970 for dates (see :class:`~throughtime.data.clocks.clock.Clock`)."""
Form: TypeAlias = Literal["long", "columns", "rows"]
"""A row for each step (of one series, or of many with an id), a series in each column, or one in each row."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series, oldest step first.

    A step is a slot of its pattern. T steps were seen; of covariates that are known ahead there may be more rows.
    """

    name: str
    """Its id; empty where a table holds one alone."""
    values: Numbers
    """(T, K): what is to be forecast; NaN where a value is missing, which only is so where gaps were to be filled."""
    ticks: Ticks
    """(T,): the time of each step, growing; 0, 1, 2 ... where the data has none."""
    past: Numbers
    """(T, P): covariates that are not known ahead, gaps filled."""
    known: Numbers
    """(T + F, N): covariates that are known ahead, gaps filled: F steps more than values."""
    static: Numbers
    """(S,): what never changes."""
    pattern: Pattern
    """Which steps follow."""
    place: str = ""
    """Where it came from, for messages."""

    def __len__(self) -> int:
        return len(self.values)

    def until(self, steps: int) -> Series:
        """Give the first steps alone, as they were known then: what is known ahead goes on."""
        return replace(self, values=self.values[:steps], ticks=self.ticks[:steps], past=self.past[:steps])

    def future(self, steps: int) -> Ticks:
        """Give the times of the next steps, (steps,)."""
        return self.pattern.after(self.ticks, steps)


@dataclass(frozen=True, slots=True)
class Panel:
    """Series of one kind, and how the table looked that they came from."""

    series: Sequence[Series]
    """The series in the order of the data."""
    clock: Clock
    """How their times are written."""
    form: Form
    """How the table was laid out."""
    targets: tuple[str, ...]
    """Names of the K columns of values; one name, ``value``, where the table has none."""
    past: tuple[str, ...] = ()
    """Names of the P covariates, of labels as ``column=label``."""
    known: tuple[str, ...] = ()
    """The same of the N."""
    static: tuple[str, ...] = ()
    """The same of the S."""
    id_column: str | None = None
    """Column of the names, as it is written back; None where there is none."""
    time_column: str | None = None
    """Column of the times, as it is written back; None where there is none."""
