"""The contract between the formats of files and the tasks: records in, whatever they came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import DataError

__all__ = ["Frames", "Problems", "Reading", "Record", "Target"]

Frames: TypeAlias = NDArray[np.float32]
"""Numbers, (T, F): F features at each of T steps."""
Target: TypeAlias = str | float | tuple[str, ...]
"""A label; a number; several labels, or one for each step."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing to learn from, or to predict for."""

    content: str | tuple[str, ...] | Frames
    """A text, words, or frames; never empty."""
    target: Target | None
    """What is to be predicted, or None where it is not known."""
    place: str
    """Where it came from, for messages: ``"reviews.csv: line 7"``."""
    original: object = None
    """What a writer of the same format needs to write it back: columns by name, lines, a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are to be read: the options that the formats see. None leaves a choice to the format, which says it."""

    per_step: bool = False
    """Whether there is a target for each step, not one for the whole record."""
    target_type: Literal["label", "labels", "number"] = "label"
    """A label, several labels, or a number."""
    encoding: str = "utf-8"
    """Encoding of text files."""
    header: bool | None = None
    """Whether the first line of a table names its columns."""
    text_column: str | None = None
    """Column of a table that holds the text."""
    target_column: str | None = None
    """Column of a table, or of CoNLL lines, that holds the target."""
    label_separator: str = ","
    """What stands between several labels of one record."""
    file_column: str | None = None
    """Column of a table that names a file (sound, image, array, text), from the table's folder on."""
    id_column: str | None = None
    """Column of a table in long format that tells the series apart."""
    time_column: str | None = None
    """Column of a table in long format that orders the steps of a series."""
    image_steps: Literal["rows", "pixels"] = "rows"
    """What a step of an image is."""
    colour: bool = False
    """Whether images keep their colours (three features a pixel) or become grey (one)."""
    mel_bands: int = 40
    """Features of a step of sound."""


@dataclass(slots=True)
class Problems:
    """What becomes of records that cannot be read: the first ends everything, or all are skipped and listed."""

    skip: bool = False
    """Whether to go on without them."""
    note: Callable[[str], None] = print
    """Called with what the user should know, in one line."""
    skipped: list[str] = field(default_factory=list[str])
    """The messages of those that were skipped, in order."""

    def report(self, place: str, message: str) -> None:
        """Tell of a record that cannot be read; the caller goes on with the next one if this returns.

        Args:
            place: file and line, such as ``"reviews.csv: line 7"``.
            message: what is wrong and how to mend it.

        Raises:
            DataError: bad records are not to be skipped.
        """
        if not self.skip:
            raise DataError(f"{place}: {message}")
        self.skipped.append(f"{place}: {message}")
