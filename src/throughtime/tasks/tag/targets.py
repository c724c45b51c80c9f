"""What ``tag`` learns to say: a label for each step. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from throughtime.data.encoding.labels import Labels
from throughtime.data.reading import Note, Problems
from throughtime.data.record import Record
from throughtime.doors import option
from throughtime.errors import DataError
from throughtime.tasks.supervised.content_reader import ContentReader
from throughtime.tasks.supervised.remarks import Labelled, note_imbalance
from throughtime.tasks.supervised.targets import LabelledTargets, labels_of
from throughtime.tasks.tag.scores import Numbers, marks_spans
from throughtime.tasks.tag.spans import settle_spans

__all__ = ["Numbers", "StepTargets", "TagReader"]


class StepTargets(LabelledTargets[Numbers]):
    """A label for each step.

    Args:
        labels: the labels.
    """

    def encode(self, record: Record) -> Numbers:
        """Give the labels' numbers, UNSEEN for those that training never saw."""
        return np.array(self.labels.numbers(labels_of(record)), np.int64)

    def scored(self, target: Numbers) -> int:
        return len(target)

    def to_mapping(self) -> dict[str, Any]:
        return {"labels": self.labels.names}


class TagReader(ContentReader[Numbers]):
    """Reads records with a label for each step.

    Args:
        config: the options.
    """

    per_step = True

    def settle(self, records: list[Record], problems: Problems) -> list[Record]:
        _require_steps(records)
        return settle_spans(records, self.found, problems)

    def collect(self, records: Sequence[Record]) -> StepTargets:
        """Collect the labels of the training data.

        Raises:
            DataError: there is only one.
        """
        labels = Labels.build(label for record in records for label in labels_of(record))
        if len(labels) == 1:
            raise DataError(
                f"every step of the training data has the label {labels.names[0]!r}; give two labels or more"
            )
        return StepTargets(labels)

    def remark(self, valid: Labelled, note: Note) -> None:
        """Say where one label is nearly all there is; of entities most words are none, and F1 is the score."""
        if not marks_spans(valid.label_counts):
            note_imbalance(valid, note, what="steps", mend="look at f1, the mean over the labels")

    def load_targets(self, saved: Mapping[str, Any]) -> StepTargets:
        return StepTargets(Labels.load(saved["labels"]))


def _require_steps(records: Sequence[Record]) -> None:
    """Refuse a table of sentences each of which is one word long: its rows are words."""
    first = records[0] if len(records) > 1 else None
    if first is None or not isinstance(first.original, Mapping):
        return
    cells = cast("Mapping[str, object]", first.original)
    if any(isinstance(cell, list | tuple) for cell in cells.values()):
        return
    if all(isinstance(record.content, tuple) and len(record.content) == 1 for record in records):
        raise DataError(
            f"{first.place}: all {len(records):,} rows have one word each, and words are labelled in their sentence; "
            "where a table has a word in each row, say which column tells the sentences apart with "
            f"{option('id_column')}"
        )
