"""Scores of memory tasks, and of constant answers, counted by hand."""

from __future__ import annotations

import pytest

from throughtime.bench.memory.measures import ACCURACY, RECALL, SQUARED_ERROR, STRINGS

STEPS = [(["a", "x", "a"], ["-", "a", "b"]), (["b", "x", "b"], ["-", "b", "b"])]


def test_squared_error() -> None:
    items = [(None, 1.0), (None, 2.0), (None, 0.0)]
    assert SQUARED_ERROR.score(items, [1.5, 2.0, 1.0]) == pytest.approx((0.25 + 0 + 1) / 3)
    assert SQUARED_ERROR.constant(items)("anything") == 1.0
    assert SQUARED_ERROR.best([0.3, 0.1, 0.2]) == 0.1


def test_accuracy() -> None:
    items = [("s", "is"), ("t", "are"), ("u", "is"), ("v", "is")]
    assert ACCURACY.score(items, ["is", "is", "is", "are"]) == 0.5
    assert ACCURACY.constant(items)("t") == "is"
    assert ACCURACY.best([0.3, 0.1, 0.2]) == 0.3


def test_recall_leaves_blanks_out_rightly_said_or_not() -> None:
    assert RECALL.score(STEPS, [("-", "a", "a"), ("b", "b", "-")]) == 0.5
    assert RECALL.constant(STEPS)(["a", "x", "a"]) == ["b", "b", "b"], "three of four are b"
    assert RECALL.score(STEPS, [RECALL.constant(STEPS)(words) for words, _ in STEPS]) == 0.75


def test_a_string_is_right_where_every_step_is() -> None:
    assert STRINGS.score(STEPS, [("-", "a", "b"), ("-", "b", "a")]) == 0.5
    assert STRINGS.score(STEPS, [("-", "a"), ("-", "b", "b")]) == 0.5, "one that is too short is wrong"
    counted = [(["a", "b"], ["ab", "end"]), (["a", "a", "b", "b"], ["ab", "ab", "b", "end"])]
    assert STRINGS.constant(counted)(["a", "b", "b"]) == ["ab", "end", "end"]
