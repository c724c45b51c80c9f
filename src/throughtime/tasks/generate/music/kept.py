"""What was read of tunes, and what a run keeps of them: the pitches that were learned. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import Labels
from throughtime.data.music.notes import named_pitch
from throughtime.data.music.tune import Tune
from throughtime.errors import CheckpointError
from throughtime.tasks.generate.labels import LABELS_FILE, written_labels
from throughtime.tasks.supervised.examples import SKIPPED_FILE

__all__ = ["RANGE_FILE", "Form", "PreparedTunes", "Range", "saved_range"]

RANGE_FILE = "vocabulary.json"
"""Where a run keeps what its steps are, and the pitches that it has learned."""


@dataclass(frozen=True, slots=True)
class Range:
    """The pitches that were learned, or can be.

    Example:
        >>> str(Range(60, 72)), Range(60, 72).beyond(Tune(()))
        ('C4 to C5', None)
    """

    lowest: int
    """The lowest pitch."""
    highest: int
    """The highest pitch."""

    def beyond(self, tune: Tune) -> int | None:
        """Give a pitch of a tune that is none of them; None where all are."""
        return next((note.pitch for note in tune.notes if not self.lowest <= note.pitch <= self.highest), None)

    def with_(self, other: Range) -> Range:
        """Give the pitches of both, and those between."""
        return Range(min(self.lowest, other.lowest), max(self.highest, other.highest))

    def __str__(self) -> str:
        return f"{named_pitch(self.lowest)} to {named_pitch(self.highest)}"


@dataclass(frozen=True, slots=True)
class Form:
    """How a unit of music has tunes."""

    steps: str
    """What its steps are, in words."""
    keys: Range
    """The pitches that it can have."""
    corpus: Callable[[Sequence[Tune], NDArray[np.int64] | None], Any]
    """Makes what is learned from, or scored, of tunes and the numbers of their labels."""


@dataclass(frozen=True, slots=True)
class PreparedTunes:
    """All that was read before there is a network."""

    unit: str
    """What a step is."""
    train: Any
    """What is learned from."""
    valid: Any
    """What is held out."""
    pitches: Range
    """The pitches that are learned."""
    labels: Labels | None = None
    """What tunes are written for; None where they have no labels."""
    skipped: Sequence[str] = ()
    """What was wrong with each file that was skipped."""

    @property
    def artifacts(self) -> dict[str, str]:
        """What a run keeps of the data: content by file name."""
        labels = {} if self.labels is None else {LABELS_FILE: written_labels(self.labels)}
        skipped = {SKIPPED_FILE: "\n".join(self.skipped) + "\n"} if self.skipped else {}
        kept = {"unit": self.unit, "lowest": self.pitches.lowest, "highest": self.pitches.highest}
        return {RANGE_FILE: json.dumps(kept), **labels, **skipped}


def saved_range(folder: Path) -> Range:
    """Load the pitches that a run has learned.

    Args:
        folder: the run.

    Returns:
        The pitches.

    Raises:
        CheckpointError: they are missing or damaged.
    """
    path = folder / RANGE_FILE
    try:
        saved = json.loads(path.read_text("utf-8"))
        return Range(int(saved["lowest"]), int(saved["highest"]))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing, so {folder} is not a whole run") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; nothing was changed") from None
