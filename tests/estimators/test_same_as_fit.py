"""An estimator is a run of ``fit``: the same weights, and what they say, in the manner of scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from left_behind import tensors_of
from small_estimators import (
    FEW,
    FORECASTER,
    KINDS,
    MOODS,
    TEXTS,
    WORDS,
    YEARS,
    classifier,
    forecaster,
    regressor,
    tagger,
    waves,
)

import throughtime as tt
from throughtime.training.reporter import SilentReporter


def run_of(task: str, data: object, **options: Any) -> tt.Run:
    """The run that ``fit`` makes with the options of the estimators."""
    options["seed"] = options.pop("random_state")
    return tt.fit(task, data, reporter=SilentReporter(), rival=False, sample_every=0, **options)


def same_weights(one: tt.Run, other: tt.Run) -> bool:
    return tensors_of(one.path) == tensors_of(other.path)


def test_a_classifier() -> None:
    model = classifier().fit(TEXTS, MOODS)
    run = run_of("classify", (TEXTS, MOODS), **FEW, epochs=8)
    assert same_weights(model.run_, run)
    said: Any = run.predict(TEXTS)
    assert model.predict(TEXTS).tolist() == [each.value for each in said]
    shares = model.predict_proba(TEXTS)
    assert shares.tolist() == [[each.probabilities[name] for name in ("down", "up")] for each in said]
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-12)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(TEXTS)), shares, rtol=1e-12)
    assert model.classes_[shares.argmax(1)].tolist() == model.predict(TEXTS).tolist()
    assert (
        model.score(TEXTS, MOODS) == np.mean([each.value == mood for each, mood in zip(said, MOODS, strict=True)]) == 1
    )


def test_a_regressor() -> None:
    X, y = waves()
    model = regressor().fit(X, y)
    how = {**FEW, "epochs": 8, "dropout": 0.0, "frame_mask": 0.0, "pooling": "last", "target_type": "number"}
    run = run_of("classify", (X[..., None].astype(np.float32), y), **how)
    assert same_weights(model.run_, run)
    said: Any = run.predict(X[..., None].astype(np.float32))
    found = model.predict(X)
    assert found.dtype == np.float64 and found.tolist() == [each.value for each in said]
    # R squared by its definition
    assert model.score(X, y) == pytest.approx(1 - ((y - found) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert model.score(X, y) > 0.9


def test_a_tagger() -> None:
    model = tagger().fit(WORDS, KINDS)
    run = run_of("tag", (WORDS, KINDS), **FEW, epochs=8, spelling=0)
    assert same_weights(model.run_, run)
    said: Any = run.predict(WORDS)
    found = model.predict(WORDS)
    assert found.dtype == object and found.shape == (len(WORDS),)
    assert [row.tolist() for row in found] == [list(each.value) for each in said]
    right = np.mean(np.concatenate(found) == np.concatenate(KINDS))
    assert model.score(WORDS, KINDS) == pytest.approx(right) and right > 0.95
    assert model.score(WORDS[:1], [["A", "N", "V", "D"]]) == 0.5


def test_a_forecaster() -> None:
    model = forecaster().fit(YEARS)
    run = run_of("forecast", YEARS, **FORECASTER)
    assert same_weights(model.run_, run)
    found = run.forecast(YEARS, horizon=5, quantiles="0.1,0.9")
    assert model.predict(5).tolist() == found["median"][0][:, 0].tolist()
    quantiles = model.predict_quantiles(5, quantiles=[0.9, 0.5, 0.1])
    assert quantiles.tolist() == found.values[0][:, 0, [2, 0, 1]].tolist()
    assert model.predict().shape == (4,), "as many as were learned"


def test_what_is_validated_on_is_what_was_given() -> None:
    model = classifier(epochs=2).fit(TEXTS, MOODS, valid=(TEXTS[:6], MOODS[:6]))
    run = tt.fit(
        "classify", (TEXTS, MOODS), valid=(TEXTS[:6], MOODS[:6]), reporter=SilentReporter(), seed=0, epochs=2,
        rival=False,         **{name: value for name, value in FEW.items() if name != "random_state"},
    )  # fmt: skip
    assert model.run_.metrics == run.metrics
    with pytest.raises(tt.UsageError, match=r"valid is what is validated on, two values: valid=\(X, y\)"):
        classifier().fit(TEXTS, MOODS, valid=TEXTS)
    with pytest.raises(tt.DataError, match="row 1 of y has the class 'sideways', which was not learned from"):
        classifier().fit(TEXTS, MOODS, valid=(TEXTS[:2], ["sideways", "up"]))
    few = classifier(epochs=1).fit(["so good", "so bad"], ["up", "down"], valid=(TEXTS, MOODS))
    assert few.run_.status == "finished", "nothing is held out, so one of each is enough"


def test_it_learns_in_silence_unless_it_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    model.predict(TEXTS)
    said = capsys.readouterr()
    assert said.out == said.err == ""
    classifier(epochs=1, verbose=True).fit(TEXTS, MOODS)
    assert "are held out" in capsys.readouterr().err


def test_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    assert [path.name.startswith("throughtime-") for path in tmp_path.iterdir()] == [True]
    del model
    assert not list(tmp_path.iterdir())
