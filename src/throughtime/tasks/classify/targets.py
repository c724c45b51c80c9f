"""What ``classify`` learns to say: one label, any number of labels, or a number. Loads no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.data.planning.split import require_labels
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.doors import named, takes
from throughtime.errors import DataError
from throughtime.tasks.classify.options import Config
from throughtime.tasks.supervised.content_reader import ContentReader
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.remarks import note_imbalance
from throughtime.tasks.supervised.targets import LabelledTargets, Targets

__all__ = ["Array", "ClassifyReader", "LabelTargets", "NumberTargets", "SetTargets", "load_targets"]

Array: TypeAlias = NDArray[Any]


class LabelTargets(LabelledTargets[Array]):
    """One label of several.

    Args:
        labels: the labels.
    """

    @staticmethod
    def count(records: Sequence[Record]) -> Counter[str]:
        """Count the labels of records."""
        return Counter(cast(str, record.target) for record in records)

    def encode(self, record: Record) -> Array:
        """Give the label's number, UNSEEN where training never saw it."""
        return np.array(self.labels.numbers([_as(str, record)])[0], np.int64)

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": "label", "labels": self.labels.names}


class SetTargets(LabelledTargets[Array]):
    """Any number of labels.

    Args:
        labels: the labels.
    """

    def encode(self, record: Record) -> Array:
        """Give 1 for each label that it has, (labels + 1,); the last place counts those that can never be given."""
        row = np.zeros(len(self.labels) + 1, np.float32)
        for number in self.labels.numbers(_as(tuple, record)):
            row[number if number != UNSEEN else -1] += 1
        return row

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": "labels", "labels": self.labels.names}


class NumberTargets(Targets[Array]):
    """A number: its distance from the mean, in standard deviations.

    Args:
        mean: mean in training.
        scale: standard deviation in training.
    """

    def __init__(self, mean: float, scale: float) -> None:
        self.mean, self.scale = mean, scale

    def encode(self, record: Record) -> Array:
        return np.array((_as(float, record) - self.mean) / self.scale, np.float64)

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": "number", "mean": self.mean, "scale": self.scale}


_KINDS = {str: "a label", tuple: "several labels", float: "a number"}


def _as(kind: type[Any], record: Record) -> Any:
    """A record's target, which must be of a kind."""
    if not isinstance(record.target, kind):
        other = f"choose another {named('target_type')}, or " if takes("target_type") else ""
        mend = f"{other}give data that has it"
        raise DataError(f"{record.place}: the target is {record.target!r}, not {_KINDS[kind]}; {mend}")
    return record.target


class ClassifyReader(ContentReader[Array]):
    """Reads records with one target each.

    Args:
        config: the options.
    """

    config: Config

    @property
    def separator(self) -> str:
        return self.config.label_separator

    def collect(self, records: Sequence[Record]) -> Targets[Array]:
        """Say what can be said, from the training data: its labels, or the mean and spread of its numbers.

        Raises:
            DataError: there is nothing to tell apart, or a target is not of the type that was asked for.
        """
        if self.config.target_type == "label":
            labels = Labels.build(cast(str, _as(str, record)) for record in records)
            require_labels(records)
            return LabelTargets(labels)
        if self.config.target_type == "labels":
            labels = Labels.build(label for record in records for label in cast("tuple[str, ...]", _as(tuple, record)))
            if not len(labels):
                raise DataError("no example has a label; give some that have")
            _refuse_joined(labels.names, records, self.config.label_separator)
            return SetTargets(labels)
        numbers = np.array([_as(float, record) for record in records], np.float64)
        if numbers.min() == numbers.max():
            raise DataError(f"all {len(numbers)} examples have the number {numbers[0]:g}; there is nothing to learn")
        return NumberTargets(float(numbers.mean()), float(numbers.std()))

    def remark(self, valid: Examples[Array], note: Note) -> None:
        """Say where one label is nearly all there is."""
        if self.config.target_type == "label":
            balanced = self.config.class_weights == "balanced"
            more = "" if balanced else ", and try training with balanced class_weights"
            note_imbalance(valid, note, what="examples", mend=f"look at f1, the mean over the labels{more}")

    def load_targets(self, saved: Mapping[str, Any]) -> Targets[Array]:
        return load_targets(saved)


def _refuse_joined(names: Sequence[str], records: Sequence[Record], separator: str) -> None:
    """See that labels are not several with another sign between them than the one that was looked for."""
    if any(len(_as(tuple, record)) > 1 for record in records):
        return
    for other in {"|", ";", ","} - {separator}:
        joined = [name for name in names if other in name]
        parts = Counter(part.strip() for name in names for part in name.split(other))
        if joined and all(part and parts[part] > 1 for part in joined[0].split(other)):
            raise DataError(
                f"no example has several labels with {separator!r} between them, and {joined[0]!r} looks like several "
                f"with {other!r}: say --label-separator '{other}'"
            )


def load_targets(saved: Mapping[str, Any]) -> LabelTargets | SetTargets | NumberTargets:
    """Make targets again from what ``to_mapping`` gave.

    Args:
        saved: plain values.

    Returns:
        The targets.

    Raises:
        ValueError: the values are damaged.
    """
    try:
        match saved["kind"]:
            case "label":
                return LabelTargets(Labels.load(saved["labels"]))
            case "labels":
                return SetTargets(Labels.load(saved["labels"]))
            case "number":
                return NumberTargets(float(saved["mean"]), float(saved["scale"]))
            case kind:
                raise ValueError(f"there is no kind of answers {kind!r}")
    except (KeyError, TypeError) as error:
        raise ValueError(f"a part is missing or of the wrong kind ({error})") from None
