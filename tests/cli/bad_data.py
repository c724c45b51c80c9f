"""Data that must be refused: what the cases of classify and tag share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from small_data import MANY, many_series


@dataclass(frozen=True)
class Bad:
    """Data that must be refused."""

    make: Callable[[], object]
    """Writes it below the current folder."""
    data: str
    """What to learn from."""
    words: tuple[str, ...]
    """What the line says: where it is, what is wrong, how to mend it."""
    more: tuple[str, ...] = ()
    """Options."""
    skips: int = 0
    """How many records --skip-bad leaves out; 0 where nothing can be left out."""


def raw(name: str, content: bytes) -> Callable[[], object]:
    return lambda: Path(name).write_bytes(content)


def after(*steps: Callable[[], object]) -> Callable[[], None]:
    def make() -> None:
        for step in steps:
            step()

    return make


def cut(path: str, size: int) -> None:
    Path(path).write_bytes(Path(path).read_bytes()[:size])


def in_series(task: str, line: str, *words: str) -> Bad:
    """Series of which one has a bad line, the sixth of the file."""
    make = partial(many_series, task, change={6: line})
    return Bad(make, "s.csv", ("s.csv: line 6", *words), MANY, skips=1)


def every_series(task: str) -> dict[str, Bad]:
    """What is wrong with series whatever is learned from them."""
    return {
        "NaN in a series": in_series(task, "s1,1,nan,b", "'s1'", "'x'", "'nan'"),
        "text in a series": in_series(task, "s1,1,high,b", "'x'", "'high'"),
        "time twice": in_series(task, "s1,0,0.5,b", "time 0 again", "line 5"),
    }
