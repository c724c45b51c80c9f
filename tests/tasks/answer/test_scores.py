"""Answers are counted as SQuAD's evaluation script counts them; the values are by hand, after its rules."""

from __future__ import annotations

import pytest

from throughtime.tasks.answer.scores import exact_match, normalised, overlap_f1, score_answers


@pytest.mark.parametrize(
    ("text", "plain"),
    [("The Sun!", "sun"), ("an apple a day", "apple day"), ("U.S.A.", "usa"), ("  A  ", ""), ("theatre", "theatre"),
     ("$1,000", "1000"), ("mid-day", "midday")],
)  # fmt: skip
def test_answers_are_brought_to_one_form(text: str, plain: str) -> None:
    assert normalised(text) == plain


@pytest.mark.parametrize(
    ("said", "right", "exact", "f1"),
    [
        ("Denver Broncos", ["denver broncos"], 1, 1),
        ("the Denver team", ["Denver Broncos", "Denver"], 0, 2 / 3),
        ("red red fox", ["red fox fox"], 0, 2 / 3),
        ("sun", ["moon"], 0, 0),
        ("", ["moon"], 0, 0),
        ("moon", [], 0, 0),
        ("", [], 1, 1),
        ("the", ["a"], 1, 1),
    ],
)
def test_the_nearest_right_answer_counts(said: str, right: list[str], exact: float, f1: float) -> None:
    assert exact_match(said, right) == exact
    assert overlap_f1(said, right) == pytest.approx(f1)


def test_questions_without_an_answer_are_scored_by_themselves() -> None:
    scores = score_answers(["sun", "", "moon", ""], [["sun"], ["sun"], [], []])
    assert scores == {
        "f1": 0.5, "exact_match": 0.5, "answered_f1": 0.5, "answered_exact_match": 0.5, "no_answer_accuracy": 0.5
    }  # fmt: skip
    assert set(score_answers(["sun"], [["sun"]])) == {"f1", "exact_match"}
    assert set(score_answers([""], [[]])) == {"f1", "exact_match", "no_answer_accuracy"}
