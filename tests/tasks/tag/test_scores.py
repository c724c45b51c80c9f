"""Scores counted up step by step are those of scikit-learn on all steps, labels that training never saw among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import classification_report, f1_score

from throughtime.data.encoding.labels import UNSEEN
from throughtime.tasks.tag.scores import Numbers, Tally

LABELS = ["a", "b", "c", "never"]


def steps(seed: int, unseen: bool) -> tuple[Numbers, Numbers]:
    """Right labels and given ones; the label c is given and never right, the last is neither."""
    draw = np.random.default_rng(seed)
    wanted, said = draw.integers(0, 2, 200), draw.integers(0, 3, 200)
    wanted[draw.random(200) < 0.1 * unseen] = UNSEEN
    return wanted, said


def tallied(wanted: Numbers, said: Numbers, parts: int) -> Tally:
    tally = Tally(LABELS)
    for right, given in zip(np.array_split(wanted, parts), np.array_split(said, parts), strict=True):
        assert tally.add(right, given) == (right == given).all()
    return tally


@pytest.mark.parametrize("unseen", [False, True])
@pytest.mark.parametrize("parts", [1, 7])
def test_scores_are_those_of_scikit_learn(unseen: bool, parts: int) -> None:
    wanted, said = steps(3, unseen)
    tally = tallied(wanted, said, parts)
    assert tally.rates()["accuracy"] == (wanted == said).mean()
    assert tally.f1 == pytest.approx(f1_score(wanted, said, average="macro", zero_division=0), rel=1e-12)
    more: Any = {"labels": range(4), "target_names": LABELS, "output_dict": True, "zero_division": 0}
    report: Any = classification_report(wanted, said, **more)
    for label, scores in tally.by_label().items():
        wanted_scores = {name.replace("f1-score", "f1"): value for name, value in report[label].items()}
        assert scores == pytest.approx(wanted_scores, rel=1e-12)


def test_a_loss_that_is_not_known_is_left_out() -> None:
    tally = Tally(LABELS)
    tally.add(np.array([0, 1]), np.array([0, 0]), 3.0)
    tally.add(np.array([UNSEEN]), np.array([0]), np.nan)
    tally.add(np.array([0]), np.array([0]), 1.5)
    assert tally.rates() == {"loss": 1.5, "accuracy": 0.5}
