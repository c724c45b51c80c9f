"""Cells of data in memory: lists of numbers, marks for no label, and what is no character."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.data.formats.memory import read_memory
from throughtime.data.reading import Problems, Reading
from throughtime.errors import DataError


class DatasetLike:
    """What Hugging Face's datasets have, as far as it is used."""

    column_names = ("text", "label")
    features: Any = None

    def __init__(self, *rows: tuple[object, object]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[dict[str, object]]:
        return (dict(zip(self.column_names, row, strict=True)) for row in self.rows)


def pairs(data: object, targets: bool = True, **how: Any) -> list[tuple[object, object]]:
    records = read_memory(data, Reading(**how), Problems(note=lambda _: None), targets=targets)
    return [(record.content, record.target) for record in records]


def message(data: object, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        pairs(data, **how)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_list_of_numbers_is_a_series_of_one_feature() -> None:
    steps = [[1.0, 2.0, 3.0], [4, 5]]
    for data in ((steps, ["a", "b"]), list(zip(steps, "ab", strict=True)), {"text": steps, "label": ["a", "b"]}):
        found = pairs(data)
        assert [np.asarray(content).tolist() for content, _ in found] == [[[1.0], [2.0], [3.0]], [[4.0], [5.0]]]
        assert [target for _, target in found] == ["a", "b"]
    assert [np.shape(content) for content, _ in pairs([[1.0, 2.0], (3, 4)], targets=False)] == [(2, 1), (2, 1)]
    assert [np.shape(content) for content, _ in pairs([[[1, 2], [3, 4]]], targets=False)] == [(2, 2)]
    assert [np.shape(content) for content, _ in pairs([([1, 2], "a"), ([3], "b")], targets=False)] == [(2, 1), (1, 1)]
    tagged = pairs([([1, 2, 3], [0, 1, 1])], per_step=True)
    assert [(np.shape(content), target) for content, target in tagged] == [((3, 1), ("0", "1", "1"))]
    notes: list[str] = []
    list(read_memory((steps, ["a", "b"]), Reading(), Problems(note=notes.append), targets=True))
    assert notes == ["the data: a list of numbers in 'frames' is read as a series of one feature a step"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ([1.0, None], "column 'frames' is a list that holds something else than numbers, such as None or a text"),
        ([1.0, "2"], "column 'frames' is a list that holds something else than numbers, such as None or a text"),
        ([[1, 2], [3]], "column 'frames': its steps are not lists of as many numbers each"),
        ([1.0, float("nan")], "frames: step 2, feature 1 is nan, not a finite number"),
    ],
)
def test_bad_lists_of_numbers(content: Any, what: str) -> None:
    assert message([(content, "a")]) == f"row 1 of the data: {what}"


NO_LABEL = "row 1 of the data: column 'label' is -100, which stands for no label; leave such rows out, or label them"
NO_TAG = (
    "row 1 of the data: column 'label': item 2 is -100, which stands for no label; "
    "leave such steps out, of what is read too, or label them"
)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("make", [np.array, torch.tensor, lambda value: value])  # pyright: ignore[reportUnknownLambdaType]
def test_marks_for_no_label_are_refused(make: Any, named: bool) -> None:
    classes = SimpleNamespace(names=["neg", "pos"])
    data = DatasetLike(("good", make(-100)))
    data.features = {"label": classes} if named else None
    assert message(data) == NO_LABEL
    data = DatasetLike((["a", "b"], make([1, -100])))
    data.features = {"label": SimpleNamespace(feature=classes)} if named else None
    assert message(data, per_step=True) == NO_TAG
    assert pairs([("a", make(-100))], target_type="number") == [("a", -100.0)]


@pytest.mark.parametrize(
    ("row", "column", "how"),
    [
        (("so \ud83d", "x"), "text", {}),
        (("so", "x \ud83d"), "label", {}),
        ((["so", "g \ud83d"], ["x", "y"]), "words", {"per_step": True}),
        ((["so", "good"], ["x", "y \ud83d"]), "labels", {"per_step": True}),
        (("so", ["x", "y \ud83d"]), "labels", {"target_type": "labels"}),
    ],
)
def test_halves_of_surrogate_pairs(row: Any, column: str, how: Any) -> None:
    good = (["a"], ["b"]) if how.get("per_step") else ("a", "b")
    name = {"text": "4", "label": "3", "words": "3", "labels": "3"}[column]
    assert message([good, row], **how) == (
        f"row 2 of the data: column {column!r} holds half of a surrogate pair (\\ud83d at character {name}), which is "
        "no character; take it out: text.encode('utf-8', 'ignore').decode('utf-8')"
    )
