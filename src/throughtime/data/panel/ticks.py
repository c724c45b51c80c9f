"""The clock of a table, and the time of each of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.cells import StampError
from throughtime.data.panel.clock import Clock
from throughtime.data.panel.columns import Coded, Fault
from throughtime.data.panel.options import PanelFound
from throughtime.data.panel.panel import Ticks
from throughtime.data.tables.named_rows import as_in_file
from throughtime.errors import DataError

__all__ = ["clock_of", "ticks_of"]


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
        DataError: a cell is no time, or times are of another kind than those learned from.
    """
    there = [cell for cell in cells if as_in_file(cell).strip()]
    known = Clock.from_mapping(found.clock) if found.fixed and found.clock else None
    zone = zone or (known.zone if known is not None else None)
    clock = Clock.told(there, zone, column) if there else Clock()
    if known is not None and known.kind == "date" and clock.kind != "date":
        what = "no time stamps" if clock.kind == "none" else f"numbers in column {column!r}"
        raise DataError(f"steps had dates in what was learned from, and here there are {what}")
    return clock


def ticks_of(
    stamps: Coded, clock: Clock, column: str, series: NDArray[np.int64], faults: list[Fault]
) -> tuple[Ticks, NDArray[np.bool_]]:
    """Read the time of each row.

    Args:
        stamps: the time stamps.
        clock: how they are written.
        column: their column, for messages.
        series: (N,) number of the series of each row.
        faults: takes rows without a time.

    Returns:
        ((N,) the times, (N,) whether a row has one).
    """
    cells: list[Any] = [cell.strip() if isinstance(cell, str) else cell for cell in stamps.cells]
    bad: dict[int, str] = {
        code: f"column {column!r} is empty" for code, cell in enumerate(cells) if not as_in_file(cell)
    }
    ticks = np.zeros(len(stamps.codes), np.int64)
    while True:
        good = [code for code in range(len(cells)) if code not in bad]
        held = ~np.isin(stamps.codes, list(bad)) if bad else np.ones(len(ticks), np.bool_)
        codes = good if clock.zone is None else stamps.codes[held].tolist()
        try:
            read = clock.read([cells[code] for code in codes], column, None if clock.zone is None else series[held])
            break
        except StampError as error:
            bad[codes[error.index]] = str(error)
    if clock.zone is None:
        of_code = np.zeros(len(cells), np.int64)
        of_code[good] = read
        ticks = of_code[stamps.codes]
    else:
        ticks[held] = read
    for row in np.flatnonzero(~held).tolist():
        faults.append(Fault(row, None, bad[int(stamps.codes[row])]))
    return ticks, held
