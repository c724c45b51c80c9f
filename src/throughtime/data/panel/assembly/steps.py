"""The steps of series put in order: sorted by time, without repeats, in the slots of their pattern, gaps filled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.assembly.draft import Draft
from throughtime.data.panel.assembly.filling import Filler
from throughtime.data.panel.options import PanelReading
from throughtime.data.panel.panel import Series
from throughtime.data.patterns.pattern import Pattern, patterns_of
from throughtime.data.reading import Problems
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["Finisher"]

_TWICE = (9, 10, 11, 3, 4, 5)
"""Months in which clocks are put back, in the north and in the south."""


@dataclass(slots=True)
class Finisher:
    """Makes series of what stands in a table."""

    name: str
    """The file, or what the data is called."""
    clock: Clock
    """How times are written."""
    how: PanelReading
    """What becomes of gaps."""
    problems: Problems
    """Told of series that cannot be read, and of what was done to others."""
    place: Callable[[int, str], str]
    """Says where a line of a series stands."""
    targets: Sequence[str]
    """Names of what is to be forecast; none where no column is called so."""
    past: Sequence[str] = ()
    """Names of covariates that are known up to the last step."""
    known: Sequence[str] = ()
    """Names of covariates that are known ahead."""
    static: Sequence[str] = ()
    """Names of covariates that never change."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Columns of those of them that stand for labels."""
    has_ids: bool = True
    """Whether a column or a place tells series apart, or no column is left that may do so."""
    id_hint: str | None = None
    """A column that may do so, where none was told."""
    told: set[str] = field(default_factory=set[str])
    """What was said already."""

    def finish(self, drafts: Sequence[Draft]) -> list[Series]:
        """Put the steps of series in order.

        Args:
            drafts: the series as they stand in the table.

        Returns:
            Those that are sound, in their order.

        Raises:
            DataError: a series is not, and such are not to be skipped.
        """
        ordered = [each for draft in drafts if (each := self._in_order(draft)) is not None]
        sound = [each for draft in ordered if (each := self._cut(draft)) is not None]
        filler = Filler(
            self.name,
            self.clock,
            self.how,
            self.problems,
            self.targets,
            self.past,
            self.known,
            self.static,
            self.labels,
        )
        series: list[Series] = []
        for draft, pattern in self._with_patterns(sound):
            place = self.place(int(draft.lines[0]), draft.name)
            try:
                series.append(filler.series(draft, pattern, place, lambda row, of=draft: self._at(of, row)))
            except DataError as error:
                self.problems.report(*str(error).split(": ", 1))
        filler.say()
        return series

    def _at(self, draft: Draft, row: int) -> str:
        return self.place(int(draft.lines[row]), draft.name)

    def _in_order(self, draft: Draft) -> Draft | None:
        """Sort rows by time; None where a time comes twice, which is told of."""
        steps = np.diff(draft.ticks)
        if (steps < 0).any():
            draft = draft.taken(np.argsort(draft.ticks, kind="stable"))
            steps = np.diff(draft.ticks)
            which = f" of series {draft.name!r}" if draft.name else ""
            self._once("order", f"rows{which} are not in the order of time; they are sorted, as others may be")
        if (steps == 0).any():
            row = int((steps == 0).argmax()) + 1
            self.problems.report(self._at(draft, row), self._repeated(draft, row))
            return None
        return draft

    def _repeated(self, draft: Draft, row: int) -> str:
        """Say that a time comes twice, and what may be meant."""
        stamp = self.clock.write(draft.ticks[row : row + 1])[0]
        hints: list[str] = []
        if not self.has_ids:
            say = option("id_column", self.id_hint)
            hints.append(f"if the table holds several series, say which column tells them apart with {say}")
        if self.clock.kind == "date" and self.clock.place is None:
            time = self.clock.local(draft.ticks[row : row + 1])[0].astype("datetime64[m]").item()
            if time.hour < 4 and time.weekday() == 6 and time.month in _TWICE:
                hints.append(f"if clocks were put back in that hour, say where with {option('time_zone')}")
        which = self.place(int(draft.lines[row - 1]), "").rpartition(": ")[2]
        return f"the time {stamp} again, as in {which}; " + (
            "; ".join(hints) if hints else "each step of a series has its own"
        )

    def _cut(self, draft: Draft) -> Draft | None:
        """Cut off rows without a value at both ends, but those of what is known ahead; None where no row is left."""
        there = np.flatnonzero(~np.isnan(draft.values).all(axis=1))
        if not len(there):
            where = f" in {_columns(self.targets)}" if self.targets else ""
            self.problems.report(self._at(draft, 0), f"no value{where}; a series has one at least")
            return None
        first, seen = int(there[0]), int(there[-1]) + 1
        end = seen
        if self.known:
            ahead = np.flatnonzero(~np.isnan(draft.known[seen:]).all(axis=1))
            end += int(ahead[-1]) + 1 if len(ahead) else 0
        if first or end < len(draft.ticks):
            which = f", in series {draft.name!r} and perhaps others" if draft.name else ""
            self._once("cut", f"steps without a value at the start or the end of a series are left out{which}")
        draft = draft.taken(slice(first, end)) if (first, end) != (0, len(draft.ticks)) else draft
        draft.seen = seen - first
        return draft

    def _with_patterns(self, drafts: Sequence[Draft]) -> Iterator[tuple[Draft, Pattern]]:
        """Tell for each series which steps follow."""
        try:
            yield from zip(drafts, self._patterns(drafts), strict=True)
            return
        except DataError:
            if not self.problems.skip:
                raise
        sound: list[int] = []
        for place in sorted(range(len(drafts)), key=lambda place: -drafts[place].seen):
            try:
                self._patterns([drafts[each] for each in (*sound[:1], place)])  # as the longest one has it
                sound.append(place)
            except DataError as error:
                self.problems.report(*str(error).split(": ", 1))
        kept = [drafts[place] for place in sorted(sound)]
        yield from zip(kept, self._patterns(kept), strict=True)

    def _patterns(self, drafts: Sequence[Draft]) -> Sequence[Pattern]:
        ticks = [draft.ticks[: draft.seen] for draft in drafts]
        names = [self._at(draft, 0) if draft.name else self.name for draft in drafts]
        return patterns_of(ticks, self.clock, self.how.frequency, names) if drafts else []

    def _once(self, kind: str, message: str) -> None:
        if kind not in self.told:
            self.told.add(kind)
            self.problems.note(f"{self.name}: {message}")


def _columns(names: Sequence[str]) -> str:
    return f"column {names[0]!r}" if len(names) == 1 else f"columns {', '.join(map(repr, names))}"
