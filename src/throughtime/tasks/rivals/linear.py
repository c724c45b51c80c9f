"""A linear model on what a record holds, whatever the order: words, or mean and maximum of its frames."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.record import Record
from throughtime.tasks.rivals.drawing import draw, share_of
from throughtime.tasks.rivals.grams import Grams, grams_of

__all__ = ["FrameColumns", "Linear", "Reads", "TextColumns"]

CHARACTERS, NUMBERS = 2_000_000, 10_000_000
"""Characters of text, and numbers of a table times answers, that are learned from: a few seconds."""
RECORD = 10
"""Characters whose reading takes as long as what there is to do for each text, whatever its length."""
WEIGHTS = 1_000_000
"""Weights of a model at most: four megabytes."""
REGULAR = {"text": 3.0, "frames": 1.0}
"""How freely the weights may grow (C of a logistic regression), for rows of length 1 and for scaled frames."""
Array = NDArray[Any]
Reads = Literal["words", "characters", "summary", "steps"]
"""What a row of the model's table is made of: the pieces of a text, a whole sequence of frames, or one frame of it."""


class Columns(Protocol):
    """What turns records into the rows of a table."""

    def dot(self, record: Record, weights: Array) -> Array:
        """Give the rows of a record times weights (columns, answers)."""
        ...

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        ...


class TextColumns:
    """A row for each text: the pieces in it.

    Args:
        grams: the pieces.
    """

    def __init__(self, grams: Grams) -> None:
        self.grams = grams

    def dot(self, record: Record, weights: Array) -> Array:
        columns, values = self.grams.row(grams_of(record, by_words=self.grams.by_words))
        return values @ weights[columns]

    def table(self, records: Sequence[Record]) -> Any:
        """Give all rows as a sparse table."""
        scipy: Any = import_module("scipy.sparse")
        rows = list(self.grams.rows(records))
        edges = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        columns, values = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        return scipy.csr_matrix((values, columns, edges), (len(rows), len(self.grams.known)))

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        return {"idf": self.grams.idf}, self.grams.to_plain()


class FrameColumns:
    """A row for each sequence of frames (mean and maximum of each feature, logarithm of the length), or for each frame.

    Args:
        mean: (columns,) mean of each column in training.
        scale: (columns,) its standard deviation; 1 where it never changes.
        per_step: whether there is a row for each frame.
    """

    def __init__(self, mean: Array, scale: Array, *, per_step: bool) -> None:
        self.mean, self.scale, self.per_step = mean, scale, per_step

    @classmethod
    def learn(cls, records: Sequence[Record], *, per_step: bool) -> Self:
        """Take the mean and spread of each column."""
        rows = _raw(records, per_step)
        spread = rows.std(0)
        return cls(rows.mean(0), np.where(spread > 1e-6 * (1 + abs(rows.mean(0))), spread, 1.0), per_step=per_step)

    def dot(self, record: Record, weights: Array) -> Array:
        rows = self.table([record]) @ weights
        return rows if self.per_step else rows[0]

    def table(self, records: Sequence[Record]) -> Array:
        """Give all rows."""
        return (_raw(records, self.per_step) - self.mean) / self.scale

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        return {"mean": self.mean, "scale": self.scale}, {"per_step": self.per_step}


def _raw(records: Sequence[Record], per_step: bool) -> Array:
    frames = [cast(Array, record.content) for record in records]
    if per_step:
        return np.concatenate(frames).astype(np.float64)
    rows = [[each.mean(0, dtype=np.float64), each.max(0), [np.log(len(each))]] for each in frames]
    return np.stack([np.concatenate(row) for row in rows])


