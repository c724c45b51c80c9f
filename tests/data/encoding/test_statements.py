"""Statements of a text: where each stands, and what a batch holds of them."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.encoding.building import load_features
from throughtime.data.encoding.statements import StatementFeatures, statement_places
from throughtime.data.encoding.word_vocabulary import WordVocabulary
from throughtime.data.record import Record
from throughtime.data.words import split_words


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("one", ["one"]),
        ("It rains. It pours!  Does it? Yes", ["It rains.", "It pours!", "Does it?", "Yes"]),
        ("a. b.\nc. d.\n\n  e", ["a. b.", "c. d.", "e"]),
        ('He said "no." She left.', ['He said "no."', "She left."]),
        ("3.5 is no end", ["3.5 is no end"]),
        ("\n only one line. And so\n", ["only one line.", "And so"]),
    ],
)
def test_a_statement_is_a_line_or_a_sentence(text: str, statements: list[str]) -> None:
    assert [text[start:stop].strip() for start, stop in statement_places(text)] == statements


def test_batches_hold_each_different_statement_once() -> None:
    texts = ["Ann sat.\nBob ran off.\nAnn sat.", "Bob ran off."]
    vocabulary = WordVocabulary.build(map(split_words, texts))
    features = StatementFeatures(vocabulary)
    items = features.items([Record(text, None, "") for text in texts])
    batch = items.batch(np.array([0, 1]))
    assert items.lengths.tolist() == [3, 1] == batch["lengths"].tolist()
    assert batch["statements"].shape == (2, 4) and sorted(batch["statement_lengths"].tolist()) == [3, 4]
    for row, text in enumerate(texts):
        for place, line in enumerate(text.split("\n")):
            which = batch["places"][row, place]
            count = batch["statement_lengths"][which]
            assert batch["statements"][which, :count].tolist() == vocabulary.numbers(split_words(line))
    assert items.content_key != features.items([Record(text, None, "") for text in texts[::-1]]).content_key
    assert items.batch(np.array([1]))["statements"].shape == (1, 4)


def test_a_run_keeps_them() -> None:
    features = StatementFeatures(WordVocabulary(["ann", "sat"], "", [2, 1]))
    again = load_features(features.to_mapping())
    assert isinstance(again, StatementFeatures)
    assert again.vocabulary.words == ("ann", "sat") and again.vocabulary.counts == (2, 1)
    assert features.problem(Record(" ", None, "")) and features.problem(Record(np.zeros((1, 1)), None, ""))
