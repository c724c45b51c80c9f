"""The rows of a series, kept to be written back."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Steps", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """Where a window of a series stands among those of the same series, which come one after the other."""

    first: bool
    """Whether the series begins with it, so that no state comes before."""
    continues: bool
    """Whether the next window of the series goes on where this one ends."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The rows of a series as they stood in the file, to be written back with something added."""

    id: str | None
    """What the id column says; None where the table is one series."""
    columns: tuple[str, ...]
    """Names of the columns, in the order of the file."""
    lines: tuple[int, ...]
    """Line of each step, from 1; steps are in the order of time, lines are in that of the file."""
    rows: tuple[tuple[str, ...], ...]
    """Cells of each step; empty where they were read to learn from, not to be written back."""
    window: Window | None = None
    """Where the steps stand in a series that is handed out in windows; None where they are all of it."""
