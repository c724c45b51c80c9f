"""Labels of any kind come back as they were given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from small_estimators import MOODS, TEXTS, WORDS, classifier, tagger

from throughtime.errors import DataError
from throughtime.estimators.labels import classes_of, names_of

UP = np.array([mood == "up" for mood in MOODS])


def two(down: object, up: object, dtype: Any = None) -> Any:
    """Labels of the texts, of another kind."""
    return np.array([up if each else down for each in UP], dtype)


GIVEN: dict[str, tuple[Any, list[Any], str]] = {
    "texts": (two("down", "up"), ["down", "up"], "U"),
    "objects": (two("down", "up", object), ["down", "up"], "O"),
    "a list": (MOODS, ["down", "up"], "U"),
    "small numbers": (two(3, -100, np.int8), [-100, 3], "i"),
    "unsigned": (two(0, 255, np.uint8), [0, 255], "u"),
    "truth": (two(False, True), [False, True], "b"),
    "whole floats": (two(0.0, 1.0, np.float32), [0.0, 1.0], "f"),
    "dates": (two("2020-01-01", "2021-01-01", "datetime64[D]"), list(np.array(["2020", "2021"], "datetime64[D]")), "M"),
    "pandas": (pd.Series(MOODS, index=range(90, 90 + len(MOODS))), ["down", "up"], "U"),
    "pandas' texts": (pd.Series(MOODS, dtype="string"), ["down", "up"], "U"),
    "pandas' categories": (pd.Series(MOODS, dtype="category"), ["down", "up"], "U"),
    "pandas' truth": (pd.Series(UP, dtype="boolean"), [False, True], "b"),
    "polars": (pl.Series(MOODS), ["down", "up"], "U"),
    "white space": (two(" up", "up"), [" up", "up"], "U"),
    "two ways to write é": (two("e\u0301", "\u00e9"), ["e\u0301", "\u00e9"], "U"),
    "lists written as text": (two("['a']", "[b]"), ["['a']", "[b]"], "U"),
    "nothing": (two("", "up"), ["", "up"], "U"),
    "names of nothing": (two("None", "nan"), ["None", "nan"], "U"),
}  # fmt: skip


@pytest.mark.parametrize("name", GIVEN)
def test_labels_come_back(name: str) -> None:
    given, classes, kind = GIVEN[name]
    model = classifier(epochs=6).fit(TEXTS, given)
    assert model.classes_.tolist() == np.array(classes).tolist() and model.classes_.dtype.kind == kind
    said = model.predict(TEXTS)
    assert said.dtype == model.classes_.dtype
    assert (said == np.array(given.to_list() if hasattr(given, "to_list") else given)).all(), "it learns them"
    assert model.score(TEXTS, given) == 1
    places = model.predict_proba(TEXTS).argmax(1)
    assert (model.classes_[places] == said).all(), "columns are in the order of the classes"


def test_more_classes_are_in_order() -> None:
    numbers = np.array([10, 9, 2])[np.arange(len(TEXTS)) % 3]
    model = classifier(epochs=1).fit(TEXTS, numbers)
    assert model.classes_.tolist() == [2, 9, 10] and model.predict_proba(TEXTS).shape == (len(TEXTS), 3)


@pytest.mark.parametrize("given", [two(b"a", b"b"), np.array(MOODS).astype(np.dtypes.StringDType())])
def test_labels_come_back_though_scikit_learn_cannot_score_them(given: Any) -> None:
    assert classifier().fit(TEXTS, given).predict(TEXTS).tolist() == given.tolist()


def test_a_column_of_labels_is_taken_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="A column-vector y was passed"):
        model = classifier(epochs=1).fit(TEXTS, np.array(MOODS)[:, None])
    assert model.predict(TEXTS).shape == (len(TEXTS),)


REFUSED: dict[str, tuple[Any, str]] = {
    "no y": (None, "SequenceClassifier requires y to be passed, but the target y is None"),
    "too few": (MOODS[:-1], "Found input variables with inconsistent numbers of samples: [40, 39]"),
    "one class": (["up"] * 40, "y has one class, 'up'; two classes are needed"),
    "one of a class": (
        ["up"] * 39 + ["down"],
        "a label needs at least two examples; with one: 'down' (row 40 of the data)",
    ),
    "missing": ([None, *MOODS[1:]], "y holds labels of several kinds, NoneType and str"),
    "missing numbers": ([np.nan, *[1.0, 2.0] * 19, 1.0], "row 1 of y has no label (Input contains NaN)"),
    "missing in pandas": (
        pd.Series([None, *MOODS[1:]], dtype=object),
        "y holds labels of several kinds, NoneType and str",
    ),
    "several kinds": ([1, "a"] * 20, "y holds labels of several kinds, int and str; give all of one kind"),
    "several kinds of objects": (np.array([1, "1"] * 20, object), "y holds labels of several kinds, int and str"),
    "numbers between": (np.linspace(0, 1, 40), "Unknown label type: continuous"),
    "several columns": (np.zeros((40, 2)), "y should be a 1d array, got an array of shape (40, 2) instead."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_labels_that_are_refused(name: str) -> None:
    given, says = REFUSED[name]
    with pytest.raises(ValueError) as caught:
        classifier().fit(TEXTS, given)
    assert str(caught.value).startswith(says) and "\n" not in str(caught.value)


def test_what_would_be_one_name_is_refused() -> None:
    with pytest.raises(DataError, match=r"two classes that are both written \"' a'\"; rename one"):
        names_of([" a", "' a'"])
    classes, places = classes_of(np.array([3, 1, 3]))
    assert (classes.tolist(), places.tolist()) == ([1, 3], [1, 0, 1])


def test_labels_of_steps_come_back() -> None:
    numbers = [np.array([len(word) for word in words], np.int16) for words in WORDS]
    model = tagger(epochs=12, dropout=0.0, word_dropout=0.0).fit(WORDS, numbers)
    assert model.classes_.tolist() == [2, 3, 4]
    said = model.predict(WORDS)
    assert [row.tolist() for row in said] == [row.tolist() for row in numbers] and said[0].dtype.kind == "i"
