"""Encoded contents become padded arrays that hold each item as it is, whatever it stands beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from throughtime.data.encoding.items import FrameItems, Items, TokenItems, WordItems
from throughtime.data.encoding.word_vocabulary import UNKNOWN, WordVocabulary

LEXICON = WordVocabulary(["the", "cat"], "acehtT")
SENTENCES = [("Cat",), ("the", "dog", "The", "cat"), ("cat", "dog")]


def tokens(*rows: list[int]) -> list[np.ndarray]:
    return [np.array(row, np.int64) for row in rows]


def test_tokens_are_laid_out_in_the_order_asked_for() -> None:
    items = TokenItems(tokens([5], [1, 2, 3], [7, 8]))
    assert items.lengths.tolist() == items.answered.tolist() == [1, 3, 2]
    batch = items.batch(np.array([2, 1]))
    assert batch["tokens"].tolist() == [[7, 8, 0], [1, 2, 3]]
    assert batch["lengths"].tolist() == [2, 3]
    assert set(batch) == {"tokens", "lengths"}


def test_spans_are_padded_apart_from_the_tokens() -> None:
    spans = [np.array([[0, 0], [1, 2]]), np.array([[0, 3]])]
    items = TokenItems(tokens([1, 2, 3], [4, 5, 6, 7]), spans)
    batch = items.batch([0, 1])
    assert batch["firsts"].tolist() == [[0, 1], [0, 0]]
    assert batch["lasts"].tolist() == [[0, 2], [3, 0]]
    assert items.answered.tolist() == [2, 1] and items.lengths.tolist() == [3, 4]


def test_frames_keep_their_features() -> None:
    rows = [np.full((steps, 2), steps, np.float32) for steps in (1, 3)]
    items = FrameItems(rows)
    batch = items.batch([0, 1])
    assert batch["frames"].shape == (2, 3, 2) and batch["frames"].dtype == np.float32
    assert batch["frames"][:, :, 0].tolist() == [[1, 0, 0], [3, 3, 3]]
    assert items.lengths.tolist() == items.answered.tolist() == [1, 3]


def test_words_have_their_numbers_and_padding_has_none() -> None:
    batch = WordItems(LEXICON, SENTENCES, spelled=False).batch([1, 0])
    assert set(batch) == {"words", "lengths"}
    assert batch["words"].tolist() == [[1, 0, 1, 2], [2, UNKNOWN, UNKNOWN, UNKNOWN]]


@pytest.mark.parametrize("rows", [[1], [1, 2], [2, 0, 1]])
def test_each_word_finds_its_own_spelling(rows: list[int]) -> None:
    batch = WordItems(LEXICON, SENTENCES, spelled=True).batch(rows)
    for place, row in enumerate(rows):
        for step, word in enumerate(SENTENCES[row]):
            at = batch["places"][place, step]
            length = batch["character_lengths"][at]
            assert batch["characters"][at, :length].tolist() == LEXICON.spelling(word).tolist()
            assert not batch["characters"][at, length:].any()
    assert batch["places"].max() < len(batch["characters"]) <= len({word for row in SENTENCES for word in row})


def test_unknown_words_are_counted_as_often_as_they_occur() -> None:
    assert WordItems(LEXICON, SENTENCES, spelled=False).unknown == 2


MADE: dict[str, Any] = {
    "tokens": lambda rows: TokenItems(tokens(*rows)),
    "frames": lambda rows: FrameItems([np.array(row, np.float32)[:, None] for row in rows]),
    "words": lambda rows: WordItems(LEXICON, [[str(each) for each in row] for row in rows], spelled=False),
}


@pytest.mark.parametrize("name", MADE)
def test_the_key_is_of_the_content(name: str) -> None:
    def key(*rows: list[int]) -> str:
        items: Items = MADE[name](rows)
        return items.content_key

    assert key([1, 2], [3]) == key([1, 2], [3])
    others = [key([1], [2, 3]), key([1, 2, 3]), key([3], [1, 2]), key([1, 2], [4]), key([1, 2], [3], [3])]
    assert len({key([1, 2], [3]), *others}) == 6


def test_the_key_does_not_know_the_width_of_an_integer() -> None:
    rows = [np.array([1, 2], dtype) for dtype in (np.uint8, np.int64)]
    assert TokenItems(rows[:1]).content_key == TokenItems(rows[1:]).content_key
