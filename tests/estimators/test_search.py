"""Pipelines, searches and cross-validation, in one process, in several, and in threads."""

from __future__ import annotations

import warnings
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from small_estimators import MOODS, TEXTS, classifier, regressor, waves

import throughtime as tt


def lower(texts: Any) -> list[str]:
    return [text.lower() for text in texts]


def test_a_pipeline_of_texts() -> None:
    pipe = make_pipeline(FunctionTransformer(lower), classifier())
    loud = [text.upper() for text in TEXTS]
    assert pipe.fit(loud, MOODS).score(loud, MOODS) == 1
    assert pipe.predict_proba(loud).tolist() == pipe[-1].predict_proba(TEXTS).tolist()
    assert pipe.classes_.tolist() == ["down", "up"]


def test_a_pipeline_of_numbers_and_frames() -> None:
    X, y = waves()
    frame = pd.DataFrame(X, columns=list("abcdef"))
    pipe = Pipeline([("scale", StandardScaler()), ("net", regressor())]).set_output(transform="pandas").fit(frame, y)
    assert pipe["net"].feature_names_in_.tolist() == list("abcdef") and pipe.score(frame, y) > 0.9
    plain = Pipeline([("scale", StandardScaler()), ("net", regressor())]).fit(X, y)
    assert (plain.predict(X) == pipe.predict(frame)).all()


def test_a_column_of_a_table() -> None:
    table = pd.DataFrame({"text": TEXTS, "other": range(len(TEXTS))})
    pipe = make_pipeline(ColumnTransformer([("text", "passthrough", ["text"])]), classifier())
    assert pipe.fit(table, MOODS).score(table, MOODS) == 1


def test_a_search_over_any_option() -> None:
    grid = {"net__cell": ["gru", "lstm"], "net__hidden": np.array([4, 8]), "net__unit": ["words"]}
    search = GridSearchCV(Pipeline([("net", classifier(epochs=2))]), grid, cv=2, scoring="neg_log_loss").fit(
        TEXTS, MOODS
    )
    assert len(search.cv_results_["params"]) == 4 and np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_["net"].cell == search.best_params_["net__cell"]
    assert search.predict(TEXTS).shape == (len(TEXTS),)
    drawn = RandomizedSearchCV(
        classifier(epochs=1),
        {"hidden": np.arange(3, 9), "dropout": np.linspace(0, 0.5, 6)},
        n_iter=2,
        cv=2,
        random_state=0,
    )
    assert np.isfinite(drawn.fit(TEXTS, MOODS).best_score_)


def test_a_value_that_makes_no_sense_is_told_by_the_search() -> None:
    search = GridSearchCV(classifier(epochs=1), {"hidden": [0, 4]}, cv=2, error_score="raise")
    with pytest.raises(tt.UsageError, match="hidden must be at least 1, not 0"):
        search.fit(TEXTS, MOODS)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.set_params(error_score=np.nan).fit(TEXTS, MOODS)
    assert search.best_params_ == {"hidden": 4}
    assert any("hidden must be at least 1, not 0" in str(each.message) for each in caught)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_beside_each_other_as_one_after_the_other(backend: str) -> None:
    """Two workers, each with a process or a thread of its own, find the same numbers as one."""
    search = GridSearchCV(classifier(epochs=1), {"hidden": [4, 8]}, cv=2, scoring="neg_log_loss")
    alone = search.fit(TEXTS, MOODS).cv_results_
    with joblib.parallel_config(backend=backend, n_jobs=2, inner_max_num_threads=None if backend == "threading" else 1):
        beside = search.fit(TEXTS, MOODS)
    for name in ("split0_test_score", "split1_test_score"):
        # threads of a product are not the same in another process, so that float32 may round otherwise
        np.testing.assert_allclose(beside.cv_results_[name], alone[name], rtol=1e-5)


def test_a_learned_one_goes_to_other_processes() -> None:
    model = classifier(epochs=1).fit(TEXTS, MOODS)
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        found = joblib.Parallel(n_jobs=2)(joblib.delayed(model.predict_proba)(TEXTS[i : i + 8]) for i in (0, 8))
    np.testing.assert_allclose(np.concatenate(found), model.predict_proba(TEXTS[:16]), atol=1e-6)


def test_cross_validation() -> None:
    X, y = waves()
    assert cross_val_score(regressor(), X, y, cv=3).min() > 0.8
    ragged = [row[: 3 + number % 4] for number, row in enumerate(X)]
    means = np.array([row.mean() for row in ragged])
    assert cross_val_predict(regressor(), ragged, means, cv=2).shape == y.shape
    shares = cross_val_predict(classifier(epochs=1), TEXTS, MOODS, cv=2, method="predict_proba")
    assert shares.shape == (len(TEXTS), 2)


def test_in_the_place_of_another() -> None:
    X, _ = waves()
    up = X[:, -1] > X[:, 0]
    mine = classifier(pooling="last", dropout=0.0, frame_mask=0.0)
    vote = VotingClassifier([("net", mine), ("line", LogisticRegression())], voting="soft").fit(X, up)
    shares = [each.predict_proba(X) for each in vote.named_estimators_.values()]
    np.testing.assert_allclose(vote.predict_proba(X), np.mean(shares, 0))
    assert vote.score(X, up) > 0.9


def test_weights_of_samples_are_refused() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'sample_weight'"):
        classifier().fit(TEXTS, MOODS, sample_weight=np.ones(len(TEXTS)))
    bag = BaggingClassifier(classifier(epochs=1), n_estimators=2, random_state=0).fit(waves()[0], np.arange(60) % 2)
    assert bag.predict(waves()[0]).shape == (60,), "what can do without them, does"
