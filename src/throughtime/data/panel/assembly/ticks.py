"""The clock of a table, and the time of each of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.data.clocks.cells import StampError
from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.options import PanelFound
from throughtime.data.panel.panel import Ticks
from throughtime.data.panel.sheets.columns import Coded, Fault
from throughtime.data.tables.named_rows import as_in_file
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["clock_of", "ticks_of"]

_BLOCK = 1000
"""Cells that are read together where some are bad."""


def clock_of(cells: Sequence[Any], zone: str | None, column: str, found: PanelFound) -> Clock:
    """Tell how the times of a table are written.

    Args:
        cells: different cells of its time column; none where it has no times.
        zone: the time zone that was named.
        column: the column, for messages.
        found: the clock of the tables that were learned from.

    Returns:
        The clock.

    Raises:
        StampError: a cell is no time.
        DataError: times are of another kind than those learned from.
    """
    places = [place for place, cell in enumerate(cells) if as_in_file(cell).strip()]
    known = Clock.from_mapping(found.clock) if found.fixed and found.clock else None
    if zone is not None and not places:
        raise DataError(f"{option('time_zone', zone)} is for time stamps, of which there are none")
    zone = zone or (known.zone if known is not None else None)
    try:
        clock = Clock.told([cells[place] for place in places], zone, column, known) if places else Clock()
    except StampError as error:
        raise StampError(places[error.index], str(error)) from None
    if known is not None and known.kind == "date" and clock.kind != "date":
        what = "no time stamps" if clock.kind == "none" else f"numbers in column {column!r}"
        raise DataError(f"steps had dates in what was learned from, and here there are {what}")
    return clock


def ticks_of(
    stamps: Coded, clock: Clock, column: str, series: NDArray[np.int64], faults: list[Fault], *, every: bool
) -> tuple[Ticks, NDArray[np.bool_]]:
    """Read the time of each row.

    Args:
        stamps: the time stamps.
        clock: how they are written.
        column: their column, for messages.
        series: (N,) number of the series of each row.
        faults: takes rows without a time.
        every: whether every such row is looked for, not the first alone.

    Returns:
        ((N,) the times, (N,) whether a row has one).
    """
    cells: list[Any] = [cell.strip() if isinstance(cell, str) else cell for cell in stamps.cells]
    empty = np.array([not as_in_file(cell) for cell in cells], np.bool_)[stamps.codes]
    faults.extend(Fault(row, None, f"column {column!r} is empty") for row in np.flatnonzero(empty).tolist())
    rows = np.flatnonzero(~empty)
    ticks = np.zeros(len(empty), np.int64)
    if clock.zone is None:  # then equal cells are equal times, wherever they stand
        held, first = np.unique(stamps.codes[rows], return_index=True)
        of_code, good = np.zeros(len(cells), np.int64), np.zeros(len(cells), np.bool_)
        found = _read([cells[code] for code in held], clock, column, None, every)
        of_code[held], good[held] = found.ticks, found.there
        faults.extend(
            Fault(row, None, found.faults[at])
            for at in found.faults
            for row in (np.flatnonzero(stamps.codes == held[at]).tolist() if every else [int(rows[first[at]])])
        )
        return of_code[stamps.codes], good[stamps.codes]
    found = _read([cells[code] for code in stamps.codes[rows]], clock, column, series[rows], every)
    there = np.zeros(len(empty), np.bool_)
    ticks[rows], there[rows] = found.ticks, found.there
    faults.extend(Fault(int(rows[at]), None, what) for at, what in found.faults.items())
    return ticks, there


class _Found(NamedTuple):
    """What was read of some cells."""

    ticks: Ticks
    there: NDArray[np.bool_]
    faults: dict[int, str]


def _read(cells: Sequence[Any], clock: Clock, column: str, series: NDArray[np.int64] | None, every: bool) -> _Found:
    """Read cells at once; where one is bad, block by block, and a block of a series is bad as a whole."""
    ticks, there, faults = np.zeros(len(cells), np.int64), np.ones(len(cells), np.bool_), dict[int, str]()
    try:
        return _Found(clock.read(cells, column, series), there, faults)
    except StampError as error:
        if not every:
            there[:] = False
            return _Found(ticks, there, {error.index: str(error)})
    for block in _blocks(len(cells), series):
        while len(block):
            own = None if series is None else series[block]
            try:
                ticks[block] = clock.read([cells[at] for at in block], column, own)
                break
            except StampError as error:
                faults[int(block[error.index])] = str(error)
                left = block[error.index :][:1] if series is None else block
                there[left] = False
                block = np.setdiff1d(block, left)
    return _Found(ticks, there, faults)


def _blocks(count: int, series: NDArray[np.int64] | None) -> list[NDArray[np.int64]]:
    """Places of cells that are read together: those of a series, else some."""
    if series is None:
        return np.array_split(np.arange(count), count // _BLOCK + 1)
    order = np.argsort(series, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(series[order])) + 1)
