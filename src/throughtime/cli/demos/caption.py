"""The demo ``caption``: a network looks at four handwritten digits and says which stands where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import predictions_of, say, share_right, side_by_side
from throughtime.data.demos.making import Files

__all__ = ["DEMO"]

SHADES = " ░▒▓█"
SHOWN, LOOKED = 3, ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""Pictures of each kind that are shown, and words of which is shown where they look."""


def _data(folder: Path) -> Files:
    """Write the pictures and their captions."""
    from throughtime.data.demos.captions import captioned_digits  # loads numpy

    return captioned_digits(folder)


def _show(console: Console, run: Any, data: Path) -> None:
    """Draw some pictures with what was written about them, and where the names of digits have looked."""
    found = predictions_of(run, data / "captions-valid.csv")
    right = [pair for pair in found if _is_right(*pair)]
    wrong = [pair for pair in found if not _is_right(*pair)]
    for title, chosen in (("Said rightly", right[:SHOWN]), ("Said wrongly", wrong[:SHOWN])):
        if chosen:
            say(console, f"\n{title}", "bold")
            for record, prediction in chosen:
                side_by_side(console, [_drawn(record.content[..., 0]), _said(record, prediction)])
                say(console, "")
    looks = next((pair for pair in right if pair[1].attention is not None), None)
    if looks is not None:
        say(console, "Where it looks for the name of each digit", "bold")
        _, prediction = looks
        side = prediction.attention.shape[1] ** 0.5
        named = [place for place, token in enumerate(prediction.tokens) if token.strip() in LOOKED]
        grids = [prediction.attention[place].reshape(round(side), -1) for place in named]
        titles = [prediction.tokens[place].strip() for place in named]
        side_by_side(console, [[title, *_drawn(grid / grid.max())] for title, grid in zip(titles, grids, strict=True)])
    share = share_right(_is_right(*pair) for pair in found)
    say(console, f"\n{share:.1%} of {len(found):,} captions right in every word", "bold")


def _is_right(record: Any, prediction: Any) -> bool:
    return prediction.value in record.target.right


def _drawn(shades: Any) -> list[str]:
    """A picture in letters, two for each of its points."""
    return ["".join(SHADES[round(4 * float(shade))] * 2 for shade in row) for row in shades]


def _said(record: Any, prediction: Any) -> list[str]:
    instead = [] if _is_right(record, prediction) else [f"right: {record.target.right[0]}"]
    lines = [str(prediction.value), *instead]
    return ["", *lines, *[""] * (len(record.content) - 1 - len(lines))]


DEMO = Demo(
    task="caption",
    summary="a network looks at four handwritten digits and says which stands where",
    source="9,000 pictures of four of the digits that scikit-learn ships (Alpaydin and Kaynak 1998, CC BY 4.0)",
    data=_data,
    options={"colour": False, "places": 4, "epochs": 8, "sample_every": 0},
    max_minutes=4,
    show=_show,
    next=(
        "throughtime predict {run} {data}/valid/00000.png",
        "throughtime predict {run} {data}/captions-valid.csv --plot looks",
        "throughtime fit caption FOLDER_OF_PICTURES_WITH_TEXTS --out runs/mine",
    ),
)
