"""Tables with a row for each step: of one series, or of many with an id."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.assembly.covariates import Covariates, never_change
from throughtime.data.panel.assembly.draft import Draft
from throughtime.data.panel.assembly.making import Maker
from throughtime.data.panel.panel import Numbers, Panel
from throughtime.data.panel.sheets.columns import Collected, Fault
from throughtime.data.panel.sheets.roles import choose_roles
from throughtime.data.tables.column_names import listed

__all__ = ["read_long"]

_Rows = NDArray[np.int64]


def read_long(maker: Maker) -> Panel:
    """Read series from a table with a row for each step.

    Args:
        maker: the table and how it is to be read.

    Returns:
        The panel.

    Raises:
        DataError: a column is missing, or a series cannot be read.
    """
    return _LongTable(maker).panel()


class _LongTable:
    """A table with a row for each step, on its way to a panel."""

    def __init__(self, maker: Maker) -> None:
        self.maker, self.sheet = maker, maker.sheet
        self.roles = choose_roles(self.sheet, maker.keys, maker.how, maker.found)
        kinds = self.roles.kinds
        numeric = [i for i in self.roles.covariates if kinds[i] == "number"]
        others = [i for i in self.roles.covariates if kinds[i] != "number"]
        keys = [*maker.keys.time, *([] if maker.keys.id is None else [maker.keys.id])]
        self.table: Collected = self.sheet.collect([*self.roles.targets, *numeric], [*keys, *others])
        self.covariates = Covariates(self.sheet, self.table, kinds, maker.how, maker.found, maker.problems)

    def panel(self) -> Panel:
        """Make the panel."""
        maker = self.maker
        series, names, has_id = self._series()
        clock, ticks, has_time = maker.times(self.table, series)
        rows = np.flatnonzero(has_id & has_time)
        rows = rows[np.argsort(series[rows], kind="stable")]
        starts = np.flatnonzero(np.diff(series[rows], prepend=-1))
        past, known, static = self._divided(rows, starts)
        blocks = [self.covariates.encoded(columns) for columns in (past, known, static)]
        targets = maker.called(self.roles.targets)
        values = np.stack([self.table.numbers[i] for i in self.roles.targets], axis=1)

        def whose(fault: Fault) -> tuple[int, str]:
            number = int(series[fault.row])
            return number, names[number]

        bad = maker.report(self.table, whose)
        drafts: list[Draft] = []
        for start, end in pairwise([*starts.tolist(), len(rows)]):
            own = rows[start:end]
            number = int(series[own[0]])
            if number not in bad:
                times = np.arange(len(own)) if clock.kind == "none" else ticks[own]
                beside, ahead, still = (block[own] for block, _ in blocks)
                drafts.append(
                    Draft(names[number], self.table.lines[own], times, values[own], beside, ahead, _only(still))
                )
        labels = [i for i in self.roles.rest if self.roles.kinds[i] == "labels"]
        maker.id_hint = self.sheet.names[labels[0]] if len(labels) == 1 else None
        maker.remember(clock, targets, past, known, static)
        self._say(len(starts))
        return maker.panel(clock, drafts, targets, [each for _, each in blocks])

    def _series(self) -> tuple[_Rows, list[str], NDArray[np.bool_]]:
        """((N,) number of each row's series, their names, (N,) whether a row has one)."""
        key, rows = self.maker.keys.id, len(self.table)
        if key is None:
            return np.zeros(rows, np.int64), [""], np.ones(rows, np.bool_)
        held = self.table.codes[key]
        number: dict[str, int] = {}
        of_code = np.array([number.setdefault(text, len(number)) for text in held.texts()], np.int64)
        series = of_code[held.codes]
        there = series != number.get("", -1)
        for row in np.flatnonzero(~there).tolist():
            place = self.sheet.place(int(self.table.lines[row]))
            self.maker.problems.report(place, f"no id in column {self.sheet.names[key]!r}")
        return series, list(number), there

    def _divided(self, rows: _Rows, starts: _Rows) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """(columns of past, known, static covariates): what never changes in a series is static."""
        roles = self.roles
        still = {i for i in roles.rest if never_change(self.covariates.single(i)[rows], starts)}
        for i in roles.static if len(rows) else ():
            self._refuse_changes(i, rows, starts)
        past = (*roles.past, *(i for i in roles.rest if i not in still))
        return past, roles.known, (*roles.static, *(i for i in roles.rest if i in still))

    def _refuse_changes(self, column: int, rows: _Rows, starts: _Rows) -> None:
        """Tell of series in which a static covariate changes."""
        values = self.covariates.single(column)[rows]
        lengths = np.diff([*starts.tolist(), len(rows)])
        first = np.repeat(np.array([_only(part[:, None])[0] for part in np.split(values, starts[1:])]), lengths)
        for row in rows[np.flatnonzero((values != first) & ~np.isnan(values))].tolist():
            what = f"column {self.sheet.names[column]!r} changes in this series, and is to be the same in all its steps"
            self.table.faults.append(Fault(row, column, what))

    def _say(self, count: int) -> None:
        maker = self.maker
        key = maker.keys.id
        which = "one series" if key is None else f"{count:,} series by {self.sheet.names[key]!r}"
        order = f"the order of the {self.sheet.unit or 'row'}s"
        by = listed(maker.called(maker.keys.time)) if maker.keys.time else order
        maker.say(f"{which}, steps by {by}, to be forecast: {listed(maker.called(self.roles.targets))}")


def _only(values: Numbers) -> Numbers:
    """The one value of each column that never changes, (S,); NaN where none stands."""
    there = ~np.isnan(values)
    return values[there.argmax(axis=0), np.arange(values.shape[1])]
