"""What tables of all forms share on their way to a panel: what is kept of them, what is said, and the last steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.clocks.cells import StampError
from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.assembly.draft import Draft
from throughtime.data.panel.assembly.steps import Finisher
from throughtime.data.panel.assembly.ticks import clock_of, ticks_of
from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.panel import Form, Panel, Ticks
from throughtime.data.panel.sheets.columns import Coded, Collected, Fault
from throughtime.data.panel.sheets.roles import Keys
from throughtime.data.panel.sheets.sheet import Sheet
from throughtime.data.panel.sheets.time_columns import stamps_of, time_name
from throughtime.data.reading import Problems
from throughtime.data.tables.column_names import listed
from throughtime.errors import DataError

__all__ = ["VALUE", "Maker"]

VALUE = "value"
"""What the values of a table are called that has no name for them."""
_FEW = 100
"""Stamps that are none, at most, of a table whose bad series are skipped; else none of its stamps is."""


@dataclass(slots=True)
class Maker:
    """Makes a panel of a table."""

    sheet: Sheet
    """The table."""
    keys: Keys
    """Its columns of series and time."""
    form: Form
    """How it is laid out."""
    how: PanelReading
    """What was asked for."""
    found: PanelFound
    """What was found in the tables that were learned from; filled in where this is one."""
    problems: Problems
    """Told of series that cannot be read, and of what was done."""
    id_hint: str | None = None
    """A column that may tell series apart, where none was told."""

    @property
    def time_column(self) -> str | None:
        """The time column, as it is written back."""
        return time_name(self.called(self.keys.time))

    def called(self, columns: Sequence[int]) -> list[str]:
        """Give the names of columns."""
        return [self.sheet.names[i] for i in columns]

    def clock(self, cells: Sequence[Any]) -> Clock:
        """Tell how times are written."""
        try:
            return clock_of(cells, self.how.time_zone, self.time_column or "time", self.found)
        except StampError:
            raise
        except DataError as error:
            raise DataError(f"{self.sheet.name}: {error}") from None

    def times(self, table: Collected, series: NDArray[np.int64]) -> tuple[Clock, Ticks, NDArray[np.bool_]]:
        """Read the time of each row.

        Args:
            table: the columns.
            series: (N,) number of each row's series.

        Returns:
            (the clock, (N,) times, 0 where there are none, (N,) whether a row's time could be read).
        """
        if not self.keys.time:
            return self.clock([]), np.zeros(len(table), np.int64), np.ones(len(table), np.bool_)
        stamps: Coded = stamps_of(table, self.keys.time, self.sheet.names)
        clock = self._told(stamps, table)
        ticks, there = ticks_of(
            stamps, clock, self.time_column or "time", series, table.faults, every=self.problems.skip
        )
        return clock, ticks, there

    def _told(self, stamps: Coded, table: Collected) -> Clock:
        """Tell how stamps are written; a few that are none are left out here, to be told of with their series."""
        cells, faults = list(stamps.cells), list[Fault]()
        while True:
            try:
                return self.clock(cells)
            except StampError as error:
                row = int((stamps.codes == error.index).argmax())
                faults.append(Fault(row, None, str(error)))
                if len(faults) > (_FEW if self.problems.skip else 1) or len(faults) == len(cells):
                    first = min([*table.faults, faults[0]], key=lambda fault: fault.row)
                    raise DataError(f"{self.sheet.place(int(table.lines[first.row]))}: {first.what}") from None
                cells[error.index] = ""

    def report(self, table: Collected, series: Callable[[Fault], tuple[int, str]]) -> set[int]:
        """Tell of what cannot be read, the first of each series.

        Args:
            table: the columns.
            series: gives number and name of the series of a fault; -1 stands for all.

        Returns:
            Numbers of series that are left out.
        """
        bad: set[int] = set()
        for fault in sorted(table.faults, key=lambda fault: fault.row):
            number, name = series(fault)
            if number not in bad:
                bad.add(number)
                self.problems.report(self.sheet.place(int(table.lines[fault.row]), name), fault.what)
        return bad

    def remember(
        self, clock: Clock, targets: Sequence[str], past: Sequence[int], known: Sequence[int], static: Sequence[int]
    ) -> None:
        """Keep what other tables must be read like."""
        found = self.found
        if found.fixed:
            return
        found.form, found.header, found.targets = self.form, self.sheet.header, list(targets)
        found.id_column = None if self.keys.id is None else self.sheet.names[self.keys.id]
        found.time_columns, found.clock = self.called(self.keys.time), clock.to_mapping()
        found.past, found.known, found.static = self.called(past), self.called(known), self.called(static)

    def say(self, what: str) -> None:
        """Say in one line what was read."""
        parts = [what]
        for columns, role in (
            (self.found.known, "known ahead"),
            (self.found.past, "known up to the last step alone"),
            (self.found.static, "the same in all steps of a series"),
        ):
            if columns:
                parts.append(f"{role}: {listed(columns)}")
        if self.keys.left_out:
            parts.append(f"left out: {listed(self.called(self.keys.left_out))}")
        self.problems.note(f"{self.sheet.name}: {'; '.join(parts)}")

    def panel(
        self, clock: Clock, drafts: Sequence[Draft], targets: Sequence[str], beside: Sequence[tuple[str, ...]]
    ) -> Panel:
        """Put the steps of series in order, and make a panel of them.

        Args:
            clock: how times are written.
            drafts: the series as they stand in the table.
            targets: names of what is to be forecast.
            beside: names of past, known and static covariates.

        Returns:
            The panel.

        Raises:
            DataError: no series is left, or one cannot be read.
        """
        past, known, static = beside
        no_other_column = len(self.sheet.names) == len(self.keys.time) + len(targets)
        finisher = Finisher(
            self.sheet.name, clock, self.how, self.problems, self.sheet.place,
            targets if self.form == "long" else (), past, known, static,
            {f"{column}={label}": column for column, label in self.found.levels},
            self.form != "long" or self.keys.id is not None or no_other_column, self.id_hint,
        )  # fmt: skip
        series = finisher.finish(drafts)
        if not series:
            raise DataError(f"{self.sheet.name}: no series is left")
        self.problems.note(f"{self.sheet.name}: {series[0].pattern.describe()}")
        key = None if self.keys.id is None else self.sheet.names[self.keys.id]
        return Panel(series, clock, self.form, tuple(targets), past, known, static, key, self.time_column)
