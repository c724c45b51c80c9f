"""Small data for the tests of the command line; written below the current folder where no other is named."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SENTENCE = "Ann\tB-per\nLee\tI-per\nsaw\tO\nit{}\tO\n\n"


def reviews(count: int = 24) -> list[str]:
    """Rows of a table: a text, a comma, a label."""
    return [f"{'good' if number % 2 else 'bad'} tea number {number},{'np'[number % 2]}" for number in range(count)]


def text_of(rows: Sequence[str], header: str = "text,label") -> str:
    return "\n".join([header, *rows]) + "\n"


def table(path: Path, rows: Sequence[str], header: str = "text,label") -> None:
    path.write_text(text_of(rows, header), encoding="utf-8")


GOOD = {
    "classify": text_of(reviews()),
    "tag": "".join(SENTENCE.format(number) for number in range(12)),
    "answer": "context\tquestion\tanswer\n"
    + "".join(f"Ann {n} is in the {'ab'[n % 2]}-room.\tWhere is Ann {n}?\t{'ab'[n % 2]}\n" for n in range(24)),
    "translate": "source\ttarget\n" + "".join(f"ein Hund {n} bellt\ta dog {n} barks\n" for n in range(24)),
}
"""Task -> a file to learn from: 24 rows, or twelve sentences of five lines each."""
NAMES = {"classify": "t.csv", "tag": "t.conll", "translate": "t.tsv", "answer": "t.tsv"}
"""Task -> the name of that file."""


BY_STEP = ("--time-column", "time")
MANY = ("--id-column", "id", *BY_STEP)
"""Options that read :func:`many_series`; without the first, :func:`one_series`."""


def _changed(path: Path, lines: list[str], change: dict[int, str] | None) -> None:
    for number, line in (change or {}).items():
        lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def many_series(task: str, *, change: dict[int, str] | None = None) -> None:
    """Twelve series of three steps, a label for each or for each step; ``change`` replaces lines, from 1."""
    rows = {
        "classify": lambda one, time: f"{one % 2 + time / 10},{'ab'[one % 2]}",
        "tag": lambda one, time: f"{time / 2},{'ab'[time % 2]}",
    }
    lines = [f"s{one},{time},{rows[task](one, time)}" for one in range(12) for time in range(3)]
    _changed(Path("s.csv"), ["id,time,x,label", *lines], change)


def one_series(path: Path, steps: int = 40, *, change: dict[int, str] | None = None) -> None:
    """One series, a label for each step; ``change`` replaces lines, from 1."""
    lines = [f"{time},{(time // 5) % 2},{time % 3},{'ab'[(time // 5) % 2]}" for time in range(steps)]
    _changed(path, ["time,x,y,label", *lines], change)


def sound(path: Path, rate: int = 8000, tone: float = 440.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 9000 * np.sin(2 * np.pi * tone * np.arange(rate // 10) / rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


def sounds(folder: Path, count: int = 8, rate: int = 8000) -> None:
    for number in range(count):
        sound(folder / ("high" if number % 2 else "low") / f"{number}.wav", rate, tone=1500 if number % 2 else 300)


def image(path: Path, width: int = 4) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    level = 200 if path.parent.name == "light" else 20
    Image.fromarray(np.full((3, width), level, np.uint8)).save(path)


def images(folder: Path) -> None:
    for number in range(8):
        image(folder / ("light" if number % 2 else "dark") / f"{number}.png")


def clips(folder: Path) -> None:
    """Arrays of three frames that rise or fall, in a folder for each."""
    for number in range(8):
        path = folder / ("up" if number % 2 else "down") / f"{number}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, frames=np.arange(6.0).reshape(3, 2) * (1 if number % 2 else -1))


def labelled_clips(*, labels: int = 3, value: float = 1.0) -> None:
    """Arrays of three frames with a label for each; one array may have fewer labels, or another value."""
    for number in range(8):
        bad = number == 5
        frames = np.full((3, 2), value if bad else 0.5)
        Path("d").mkdir(exist_ok=True)
        np.savez(f"d/{number}.npz", frames=frames, labels=np.array(["a", "b", "a"])[: labels if bad else 3])
