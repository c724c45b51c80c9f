"""Tables with a series in each row, a step in each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from throughtime.data.panel.assembly.covariates import Covariates
from throughtime.data.panel.assembly.draft import Draft
from throughtime.data.panel.assembly.making import VALUE, Maker
from throughtime.data.panel.panel import Numbers, Panel, Ticks
from throughtime.data.panel.sheets.columns import Collected, Fault, collect, number_in
from throughtime.data.panel.sheets.forms import first_value
from throughtime.data.panel.sheets.roles import lacks
from throughtime.data.panel.sheets.time_columns import are_dates
from throughtime.data.series.columns import Kind, asked_columns, kind_of_column
from throughtime.data.tables.delimited import Row
from throughtime.data.tables.values import MISSING
from throughtime.doors import named, option
from throughtime.errors import DataError

__all__ = ["read_rows_of_series"]

_YEAR = 1000
"""The least number that is a time where columns are called by numbers; smaller ones count steps."""


@dataclass(slots=True)
class _Rows:
    """The rows of such a table."""

    heads: list[Row] = field(default_factory=list[Row])
    """Line and cells before the values of each."""
    values: list[Numbers] = field(default_factory=list[Numbers])
    """(T,) of each."""
    faults: list[Fault] = field(default_factory=list[Fault])
    """What cannot be read."""


def read_rows_of_series(maker: Maker, why: str) -> Panel:
    """Read series from a table with one in each row; what stands before its values never changes.

    Args:
        maker: the table and how it is to be read.
        why: why it is read so.

    Returns:
        The panel.

    Raises:
        DataError: a column is missing, or a series cannot be read.
    """
    sheet, found = maker.sheet, maker.found
    for role in ("known_columns", "past_columns"):
        if getattr(maker.how, role) is not None or found.known or found.past:
            raise DataError(
                f"{sheet.name}: a table with a series in each row has no room for {option(role)}, which have a "
                "value in each step"
            )
    if maker.keys.time:
        column = sheet.names[maker.keys.time[0]]
        raise DataError(
            f"{sheet.name}: column {column!r} has a time in each row, where each row is to be a series; leave "
            f"{named('wide')} out, or the column with {option('ignore_columns', column)}"
        )
    heads, values = _columns(maker)
    key = _key(maker, heads)
    static = _static(maker, heads, key)
    rows = _read(maker, heads, values)
    kinds: dict[int, Kind] = {
        i: found.kind_of(sheet.names[i]) if found.fixed else kind_of_column(sheet.cells(i)) for i in static
    }
    numeric = [i for i in static if kinds[i] == "number"]
    others = [i for i in static if i not in numeric] + ([] if key is None else [key])
    table = collect(iter(rows.heads), sheet.names[: len(heads)], numeric, others, sheet.unit or "row")
    table.faults += rows.faults
    return _panel(maker, table, rows, [sheet.names[i] for i in values], key, static, kinds, why)


def _columns(maker: Maker) -> tuple[list[int], list[int]]:
    """(columns before the values, columns of the values)."""
    sheet = maker.sheet
    names = sheet.names
    first = first_value(sheet) if sheet.header else None
    asked = [maker.how.id_column, maker.how.static_columns, maker.how.ignore_columns]
    before = [i for each in asked for i in asked_columns(each, names, sheet.name, "static_columns") or ()]
    if first is None:
        others = [i for i in range(len(names)) if kind_of_column(sheet.cells(i)) != "number"]
        first = max(others, default=-1) + 1
    first = max(first, *(i + 1 for i in before)) if before else first
    if len(names) - first < 1:
        raise DataError(
            f"{sheet.name}: a row for each series holds numbers behind its id, and column {names[-1]!r} holds others"
        )
    return list(range(first)), list(range(first, len(names)))


def _key(maker: Maker, heads: Sequence[int]) -> int | None:
    """The column of ids: asked for, learned from, called so, or the first in which no cell comes again."""
    sheet, found = maker.sheet, maker.found
    if maker.how.id_column is not None or maker.keys.id is not None:
        return maker.keys.id
    if found.fixed and found.id_column in sheet.names:
        return sheet.names.index(found.id_column)
    left = [i for i in heads if i not in maker.keys.left_out and i not in maker.keys.time]
    distinct = (i for i in left if len(set(sheet.cells(i))) == len(sheet.sample))
    return next((i for i in distinct if kind_of_column(sheet.cells(i)) == "labels"), None)


def _static(maker: Maker, heads: Sequence[int], key: int | None) -> tuple[int, ...]:
    sheet, found = maker.sheet, maker.found
    if not found.fixed:
        return tuple(i for i in heads if i != key and i not in maker.keys.left_out)
    missing = next((each for each in found.static if each not in sheet.names), None)
    if missing is not None:
        raise lacks(sheet, missing)
    return tuple(map(sheet.names.index, found.static))


def _read(maker: Maker, heads: Sequence[int], values: Sequence[int]) -> _Rows:
    """Read the values of all rows."""
    sheet, rows, first = maker.sheet, _Rows(), len(heads)
    most = len(sheet.names) if sheet.header else None
    for line, cells in sheet.rows():
        if most is not None and len(cells) > most and any(map(str.strip, cells[most:])):
            rows.faults.append(Fault(len(rows.heads), None, f"{len(cells)} cells, where the header has {most}"))
        numbers = _numbers(cells[first:most], sheet.names[first:], len(rows.heads), rows.faults)
        if not len(numbers):
            rows.faults.append(Fault(len(rows.heads), None, "no value in this row; a series has one at least"))
        rows.values.append(numbers)
        rows.heads.append((line, [*cells[:first], *[""] * (first - len(cells))]))
    return rows


def _numbers(cells: list[str], names: Sequence[str], row: int, faults: list[Fault]) -> Numbers:
    """The values of a row; those that are missing at its end are no steps."""
    while cells and cells[-1].strip().lower() in MISSING:
        cells.pop()
    try:
        numbers = np.fromiter(map(float, cells), np.float64, len(cells))
        if np.isfinite(numbers).all() and "_" not in "".join(cells):
            return numbers
    except ValueError:
        pass
    numbers = np.full(len(cells), np.nan)
    for step, cell in enumerate(cells):
        try:
            numbers[step] = number_in(cell, names[step] if step < len(names) else str(step + 1))
        except DataError as error:
            faults.append(Fault(row, None, str(error)))
            break
    return numbers


def _times(maker: Maker, names: Sequence[str]) -> tuple[list[str], bool]:
    """(the names of the columns as times, whether they are)."""
    texts = [name.strip() for name in names]
    numbered = maker.sheet.header and all(map(str.isdecimal, texts)) and int(texts[0]) >= _YEAR
    return texts, maker.sheet.header and (are_dates(texts) or numbered)


def _panel(
    maker: Maker,
    table: Collected,
    rows: _Rows,
    names: Sequence[str],
    key: int | None,
    static: tuple[int, ...],
    kinds: dict[int, Kind],
    why: str,
) -> Panel:
    """Make the panel of what was read."""
    sheet = maker.sheet
    texts, timed = _times(maker, names)
    clock = maker.clock(texts if timed else [])
    times: Ticks = clock.read(texts) if timed else np.arange(max((len(each) for each in rows.values), default=0))
    ids = (
        [cells[key].strip() for _, cells in rows.heads] if key is not None else list(map(str, range(1, len(table) + 1)))
    )
    _refuse_ids(ids, rows.faults if key is None else table.faults)
    covariates = Covariates(sheet, table, kinds, maker.how, maker.found, maker.problems)
    block, labels = covariates.encoded(static)
    bad = maker.report(table, lambda fault: (fault.row, ids[fault.row]))
    drafts: list[Draft] = []
    for row, values in enumerate(rows.values):
        if row in bad:
            continue
        lines, nothing = np.full(len(values), table.lines[row]), np.zeros((len(values), 0))
        drafts.append(Draft(ids[row], lines, times[: len(values)], values[:, None], nothing, nothing, block[row]))
    keys = maker.keys
    maker.keys = type(keys)(key, (), keys.left_out)
    maker.remember(clock, [VALUE], [], [], static)
    by = f"the columns {names[0]!r} to {names[-1]!r}"
    maker.say(f"each row is a series ({why}), {len(drafts):,} of them" + (
        f" by {sheet.names[key]!r}" if key is not None else "") + f"; steps by {by}")  # fmt: skip
    return maker.panel(clock, drafts, maker.found.targets[:1], ((), (), labels))


def _refuse_ids(ids: Sequence[str], faults: list[Fault]) -> None:
    """Tell of rows without an id, or with that of another."""
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        if not name:
            faults.append(Fault(row, None, "no id in this row"))
        elif first.setdefault(name, row) != row:
            faults.append(Fault(row, None, f"the id {name!r} again; each row is a series of its own"))
