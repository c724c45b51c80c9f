"""The options of ``tag``: one label for each step of a sequence. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.tasks.supervised.options import FROM_LANGUAGE_MODEL, SupervisedOptions

__all__ = ["Config"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(SupervisedOptions):
    """Options of ``fit("tag", ...)``.

    Series longer than memory are for this task alone: where one answer is given for a series (classify) it is learned
    from whole.
    """

    FROM_OTHERS = FROM_LANGUAGE_MODEL
    READING: ClassVar[frozenset[str]] = SupervisedOptions.READING | {"tbptt"}
    """Options that may be others for other files."""

    crf: bool = False
    """Choose the best sequence of labels with a conditional random field, not each label by itself."""
    tbptt: int | None = None
    """Steps of the windows that series of numbers are read in, the state carried from each to the next, so that they
    may be longer than memory; gradients reach back through one of them (truncated backpropagation through time,
    Williams and Peng 1990). If not given, each series is read whole."""
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
        self._at_least(1, "tbptt")
        if self.tbptt is not None:
            self._check_one_way()
        if self.crf and self.label_smoothing:
            raise UsageError(
                f"{named('label_smoothing')} has no meaning for a conditional random field; leave one of them out"
            )

    def _check_one_way(self) -> None:
        """Raise where something needs what comes later in a series, and windows are asked for."""
        apart = f"or leave {named('tbptt')} out"
        if self.bidirectional:
            raise UsageError(
                f"{named('tbptt')} reads a series in windows, and a network that reads from both ends must have its "
                f"end first: give {option('bidirectional', False)}, {apart}"
            )
        if self.crf:
            raise UsageError(
                f"{named('tbptt')} reads a series in windows, and {named('crf')} chooses the labels of all steps "
                f"together: leave it out, {apart}"
            )
        if self.fill == "linear":
            raise UsageError(
                f"{named('tbptt')} reads a series in windows, and {named('fill')} linear takes the next value, which "
                f"may come much later: give {option('fill', 'forward')} or zero, {apart}"
            )
