"""The options of ``tag``: one label for each step of a sequence. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass

from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.tasks.supervised.options import FROM_LANGUAGE_MODEL, SupervisedOptions

__all__ = ["Config"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(SupervisedOptions):
    """Options of ``fit("tag", ...)``."""

    FROM_OTHERS = FROM_LANGUAGE_MODEL

    crf: bool = False
    """Choose the best sequence of labels with a conditional random field, not each label by itself."""
    hidden: int = 192
    """Units of each direction of each recurrent layer."""
    dropout: float = 0.4
    """Share of the features dropped before and after the recurrent layers, and between them."""
    word_dropout: float = 0.3
    """Share of the words seen once that are read as unknown in training; of those seen n times, this share over n."""
    label_smoothing: float = 0.0
    """Share of each label's probability that is spread over all labels (Szegedy et al. 2016)."""
    batch_size: int = 16
    """Sequences of a step."""
    epochs: float = 16.0
    """Passes over the training data."""

    def _check_values(self) -> None:
        SupervisedOptions._check_values(self)
        self._shares("label_smoothing")
        if self.crf and self.label_smoothing:
            raise UsageError(
                f"{named('label_smoothing')} has no meaning for a conditional random field; leave one of them out"
            )
