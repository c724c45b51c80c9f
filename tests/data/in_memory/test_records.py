"""What is in memory becomes records, whichever library it comes from; none of them is imported for it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from small_readers import SmallReader, pairs_of

from throughtime.data.in_memory.records import read_memory
from throughtime.data.reading import Problems, Reading

memory = SmallReader(read_memory)
read, pairs, message, skipped = memory.read, memory.pairs, memory.message, memory.skipped


class PandasLike:
    """What pandas has, as far as it is used: NaN for what is missing, and NumPy's numbers."""

    def __init__(self, *rows: tuple[object, object]) -> None:
        self.columns = ("text", "label")
        self.rows = rows

    def itertuples(self, index: bool, name: None) -> Iterator[tuple[object, object]]:
        assert index is False and name is None
        return iter(self.rows)


class DatasetLike:
    """What Hugging Face's datasets have, as far as it is used."""

    column_names = ("text", "label")
    features: Any = None

    def __init__(self, *rows: tuple[object, object]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[dict[str, object]]:
        return (dict(zip(self.column_names, row, strict=True)) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)


ROWS = [("good", "pos"), ("bad", "neg")]
COLUMNS = {"text": ["good", "bad"], "label": ["pos", "neg"]}
FORMS: dict[str, Any] = {
    "pairs": ROWS,
    "lists of two": [list(row) for row in ROWS],
    "a generator": (row for row in ROWS),
    "X and y": (["good", "bad"], ["pos", "neg"]),
    "X and y, arrays": (np.array(["good", "bad"]), np.array(["pos", "neg"], dtype=object)),
    "dicts": [{"text": text, "label": label} for text, label in ROWS],
    "columns": COLUMNS,
    "array columns": {name: np.array(column) for name, column in COLUMNS.items()},
    "pandas": PandasLike(*ROWS),
    "datasets": DatasetLike(*ROWS),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str) -> None:
    records, _ = read(FORMS[form])
    assert pairs_of(records) == ROWS
    assert [record.place for record in records] == ["row 1 of the data", "row 2 of the data"]
    assert records[0].original == {"text": "good", "label": "pos"}


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    assert pairs(polars.DataFrame(COLUMNS)) == ROWS
    assert pairs((polars.Series(COLUMNS["text"]), polars.Series([0, 1]))) == [("good", "0"), ("bad", "1")]
    steps = polars.DataFrame({"tokens": [["a", "b"]], "tags": [["X", "Y"]]})
    assert pairs(steps, per_step=True) == [(("a", "b"), ("X", "Y"))]


def test_classes_of_datasets_have_names() -> None:
    classes = SimpleNamespace(names=["neg", "pos"])
    data = DatasetLike(("good", 1), ("bad", 0))
    data.features = {"text": SimpleNamespace(dtype="string"), "label": classes}
    assert pairs(data) == ROWS
    data = DatasetLike(("good", -1))
    data.features = {"label": classes}
    assert "row 1 of the data" in message(data)
    data = DatasetLike((["a", "b"], [1, 0]))
    data.features = {"label": SimpleNamespace(feature=classes)}
    assert pairs(data, per_step=True) == [(("a", "b"), ("pos", "neg"))]


def test_without_targets() -> None:
    texts = [("good", None), ("bad", None)]
    for data in (
        ["good", "bad"],
        ROWS,
        COLUMNS,
        {"text": ["good", "bad"]},
        (["good", "bad"], [0, 1]),
        PandasLike(*ROWS),
    ):
        assert pairs(data, targets=False) == texts
    assert pairs([["a", "b"], ("c",)], targets=False, per_step=True) == [(("a", "b"), None), (("c",), None)]
    assert pairs([(["a"], ["X"])], targets=False, per_step=True) == [(("a",), None)]
    frames = np.ones((2, 3, 1))
    assert [np.shape(content) for content, _ in pairs(frames, targets=False)] == [(3, 1), (3, 1)]
    assert message(frames) == "the data is one array and has no targets; give (X, y)"


def test_columns_are_chosen_as_those_of_a_file() -> None:
    rows = [{"plot": "a", "mood": 1.5}]
    assert pairs(rows, text_column="plot", target_column="mood", target_type="number") == [("a", 1.5)]
    assert message(rows) == (
        "the data has no column with a usual name for the text; it has 'plot', 'mood': say which with --text-column"
    )


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_arrays(make: Any) -> None:
    numbers = np.arange(12.0).reshape(2, 3, 2)
    for inputs in (make(numbers), [make(numbers[0]), make(numbers[1])]):
        found = pairs((inputs, make([1, 0])))
        assert [target for _, target in found] == ["1", "0"]
        assert all(isinstance(content, np.ndarray) and content.dtype == np.float32 for content, _ in found)
        assert np.array_equal(np.stack([content for content, _ in found]), numbers)  # type: ignore[arg-type]
    assert [target for _, target in pairs((make(numbers), make([1.5, 2.0])), target_type="number")] == [1.5, 2.0]
    steps = pairs((make(numbers), make([[0, 1, 1], [1, 1, 0]])), per_step=True)
    assert [target for _, target in steps] == [("0", "1", "1"), ("1", "1", "0")]
    ragged = pairs([(make(numbers[0][:1]), "a"), (make(numbers[1]), "b")])
    assert [(np.shape(content), target) for content, target in ragged] == [((1, 2), "a"), ((3, 2), "b")]


def test_tensors_that_numpy_lacks() -> None:
    half = torch.ones(1, 2, 3, dtype=torch.bfloat16, requires_grad=True)
    ((content, target),) = pairs((half, torch.tensor([True])))
    assert np.array_equal(content, np.ones((2, 3))) and target == "true"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.array([[1.0, np.nan]]), "row 1 of the data: frames: step 1, feature 2 is nan, not a finite number"),
        (np.array([[1.0], [1e39]]), "row 1 of the data: frames: step 2, feature 1 is 1e+39, not a finite number"),
        (np.ones((0, 3)), "row 1 of the data: frames is empty: its shape is (0, 3)"),
        (np.ones(3), "row 1 of the data: frames has shape (3,), not (T, F): T steps of F features; "
         "for one feature a step write x[..., None]"),
        (np.ones((1, 2), dtype=complex), "row 1 of the data: frames holds complex128, not numbers"),
    ],
)  # fmt: skip
def test_bad_frames(array: Any, what: str) -> None:
    assert message([(array, "a")]) == what


