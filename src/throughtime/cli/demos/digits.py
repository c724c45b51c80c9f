"""The demo ``digits``: an LSTM reads handwritten digits row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import count_pairs, predictions_of, say, side_by_side
from throughtime.data.demos.making import Files

__all__ = ["DEMO"]

SHADES = " ░▒▓█"


def _data(folder: Path) -> Files:
    """Write the images of the digits."""
    from throughtime.data.demos.digits import handwritten_digits  # loads numpy

    return handwritten_digits(folder)


def _show(console: Console, run: Any, data: Path) -> None:
    """Draw some digits with what was read, those that were read wrongly, and what was read for what."""
    found = predictions_of(run, data / "valid")
    right = [(record, prediction) for record, prediction in found if record.target == prediction.value]
    wrong = [(record, prediction) for record, prediction in found if record.target != prediction.value]
    for title, chosen in (("Read rightly", right[:: max(1, len(right) // 4)][:4]), ("Read wrongly", wrong[:4])):
        if chosen:
            say(console, f"\n{title} (and how sure it is)", "bold")
            side_by_side(console, [_read(record, prediction) for record, prediction in chosen])
    said = count_pairs((record.target, prediction.value) for record, prediction in found)
    names = sorted(said)
    say(console, "\nWhat was read (across) for which digit (down)", "bold")
    say(console, "     " + "".join(f"{name:>4}" for name in names))
    for name in names:
        say(console, f"  {name:>3}" + "".join(f"{said[name][other] or '·':>4}" for other in names))
    say(console, f"\n{len(right) / len(found):.1%} of {len(found)} digits right; a blind guess: 10%", "bold")


def _read(record: Any, prediction: Any) -> list[str]:
    """The picture of a digit and, below it, what was read."""
    right = "" if record.target == prediction.value else f", is {record.target}"
    rows = ["".join(SHADES[round(4 * shade)] * 2 for shade in row) for row in record.content]
    return [*rows, f"{prediction.value}{right} ({prediction.probability:.0%})"]


DEMO = Demo(
    task="classify",
    summary="an LSTM reads handwritten digits row by row",
    source="1,797 images of 8 x 8 pixels that scikit-learn ships (Alpaydin and Kaynak 1998, CC BY 4.0)",
    data=_data,
    options={"epochs": 25, "sample_every": 0},
    max_minutes=2,
    show=_show,
    next=(
        "throughtime predict {run} {data}/valid --out digits.csv",
        "throughtime evaluate {run} {data}/valid",
        "throughtime fit classify FOLDER_WITH_A_FOLDER_PER_CLASS --out runs/mine",
    ),
)
