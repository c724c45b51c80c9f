"""Series in the slots of their pattern: what is missing there, and what takes its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.assembly.draft import Draft
from throughtime.data.panel.options import PanelReading
from throughtime.data.panel.panel import Numbers, Series, Ticks
from throughtime.data.patterns.inference import HOLIDAYS
from throughtime.data.patterns.pattern import Pattern
from throughtime.data.reading import Fill, Problems
from throughtime.data.series.columns import leave_out
from throughtime.data.series.gaps import filled
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["Filler"]

_MOST = 100
"""Slots for each row, at most: more would be a stamp that is mistyped."""


@dataclass(slots=True)
class Filler:
    """Puts series into the slots of their pattern."""

    name: str
    """The file, or what the data is called."""
    clock: Clock
    """How times are written."""
    how: PanelReading
    """What becomes of gaps."""
    problems: Problems
    """Told of what was done."""
    targets: Sequence[str]
    """Names of what is to be forecast; none where no column is called so."""
    past: Sequence[str]
    """Names of covariates that are known up to the last step."""
    known: Sequence[str]
    """Names of covariates that are known ahead."""
    static: Sequence[str]
    """Names of covariates that never change."""
    labels: Mapping[str, str]
    """Columns of those of them that stand for labels."""
    holidays: int = 0
    """Missing slots that steps follow each other across, of all series."""
    new_steps: int = 0
    """Missing slots that have become steps."""
    empty: int = 0
    """Missing values of what is to be forecast, which stay so."""
    filled: int = 0
    """Missing values of covariates that were filled."""

    def series(self, draft: Draft, pattern: Pattern, place: str, at: Callable[[int], str]) -> Series:
        """Make a series.

        Args:
            draft: its rows, in the order of time.
            pattern: which steps follow.
            place: where it stands.
            at: says where a row stands.

        Returns:
            The series.

        Raises:
            DataError: steps or values are missing, or a stamp is no slot; the message begins with the place.
        """
        try:
            slots = pattern.slots(draft.ticks)
        except DataError as error:
            raise DataError(f"{place}: {error}") from None
        missing = int(slots[-1] - slots[0]) + 1 - len(slots)
        if missing and self.how.fill is None:
            self._accept(draft, pattern, slots, at)
        elif missing:
            draft = self._spread(draft, pattern, slots, place)
            at = lambda _: place  # noqa: E731
        self._refuse_empty(draft.values[: draft.seen], self.targets, at, beside=False)
        past = self._filled(draft.past[: draft.seen], self.past, at)
        known = self._filled(draft.known, self.known, at)
        self.empty += int(np.isnan(draft.values[: draft.seen]).sum())
        static = self._filled(draft.static[None], self.static, lambda _: place)[0]
        values, ticks = draft.values[: draft.seen], draft.ticks[: draft.seen]
        return Series(draft.name, values, ticks, past, known, static, pattern, place)

    def _accept(self, draft: Draft, pattern: Pattern, slots: Ticks, at: Callable[[int], str]) -> None:
        """Take missing slots as holidays where they are few and none is ahead."""
        ends = np.flatnonzero(np.diff(slots) > 1)
        behind = int(slots[draft.seen - 1] - slots[0]) + 1
        missing = behind - draft.seen
        ahead = ends[ends >= draft.seen - 1]
        few = missing <= HOLIDAYS * behind
        if few and not len(ahead):
            self.holidays += missing
            return
        first = int(ahead[0] if few else ends[0])
        stamp = self.clock.write(pattern.ticks(slots[first : first + 1] + 1))[0]
        if few:
            raise DataError(
                f"{at(first)}: the row of {stamp} is missing behind this one; of what is known ahead there is one for "
                "each step"
            )
        raise DataError(
            f"{at(first)}: the step of {stamp} is missing behind this one, and {missing:,} of {behind:,} in all "
            f"({pattern.describe()}); {option('fill', 'forward')} or zero makes steps of them, or "
            f"{option('frequency')} says what a step is"
        )

    def _spread(self, draft: Draft, pattern: Pattern, slots: Ticks, place: str) -> Draft:
        """Make steps of missing slots."""
        total = int(slots[-1] - slots[0]) + 1
        if total > _MOST * (len(slots) + 10):
            raise DataError(
                f"{place}: {total - len(slots):,} of {total:,} steps are missing ({pattern.describe()}); see whether a "
                f"time is mistyped, or say what a step is with {option('frequency')}"
            )
        rows = slots - slots[0]
        self.new_steps += total - len(slots)

        def spread(values: Numbers) -> Numbers:
            result = np.full((total, values.shape[1]), np.nan)
            result[rows] = values
            return result

        lines = draft.lines[np.maximum(np.searchsorted(rows, np.arange(total), side="right") - 1, 0)]
        ticks = pattern.ticks(slots[0] + np.arange(total))
        values, past, known = spread(draft.values), spread(draft.past), spread(draft.known)
        return Draft(draft.name, lines, ticks, values, past, known, draft.static, int(rows[draft.seen - 1]) + 1)

    def _refuse_empty(self, values: Numbers, names: Sequence[str], at: Callable[[int], str], beside: bool) -> None:
        if self.how.fill is not None or not np.isnan(values).any():
            return
        row, number = (int(place) for place in np.argwhere(np.isnan(values))[0])
        column = self.labels.get(names[number], names[number]) if names else ""
        empty = f"column {column!r} is empty" if names else "a value is missing"
        raise DataError(
            f"{at(row)}: {empty}; {option('fill', 'forward')} or zero goes on with missing values"
            + (f", or {leave_out(self.how.as_reading(), column)}" if beside else "")
        )

    def _filled(self, values: Numbers, names: Sequence[str], at: Callable[[int], str]) -> Numbers:
        """Fill the gaps of covariates."""
        fill: Fill | None = self.how.fill
        missing = np.isnan(values)
        if not missing.any():
            return values
        self._refuse_empty(values, names, at, beside=True)
        self.filled += int(missing.sum())
        return np.where(missing, filled(values.astype(np.float32), fill or "forward"), values)

    def say(self) -> None:
        """Say what was done, in one line for each."""
        of = f" of {', '.join(map(repr, self.targets))}" if self.targets else ""
        for count, one, many in (
            (self.holidays, "1 step of the pattern is missing, and taken as a holiday: steps follow each other across "
             "it",
             f"{self.holidays:,} steps of the pattern are missing, few enough to be holidays: steps follow each other "
             "across them"),
            (self.new_steps, "1 missing step is made, without a value",
             f"{self.new_steps:,} missing steps are made, without values"),
            (self.empty, f"1 missing value{of} stays so, and is left out of all measures",
             f"{self.empty:,} missing values{of} stay so, and are left out of all measures"),
            (self.filled, f"1 missing value of what stands beside is filled ({self.how.fill})",
             f"{self.filled:,} missing values of what stands beside are filled ({self.how.fill})"),
        ):  # fmt: skip
            if count:
                self.problems.note(f"{self.name}: {one if count == 1 else many}")
