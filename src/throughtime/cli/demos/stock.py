"""The demo ``stock``: an LSTM says what a share will cost on the next three days, beside a random walk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.forecasting import say_next, say_scores, share_of
from throughtime.cli.demos.showing import hush, say
from throughtime.data.demos.stock import GROWN, daily_prices

__all__ = ["DEMO"]


def _show(console: Console, run: Any, data: Path) -> None:
    """Say how far off it was beside the random walk, what that means, and what comes next."""
    scores = run.evaluate(data / GROWN, stride=1, note=hush)
    title = f"2007 and 2008, which it has not seen: three days ahead, asked on {scores['origins']} days"
    say(console, f"\n{title}", "bold")
    say_scores(console, scores, "dollars")
    inside = [share_of(each["coverage_80"]) for each in (scores, scores["rivals"]["last_value"])]
    say(console, "\nWhat a price forecast can do", "bold")
    say(console, "A price is close to a random walk: what is known today is in it already, and the")
    say(console, "best guess for tomorrow is the price of today. Who beats that by much on prices")
    say(console, "has mostly seen them before. What can be learned is how far a price may go:")
    say(console, f"of those that came, the network's 80 % intervals held {inside[0]}, those of the last")
    say(console, f"value repeated {inside[1]}.")
    say_next(console, run, data / GROWN, "close")


DEMO = Demo(
    task="forecast",
    summary="an LSTM says what a share will cost on the next three days, and what that is worth",
    source="what Google's share closed at, 2004 to 2008, from matplotlib's examples (PSF-like licence)",
    data=daily_prices,
    options={
        "target_column": "close",
        "ignore_columns": "open,high,low,volume",
        "transform": "log",
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
        f"throughtime forecast {{run}} {{data}}/{GROWN} --horizon 20 --paths 50 --plot paths.svg",
        f"throughtime evaluate {{run}} {{data}}/{GROWN} --stride 1",
        "throughtime fit forecast YOUR_PRICES.csv --target-column COLUMN --transform log --out runs/mine",
    ),
)
