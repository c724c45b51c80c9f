"""The contract between the formats of files and the tasks: records in, whatever they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Content", "Frames", "Picture", "Record", "Sequences", "Span", "Spans", "Target", "raw_bytes"]

Frames: TypeAlias = NDArray[np.float32]
"""Numbers, (T, F): F features at each of T steps."""
Picture: TypeAlias = NDArray[np.float32]
"""A picture that is kept whole, (H, W, C): height, width, channels; values from 0 (black) to 1."""
Content: TypeAlias = str | tuple[str, ...] | Frames | Picture
"""A text, words, frames, or a picture; never empty."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """The right sequences for a record: its translation, its captions. Each of them is right."""

    right: tuple[Content, ...]
    """One or more; the first is the one to show."""


class Span(NamedTuple):
    """A part of a content: characters of a text, or steps of words and frames."""

    start: int
    """Its first place, from 0."""
    stop: int
    """The place after its last one."""
    label: str | None = None
    """What it is, where that is asked: ``"person"``."""


@dataclass(frozen=True, slots=True)
class Spans:
    """The marked parts of a record's content: an answer in its context, the names in a text."""

    marked: tuple[Span, ...]
    """In any order; none where nothing is to be marked."""


Target: TypeAlias = str | float | tuple[str, ...] | Sequences | Spans
"""A label (str); a number; several labels, or one for each step; one or several right sequences; marked parts."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing to learn from, or to predict for."""

    content: Content
    """What is read: a text, words, frames or a picture; never empty."""
    target: Target | None
    """What is to be predicted, or None where it is not known."""
    place: str
    """Where it came from, for messages: ``"reviews.csv: line 7"``."""
    original: object = None
    """What a writer of the same format needs to write it back: columns by name, lines, a path."""
    beside: Mapping[str, Content] = field(default_factory=dict[str, Content])
    """What stands beside the content, by name: a question, a condition, covariates."""
    group: str | None = None
    """What it belongs to: the picture of a caption, the context of a question. Records of one group are never parted
    into those to learn from and those to validate on. None: it stands alone."""


def raw_bytes(content: Content) -> bytes:
    r"""Give what a content holds as bytes, to draw or to tell contents apart by.

    Args:
        content: a text, words, frames or a picture.

    Returns:
        Bytes that are the same on every machine.

    Example:
        >>> raw_bytes(("a", "red", "fox"))
        b'a\nred\nfox'
    """
    if isinstance(content, np.ndarray):
        return content.astype(content.dtype.newbyteorder("<"), copy=False).tobytes()
    return ("\n".join(content) if isinstance(content, tuple) else content).encode("utf-8", "replace")
