"""How well steps were labelled, label by label and entity by entity. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import UNSEEN

__all__ = ["Numbers", "Tally", "entity_scores", "marks_spans", "scores_by_entity"]

Numbers: TypeAlias = NDArray[np.int64]
"""Number of the label of each step, (T,)."""

_TERMS = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "support"}
"""What scikit-learn and seqeval call a score -> what it is called here."""
Names = Sequence[Sequence[str]]


def marks_spans(labels: Iterable[str]) -> bool:
    """Say whether labels mark spans in the BIO or BIOES scheme: O, and others that begin with B-, I-, E- or S-.

    Args:
        labels: the labels.

    Returns:
        Whether they do.

    Example:
        >>> marks_spans(["O", "B-per", "I-per"]), marks_spans(["NOUN", "VERB"])
        (True, False)
    """
    rest = [label for label in labels if label != "O"]
    return bool(rest) and all(label[:2] in ("B-", "I-", "E-", "S-") for label in rest)


def entity_scores(right: Names, given: Names) -> dict[str, float]:
    """Score spans that are right in both ends and type, by seqeval (Nakayama 2018), as CoNLL's own script counts them.

    Args:
        right: the right labels of each sequence.
        given: the labels that were given.

    Returns:
        ``entity_f1``, ``entity_precision`` and ``entity_recall``.
    """
    seqeval: Any = import_module("seqeval.metrics")
    terms = ("f1", "precision", "recall")
    scores = {term: getattr(seqeval, f"{term}_score")(right, given, zero_division=0) for term in terms}
    return {f"entity_{term}": float(score) for term, score in scores.items()}


def scores_by_entity(right: Names, given: Names) -> dict[str, Any]:
    """Score each type of entity.

    Args:
        right: the right labels of each sequence.
        given: the labels that were given.

    Returns:
        ``precision``, ``recall``, ``f1`` and ``support`` by type.
    """
    seqeval: Any = import_module("seqeval.metrics")
    table = seqeval.classification_report(right, given, output_dict=True, zero_division=0)
    return _plain({name: row for name, row in table.items() if not name.endswith(" avg")})


class Tally:
    """How often each label was given for each right one, and the losses: all that scores of any number of steps take.

    Args:
        labels: the labels, in the order of their numbers.

    Example:
        >>> tally = Tally(["no", "yes"])
        >>> tally.add(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]), 2.0)
        False
        >>> tally.rates(), round(tally.f1, 4)  # (6 / 7 + 0) / 2
        ({'loss': 0.5, 'accuracy': 0.75}, 0.4286)
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = labels
        self.counts = np.zeros((len(labels) + 1, len(labels)), np.int64)
        """(right, given): steps with each pair of labels; the last row is of right labels that training never saw."""
        self.loss, self.known = 0.0, 0

    def add(self, wanted: Numbers, said: Numbers, loss: float = np.nan) -> bool:
        """Count steps.

        Args:
            wanted: (T,) the right label of each, UNSEEN for one that training never saw.
            said: (T,) the one that was given.
            loss: their loss in nats; nan where it is not known.

        Returns:
            Whether all were right.
        """
        rows, columns = self.counts.shape
        pairs = np.where(wanted == UNSEEN, columns, wanted) * columns + said
        self.counts += np.bincount(pairs, minlength=rows * columns).reshape(rows, columns)
        if not np.isnan(loss):
            self.loss += loss
            self.known += len(wanted)
        return bool((wanted == said).all())

    def rates(self) -> dict[str, float]:
        """Give ``loss`` (nats a step) and ``accuracy``."""
        accuracy = float(self.counts.trace() / self.counts.sum())
        return {"loss": self.loss / max(1, self.known), "accuracy": accuracy}

    @property
    def f1(self) -> float:
        """The mean of each label's F1, whether it is frequent or rare, over all that are right or given somewhere."""
        hits, wanted, said = self._sums()
        there = wanted + said > 0
        return float((2 * hits[there] / (wanted + said)[there]).mean())

    def by_label(self) -> dict[str, dict[str, float]]:
        """Give ``precision``, ``recall``, ``f1`` and ``support`` of each label; 0 where nothing can be divided by."""
        rows = zip(self.labels, *(each.tolist() for each in self._sums()), strict=False)
        return {
            label: {
                "precision": hits / max(1, said),
                "recall": hits / max(1, wanted),
                "f1": 2 * hits / max(1, wanted + said),
                "support": float(wanted),
            }
            for label, hits, wanted, said in rows
        }

    def _sums(self) -> tuple[Numbers, Numbers, Numbers]:
        """Steps where each label was rightly given, where it is right, and where it was given; the last of labels that
        training never saw.
        """
        hits, said = np.append(self.counts.diagonal(), 0), np.append(self.counts.sum(0), 0)
        return hits, self.counts.sum(1), said


def _plain(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: {_TERMS[term]: float(row[term]) for term in _TERMS} for name, row in table.items()}
