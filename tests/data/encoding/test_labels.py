"""Labels to numbers, and what is said of those that training never saw."""

from __future__ import annotations

import pytest

from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.errors import DataError


def test_numbers_follow_the_code_points() -> None:
    labels = Labels.build(["b", "a", "ä", "b", "B"])
    assert labels.names == ("B", "a", "b", "ä")
    assert len(labels) == 4
    assert labels.numbers(labels.names) == [0, 1, 2, 3]


def test_the_order_that_was_saved_stays() -> None:
    assert Labels(["z", "a"]).numbers(["a", "z", "A"]) == [1, 0, UNSEEN]


def test_known_labels_need_no_word() -> None:
    notes: list[str] = []
    Labels(["a", "b"]).check(["a", "a"], notes.append, learning=True)
    Labels(["a"]).check([], notes.append)
    assert notes == []


def test_some_unseen_labels_are_counted_the_frequent_ones_first() -> None:
    notes: list[str] = []
    labels = Labels(["a"])
    rare = [f"rare {number}" for number in range(12)]
    labels.check([*rare, "a", *["new"] * 1200], notes.append)
    assert len(notes) == 1 and "never saw" in notes[0]
    assert "'new' (1,200), 'rare 0' (1)" in notes[0] and notes[0].endswith("'rare 8' (1) and 3 more")
    assert labels.unseen(["new", "a", "new"]) == {"new": 2}


@pytest.mark.parametrize(
    ("labels", "learning", "message"),
    [
        (["x", "y"], False, "not one label of the data was seen in training: 'x' .*known: a, b"),
        (["x", "x"], False, "not one label"),
        (["a", "x"], True, "has no label 'x' .*without --init-from"),
        (["x"], True, "has no label 'x'"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(labels: list[str], learning: bool, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Labels(["a", "b"]).check(labels, pytest.fail, learning=learning)


def test_labels_are_found_however_their_letters_are_composed() -> None:
    whole, parts = "caf\u00e9", "cafe\u0301"
    assert Labels.build([whole, parts, "b"]).names == ("b", whole)
    for known in (whole, parts):  # runs keep them as they were written
        assert Labels([known, "b"]).numbers([whole, parts, "cafe"]) == [0, 0, UNSEEN]
        assert Labels([known]).unseen([whole, parts, "cafe"]) == {"cafe": 1}
