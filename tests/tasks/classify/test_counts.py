"""Precision, recall and F1 are those of scikit-learn, bit for bit; labels that training never saw count as wrong."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.tasks.classify.heads import Finding, LabelHead, SetHead
from throughtime.tasks.classify.targets import LabelTargets, SetTargets

TERMS = ("precision", "recall", "f1", "support")


@pytest.mark.parametrize("seed", range(20))
def test_one_label_each(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, count = int(rng.integers(2, 7)), int(rng.integers(1, 60))
    wanted = np.where(rng.random(count) < 0.1, UNSEEN, rng.integers(0, size, count))
    said = rng.integers(0, size, count)
    head = LabelHead(LabelTargets(Labels([str(label) for label in range(size)])))
    found = [Finding(each, 0.5, 1.0) for each in said]
    present = np.unique(np.concatenate([wanted, said]))
    macro = f1_score(wanted, said, labels=present, average="macro", zero_division=0)
    assert head.metrics(found, wanted)["f1"] == macro
    columns = precision_recall_fscore_support(wanted, said, labels=range(size), zero_division=0)
    for label, scores in head.by_label(found, wanted).items():
        assert scores == {term: column[int(label)] for term, column in zip(TERMS, columns, strict=True)}


@pytest.mark.parametrize("seed", range(20))
def test_any_number_of_labels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, count = int(rng.integers(2, 7)), int(rng.integers(2, 60))
    wanted, said = rng.random((count, size + 1)) < 0.3, rng.random((count, size)) < 0.3
    head = SetHead(SetTargets(Labels([str(label) for label in range(size)])))
    found = [Finding(each, 0.0, 1.0) for each in said]
    columns = precision_recall_fscore_support(wanted[:, :-1], said, zero_division=0)
    for label, scores in head.by_label(found, wanted.astype(np.float32)).items():
        assert scores == {term: column[int(label)] for term, column in zip(TERMS, columns, strict=True)}
