"""The demo ``answer``: recurrent networks read a story and answer where a thing is, from two statements of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import predictions_of, say, share_right
from throughtime.data.demos.stories import stories

__all__ = ["DEMO"]

SHOWN = 2
"""Stories that are shown, of the shortest."""
LOOKED = 0.2
"""Weight of a statement from which on it is shown as looked at."""


def _show(console: Console, run: Any, data: Path) -> None:
    """Show a few stories with what was looked at, and how often an answer is right, by the length of the story."""
    found = predictions_of(run, data / "stories-valid.txt")
    found.sort(key=lambda pair: len(pair[1].places))
    for record, prediction in found[:SHOWN]:
        _story(console, record, prediction)
    say(console, "\nHow often it is right, by the statements of a story", "bold")
    for low in range(15, 60, 15):
        part = [pair for pair in found if low <= len(pair[1].places) < low + 15 + (low == 45)]
        if part:
            right = share_right(prediction.value == record.target for record, prediction in part)
            say(console, f"  {low} to {low + 15 - (low < 45)}  {'█' * round(20 * right):<20} {right:6.1%}")
    right = share_right(prediction.value == record.target for record, prediction in found)
    say(console, f"\n{right:.1%} of {len(found):,} questions right, about stories it has not seen", "bold")


def _story(console: Console, record: Any, prediction: Any) -> None:
    """Print a story, what was looked at marked with the look in which it was."""
    say(console, f"\n{record.beside['question']} {prediction.value} (is {record.target})", "bold")
    for number, (start, stop) in enumerate(prediction.places):
        weights = [] if prediction.looked is None else [float(look[number]) for look in prediction.looked]
        looks = ", ".join(f"look {place}: {each:.0%}" for place, each in enumerate(weights, 1) if each >= LOOKED)
        line = Text(f"  {record.content[start:stop]}", "bold" if looks else "dim")
        console.print(line.append(f"  ← {looks}" if looks else ""), soft_wrap=True)


DEMO = Demo(
    task="answer",
    summary="recurrent networks read a story of people and things, and tell where a thing is from two statements",
    source="10,000 stories of 15 to 60 statements, after Weston et al. 2015 (bAbI, task 2), made here",
    data=stories,
    options={"epochs": 4, "sample_every": 500},
    max_minutes=4,
    show=_show,
    next=(
        "throughtime predict {run} {data}/stories-valid.txt --plot DIR",
        "throughtime fit answer SQUAD.json --out runs/squad",
        "throughtime fit answer YOURS.csv --out runs/mine    # columns context, question, answer",
    ),
)
