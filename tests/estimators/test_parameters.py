"""The parameters of an estimator are the options of its task, in scikit-learn's manner."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from small_estimators import FEW, MOODS, TEXTS, classifier

import throughtime as tt
from throughtime.errors import DataError, UnknownNameError, UsageError
from throughtime.estimators.parameters import plain
from throughtime.tasks import config_class
from throughtime.training.options import options_of

ALL = {
    tt.SequenceClassifier: "classify",
    tt.SequenceRegressor: "classify",
    tt.SequenceTagger: "tag",
    tt.Forecaster: "forecast",
}
OWN = {"random_state", "warm_start", "device", "max_minutes", "verbose"}


@pytest.mark.parametrize("cls", ALL)
def test_defaults_are_those_of_the_task(cls: type) -> None:
    known = {each.name: each.default for each in options_of(config_class(ALL[cls]))}
    params = cls().get_params()
    assert params.keys() >= OWN | {"cell", "hidden", "layers", "epochs", "learning_rate", "dropout"}
    assert {name: value for name, value in params.items() if name not in OWN} == {
        name: known[name] for name in params.keys() - OWN
    }
    left_out = known.keys() - params.keys()
    assert left_out >= {"seed", "rival", "skip_bad", "format", "separator", "header", "encoding"}
    assert not left_out & {"weight_decay", "average", "patience", "precision", "zoneout", "init", "batch_size"}


@pytest.mark.parametrize("cls", ALL)
def test_the_signature_and_the_docstring_name_every_parameter(cls: type) -> None:
    names = list(inspect.signature(cls).parameters)
    assert sorted(names) == sorted(cls().get_params())
    assert names[:2] == ["cell", "hidden"], "what is asked for most comes first"
    text = inspect.getdoc(cls) or ""
    assert all(f"    {name}: " in text for name in names)


def test_what_is_given_is_kept_as_it_is() -> None:
    listed = np.int64(3)
    made = tt.SequenceClassifier(hidden=listed)
    assert made.get_params()["hidden"] is listed and made.set_params(cell="gru").cell == "gru"
    copy = clone(made)
    assert (copy.hidden, copy.cell, copy is made) == (3, "gru", False)
    assert repr(tt.SequenceClassifier(hidden=8)) == "SequenceClassifier(hidden=8)"
    assert "SequenceClassifier" in made._repr_html_()


def test_an_unknown_parameter_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        tt.SequenceClassifier(hiden=8)
    said = str(caught.value)
    assert said.startswith("unknown parameter of SequenceClassifier 'hiden': did you mean 'hidden'? (known: cell, ")
    assert "random_state" in said and "\n" not in said and "separator" not in said
    for strange in ("seed", "text_column", "target_type", "rival", "tbptt"):
        with pytest.raises(UnknownNameError, match=f"'{strange}'"):
            tt.SequenceTagger(**{strange: None})
    with pytest.raises(ValueError, match="Invalid parameter 'hiden'"):
        tt.SequenceClassifier().set_params(hiden=8)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"hidden": 0}, "hidden must be at least 1, not 0"),
        ({"hidden": "8"}, "hidden must be of type int, not '8'"),
        ({"cell": "lsmt"}, "unknown cell 'lsmt': did you mean 'lstm'?"),
        ({"random_state": -1}, "random_state must be at least 0, not -1"),
        ({"max_minutes": 0}, "max_minutes must be above 0, not 0"),
        ({"pooling": "sum"}, "unknown pooling 'sum'"),
        ({"layers": 1, "residual": True}, "residual=True is for layers after the first: give layers=2"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_when_it_learns(given: dict[str, object], says: str) -> None:
    made = classifier(**given)
    with pytest.raises(UsageError) as caught:
        made.fit(TEXTS, MOODS)
    assert str(caught.value).startswith(says) and "--" not in str(caught.value)


def test_numbers_of_numpy_are_taken_as_those_of_python(tmp_path: Path) -> None:
    drawn = {"hidden": np.int32(4), "dropout": np.float32(0.25), "layer_norm": np.bool_(True), "cell": np.str_("gru")}
    assert plain(drawn) == {"hidden": 4, "dropout": 0.25, "layer_norm": True, "cell": "gru"}
    assert plain({"embeddings": tmp_path, "layers": None}) == {"embeddings": str(tmp_path)}
    run = classifier(**drawn, epochs=np.int64(1)).fit(TEXTS, MOODS).run_
    options = run.describe()["options"]
    assert isinstance(options, dict) and (options["hidden"], options["cell"]) == (4, "gru")


def test_every_option_reaches_the_run() -> None:
    """Values that differ from all defaults are what the run was learned with."""
    given = {
        "cell": "gru", "layers": 2, "bidirectional": False, "dropout": 0.1, "epochs": 1.0, "learning_rate": 0.01,
        "weight_decay": 0.01, "warmup": 3, "schedule": "constant", "clip": 0.5, "average": 0.0, "patience": 2,
        "validate_every": 5, "layer_norm": True, "zoneout": 0.1, "recurrent_dropout": 0.1, "weight_dropout": 0.1,
        "init": "orthogonal", "pre_norm": True, "residual": True, "feed_forward": 4, "batch_size": 5,
        "batch_steps": 99, "unit": "characters", "word_dropout": 0.1, "character_dropout": 0.2, "pooling": "mean",
        "class_weights": "balanced", "label_smoothing": 0.2,
    }  # fmt: skip
    run = classifier(**given).fit(TEXTS, MOODS).run_
    options = run.describe()["options"]
    assert isinstance(options, dict)
    assert {name: options[name] for name in given} == given
    assert (options["seed"], options["hidden"], options["rival"]) == (0, FEW["hidden"], False)


@pytest.mark.parametrize("cls", ALL)
def test_nothing_is_said_before_something_was_learned(cls: type) -> None:
    made = cls()
    calls = [lambda: made.predict(TEXTS), lambda: made.save("run"), lambda: made.run_, lambda: made.score(TEXTS, MOODS)]
    if hasattr(made, "predict_proba"):
        calls += [lambda: made.predict_proba(TEXTS), lambda: made.predict_log_proba(TEXTS)]
    for call in calls:
        with pytest.raises(NotFittedError, match=f"This {cls.__name__} instance is not fitted yet"):
            call()
    assert not hasattr(made, "classes_") and not hasattr(made, "n_features_in_")


@pytest.mark.parametrize(("cls", "y"), [(tt.SequenceRegressor, [1.0]), (tt.SequenceTagger, [["D", "N", "V", "A"]])])
def test_one_sample_is_too_few(cls: type, y: object) -> None:
    with pytest.raises(DataError, match=r"X has 1 sample \(n_samples=1\); one is held out, so two are needed"):
        cls().fit(TEXTS[:1], y)
    with pytest.raises(DataError, match="y has one class, 'up'"):
        tt.SequenceClassifier().fit(TEXTS[:1], ["up"])