class Linear:
    """A linear model: logistic regression, one against the rest, or ridge regression.

    Args:
        columns: what it reads.
        weights: (columns, answers).
        bias: (answers,).
        learned_from: how much of the training data, in words.
    """

    kind = "linear"

    def __init__(self, columns: Columns, weights: Array, bias: Array, learned_from: str = "") -> None:
        self.columns, self.weights, self.bias, self.learned_from = columns, weights, bias, learned_from

    @property
    def title(self) -> str:
        """What it is called beside the network."""
        if isinstance(self.columns, TextColumns):
            return f"a linear model on the {'words' if self.columns.grams.by_words else 'letters'}"
        per_step = isinstance(self.columns, FrameColumns) and self.columns.per_step
        return "a linear model on each frame" if per_step else "a linear model on mean and maximum of the frames"

    def scores(self, records: Iterable[Record]) -> Iterator[Array]:
        """Give the scores of all answers for each record, (answers,), or for each of its steps, (T, answers)."""
        return (self.columns.dot(record, self.weights) + self.bias for record in records)

    @classmethod
    def learn(
        cls, records: Sequence[Record], reads: Reads, answers: int, wanted: Any, *, numbers: bool = False
    ) -> Linear | None:
        """Learn from as many records as a few seconds allow.

        Args:
            records: the training data, all of one kind.
            reads: what a row is made of.
            answers: how many answers there are.
            wanted: gives the right answers of records, (rows, answers): 0 or 1 for each, or one number.
            numbers: whether a number is learned.

        Returns:
            The model; None where so few records can be learned from in that time that it would say nothing.
        """
        drawn = _affordable(records, reads, answers)
        columns = _columns(drawn, reads, answers)
        right: Array = wanted(drawn)
        if len(right) < 2 * answers:
            return None
        table = columns.table(drawn)
        free = REGULAR["text" if isinstance(columns, TextColumns) else "frames"]
        weights, bias = _ridge(table, right) if numbers else _logistic(table, right, free)
        return cls(columns, weights.astype(np.float32), bias, share_of(len(drawn), len(records), "examples"))

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        arrays, plain = self.columns.to_parts()
        return {**arrays, "weights": self.weights, "bias": self.bias}, plain

    @classmethod
    def from_parts(cls, arrays: Mapping[str, Array], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError or ValueError says that something is missing."""
        weights, bias = arrays["weights"], arrays["bias"]
        if "pieces" in plain:
            columns = TextColumns(Grams(plain["pieces"], arrays["idf"], by_words=plain["by_words"]))
            known = len(columns.grams.known)
        else:
            columns = FrameColumns(arrays["mean"], arrays["scale"], per_step=plain["per_step"])
            known = len(columns.mean)
        if weights.shape != (known, len(bias)):
            raise ValueError(f"weights of the shape {weights.shape} for {known} columns")
        return cls(columns, weights, bias)


def _affordable(records: Sequence[Record], reads: Reads, answers: int) -> list[Record]:
    if reads in ("words", "characters"):
        # Reading costs the same whatever is learned; learning costs as much again for every ten answers.
        pieces = 3 if reads == "characters" else 1  # that begin at a character
        return draw(records, CHARACTERS * 10 // (10 + answers), lambda record: RECORD + pieces * _letters(record))
    width = cast(Array, records[0].content).shape[1]
    return draw(records, NUMBERS // answers, lambda record: width * (len(record.content) if reads == "steps" else 3))


def _letters(record: Record) -> int:
    return sum(map(len, record.content)) if isinstance(record.content, tuple) else len(cast(str, record.content))


def _columns(records: Sequence[Record], reads: Reads, answers: int) -> TextColumns | FrameColumns:
    if reads in ("summary", "steps"):
        return FrameColumns.learn(records, per_step=reads == "steps")
    by_words = reads == "words"
    texts = (grams_of(record, by_words=by_words) for record in records)
    return TextColumns(Grams.learn(texts, max(1000, min(100_000, WEIGHTS // answers)), by_words=by_words))


def _logistic(table: Any, right: Array, free: float) -> tuple[Array, Array]:
    """One logistic regression for each answer; an answer that all or none have needs no weights."""
    sklearn: Any = import_module("sklearn.linear_model")
    weights, bias = np.zeros((table.shape[1], right.shape[1])), np.zeros(right.shape[1])
    for answer, column in enumerate(right.T):
        share = float(column.mean())
        if answer == 1 and right.shape[1] == 2 and (right.sum(1) == 1).all():
            weights[:, 1], bias[1] = -weights[:, 0], -bias[0]  # of two answers the one says it all
        elif 0 < share < 1:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it has not converged in time is no news here
                model = sklearn.LogisticRegression(C=free, solver="liblinear", max_iter=50, tol=1e-3).fit(
                    table, column > 0
                )
            weights[:, answer], bias[answer] = model.coef_[0], model.intercept_[0]
        else:
            bias[answer] = 20.0 if share else -20.0
    return weights, bias


def _ridge(table: Any, right: Array) -> tuple[Array, Array]:
    sklearn: Any = import_module("sklearn.linear_model")
    model = sklearn.Ridge(alpha=1.0).fit(table, right[:, 0])
    return np.asarray(model.coef_, np.float64)[:, None], np.array([model.intercept_])
