"""What a network expects after a text, for people."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Candidate", "Expected"]


class Candidate(NamedTuple):
    """A token that may come next."""

    text: str
    """What it adds to the text; empty where a document ends, or where a byte is not yet a character."""
    probability: float
    """Of all tokens that can be written."""
    name: str
    """The token for people: its text in quotes, its number where it is no text, or what it means."""


class Expected(NamedTuple):
    """What a model expects after a text."""

    candidates: tuple[Candidate, ...]
    """The likeliest, those first."""
    rest: float
    """The probability of all others together."""
    others: int
    """How many these are."""