def test_words_and_labels() -> None:
    words = [(("a", "b"), ("X", "Y"))]
    assert pairs([(["a", "b"], ["X", "Y"])], per_step=True) == words
    assert pairs([("a b", "X Y")], per_step=True) == words
    assert pairs([(("a", "b"), np.array([0, 1]))], per_step=True) == [(("a", "b"), ("0", "1"))]
    assert pairs([{"tokens": ["a", "b"], "ner_tags": ["X", "Y"]}], per_step=True) == words
    assert pairs({"words": [["a", "b"]], "labels": [[3, 4]]}, per_step=True) == [(("a", "b"), ("3", "4"))]
    assert message([(["a"], ["X", "Y"])], per_step=True) == (
        "row 1 of the data: 1 steps in 'words', but 2 labels in 'labels'"
    )
    assert message((np.ones((1, 2, 1)), [["X"]]), per_step=True) == (
        "row 1 of the data: 2 steps in 'frames', but 1 labels in 'labels'"
    )


def test_several_labels() -> None:
    assert pairs([("a", ["x", "y"]), ("b", []), ("c", "x,y")], target_type="labels") == [
        ("a", ("x", "y")),
        ("b", ()),
        ("c", ("x", "y")),
    ]
    hot = (["a", "b"], np.eye(2, dtype=int))
    assert message(hot, target_type="labels") == (
        "y is an array of numbers where each row has several labels; give a list of their names for each"
    )


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ([("a", "x"), "b"], "row 2 of the data: is str, not a pair (x, y)"),
        ([("a", "x"), ("a", "b", "c")], "row 2 of the data: is a tuple of 3, not a pair (x, y)"),
        ([{"text": "a", "label": "x"}, ("b", "y")], "row 2 of the data: is a tuple of 2, not a dict as the first row"),
        ([{"text": "a", "label": "x"}, {"text": "b"}], "row 2 of the data: no field 'label'; there are 'text'"),
        ([("a", "x"), ("", "y")], "row 2 of the data: column 'text' is empty"),
        ([("a", "x"), ("b", None)], "row 2 of the data: column 'label' is empty"),
        ([("a", "x"), (7, "y")], "row 2 of the data: column 'text' holds 7 (int), not text"),
        (PandasLike(("a", "x"), (float("nan"), "y")), "row 2 of the data: column 'text' is empty"),
        (PandasLike(("a", "x"), ("b", float("nan"))), "row 2 of the data: column 'label' is empty"),
    ],
)
def test_bad_rows(data: Any, what: str) -> None:
    assert message(data) == what
    assert skipped(data) == ([("a", "x")], [what])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ([], "the data has no rows"),
        (([], []), "the data has no rows"),
        ({}, "the data has no rows"),
        ((["a"], []), "X has 1 rows and y has 0; they must be as many"),
        (("ab", "xy"), "X in (X, y) must be a list or an array of rows, not str"),
        ((["a"], "x"), "y in (X, y) must be a list or an array, one item for each row, not str"),
        ({"text": ["a"], "label": []}, "the columns of the data differ in length: 'text' 1, 'label' 0"),
        ({"text": "a", "label": "x"}, "column 'text' of the data is str, not a list of cells"),
        ({"train": DatasetLike(), "test": DatasetLike()}, "the data has several parts, 'train', 'test'; "
         "give one of them"),
        ((np.ones((2, 3)), [0, 1]), "X has shape (2, 3), not (N, T, F): N rows of T steps of F features; "
         "for one feature a step give X[..., None] or, to classify, --wide"),
        ("a text", "data in memory must be a list of (x, y) pairs, of dicts or of texts, a dict of columns, a table "
         "(polars, pandas, datasets), or (X, y) with X a list of texts, of (T, F) arrays, or an (N, T, F) array; "
         "not str"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(data: Any, what: str) -> None:
    assert message(data) == what


def test_numbers_as_labels() -> None:
    assert [target for _, target in pairs(PandasLike(("a", np.int64(3)), ("b", np.float64(0.5))))] == ["3", "0.5"]
    found = pairs([("a", np.float32(0.5)), ("b", torch.tensor(2))], target_type="number")
    assert [target for _, target in found] == [0.5, 2.0]


def test_the_one_column_of_a_table_is_what_is_predicted_for() -> None:
    notes: list[str] = []
    found = list(read_memory({"said": ["a"]}, Reading(), Problems(note=notes.append), targets=False))
    assert [record.content for record in found] == ["a"] and notes == ["the data: the text is column 'said'"]
    assert "has no column with a usual name for the text" in message({"said": ["a"]})
    assert "has no column 'review'" in message({"said": ["a"]}, targets=False, text_column="review")


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_datasets_in_the_formats_of_arrays(make: Any) -> None:
    classes = SimpleNamespace(names=["neg", "pos"])
    data = DatasetLike(("good", make(1)), ("bad", make(0)))
    data.features = {"label": classes}
    assert pairs(data) == ROWS
    data = DatasetLike((["a", "b"], make([1, 0])))
    data.features = {"label": SimpleNamespace(feature=classes)}
    assert pairs(data, per_step=True) == [(("a", "b"), ("pos", "neg"))]
    plain = DatasetLike((np.array(["a", "b"]), make([3, 4])))
    assert pairs(plain, per_step=True) == [(("a", "b"), ("3", "4"))]


def test_a_class_without_a_name_is_told_of() -> None:
    data = DatasetLike(("good", 2), ("bad", 0))
    data.features = {"label": SimpleNamespace(names=["neg", "pos"])}
    assert message(data) == ("row 1 of the data: column 'label' holds 2, and the data set names 2 classes, from 0")
    problems = Problems(skip=True, note=lambda _: None)
    assert len(list(read_memory(data, Reading(), problems, targets=True))) == 1 and len(problems.skipped) == 1


def test_sparse_matrices() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    counts = sparse.csr_matrix(np.eye(2))
    what = (
        "a sparse matrix (csr_matrix), a row of counts for each text, which is no sequence; give the texts themselves"
    )
    assert message((counts, ["a", "b"])) == f"X is {what}, or arrays (T, F)"
    assert message(counts, targets=False) == f"the data is {what}, or arrays (T, F)"
    assert message({"text": counts, "label": ["a", "b"]}) == f"column 'text' of the data is {what}, or arrays (T, F)"
    assert message((["a", "b"], counts)) == "y is a sparse matrix; give a list of the names of its labels for each row"
    assert message([(counts, "a")]) == (
        "row 1 of the data: column 'text' holds a sparse matrix; give an array (T, F): x.toarray()"
    )


def test_columns_of_one_name() -> None:
    data = PandasLike(("a", "x"))
    data.columns = ("text", "text")
    assert message(data) == "the data has two columns called 'text'; rename one"


def test_columns_without_usual_names_are_told_as_those_of_files() -> None:
    texts = ["so good", "very bad", "all fine", "no way", "well done", "not that"]
    table = {"v1": ["p", "n"] * 3, "v2": texts}
    notes: list[str] = []
    found = list(read_memory(table, Reading(), Problems(note=notes.append), targets=True))
    assert [(record.content, record.target) for record in found] == list(zip(texts, table["v1"], strict=True))
    assert "the data: by what is in them, the text is column 'v2', the target column 'v1'" in notes
    assert [r.content for r in read_memory(table, Reading(), Problems(note=notes.append), targets=False)] == texts


def test_a_wide_table_is_used_as_it_was_learned_from() -> None:
    table: dict[str, list[object]] = {f"t{k}": [float(i * k) for i in range(8)] for k in range(4)}
    how = Reading()
    first = list(read_memory({**table, "label": ["a", "b"] * 4}, how, Problems(note=lambda _: None), targets=True))
    how.found.fixed = True
    for used in (table, {**table, "label": ["a", "b"] * 4}):
        again = list(read_memory(used, how, Problems(note=lambda _: None), targets=False))
        assert [record.content.tolist() for record in again] == [record.content.tolist() for record in first]  # type: ignore[union-attr]
