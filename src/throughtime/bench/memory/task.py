"""What a memory task of the benchmark is: its source, how it is learned and scored, and what papers report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from throughtime.bench.memory.measures import Measure
from throughtime.data.memory.source import Length, MemorySource
from throughtime.errors import UsageError
from throughtime.models.parts.cells import CELLS

__all__ = ["MemoryTask", "Published"]

_QUIET: Mapping[str, Any] = {
    "dropout": 0.0, "weight_decay": 0.0, "average": 0.0, "word_dropout": 0.0, "frame_mask": 0.0,
    "bidirectional": False, "spelling": 0, "min_count": 1, "rival": False, "sample_every": 0,
    "validate_every": 1_000_000, "checkpoint_every": 1e6,
}  # fmt: skip
"""No noise, one way, and the last weights: they are validated once, at the end."""
_OF_TASK: Mapping[str, Mapping[str, Any]] = {
    "classify": {"pooling": "last"},
    "tag": {"label_smoothing": 0.0},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What a paper reports."""

    figure: str
    """Of which network, under which conditions, how much."""
    paper: str
    """Authors, year, and where in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryTask:
    """A memory task with the settings that learn it."""

    name: str
    """Its name on the command line."""
    summary: str
    """What is asked, in one line."""
    task: str
    """The ordinary task that learns it."""
    source: Callable[..., MemorySource[Any]]
    """Makes its items: (count, length=, seed=, part=)."""
    measure: Measure
    """How it is scored."""
    length: int
    """How long its items are, or the longest of those that are learned from."""
    shortest: int | None = None
    """The shortest of those that are learned from; None: all are of one length."""
    tested: tuple[int, ...]
    """Lengths that are tested where no others are asked for."""
    each: bool = False
    """Whether a test at a length takes one item of each length up to it, in place of many of that length."""
    fixed: bool = False
    """Whether the length is given by the data."""
    called: str = "length"
    """What the length is, for tables and pictures."""
    cells: tuple[str, ...] = ("lstm",)
    """Cells that are run where no others are asked for."""
    examples: int = 20_000
    """Items that are learned from."""
    chrono: int = 1
    """For how many times the length gates start open, where a cell's can (Tallec and Ollivier 2018); 0: they do not."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options of the task that learns it."""
    of_cell: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Other options for some cells."""
    published: tuple[Published, ...] = ()
    """What papers report."""

    def learned(self, length: int) -> Length:
        """Say which lengths are learned from.

        Args:
            length: the longest.

        Returns:
            It, or the shortest and it.
        """
        return length if self.shortest is None else (self.shortest, length)

    def items(self, count: int, length: Length, *, seed: int, part: str, **more: Any) -> MemorySource[Any]:
        """Make items.

        Args:
            count: how many.
            length: how long they are.
            seed: of all of them.
            part: "train", "valid" or "test".
            **more: what else the source takes.

        Returns:
            The source.

        Raises:
            UsageError: a length that makes no sense.
        """
        return self.source(count, length=length, seed=seed, part=part, **more)

    def to_test(self, length: int, *, seed: int, count: int) -> MemorySource[Any]:
        """Make what is tested at a length.

        Args:
            length: the length.
            seed: of the items.
            count: how many, where not one of each length is taken.

        Returns:
            The source.

        Raises:
            UsageError: a length that makes no sense.
        """
        if not self.each:
            return self.items(count, length, seed=seed, part="test")
        fewest = self.shortest or 1
        if length < fewest:
            raise UsageError(f"{self.name} is tested from the {self.called} {fewest} on, not at {length}")
        return self.items(length - fewest + 1, (fewest, length), seed=seed, part="test", each=True)

    def settings(self, cell: str, length: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give the options with which a cell learns it.

        Args:
            cell: the cell.
            length: the longest items that are learned from.
            given: options that were asked for; they come before all others.

        Returns:
            Options of the task by name.
        """
        steps = self.chrono * length
        init = {"init": f"chrono:{steps}"} if steps > 2 and "chrono" in CELLS[cell].inits else {}
        own = {**_OF_TASK[self.task], **init, **self.options, **self.of_cell.get(cell, {})}
        return {"cell": cell, **_QUIET, **own, **given}
