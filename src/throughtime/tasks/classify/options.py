"""The options of ``classify``: one answer for a whole sequence. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.tasks.supervised.options import FROM_LANGUAGE_MODEL, SupervisedOptions

__all__ = ["Config"]

SMOOTHING = 0.1
"""Label smoothing where none is asked for and each record has one label."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(SupervisedOptions):
    """Options of ``fit("classify", ...)``."""

    FROM_OTHERS = FROM_LANGUAGE_MODEL
    TRAINING_ONLY: ClassVar[frozenset[str]] = SupervisedOptions.TRAINING_ONLY | {"class_weights", "label_smoothing"}
    """Options that mean nothing to a trained network."""

    target_type: Literal["label", "labels", "number"] = "label"
    """What is predicted: one label, any number of labels, or a number (regression)."""
    label_separator: str = ","
    """What stands between several labels of one record."""
    wide: bool | None = None
    """Take each row of a table as a series with a value in each column beside its label (UCR archive); if not given,
    it is told from the columns."""
    pooling: Literal["last", "mean", "max", "attention"] = "max"
    """How the steps of a sequence become one vector."""
    class_weights: Literal["none", "balanced"] = "none"
    """Weigh all labels the same (none), or each by how rare it is (balanced)."""

    embedding: int = 200
    """Size of the vector that stands for a word or token; of the layer over frames."""
    min_count: int = 2
    """How often a word must occur to have a vector of its own."""
    spelling: int = 0
    """Units of each direction of the network that reads the letters of each word; 0 leaves the spelling out."""
    label_smoothing: float | None = None
    """Share of each label's probability that is spread over all labels (Szegedy et al. 2016), for the target_type
    label; if not given, 0.1 there."""

    def _check_values(self) -> None:
        SupervisedOptions._check_values(self)
        if self.label_smoothing is not None:
            self._shares("label_smoothing")
        if self.label_separator == "":
            raise UsageError(f"{named('label_separator')} must not be empty")
        if self.target_type != "labels" and self.label_separator != ",":
            raise self._for_another_type("label_separator", "labels")
        if self.target_type != "label" and self.class_weights != "none":
            raise self._for_another_type("class_weights", "label")
        if self.target_type != "label" and self.label_smoothing:
            raise self._for_another_type("label_smoothing", "label")

    def _for_another_type(self, name: str, wanted: str) -> UsageError:
        kind = named("target_type")
        return UsageError(f"{named(name)} is for the {kind} {wanted}; the {kind} is {self.target_type}")

    @property
    def smoothing(self) -> float:
        """Share of each label's probability that is spread over all labels."""
        if self.label_smoothing is not None:
            return self.label_smoothing
        return SMOOTHING if self.target_type == "label" else 0.0
