"""What can stand for X, and what is refused in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch
from small_estimators import MOODS, TEXTS, classifier

import throughtime as tt
from throughtime.errors import DataError
from throughtime.estimators.sequences import sequences_of

NUMBERS = np.arange(12.0).reshape(4, 3)
RAGGED = [np.arange(2.0 * n).reshape(n, 2) for n in (3, 1, 2)]


def taken(given: object) -> tuple[str, int | None, list[Any]]:
    """Form, features, and the rows as lists."""
    found = sequences_of(given)
    return (
        found.form,
        found.features,
        [row if isinstance(row, str | list) else np.asarray(row).tolist() for row in found.rows],
    )


@pytest.mark.parametrize(
    "given",
    [
        ["a b", "c"], ("a b", "c"), np.array(["a b", "c"]), np.array(["a b", "c"], object),
        np.array([["a b"], ["c"]], object), np.array(["a b", "c"], np.dtypes.StringDType()), pd.Series(["a b", "c"]),
        pd.Series(["a b", "c"], dtype="string"), pd.Series(["a b", "c"], dtype="category", index=[7, 3]),
        pd.DataFrame({"text": ["a b", "c"]}, index=[7, 3]), pl.Series(["a b", "c"]),
        pl.DataFrame({"text": ["a b", "c"]}),
    ],
)  # fmt: skip
def test_texts(given: object) -> None:
    assert taken(given) == ("texts", None, ["a b", "c"])


@pytest.mark.parametrize(
    "given",
    [
        NUMBERS, NUMBERS.astype(np.int8), NUMBERS.astype(object), np.asfortranarray(NUMBERS), torch.tensor(NUMBERS),
        pd.DataFrame(NUMBERS), pd.DataFrame(NUMBERS, columns=list("abc"), index=list("wxyz")),
        pd.DataFrame(NUMBERS.astype(int)).astype("Int64"), pl.DataFrame(NUMBERS),
    ],
)  # fmt: skip
def test_tables_have_a_series_in_each_row(given: object) -> None:
    assert taken(given) == ("columns", 3, NUMBERS[..., None].tolist())


@pytest.mark.parametrize(
    "given",
    [
        RAGGED, tuple(RAGGED), [row.tolist() for row in RAGGED], [torch.tensor(row) for row in RAGGED],
        pd.Series(RAGGED),
        [pd.DataFrame(row) for row in RAGGED], pl.Series([row.tolist() for row in RAGGED]),
        np.array([*RAGGED, None], object)[:3], pd.DataFrame({"x": pd.Series(RAGGED)}),
    ],
)  # fmt: skip
def test_lists_have_a_sequence_in_each_item(given: object) -> None:
    assert taken(given) == ("steps", 2, [row.tolist() for row in RAGGED])


@pytest.mark.parametrize("given", [[[1, 2], [3]], [np.array([1, 2]), np.array([3])], pl.Series([[1, 2], [3]])])
def test_numbers_by_themselves_are_one_feature(given: object) -> None:
    assert taken(given) == ("steps", 1, [[[1.0], [2.0]], [[3.0]]])


def test_an_array_of_three_axes() -> None:
    cube = np.arange(24).reshape(2, 4, 3)
    assert taken(cube) == ("steps", 3, cube.tolist())
    assert sequences_of(cube).rows[0].dtype == np.float32  # type: ignore[union-attr]


def test_words() -> None:
    assert taken([["a", "b"], ["c"]]) == ("words", None, [["a", "b"], ["c"]])


REFUSED: dict[str, tuple[Any, str]] = {
    "nothing": ([], "X has no rows; 0 sample(s) were given"),
    "an array of no rows": (np.zeros((0, 3)), "Found array with 0 sample(s)"),
    "no columns": (np.zeros((3, 0)), "Found array with 0 feature(s)"),
    "no steps": (np.zeros((3, 0, 2)), "X has shape (3, 0, 2): no sequence has a step"),
    "one text": ("so good", "X is str, not a list of texts"),
    "bytes": (b"so good", "X is bytes, not a list of texts"),
    "a dict": ({"a": 1}, "X is dict, not a list of texts"),
    "a generator": ((text for text in TEXTS), "X is generator, not a list of texts"),
    "a number": (5, "X is int, not a list of texts"),
    "a number of NumPy": (np.float64(5), "X has shape (), not (N, T) or (N, T, F). Reshape your data"),
    "one axis": (np.arange(3), "X has shape (3,), not (N, T) or (N, T, F). Reshape your data"),
    "four axes": (np.zeros((2, 2, 2, 2)), "X has shape (2, 2, 2, 2), not (N, T) or (N, T, F)"),
    "a list of numbers": ([1, 2], "row 1 of X is int. Reshape your data"),
    "a column of numbers": (pd.Series([1, 2]), "row 1 of X is int. Reshape your data"),
    "sparse": (scipy.sparse.csr_matrix(np.eye(3)), "X is a sparse matrix, and dense data is required"),
    "NaN": ([[1.0, np.nan]], "row 1 of X holds NaN; fill it in before, or leave the row out"),
    "NaN in a table": (np.array([[1.0], [np.nan]]), "row 2 of X holds NaN"),
    "NaN in a cube": (np.full((1, 2, 2), np.nan), "row 1 of X holds NaN"),
    "infinity": ([[1.0], [-np.inf]], "row 2 of X holds inf, or a number too large for float32"),
    "too large": (np.array([[1e300]]), "row 1 of X holds inf, or a number too large for float32"),
    "complex": (np.array([[1j]]), "Complex data not supported"),
    "no text": (["a", None], "row 2 of X is None, not a text as row 1"),
    "no text, of pandas": (pd.Series(["a", None], dtype="string"), "row 2 of X is <NA>, not a text as row 1"),
    "no text, of polars": (pl.Series(["a", None]), "row 2 of X is None, not a text as row 1"),
    "a missing text first": ([None, "a"], "row 1 of X is NoneType"),
    "an empty text": (["a", " \n"], "row 2 of X is empty; leave it out"),
    "no words": ([["a"], []], "row 2 of X is empty; leave it out"),
    "words of numbers": ([["a"], [1]], "row 2 of X is [1], not a list of words as row 1"),
    "a text among lists": ([["a"], "a"], "row 2 of X is 'a', not a list of words as row 1"),
    "an empty sequence": ([[1.0], []], "row 2 of X has shape (0,), not (T,) or (T, F) with a step at least"),
    "an empty first": ([[], [1.0]], "row 1 of X has shape (0,), not (T,) or (T, F)"),
    "another width": ([np.zeros((2, 2)), np.zeros((2, 3))], "row 2 of X has 3 features a step, and row 1 has 2"),
    "three axes in a row": ([np.zeros((2, 2, 2))], "row 1 of X has shape (2, 2, 2), not (T,) or (T, F)"),
    "steps that differ": ([[[1, 2], [3]]], "row 1 of X: its steps are not lists of as many numbers each"),
    "texts among numbers": ([[1, "a"]], "row 1 of X holds <U21, not numbers"),
    "a text after numbers": ([[1.0], "a"], "row 2 of X is str, not a sequence of numbers as row 1"),
    "texts and more": (pd.DataFrame({"text": ["a"], "k": [1]}), "X has 2 columns, and 'text' holds sequences: give"),
    "two columns of texts": (np.array([["a", "b"]], object), "could not convert string to float"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    given, says = REFUSED[name]
    with pytest.raises((ValueError, TypeError)) as caught:
        sequences_of(given)
    assert str(caught.value).startswith(says) or says in str(caught.value).split("\n")[0]
    if isinstance(caught.value, tt.ThroughtimeError):
        assert "\n" not in str(caught.value)


LABELS = ["a", "b"] * 10
TABLE = np.random.default_rng(0).normal(size=(20, 3))
STEPS = [row[: 1 + number % 3, None].repeat(2, 1) for number, row in enumerate(TABLE)]


@pytest.fixture(scope="module")
def of_texts() -> Any:
    return classifier(epochs=1).fit(TEXTS, MOODS)


@pytest.fixture(scope="module")
def of_table() -> Any:
    return classifier(epochs=1).fit(TABLE, LABELS)


@pytest.fixture(scope="module")
def of_steps() -> Any:
    return classifier(epochs=1).fit(STEPS, LABELS)


def test_features_are_counted_and_named(of_texts: Any, of_table: Any, of_steps: Any) -> None:
    assert (of_table.n_features_in_, of_steps.n_features_in_) == (3, 2)
    assert not hasattr(of_texts, "n_features_in_") and not hasattr(of_table, "feature_names_in_")
    named = classifier(epochs=1).fit(pd.DataFrame(TABLE, columns=list("abc")), LABELS)
    assert named.feature_names_in_.tolist() == ["a", "b", "c"] and named.n_features_in_ == 3
    with pytest.raises(ValueError, match="must be in the same order"):
        named.predict(pd.DataFrame(TABLE, columns=list("cab")))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        named.predict(TABLE)
    assert classifier(epochs=1).fit(pl.DataFrame(TABLE, schema=list("xyz")), LABELS).feature_names_in_[0] == "x"


def test_all_forms_of_the_same_say_the_same(of_texts: Any, of_table: Any, of_steps: Any) -> None:
    shares = of_table.predict_proba(TABLE)
    for same in (TABLE.tolist(), list(TABLE), TABLE[..., None], pd.DataFrame(TABLE)):
        assert (of_table.predict_proba(same) == shares).all()
    shares = of_steps.predict_proba(STEPS)
    assert (of_steps.predict_proba([row.tolist() for row in STEPS]) == shares).all()
    assert (of_steps.predict_proba(np.stack(STEPS[2::3])) == shares[2::3]).all()
    assert (of_texts.predict_proba(pd.Series(TEXTS)) == of_texts.predict_proba(np.array(TEXTS))).all()


def test_one_feature_of_free_length_takes_a_table_of_any_width() -> None:
    lists = [row[: 1 + number % 3].tolist() for number, row in enumerate(TABLE)]
    model = classifier(epochs=1).fit(lists, LABELS)
    assert model.n_features_in_ == 1
    rows = np.arange(10.0).reshape(2, 5)
    assert (model.predict_proba(rows) == model.predict_proba([rows[0], rows[1]])).all()


@pytest.mark.parametrize(
    ("model", "given", "says"),
    [
        ("of_table", np.zeros((2, 4)), "X has 4 features, but SequenceClassifier is expecting 3 features as input."),
        ("of_table", [[1, 2]], "X has 2 features, but SequenceClassifier is expecting 3 features as input."),
        ("of_table", [[1, 2], [1, 2, 3]], "X has rows of 2 to 3 numbers, and SequenceClassifier has learned"),
        ("of_table", TEXTS, "X has texts, and SequenceClassifier has learned from rows of numbers, all as long"),
        ("of_steps", np.zeros((2, 5, 3)), "X has 3 features, but SequenceClassifier is expecting 2 features as input."),
        ("of_steps", np.zeros((5, 2)), "X has rows of numbers, all as long, and SequenceClassifier has"),
        ("of_texts", np.zeros((5, 2)), "X has rows of numbers, all as long, and SequenceClassifier has"),
        ("of_texts", [["a", "b"]], "X has lists of words, and SequenceClassifier reads texts: join each"),
        ("of_texts", [], "X has no rows"),
    ],
)  # fmt: skip
def test_what_was_not_learned_from_is_refused(
    model: str, given: Any, says: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(DataError) as caught:
        request.getfixturevalue(model).predict(given)
    assert str(caught.value).startswith(says)


def test_what_is_said_is_in_the_order_of_the_rows_whatever_stands_beside_them(of_texts: Any) -> None:
    texts = [f"{'so ' * (n % 7)}good and bad {n}" for n in range(70)]
    shares = of_texts.predict_proba(texts)
    order = np.random.default_rng(0).permutation(len(texts))
    # float32 is rounded by the width of a product, which is that of the batch
    np.testing.assert_allclose(of_texts.predict_proba([texts[place] for place in order]), shares[order], atol=1e-6)
    np.testing.assert_allclose(of_texts.predict_proba(texts[5:6]), shares[5:6], atol=1e-6)
