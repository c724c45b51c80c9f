"""The demo ``moving``: an LSTM says of every frame of a film which digit moves in it, and where to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import predictions_of, say, share_right, side_by_side
from throughtime.data.demos.making import Files

__all__ = ["DEMO"]

HALVES = " ▀▄█"
"""A character for two pixels, one above the other: none, the upper, the lower, both."""
ARROWS = {"up-left": "↖", "up-right": "↗", "down-left": "↙", "down-right": "↘"}


def _data(folder: Path) -> Files:
    """Write clips of digits that move."""
    from throughtime.data.demos.moving import moving_digits  # loads numpy

    return moving_digits(folder)


def _show(console: Console, run: Any, data: Path) -> None:
    """Draw frames of a clip, and of one that was misread, with what was said of each."""
    found = predictions_of(run, data / "moving-valid.npz")
    wrong = [sum(map(str.__ne__, record.target, prediction.value)) for record, prediction in found]
    say(console, "\nFrames of a clip that it has not seen, and what it says of each", "bold")
    _frames(console, *found[0], range(8))
    if any(wrong):
        worst = max(range(len(found)), key=lambda index: wrong[index])
        say(console, f"\nThe clip it reads worst: {wrong[worst]} of {len(found[worst][1].value)} frames wrong", "bold")
        record, prediction = found[worst]
        missed = [index for index, right in enumerate(record.target) if right != prediction.value[index]][:4]
        _frames(console, record, prediction, missed)
    pairs = [
        (right.split(":"), said.split(":"))
        for record, prediction in found
        for right, said in zip(record.target, prediction.value, strict=True)
    ]
    both, digit, way = (share_right(right[part] == said[part] for right, said in pairs) for part in (slice(2), 0, 1))
    say(
        console,
        f"\n{both:.1%} of {len(pairs):,} frames right (digit {digit:.1%}, direction {way:.1%}); a blind guess: 2.5%,\n"
        "and no frame alone shows its direction",
        "bold",
    )


def _frames(console: Console, record: Any, prediction: Any, shown: Iterable[int]) -> None:
    """Draw frames, four in a row."""
    side = int(record.content.shape[1] ** 0.5)
    pictures: list[list[str]] = []
    for index in shown:
        right, said = (labels[index] for labels in (record.target, prediction.value))
        verdict = "✓" if right == said else f"✗ {_arrow(right)}"
        inside = [f"│{row}│" for row in _halves(record.content[index].reshape(side, side))]
        edges = [f"┌{'─' * side}┐", f"└{'─' * side}┘"]
        pictures.append([edges[0], *inside, edges[1], f"{index + 1}: {_arrow(said)} {verdict}"])
    for start in range(0, len(pictures), 4):
        side_by_side(console, pictures[start : start + 4])


def _arrow(label: str) -> str:
    digit, _, way = label.partition(":")
    return f"{digit} {ARROWS.get(way, way)}"


def _halves(picture: Any) -> list[str]:
    """A picture (H, W) in black and white, two rows in a line; H is even."""
    lit = picture > 0.4
    return [
        "".join(HALVES[int(a) + 2 * int(b)] for a, b in zip(*rows, strict=True))
        for rows in zip(lit[::2], lit[1::2], strict=True)
    ]


DEMO = Demo(
    task="tag",
    summary="an LSTM that reads both ways says of every frame of a film which digit moves in it, and where to",
    source="8,500 clips of 20 frames, made of the digits that scikit-learn ships (CC BY 4.0)",
    data=_data,
    options={"epochs": 8, "embedding": 256, "batch_size": 32, "sample_every": 0},
    max_minutes=4,
    show=_show,
    next=(
        "throughtime predict {run} {data}/moving-valid.npz --out moving.csv",
        "throughtime evaluate {run} {data}/moving-valid.npz",
        "throughtime fit tag YOUR_CLIPS.npz --out runs/mine",
    ),
)
