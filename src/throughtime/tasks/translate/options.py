"""The options of ``translate``: to learn, to evaluate, to predict. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.tasks.options import Cell, check_vocabulary_size
from throughtime.tasks.supervised.options import RecordOptions
from throughtime.tasks.writing import options as writing
from throughtime.tasks.writing.options import Writing

__all__ = ["Config", "Evaluating", "Predicting"]

_NETWORK = frozenset(["decoder_cell", "attention", "bridge", "tied", "input_feeding"])
_UNITS = frozenset(["unit", "target_unit", "joint", "lowercase", "normalise"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(RecordOptions):
    """Options of ``fit("translate", ...)``."""

    ARCHITECTURE: ClassVar[frozenset[str]] = RecordOptions.ARCHITECTURE | _NETWORK | _UNITS
    TRAINING_ONLY: ClassVar[frozenset[str]] = RecordOptions.TRAINING_ONLY | {
        "label_smoothing", "scheduled_sampling", "criterion",
    }  # fmt: skip
    READING: ClassVar[frozenset[str]] = RecordOptions.READING | {"source_column", "max_source"}
    CALLED: ClassVar[Mapping[str, str]] = {"text_column": "source_column"}

    source_column: str | None = None
    """Column that holds the source; if not given, the first of source, src, input, text ... there is."""
    target_column: str | None = None
    """Column that holds the target; if not given, the first of target, tgt, translation, output ... there is."""
    max_source: int = 1000
    """Tokens of a source, at most; a longer one is refused, never cut."""
    unit: Literal["words", "characters", "bytes", "bpe"] | None = None
    """What a token is; if not given: a character where texts have no spaces (names, Chinese), a word where a side has
    few different ones (phonemes), else a piece of a word (bpe)."""
    target_unit: Literal["words", "characters", "bytes", "bpe"] | None = None
    """What a token of the target is, where it is not as in the source."""
    vocabulary_size: int | None = None
    """Number of words (10000) or word pieces to know on each side; if not given, the more text, the more pieces."""
    joint: bool = False
    """One vocabulary, and one set of vectors, for both sides: for languages that share words and letters."""
    lowercase: bool = False
    """Read and write lower case only."""
    normalise: Literal["NFC", "NFKC"] | None = None
    """Bring all texts to this form of Unicode."""

    hidden: int = 256
    """Units of each direction of each layer of the encoder; the decoder is as wide as all directions together."""
    embedding: int = 256
    """Size of the vector that stands for a token."""
    dropout: float = 0.3
    """Share of the features dropped before and after the recurrent layers, and between them."""
    decoder_cell: Cell | None = None
    """Recurrent cell of the decoder; if not given, that of the encoder."""
    attention: Literal["additive", "dot", "general", "none"] = "general"
    """How the decoder looks back at the source: additive (Bahdanau et al. 2015), dot product, general (Luong et al.
    2015), or not at all (Sutskever et al. 2014)."""
    bridge: Literal["zero", "last", "projected"] = "projected"
    """What the decoder starts from: zero, the encoder's last state, or a layer over it."""
    tied: bool = True
    """The output layer shares the vectors of the target tokens (Press, Wolf 2017)."""
    input_feeding: bool = False
    """What was looked at goes into the next step (Luong et al. 2015); training then goes step by step, and slowly."""
    label_smoothing: float = 0.1
    """Share of each token's probability that is spread over all tokens (Szegedy et al. 2016)."""
    scheduled_sampling: float = 0.0
    """Share of the decoder's inputs that are its own guesses in training (Bengio et al. 2015), in two passes
    (Mihaylova, Martins 2019)."""
    criterion: Literal["bleu", "chrf", "exact_match", "token_error_rate", "loss"] | None = None
    """The score that tells the best model, of what it writes freely; if not given, BLEU of texts of several words, else
    the token error rate."""

    batch_size: int = 64
    """Sequences of a step."""
    learning_rate: float = 2e-3
    """Highest learning rate of AdamW."""
    epochs: float = 12.0
    """Passes over the training data."""
    sample_every: int = 500
    """Steps between samples; 0 makes none."""

    def _check_values(self) -> None:
        RecordOptions._check_values(self)
        self._at_least(1, "max_source")
        self._shares("label_smoothing", "scheduled_sampling")
        units = {self.unit, self.target_unit or self.unit}
        check_vocabulary_size(next(iter(units)) if len(units) == 1 else None, self.vocabulary_size)
        if self.decoder_cell is not None:
            self._check_cell("decoder_cell")
        for name in ("recurrent_dropout", "weight_dropout"):
            if self.input_feeding and getattr(self, name):
                raise UsageError(
                    f"{named(name)} has one mask for a whole sequence, and {named('input_feeding')} goes step by step; "
                    "leave one of them out"
                )
        if self.joint and len(units) > 1:
            raise UsageError(f"{named('joint')} needs one unit on both sides; leave {named('target_unit')} out")


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluating(Writing):
    """What ``evaluate`` can be asked for."""

    copy_unknown: bool = False
    """Where an unknown word is written, copy the word of the source that was looked at most (Luong et al. 2015);
    without it no unknown word is written."""
    tokenize: Literal["13a", "none", "char", "zh", "intl"] | None = None
    """How BLEU cuts texts into words, as sacreBLEU calls it; none for texts that are cut already; if not given, it is
    told from them."""
    scores: str | None = None
    """File to write the log-probability of each given pair to: .tsv, .csv, .jsonl or .parquet."""

    def _check_values(self) -> None:
        Writing._check_values(self)
        if self.scores == "-":
            raise UsageError(f"{named('scores')} is a file: what is printed are the scores of all pairs together")


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicting(writing.Predicting):
    """What ``predict`` can be asked for."""

    copy_unknown: bool = False
    """Where an unknown word is written, copy the word of the source that was looked at most (Luong et al. 2015);
    without it no unknown word is written."""
