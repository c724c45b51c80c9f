"""What is said of a record. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answered", "Prediction", "WrittenText"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of one record."""

    value: str | float | tuple[str, ...]
    """A label, a number or a text that was written; several labels, or one for each step."""
    probability: float | tuple[float, ...] | None = None
    """How sure it is of the value, or of each part of it; None for a number."""
    probabilities: Mapping[str, float] | None = None
    """Probability of each label, where there is one answer for the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenText(Prediction):
    """A text that a network wrote; its ``value`` is the text."""

    score: float
    """Log-probability of all its tokens, the end among them."""
    tokens: tuple[str, ...]
    """Its tokens as text, without the end."""
    source_tokens: tuple[str, ...]
    """The tokens of what was read."""
    attention: NDArray[np.floating] | None = None
    """(tokens, source tokens): how much was looked at each step of the source when a token was written; or None."""
    ended: bool = True
    """Whether it came to an end before its bound."""
    rank: int | None = None
    """Its place among those that were found, from 1; None where one alone was asked for."""
    others: tuple[WrittenText, ...] = field(default=())
    """The next best ones, where they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Prediction):
    """An answer to a question about a text; its ``value`` is the answer, empty where there is none."""

    start: int | None = None
    """First character of the answer in the text; None where it is no part of it."""
    stop: int | None = None
    """The character behind its last one."""
    places: tuple[tuple[int, int], ...] = ()
    """First character, and the one behind the last, of each part of the text that was looked at by itself."""
    looked: NDArray[np.floating] | None = None
    """(looks, parts): how much was looked at each part, look after look; or None."""
