"""What a demo is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.demos.making import Files

__all__ = ["Demo"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """A demonstration: a task, its data, and options that fit into a few minutes."""

    task: str
    """Name of the task."""
    summary: str
    """What is learned from what, in one line."""
    source: str
    """What the data are, where they come from, and their licence."""
    data: Callable[[Path], Files]
    """Finds the files, or writes them into a folder."""
    options: Mapping[str, Any]
    """Options of the task."""
    max_minutes: float
    """Time limit of the training, in minutes."""
    show: Callable[[Any, Any, Path], None] = lambda console, run, data: None
    """Shows on a console what a run has learned, and where its data is."""
    play: Callable[[Any, Path, float, int], None] | None = None
    """Learns and shows by itself where it takes more than one run: with a console, a folder, minutes, and a seed."""
    next: tuple[str, ...]
    """Commands to try afterwards; ``{run}`` stands for the folder of the run, ``{data}`` for that of its data."""
