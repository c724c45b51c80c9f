"""A whole run: the rows one after the other, written as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from throughtime.bench.catalogue import ROWS
from throughtime.bench.measure import Effort, measure
from throughtime.bench.pool import Pool
from throughtime.bench.results import Results, conditions, kept_rows, write
from throughtime.bench.row import Row

__all__ = ["run"]


def run(
    rows: Sequence[Row],
    effort: Effort,
    *,
    command: str,
    path: Path | None = None,
    keep: bool = False,
    told: Callable[[dict[str, Any]], None] = lambda row: None,
) -> Results:
    """Time rows, and write what is known after each.

    Args:
        rows: what is timed.
        effort: how much time each row is given.
        command: the command that asked for it, for the record.
        path: JSON file of the results; None writes nothing.
        keep: keep the rows in that file which are not timed now.
        told: called with every row's outcome.

    Returns:
        The results.

    Raises:
        UsageError: rows are to be kept which were measured under other conditions.
    """
    with Pool() as pool:
        now = conditions(pool) | {"quick": effort.steps is not None}
        before = kept_rows(path, now, (row.name for row in rows)) if keep and path else []
        results: Results = {"conditions": now, "rows": before}
        for row in rows:
            outcome = measure(row, pool, effort) | {"command": command}
            results["rows"] = _in_order([*results["rows"], outcome])
            told(outcome)
            if path:
                write(path, results)
    return results


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    places = {name: place for place, name in enumerate(ROWS)}
    return sorted(rows, key=lambda row: places.get(row["name"], len(places)))
