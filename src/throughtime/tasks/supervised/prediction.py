"""What is said of a record. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Prediction"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of one record."""

    value: str | float | tuple[str, ...]
    """A label, a number or a text that was written; several labels, or one for each step."""
    probability: float | tuple[float, ...] | None = None
    """How sure it is of the value, or of each part of it; None for a number."""
    probabilities: Mapping[str, float] | None = None
    """Probability of each label, where there is one answer for the record."""
