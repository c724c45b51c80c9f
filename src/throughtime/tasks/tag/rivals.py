"""The simple models that a tagger is compared with. Loads no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from throughtime.data.record import Record
from throughtime.tasks.rivals.constant import Constant, WordLabels
from throughtime.tasks.rivals.drawing import share_of
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.linear import Array, Linear
from throughtime.tasks.supervised.targets import labels_of

__all__ = ["learn_rivals"]

ENOUGH = 1000
"""Frames from which on a linear model is learned: fewer are learned in less time than it takes to load scikit-learn."""


def learn_rivals(records: Sequence[Record], counts: Counter[str], labels: Sequence[str]) -> dict[str, Rival]:
    """Learn the commonest label, and that of each word; where frames are labelled, a linear model on each by itself.

    Args:
        records: what the network learned from.
        counts: how often each label is there.
        labels: the labels, in the order of their numbers.

    Returns:
        The models by name: ``majority``, and ``words`` or ``linear``.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    row = np.array([float(counts[label]) for label in labels])
    whole = share_of(len(records), len(records), "sequences")
    rivals: dict[str, Rival] = {"majority": Constant(row, "the commonest label alone", whole, per_step=True)}
    if isinstance(records[0].content, tuple):
        return {**rivals, "words": WordLabels.learn(records, numbers)}
    if not isinstance(records[0].content, np.ndarray) or counts.total() < ENOUGH:
        return rivals

    def wanted(drawn: Sequence[Record]) -> Array:
        said = [numbers[label] for record in drawn for label in labels_of(record)]
        return np.eye(len(labels))[said]

    linear = Linear.learn(records, "steps", len(labels), wanted)
    return rivals if linear is None else {**rivals, "linear": linear}
