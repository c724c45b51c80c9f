"""What hardly looks: the same answer always, and the commonest label of each word, by plain counts."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.record import Record
from throughtime.tasks.rivals import constant
from throughtime.tasks.rivals.constant import Constant, WordLabels

NUMBERS = {"A": 0, "B": 1, "C": 2}


def sentence(text: str) -> Record:
    """Words with their labels: ``dog/A runs/B``."""
    words, labels = zip(*(pair.split("/") for pair in text.split()), strict=True)
    return Record(words, labels, "here")


def test_the_same_is_said_always() -> None:
    records = [sentence("x/A y/B z/B"), sentence("x/A")]
    once = Constant(np.array([0.0, 2.0]))
    assert [row.tolist() for row in once.scores(records)] == [[0, 2]] * 2
    each = Constant.from_parts(*Constant(np.array([0.0, 2.0]), per_step=True).to_parts())
    assert [rows.shape for rows in each.scores(records)] == [(3, 2), (1, 2)]


def test_each_word_has_its_commonest_label() -> None:
    learned = [sentence("dog/A dog/B dog/B the/C the/C the/C the/C"), sentence("cat/A dog/A cat/A tie/B tie/A")]
    model = WordLabels.learn(learned, NUMBERS)
    # dog: A 2, B 2 and tie: A 1, B 1, of which the first label is taken; of all words C 4, A 5, B 3
    assert model.commonest == 0 and model.numbers == {"the": 2}
    (scores,) = model.scores([sentence("the/C dog/A new/B The/C")])
    assert scores.argmax(1).tolist() == [2, 0, 0, 0]
    again = WordLabels.from_parts(*model.to_parts())
    assert again.numbers == model.numbers and again.commonest == 0 and again.labels == 3
    assert model.learned_from == "all 2 sentences"


def test_a_part_is_counted_where_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constant, "WORDS", 6)
    assert WordLabels.learn([sentence("a/A b/B")] * 9, NUMBERS).learned_from == "3 of 9 sentences"
