"""The simple models that a classifier is compared with. Loads no torch, and scikit-learn only for enough data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from throughtime.data.encoding.features import Features, TokenFeatures
from throughtime.data.record import Content, Record
from throughtime.tasks.classify.targets import Array, LabelTargets, NumberTargets, SetTargets
from throughtime.tasks.rivals.constant import Constant
from throughtime.tasks.rivals.drawing import share_of
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.linear import Linear, Reads
from throughtime.tasks.supervised.examples import Examples, SavedInputs
from throughtime.tasks.supervised.targets import Targets

__all__ = ["learn_rivals"]

ENOUGH = 100
"""Examples from which on a linear model is learned: of fewer, ten would be held out, which tell no two models apart,
and loading scikit-learn would take longer than the training."""


def learn_rivals(examples: Examples[Array], inputs: SavedInputs[Array]) -> dict[str, Rival]:
    """Learn what knows the answers' frequencies alone, and a linear model.

    Args:
        examples: what the network learned from.
        inputs: what it reads and what it can say.

    Returns:
        The models by name: ``majority`` or ``mean``, and ``linear``.
    """
    targets = np.stack(examples.targets)
    name, constant = _constant(targets, inputs.targets)
    rivals: dict[str, Rival] = {name: constant}
    reads = _reads(examples.records[0].content, inputs.features)
    if len(targets) < ENOUGH or reads is None:
        return rivals

    def wanted(records: Sequence[Record]) -> Array:
        return _table(np.stack([inputs.targets.encode(record) for record in records]), inputs.targets)

    linear = Linear.learn(
        examples.records,
        reads,
        wanted(examples.records[:1]).shape[1],
        wanted,
        numbers=isinstance(inputs.targets, NumberTargets),
    )
    return rivals if linear is None else {**rivals, "linear": linear}


def _constant(wanted: Array, targets: Targets[Array]) -> tuple[str, Constant]:
    """What is said where nothing is read: the commonest label, the labels that are best said always, or the mean."""
    learned_from = share_of(len(wanted), len(wanted), "examples")
    if isinstance(targets, NumberTargets):
        return "mean", Constant(np.zeros(1), "the mean alone", learned_from)
    labels = isinstance(targets, LabelTargets)
    counts = np.bincount(wanted, minlength=len(targets.labels)) if labels else _table(wanted, targets).sum(0)
    ranked = np.argsort(-counts, kind="stable")
    if labels:
        said, title = ranked[:1], "the commonest label alone"
    else:
        # F1 of saying the n commonest labels always, on the training data: 2 hits / (labels said + labels there are)
        n = np.arange(1, len(counts) + 1)
        f1 = 2 * np.cumsum(counts[ranked]) / (n * len(wanted) + counts.sum())
        said, title = ranked[: int(f1.argmax()) + 1], "the commonest labels alone"
    row = np.full(len(counts), -1.0)
    row[said] = 1.0
    return "majority", Constant(row, title, learned_from)


def _table(wanted: Array, targets: Targets[Array]) -> Array:
    """The right answers as (examples, answers): 0 or 1 for each label, or the scaled number."""
    match targets:
        case LabelTargets(labels=labels):
            return np.eye(len(labels))[wanted]
        case SetTargets():
            return (wanted[:, :-1] > 0).astype(np.float64)
        case _:
            return wanted[:, None]


def _reads(content: Content, features: Features) -> Reads | None:
    """What a linear model reads where the network reads these features; nothing of pictures that are kept whole."""
    if isinstance(content, np.ndarray):
        return "summary" if content.ndim == 2 else None
    by_letters = isinstance(features, TokenFeatures) and features.vocabulary.unit in ("characters", "bytes")
    return "characters" if by_letters else "words"
