"""What a network should say of a record, as numbers. Loads no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from throughtime.data.encoding.labels import Labels
from throughtime.data.reading import Note
from throughtime.data.record import Record, Spans

__all__ = ["LabelledTargets", "Target", "Targets", "labels_of"]

Target = TypeVar("Target")
"""What a task keeps of each record's target."""


class Targets(ABC, Generic[Target]):
    """Turns the targets of records into numbers, and knows what can be said at all."""

    @property
    def labels(self) -> Labels | None:
        """The labels that can be said; None where others than labels are."""
        return None

    @abstractmethod
    def encode(self, record: Record) -> Target:
        """Turn a record's target into numbers.

        Raises:
            DataError: it has none of this kind.
        """

    def scored(self, target: Target) -> int:
        """Count what is scored of a target: one for the whole record, or its steps."""
        return 1

    def describe(self) -> dict[str, object]:
        """Give what the user may want to know of what can be said, by name, beside the labels."""
        return {}

    @abstractmethod
    def to_mapping(self) -> dict[str, Any]:
        """Give all that is needed to make them again, as plain values."""

    def check(self, records: Sequence[Record], note: Note, *, learning: bool = False) -> None:
        """Tell of labels in the data that cannot be said.

        Args:
            records: the data.
            note: called with how many there are, and which.
            learning: whether the data is to be learned from, so that none may be missing.

        Raises:
            DataError: not one label is known, or one is not and is to be learned.
        """
        self.check_labels((label for record in records for label in labels_of(record)), note, learning=learning)

    def check_labels(self, labels: Iterable[str], note: Note, *, learning: bool = False) -> None:
        """As :meth:`check`, with the labels themselves, or how often each of them is there."""
        if self.labels is not None:
            self.labels.check(labels, note, learning=learning)


class LabelledTargets(Targets[Target]):
    """Targets made of labels.

    Args:
        labels: the labels.
    """

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    @property
    def labels(self) -> Labels:
        return self._labels


def labels_of(record: Record) -> tuple[str, ...]:
    """Give the labels of a record: its one label, all of them, or those of its marked parts."""
    match record.target:
        case str(label):
            return (label,)
        case tuple(labels):
            return labels
        case Spans(marked):
            return tuple(span.label for span in marked if span.label is not None)
        case _:
            return ()
