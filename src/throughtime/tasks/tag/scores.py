"""How well steps were labelled, label by label and entity by entity. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Numbers", "entity_scores", "macro_f1", "marks_spans", "scores_by_entity", "scores_by_label"]

Numbers: TypeAlias = NDArray[np.int64]
"""Number of the label of each step, (T,)."""

_TERMS = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "support"}
"""What scikit-learn and seqeval call a score -> what it is called here."""
Names = Sequence[Sequence[str]]


def marks_spans(labels: Sequence[str]) -> bool:
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


def macro_f1(wanted: Numbers, said: Numbers) -> float:
    """Give the mean over the labels of each one's F1, whether it is frequent or rare.

    Args:
        wanted: (N,) the right label of each step, N at least 1.
        said: (N,) the one that was given.

    Returns:
        The mean over all labels that are right or given somewhere.

    Example:
        >>> round(macro_f1(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])), 4)  # (6 / 7 + 0) / 2
        0.4286
    """
    labels, places = np.unique(np.concatenate([wanted, said]), return_inverse=True)
    right, given = places[: len(wanted)], places[len(wanted) :]
    hits = np.bincount(right[right == given], minlength=len(labels))
    return float((2 * hits / np.bincount(places, minlength=len(labels))).mean())


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


def scores_by_label(labels: Sequence[str], wanted: Numbers, said: Numbers) -> dict[str, Any]:
    """Score each label.

    Args:
        labels: the labels, in the order of their numbers.
        wanted: (N,) the right one of each step.
        said: (N,) the one that was given.

    Returns:
        ``precision``, ``recall``, ``f1`` and ``support`` by label.
    """
    sklearn: Any = import_module("sklearn.metrics")
    names = {"labels": range(len(labels)), "target_names": labels}
    table = sklearn.classification_report(wanted, said, **names, output_dict=True, zero_division=0)
    return _plain({name: table[name] for name in labels})


def _plain(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: {_TERMS[term]: float(row[term]) for term in _TERMS} for name, row in table.items()}
