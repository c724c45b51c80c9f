"""What was learned is kept: in a pickle, in a copy, in a folder; and gone on with."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from left_behind import tensors_of
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from small_estimators import KINDS, MOODS, TEXTS, WORDS, YEARS, classifier, forecaster, regressor, tagger, waves

import throughtime as tt
from throughtime.estimators.kept_run import KeptRun


def learned() -> list[Any]:
    X, y = waves()
    return [
        classifier(epochs=1).fit(TEXTS, MOODS),
        regressor(epochs=1).fit(X, y),
        tagger(epochs=1).fit(WORDS, KINDS),
        forecaster().fit(YEARS),
    ]


def said(model: Any) -> list[Any]:
    X: Any = {"SequenceClassifier": TEXTS, "SequenceRegressor": waves()[0], "SequenceTagger": WORDS, "Forecaster": 4}
    found = [*model.predict(X[type(model).__name__])]
    return [each.tolist() for each in found]


def test_a_pickle_says_the_same() -> None:
    for model in learned():
        again = pickle.loads(pickle.dumps(model))
        assert said(again) == said(model) and again.get_params() == model.get_params()
        assert again.run_.path != model.run_.path and again.run_.metrics == model.run_.metrics
        assert pickle.loads(pickle.dumps(again)).run_.describe()["options"] == model.run_.describe()["options"]
        for copied in (copy.copy(model), copy.deepcopy(model)):
            assert said(copied) == said(model)


def test_a_pickle_holds_the_files_of_the_run_and_no_object_of_ours_beside() -> None:
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    kept = vars(model)["_kept"]
    assert isinstance(kept, KeptRun)
    state = kept.__getstate__()
    assert state.keys() == {"files"}
    assert {name: type(content) for name, content in state["files"].items()} == dict.fromkeys(
        ["config.json", "inputs.json", "metrics.jsonl", "model.safetensors", "trainer.json"], bytes
    )
    assert state["files"]["model.safetensors"] == (model.run_.path / "model.safetensors").read_bytes()
    pickled = pickle.dumps(model)
    assert b"torch" not in pickled.replace(state["files"]["model.safetensors"], b"")
    assert b"TemporaryDirectory" not in pickled and str(model.run_.path).encode() not in pickled


def test_files_are_written_when_it_is_asked_and_removed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pickled = pickle.dumps(classifier(epochs=1).fit(TEXTS, MOODS))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = pickle.loads(pickled)
    assert not list(tmp_path.iterdir())
    model.predict(TEXTS)
    assert len(list(tmp_path.iterdir())) == 1
    del model
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_refused() -> None:
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    state = vars(model)["_kept"].__getstate__()
    weights = bytearray(state["files"]["model.safetensors"])
    weights[-1] ^= 1
    vars(model)["_kept"].__setstate__({"files": {**state["files"], "model.safetensors": bytes(weights)}})
    with pytest.raises(tt.CheckpointError):
        model.predict(TEXTS)


def test_a_saved_one_is_a_run(tmp_path: Path) -> None:
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    assert model.save(tmp_path / "in" / "run") is model
    run = tt.load(tmp_path / "in" / "run")
    predictions: Any = run.predict(TEXTS)
    assert [each.value for each in predictions] == model.predict(TEXTS).tolist()
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["run"], "nothing half-written is left"
    with pytest.raises(tt.UsageError, match="exists and is not empty; give the name of a new folder"):
        model.save(tmp_path / "in" / "run")
    (tmp_path / "empty").mkdir()
    pickle.loads(pickle.dumps(model)).save(tmp_path / "empty")
    assert tt.load(tmp_path / "empty").metrics == run.metrics
    (tmp_path / "file").touch()
    with pytest.raises(tt.UsageError, match="give another"):
        model.save(tmp_path / "file" / "run")
    with pytest.raises(NotFittedError):
        classifier().save(tmp_path / "none")


def test_another_device_is_looked_for() -> None:
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    before, opened = model.predict_proba(TEXTS), model.run_
    model.set_params(device="cpu:0")
    assert (model.predict_proba(TEXTS) == before).all() and model.run_ is not opened
    model.set_params(device="nowhere")
    with pytest.raises(tt.UsageError, match="cannot use the device 'nowhere'"):
        model.predict(TEXTS)


def test_a_clone_has_learned_nothing() -> None:
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    with pytest.raises(NotFittedError):
        clone(model).predict(TEXTS)
    assert (clone(model).fit(TEXTS, MOODS).predict_proba(TEXTS) == model.predict_proba(TEXTS)).all()


def test_random_states() -> None:
    def weights(state: object) -> dict[str, Any]:
        model = classifier(epochs=1, random_state=state).fit(TEXTS, MOODS)
        return tensors_of(model.run_.path)

    assert weights(3) == weights(np.int64(3)) != weights(4)
    assert weights(np.random.RandomState(5)) == weights(np.random.RandomState(5))
    np.random.seed(7)
    first, second = weights(None), weights(None)
    assert first != second, "None draws"
    np.random.seed(7)
    assert weights(None) == first, "from NumPy's own numbers, as elsewhere in scikit-learn"
    with pytest.raises(ValueError, match="cannot be used to seed"):
        weights(np.random.default_rng(0))


def weights_of(model: Any) -> Any:
    """The weights of what it has learned, one behind the other, without what is fitted after learning."""
    tensors = tensors_of(model.run_.path)
    return np.concatenate([np.ravel(tensors[name]) for name in sorted(tensors) if name != "temperature"])


def test_a_warm_start_goes_on() -> None:
    whole = classifier(epochs=4, warm_start=True).fit(TEXTS, MOODS)
    before = weights_of(whole)
    whole.set_params(learning_rate=1e-9, epochs=0.25).fit(TEXTS, MOODS)
    np.testing.assert_allclose(weights_of(whole), before, atol=1e-6)  # with hardly a learning rate they stay
    cold = classifier(epochs=4).fit(TEXTS, MOODS).set_params(learning_rate=1e-9, epochs=0.25).fit(TEXTS, MOODS)
    assert abs(weights_of(cold) - before).max() > 1e-2


def test_a_warm_start_needs_the_same_classes_columns_and_network() -> None:
    model = classifier(epochs=1, warm_start=True).fit(TEXTS, MOODS)
    with pytest.raises(tt.DataError, match="row 1 of y has the class 'left', which was not learned from"):
        model.fit(TEXTS, ["left", "right"] * (len(TEXTS) // 2))
    with pytest.raises(
        tt.DataError, match="X has rows of numbers, all as long, and SequenceClassifier has learned from"
    ):
        model.fit(np.zeros((len(TEXTS), 3)), MOODS)
    model.hidden = 9
    with pytest.raises(tt.UsageError, match="warm_start goes on with a network of hidden=8, and hidden is 9 now"):
        model.fit(TEXTS, MOODS)
    assert model.set_params(hidden=8).fit(TEXTS, MOODS).predict(TEXTS[:1])[0] in ("up", "down")


def test_a_fit_that_fails_leaves_nothing_learned() -> None:
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    with pytest.raises(ValueError):
        model.fit(TEXTS, MOODS[:-1])
    with pytest.raises(NotFittedError):
        model.predict(TEXTS)


def test_ctrl_c_is_passed_on_and_what_was_learned_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from throughtime.training import loop

    steps: list[int] = []

    def after_three() -> bool:
        steps.append(1)
        return len(steps) > 3

    class Hearing:
        def __enter__(self) -> Any:
            return after_three

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(loop, "interrupts", Hearing)
    model = classifier()
    with pytest.raises(KeyboardInterrupt):
        model.fit(TEXTS, MOODS)
    assert model.run_.status == "interrupted" and model.predict(TEXTS).shape == (len(TEXTS),)
