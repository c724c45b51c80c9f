"""The options of ``caption``: to learn, to evaluate, to predict. Loads no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.tasks.options import check_vocabulary_size
from throughtime.tasks.supervised.options import DataOptions
from throughtime.tasks.writing import options as writing

__all__ = ["Config", "Evaluating", "Predicting"]

_NETWORK = frozenset(["attention", "features", "places", "size", "colour"])
_UNITS = frozenset(["unit", "vocabulary_size", "lowercase"])
_LARGEST = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(DataOptions):
    """Options of ``fit("caption", ...)``."""

    ARCHITECTURE: ClassVar[frozenset[str]] = DataOptions.ARCHITECTURE | _NETWORK | _UNITS
    TRAINING_ONLY: ClassVar[frozenset[str]] = DataOptions.TRAINING_ONLY | {"label_smoothing", "coverage", "criterion"}
    READING: ClassVar[frozenset[str]] = DataOptions.READING | {"file_column"}

    file_column: str | None = None
    """Column that names the picture, from the table's folder on; if not given, the first of image, picture, file,
    file_name, path ... there is."""
    target_column: str | None = None
    """Column that holds the caption, or a list of captions; if not given, the first of caption, captions, description,
    sentence, text ... there is."""
    size: str | None = None
    """Width and height that all pictures are brought to, such as 128x96; if not given, those of the first picture, made
    smaller until no side has more than 128 pixels."""
    colour: bool = True
    """Keep the colours of pictures."""
    unit: Literal["words", "characters", "bytes", "bpe"] | None = None
    """What a token of a caption is; if not given: a character where captions have no spaces, a word where there are few
    different ones, else a piece of a word (bpe)."""
    vocabulary_size: int | None = None
    """Number of words (10000) or word pieces to know; if not given, the more text, the more pieces."""
    lowercase: bool = False
    """Write lower case only."""

    features: int = 64
    """Features of each place of a picture, a multiple of 16."""
    places: int = 8
    """Rows and columns of places of a picture, at most: it is halved by convolutions until it has no more."""
    attention: Literal["additive", "dot", "general", "none"] = "additive"
    """How each word looks at the picture: additive (Xu et al. 2015), dot product, general, or not at all, so that the
    picture starts the state and no more (Vinyals et al. 2015)."""
    coverage: float = 0.0
    """Weight of the loss that asks captions to look at all places of a picture alike (Xu et al. 2015, equation 14,
    there 1); for pictures that are full of what is said."""
    label_smoothing: float = 0.0
    """Share of each token's probability that is spread over all tokens (Szegedy et al. 2016)."""
    criterion: Literal["bleu", "exact_match", "word_accuracy", "token_error_rate", "loss"] | None = None
    """The score that tells the best model, of what it writes freely; if not given, BLEU of captions of several words,
    else the token error rate."""

    hidden: int = 128
    """Units of each recurrent layer of the decoder."""
    embedding: int = 64
    """Size of the vector that stands for a token."""
    dropout: float = 0.1
    """Share of the features dropped: of places, of words, before and after the recurrent layers, and between them."""
    batch_size: int = 64
    """Pictures of a step, each with all its captions."""
    learning_rate: float = 1e-3
    """Highest learning rate of AdamW; with twice as much it may never learn where to look."""
    epochs: float = 20.0
    """Passes over the training data."""
    sample_every: int = 500
    """Steps between samples; 0 makes none."""

    def _check_values(self) -> None:
        DataOptions._check_values(self)
        self._at_least(1, "places")
        self._at_least(0, "coverage")
        self._shares("label_smoothing")
        check_vocabulary_size(self.unit, self.vocabulary_size)
        if self.features < 16 or self.features % 16:
            raise UsageError(f"{named('features')} must be a multiple of 16, not {self.features}")
        if self.size is not None and not self._is_size(self.size):
            raise UsageError(
                f"{named('size')} must be a width and a height from 1 to {_LARGEST}, such as 128x96, not {self.size!r}"
            )
        if self.attention == "none" and self.coverage:
            raise UsageError(f"{named('coverage')} needs a network that looks; leave {option('attention', 'none')} out")
        for name in ("recurrent_dropout", "weight_dropout"):
            if self.attention != "none" and getattr(self, name):
                raise UsageError(
                    f"{named(name)} has one mask for a whole caption, and with attention it goes word by word; leave "
                    f"it out, or say {option('attention', 'none')}"
                )

    @staticmethod
    def _is_size(text: str) -> bool:
        found = re.fullmatch(r"(\d+)x(\d+)", text)
        return bool(found) and all(1 <= int(side) <= _LARGEST for side in found.groups())

    @property
    def height_and_width(self) -> list[int]:
        """The size of pictures, height first; empty where none was asked for."""
        return [] if self.size is None else [int(side) for side in reversed(self.size.split("x"))]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluating(writing.Writing):
    """What ``evaluate`` can be asked for."""

    tokenize: Literal["13a", "none", "char", "zh", "intl"] | None = None
    """How BLEU cuts captions into words, as sacreBLEU calls it; none for those that are cut already; if not given, it
    is told from them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicting(writing.Predicting):
    """What ``predict`` can be asked for."""
