"""What the demos of forecasts show: how far off they were, beside naive ones, and what comes next."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.showing import hush, say

__all__ = ["say_next", "say_scores", "share_of"]


def say_scores(console: Console, scores: Mapping[str, Any], unit: str) -> None:
    """Print how far off the network and naive forecasts were, the best first, and say who wins.

    Args:
        console: where to.
        scores: what ``evaluate`` gives.
        unit: of what is forecast.
    """
    rivals: list[Mapping[str, Any]] = list(scores["rivals"].values())
    rows: list[Mapping[str, Any]] = [{**scores, "is": "the network"}, *rivals]
    width = max(len(row["is"]) for row in rows)
    say(console, f"  {'':<{width}}  {'off by':>8}  {'CRPS':>6}  {'inside 80 %':>11}")
    for row in sorted(rows, key=lambda row: row["mae"]):
        numbers = f"{row['mae']:>8.2f}  {row['crps']:>6.2f}  {share_of(row['coverage_80']):>11}"
        say(console, f"  {row['is']:<{width}}  {numbers}", "bold" if row["is"] == "the network" else "")
    say(console, f"  off by: mean distance from the median to what came, in {unit}")
    say(console, "  CRPS: the same of the whole forecast, with all that it thinks possible")
    say(console, "  inside 80 %: share of what came that was in the 80 % interval")
    best = min(rivals, key=lambda rival: rival["mae"])
    change = scores["mae"] / best["mae"] - 1
    by = f"off by {100 * abs(change):.1f} % {'less' if change < 0 else 'more'} than\n{best['is']}"
    say(console, f"\nThe network wins: {by}" if change < 0 else f"\nThe network does not win: {by}", "bold")


def share_of(share: float) -> str:
    """Write a share in percent.

    Args:
        share: from 0 to 1.

    Returns:
        The text.

    Example:
        >>> share_of(0.798)
        '80 %'
    """
    return f"{100 * share:.0f} %"


def say_next(console: Console, run: Any, table: Path, column: str) -> None:
    """Forecast what comes after a table, print it, and leave it with a picture beside the table.

    Args:
        console: where to.
        run: the run.
        table: a table with a row for each date.
        column: what is forecast.
    """
    out, picture = table.with_name("forecast.csv"), table.with_name("forecast.svg")
    run.forecast_files(table, out, quantiles="0.1,0.9", plot=str(picture), note=hush)
    *_, last = _rows(table)
    say(console, f"\nWhat comes after {last['date']}, when {column} was {float(last[column]):.1f}", "bold")
    say(console, "  date        median  80 % interval")
    for row in _rows(out):
        median, low, high = (float(row[name]) for name in ("median", "0.1", "0.9"))
        say(console, f"  {row['date']}  {median:>6.1f}  {low:.1f} to {high:.1f}")
    console.print(f"picture: {picture}", markup=False, soft_wrap=True)


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
