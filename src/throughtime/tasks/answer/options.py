"""The options of ``answer``: to learn, to evaluate, to predict. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from throughtime.tasks.options import Cell
from throughtime.tasks.supervised.options import RecordOptions
from throughtime.training.options import CheckedOptions

__all__ = ["Answering", "Config", "Predicting"]

_NETWORK = frozenset(["attention", "hops", "spelling", "vocabulary_size", "answers"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(RecordOptions):
    """Options of ``fit("answer", ...)``."""

    ARCHITECTURE: ClassVar[frozenset[str]] = RecordOptions.ARCHITECTURE | _NETWORK
    TRAINING_ONLY: ClassVar[frozenset[str]] = RecordOptions.TRAINING_ONLY | {
        "word_dropout", "character_dropout", "supporting",
    }  # fmt: skip
    READING: ClassVar[frozenset[str]] = RecordOptions.READING | {
        "context_column", "question_column", "start_column", "group_column", "unanswerable",
    }  # fmt: skip
    CALLED: ClassVar[Mapping[str, str]] = {"text_column": "context_column"}

    context_column: str | None = None
    """Column of a table that holds the text that is asked about; if not given, context."""
    question_column: str | None = None
    """Column that holds the question; if not given, question."""
    target_column: str | None = None
    """Column that holds the answer, or a list of right ones; if not given, answer or answers."""
    start_column: str | None = None
    """Column that says at which character of the context the answer begins, from 0; if not given, answer_start where
    there is one."""
    group_column: str | None = None
    """Column that says which questions belong together; if not given, those about one context do."""
    answers: Literal["spans", "words"] | None = None
    """What an answer is: a part of the context, or a word of those that training has seen; if not given, it follows
    from the data."""
    unanswerable: bool = False
    """An empty answer in a table says that the context does not answer the question."""

    cell: Cell = "gru"
    """Recurrent cell; for answers that are words, that of the layers over statements."""
    hidden: int = 32
    """Units of each direction of each recurrent layer."""
    embedding: int = 32
    """Size of the vector that stands for a word."""
    dropout: float = 0.1
    """Share of the features dropped before and after the recurrent layers, and between them."""
    attention: Literal["flow", "none"] = "flow"
    """How the context is compared with the question: word by word in both directions (Seo et al. 2017), and for answers
    that are words fact by fact (Xiong et al. 2016); or not at all."""
    hops: int = 2
    """Readings: how often the context is looked at, each time with what was found before."""
    supporting: float = 1.0
    """Weight of looking at the statements that answer a question, where the data names them (bAbI's last column)."""
    vocabulary_size: int | None = None
    """Number of words to know; if not given, all."""
    spelling: int = 32
    """Units of each direction of the network that reads the letters of each word, for answers that are parts of the
    context; 0 leaves the spelling out."""
    word_dropout: float = 0.1
    """Share of the words read as unknown in training, the rare ones above all."""
    character_dropout: float = 0.05
    """Share of the letters read as unknown in training."""

    batch_size: int = 32
    """Questions of a step."""
    learning_rate: float = 4e-3
    """Highest learning rate of AdamW."""
    epochs: float = 10.0
    """Passes over the training data."""

    def _check_values(self) -> None:
        RecordOptions._check_values(self)
        self._at_least(1, "hops")
        self._at_least(0, "spelling", "supporting")
        self._shares("word_dropout", "character_dropout")
        if self.vocabulary_size is not None:
            self._at_least(1, "vocabulary_size")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answering(CheckedOptions):
    """What ``evaluate`` can be asked for."""

    longest: int = 30
    """Words of an answer, at most."""
    none_above: float = 0.5
    """Where a question may have no answer: none is said from this probability on that there is none."""

    def _check_values(self) -> None:
        self._at_least(1, "longest")
        self._shares("none_above")


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicting(Answering):
    """What ``predict`` can be asked for."""

    plot: str | None = None
    """Folder for a picture of each context, its words coloured by how much they were looked at."""
