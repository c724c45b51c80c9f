"""Tables with a series in each column, a row for each step of all."""

from __future__ import annotations

import numpy as np

from throughtime.data.panel.assembly.covariates import Covariates
from throughtime.data.panel.assembly.draft import Draft
from throughtime.data.panel.assembly.making import VALUE, Maker
from throughtime.data.panel.panel import Panel
from throughtime.data.panel.sheets.columns import Fault
from throughtime.data.panel.sheets.roles import lacks
from throughtime.data.series.columns import Kind, asked_columns, kind_of_column
from throughtime.data.tables.column_names import listed
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["read_columns"]


def read_columns(maker: Maker, why: str) -> Panel:
    """Read series from a table with one in each column; covariates, where some are asked for, stand beside all of them.

    Args:
        maker: the table and how it is to be read.
        why: why it is read so.

    Returns:
        The panel.

    Raises:
        DataError: a column is missing, or a series cannot be read.
    """
    sheet, keys, found = maker.sheet, maker.keys, maker.found
    _refuse_others(maker)
    past = _beside(maker, maker.how.past_columns, found.past, "past_columns")
    known = _beside(maker, maker.how.known_columns, found.known, "known_columns")
    values = [i for i in range(len(sheet.names)) if i not in {*keys.taken, *past, *known}]
    if not values:
        raise DataError(f"{sheet.name}: no column is left to be a series")
    kinds: dict[int, Kind] = {
        i: found.kind_of(sheet.names[i]) if found.fixed else kind_of_column(sheet.cells(i)) for i in (*past, *known)
    }
    numeric = [i for i, kind in kinds.items() if kind == "number"]
    table = sheet.collect([*values, *numeric], [*keys.time, *(i for i in kinds if i not in numeric)])
    clock, ticks, held = maker.times(table, np.zeros(len(table), np.int64))
    covariates = Covariates(sheet, table, kinds, maker.how, found, maker.problems)
    (past_block, past_names), (known_block, known_names) = covariates.encoded(past), covariates.encoded(known)

    def series(fault: Fault) -> tuple[int, str]:
        return (fault.column, sheet.names[fault.column]) if fault.column in values else (-1, "")

    bad = maker.report(table, series)
    rows = np.flatnonzero(held)
    ticks = np.arange(len(rows)) if clock.kind == "none" else ticks[rows]
    drafts = [
        Draft(sheet.names[i], table.lines[rows], ticks, table.numbers[i][rows, None], past_block[rows],
              known_block[rows], np.zeros(0))
        for i in values if i not in bad and -1 not in bad
    ]  # fmt: skip
    maker.remember(clock, [VALUE], past, known, [])
    by = listed(maker.called(keys.time)) if keys.time else f"the order of the {sheet.unit or 'row'}s"
    maker.say(
        f"each column is a series ({why}), {len(values):,} of them: {listed(maker.called(values))}; steps by {by}"
    )
    return maker.panel(clock, drafts, found.targets[:1], (past_names, known_names, ()))


def _refuse_others(maker: Maker) -> None:
    """See that nothing was asked for that each series would have of its own."""
    if maker.how.id_column is not None and not maker.found.fixed:
        raise DataError(
            f"{maker.sheet.name}: a table with a series in each column has no room for {option('id_column')}: the "
            "columns are the series"
        )
    if maker.how.static_columns is not None or maker.found.static:
        raise DataError(
            f"{maker.sheet.name}: a table with a series in each column has no room for {option('static_columns')}, of "
            "which each series has its own"
        )


def _beside(maker: Maker, asked: str | None, learned: list[str], role: str) -> tuple[int, ...]:
    """The columns of covariates: those that were learned from, or asked for where nothing was."""
    names = maker.sheet.names
    if not maker.found.fixed:
        return asked_columns(asked, names, maker.sheet.name, role) or ()
    missing = next((each for each in learned if each not in names), None)
    if missing is not None:
        raise lacks(maker.sheet, missing)
    return tuple(map(names.index, learned))
