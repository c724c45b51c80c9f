"""The demo ``weather``: an LSTM says how warm the next three days will be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.forecasting import say_next, say_scores
from throughtime.cli.demos.showing import hush, say
from throughtime.data.demos.weather import GROWN, seattle_weather

__all__ = ["DEMO"]


def _show(console: Console, run: Any, data: Path) -> None:
    """Say how far off it was in a year it has not seen, and how warm it will be after that."""
    scores = run.evaluate(data / GROWN, stride=1, note=hush)
    say(console, f"\n2015, which it has not seen: three days ahead, asked on {scores['origins']} days", "bold")
    say_scores(console, scores, "degrees Celsius")
    say_next(console, run, data / GROWN, "temp_max")


DEMO = Demo(
    task="forecast",
    summary="an LSTM says how warm the next three days will be in Seattle, and how sure that is",
    source="highest temperatures of 2012 to 2015 as NOAA measured them (public domain), from vega_datasets (MIT)",
    data=seattle_weather,
    options={
        "target_column": "temp_max",
        "ignore_columns": "precipitation,temp_min,wind,weather",
        "horizon": 3,
        "hidden": 32,
        "layers": 1,
        "folds": 40,
        "validate_every": 50,
        "sample_every": 0,
    },
    max_minutes=2,
    show=_show,
    next=(
        f"throughtime forecast {{run}} {{data}}/{GROWN} --horizon 7 --plot week.svg",
        f"throughtime evaluate {{run}} {{data}}/{GROWN} --stride 1",
        "throughtime fit forecast YOUR_TABLE.csv --target-column COLUMN --horizon 7 --out runs/mine",
    ),
)
