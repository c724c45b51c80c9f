"""A label for each step: what y may be, and what comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import is_classifier
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from small_estimators import KINDS, WORDS, tagger

SPANS = [["O", "I-X", "O", "I-Y"], ["O", "I-X", "I-X", "O"]] * (len(WORDS) // 2)


@pytest.fixture(scope="module")
def model() -> Any:
    return tagger().fit(WORDS, KINDS)


def test_words_may_be_a_text(model: Any) -> None:
    texts = [" ".join(words) for words in WORDS]
    said = [row.tolist() for row in model.predict(WORDS)]
    assert [row.tolist() for row in model.predict(texts)] == said
    assert [row.tolist() for row in model.predict(pd.Series(texts))] == said
    assert [row.tolist() for row in tagger().fit(texts, pl.Series(KINDS)).predict(pl.Series(WORDS))] == said


def test_rows_of_one_length_are_rows_all_the_same(model: Any) -> None:
    said = model.predict(WORDS[:3])
    assert said.shape == (3,) and said.dtype == object and [row.shape for row in said] == [(4,)] * 3
    ragged = model.predict([["the", "fox"], ["the"]])
    assert [len(row) for row in ragged] == [2, 1]


def test_numbers() -> None:
    X = np.random.default_rng(0).normal(size=(60, 7))
    up = X > 0
    model = tagger(epochs=12).fit(X, up)
    assert model.classes_.tolist() == [False, True] and model.n_features_in_ == 7
    assert model.score(X, up) > 0.95
    model = tagger(epochs=1).fit(np.stack([X, -X], 2), up.astype(int).tolist())
    assert model.n_features_in_ == 2 and model.predict(np.zeros((1, 4, 2)))[0].shape == (4,)


def test_labels_of_spans_are_brought_to_one_scheme() -> None:
    model = tagger(epochs=12).fit(WORDS, SPANS)
    assert model.classes_.tolist() == ["I-X", "I-Y", "O"]
    said = {label for row in model.predict(WORDS) for label in row}
    assert said <= {"B-X", "I-X", "B-Y", "I-Y", "O"} and said & {"B-X", "B-Y"}
    assert 0 <= model.score(WORDS, SPANS) <= 1, "counted in the same scheme"


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (None, "SequenceTagger requires y to be passed, but the target y is None"),
        (KINDS[:-1], "Found input variables with inconsistent numbers of samples"),
        ([["D"], *KINDS[1:]], "row 1 of X has 4 steps, and row 1 of y has 1 labels"),
        (["DNVA"] * len(WORDS), "row 1 of y is 'DNVA', not a list of labels, one for each step"),
        ([3] * len(WORDS), "row 1 of y is 3, not a list of labels"),
        ([["D"] * 4] * len(WORDS), "y has one class, 'D'; two classes are needed"),
        ([["D", 1, "D", 1]] * len(WORDS), "y holds labels of several kinds, int and str"),
    ],
)
def test_targets_that_are_refused(y: Any, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        tagger().fit(WORDS, y)
    assert str(caught.value).startswith(says) and "\n" not in str(caught.value)


def test_it_is_searched_without_strata() -> None:
    assert not is_classifier(tagger()), "labels of steps make no strata"
    search = GridSearchCV(tagger(epochs=1), {"crf": [False, True], "hidden": [4]}, cv=2).fit(WORDS, KINDS)
    assert search.best_params_["hidden"] == 4 and 0 <= search.best_score_ <= 1
    assert cross_val_score(tagger(epochs=1), WORDS, KINDS, cv=2).shape == (2,)
    assert cross_val_predict(tagger(epochs=1), WORDS, KINDS, cv=2).shape == (len(WORDS),)
