"""The demo ``hello``: a network of a few units learns one word, and says letter by letter what it expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import say
from throughtime.data.demos.making import Files, writing

__all__ = ["DEMO"]

WORD, TIMES, HELD_OUT = "HELLO", 256, 8
"""What is learned, how often it is written down for that, and how often to validate on."""
BAR = 24
"""Characters of a bar that stands for certainty."""


def _data(folder: Path) -> Files:
    """Write the word down, a line each time."""
    paths = [folder / "hello.txt", folder / "hello-valid.txt"]
    for path, times in zip(paths, (TIMES, HELD_OUT), strict=True):
        with writing(path) as file:
            file.write(f"{WORD}\n".encode() * times)
    return [paths[0]], [paths[1]]


def _show(console: Console, run: Any, data: Path) -> None:
    """Say after each letter which ones may come: after the second L the memory of the first decides."""
    say(console, "\nWhat it expects after each letter", "bold")
    for end in range(len(WORD) + 1):
        read, right = WORD[:end], f"{WORD}\n"[end]
        found = run.next(read, top=2)
        said = "   ".join(_bar(each.name, each.probability) for each in found.candidates)
        mark = "✓" if found.candidates[0].text == right else "✗"
        say(console, f"  {read or 'nothing yet':<12}→ {mark} {said}")
    say(console, "\nAfter HEL and after HELL it has read the same letter: its state is what tells the two apart.")


def _bar(name: str, share: float) -> str:
    return f"{name:<5}{share:6.1%} {'█' * round(BAR * share):<{BAR}}".rstrip()


DEMO = Demo(
    task="generate",
    summary="an LSTM of 16 units learns one word, and says letter by letter what it expects",
    source=f"the word {WORD}, {TIMES} times, a line each",
    data=_data,
    options={
        "hidden": 16, "embedding": 8, "dropout": 0.0, "lanes": 8, "tbptt": 16, "epochs": 20, "learning_rate": 0.03,
        "validate_every": 60, "sample_every": 0,
    },
    max_minutes=0.2,
    show=_show,
    next=(
        "throughtime next {run} HELL",
        "throughtime next {run}",
        "throughtime generate {run} --prompt H --length 11",
    ),
)  # fmt: skip
