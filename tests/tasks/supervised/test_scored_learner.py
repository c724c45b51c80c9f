"""Scores of a whole data set are never held: a batch's are gone when the next batch is scored."""

from __future__ import annotations

import weakref
from typing import Any

import pytest
from torch import Tensor

import throughtime as tt
from throughtime.tasks.supervised.scored_learner import ScoredLearner
from throughtime.training.reporter import SilentReporter

SMALL: dict[str, Any] = {
    "hidden": 4, "embedding": 4, "batch_size": 4, "steps": 2, "min_count": 1, "sample_every": 0, "spelling": 0,
}  # fmt: skip
DATA: dict[str, Any] = {
    "classify": [(f"{'good' if number % 2 else 'bad'} tea {number}", "np"[number % 2]) for number in range(80)],
    "tag": [(["good", "tea", str(number)], ["a", "b", "ab"[number % 2]]) for number in range(80)],
}


@pytest.mark.parametrize(("task", "more"), [("classify", {}), ("tag", {}), ("tag", {"crf": True})])
def test_scores_are_dropped_batch_by_batch(task: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    run = tt.fit(task, DATA[task], reporter=SilentReporter(), **SMALL, **more)
    batches: list[list[weakref.ref[Tensor]]] = []
    held: list[int] = []
    whole = ScoredLearner.scores

    def scores(self: Any, batch: Any) -> Any:
        held.append(sum(score() is not None for seen in batches[:-1] for score in seen))
        found = whole(self, batch)
        batches.append([weakref.ref(score) for score in found])
        return found

    monkeypatch.setattr(ScoredLearner, "scores", scores)
    run.evaluate(DATA[task], note=lambda _: None)
    assert len(batches) == 20 and max(held) == 0
    run.predict([words for words, _ in DATA[task]], note=lambda _: None)
    assert len(batches) == 40 and max(held) == 0


@pytest.mark.parametrize("task", DATA)
def test_scores_do_not_depend_on_the_batches(task: str) -> None:
    small = tt.fit(task, DATA[task], reporter=SilentReporter(), **SMALL)
    one = small.evaluate(DATA[task], note=lambda _: None)
    object.__setattr__(small.model.config, "batch_size", 80)
    other = small.evaluate(DATA[task], note=lambda _: None)
    assert all(other.pop(name) == one.pop(name) for name in ("labels", "rivals"))
    assert other == {name: pytest.approx(value, rel=1e-6) for name, value in one.items()}
