"""Sentences of (word, tag) pairs, and pairs (words, tags), are told apart by all rows."""

from __future__ import annotations

from typing import Any

import pytest

from throughtime.data.formats.memory import read_memory
from throughtime.data.reading import Problems, Reading
from throughtime.errors import DataError


def pairs(data: object, targets: bool = True, **how: Any) -> list[tuple[object, object]]:
    records = read_memory(data, Reading(**how), Problems(note=lambda _: None), targets=targets)
    return [(record.content, record.target) for record in records]


def message(data: object, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        pairs(data, **how)
    assert "\n" not in str(caught.value)
    return str(caught.value)


TAGGED = [[("a", "DET"), ("fox", "NOUN")], [("Stop", "VERB")], [("it", "PRON"), ("ran", "VERB"), (".", "PUNCT")]]
WORDS = [(("a", "fox"), ("DET", "NOUN")), (("Stop",), ("VERB",)), (("it", "ran", "."), ("PRON", "VERB", "PUNCT"))]


def test_sentences_of_word_tag_pairs_are_known_by_all_of_them() -> None:
    assert pairs(TAGGED, per_step=True) == WORDS
    assert pairs(iter([[list(pair) for pair in sentence] for sentence in TAGGED]), per_step=True) == WORDS
    assert pairs(TAGGED, targets=False, per_step=True) == [(words, None) for words, _ in WORDS]
    notes: list[str] = []
    list(read_memory(TAGGED, Reading(per_step=True), Problems(note=notes.append), targets=True))
    assert notes == ["the data: each row is a sentence of (word, tag) pairs"]
    assert message([*TAGGED, "x"], per_step=True) == (
        "row 4 of the data: is str, not a list of (word, tag) pairs as the others"
    )
    # The first is of length two, as a pair is; the second tells that these are pairs.
    unclear = (("a", "fox"), ("DET", "NOUN"))
    assert pairs([unclear, (("Stop",), ("VERB",))], per_step=True) == WORDS[:2]
    assert pairs([(["a", "fox"], ["DET", "NOUN"])], per_step=True) == WORDS[:1]


@pytest.mark.parametrize("targets", [True, False])
def test_where_every_row_has_length_two_both_ways_to_write_it_are_said(targets: bool) -> None:
    assert message([TAGGED[0], TAGGED[0]], per_step=True, targets=targets) == (
        "every row of the data has length two, so that [(a, b), (c, d)] may be (words, tags) or two (word, tag) pairs; "
        'write {"words": [a, b], "tags": [c, d]} for the one or {"words": [a, c], "tags": [b, d]} for the other'
    )
    pair = {"words": [["a", "fox"]], "tags": [["DET", "NOUN"]]}
    assert [words for words, _ in pairs(pair, per_step=True, targets=targets)] == [("a", "fox")]
