"""Answers as numbers: the words of a context that are right, or a word of a closed set. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.features import text_of
from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.data.reading import Note
from throughtime.data.record import Record, Spans
from throughtime.data.words import word_places
from throughtime.errors import DataError
from throughtime.tasks.supervised.targets import LabelledTargets, Targets

__all__ = ["Answer", "SpanTargets", "WordTargets", "load_targets", "right_texts"]

SUPPORTING = "supporting"
"""Column of a row that names the statements that give its answer, from 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A record's target as numbers."""

    spans: NDArray[np.int64]
    """First and last word of each right part of the context, (N, 2); none where there is no answer, or it is a word."""
    word: int = UNSEEN
    """Number of the word that answers."""
    supporting: tuple[int, ...] = ()
    """Statements of the context that give the answer, from 0; none where that is not known."""


def right_texts(record: Record) -> tuple[str, ...]:
    """Give the texts that answer a record's question; none where nothing does.

    Args:
        record: a record with its target.

    Returns:
        The right answers.

    Example:
        >>> from throughtime.data.record import Span
        >>> right_texts(Record("Ann left.", Spans((Span(0, 3),)), "row 1")), right_texts(Record("Ann left.", "no", ""))
        (('Ann',), ('no',))
    """
    match record.target:
        case Spans(marked):
            text = text_of(record)
            return tuple(text[mark.start : mark.stop] for mark in marked)
        case str(word):
            return (word,)
        case _:
            raise DataError(f"{record.place}: there is no answer")


class SpanTargets(Targets[Answer]):
    """Parts of the context.

    Args:
        unanswerable: whether a question may have no answer.
    """

    def __init__(self, *, unanswerable: bool) -> None:
        self.unanswerable = unanswerable

    def encode(self, record: Record) -> Answer:
        """Give the words that each right answer begins and ends in."""
        if not isinstance(record.target, Spans):
            raise DataError(f"{record.place}: the answer is {record.target!r}, not a part of its context")
        places = word_places(text_of(record)) if record.target.marked else []
        starts, stops = [start for start, _ in places], [stop for _, stop in places]
        found = [
            (np.searchsorted(stops, mark.start, "right"), np.searchsorted(starts, mark.stop) - 1)
            for mark in record.target.marked
        ]
        return Answer(np.array(found, np.int64).reshape(-1, 2))

    def check(self, records: Sequence[Record], note: Note, *, learning: bool = False) -> None:
        """Tell of questions without an answer that cannot be told as such."""
        none = sum(isinstance(record.target, Spans) and not record.target.marked for record in records)
        if none and not self.unanswerable:
            note(f"{none:,} questions have no answer, and none such was learned from: each counts as wrong")

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": "spans", "unanswerable": self.unanswerable}


class WordTargets(LabelledTargets[Answer]):
    """Words of a closed set.

    Args:
        labels: the words.
    """

    def encode(self, record: Record) -> Answer:
        """Give the number of the word, UNSEEN where training never saw it, and the statements that give it."""
        if not isinstance(record.target, str):
            raise DataError(f"{record.place}: the answer is {record.target!r}, not a word")
        original = cast("Mapping[str, object]", record.original if isinstance(record.original, Mapping) else {})
        named = str(original.get(SUPPORTING) or "").split()
        supporting = tuple(int(each) - 1 for each in named if each.isdecimal())
        return Answer(np.zeros((0, 2), np.int64), self.labels.numbers([record.target])[0], supporting)

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": "words", "labels": self.labels.names}


def load_targets(saved: Mapping[str, Any]) -> SpanTargets | WordTargets:
    """Make targets again from what ``to_mapping`` gave.

    Args:
        saved: plain values.

    Returns:
        The targets.

    Raises:
        ValueError: the values are damaged.

    Example:
        >>> load_targets({"kind": "spans", "unanswerable": False}).unanswerable
        False
    """
    match saved:
        case {"kind": "spans", "unanswerable": bool(unanswerable)}:
            return SpanTargets(unanswerable=unanswerable)
        case {"kind": "words", "labels": labels}:
            return WordTargets(Labels.load(labels))
        case _:
            raise ValueError("it has no answers of a known kind")
