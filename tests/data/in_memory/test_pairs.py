"""Sentences of (word, tag) pairs, and pairs (words, tags), are told apart by all rows."""

from __future__ import annotations

import pytest
from small_readers import SmallReader

from throughtime.data.in_memory.records import read_memory
from throughtime.data.reading import Problems, Reading

MEMORY = SmallReader(read_memory)
TAGGED = [[("a", "DET"), ("fox", "NOUN")], [("Stop", "VERB")], [("it", "PRON"), ("ran", "VERB"), (".", "PUNCT")]]
WORDS = [(("a", "fox"), ("DET", "NOUN")), (("Stop",), ("VERB",)), (("it", "ran", "."), ("PRON", "VERB", "PUNCT"))]


def test_sentences_of_word_tag_pairs_are_known_by_all_of_them() -> None:
    assert MEMORY.pairs(TAGGED, per_step=True) == WORDS
    assert MEMORY.pairs(iter([[list(pair) for pair in sentence] for sentence in TAGGED]), per_step=True) == WORDS
    assert MEMORY.pairs(TAGGED, targets=False, per_step=True) == [(words, None) for words, _ in WORDS]
    notes: list[str] = []
    list(read_memory(TAGGED, Reading(per_step=True), Problems(note=notes.append), targets=True))
    assert notes == ["the data: each row is a sentence of (word, tag) pairs"]
    assert MEMORY.message([*TAGGED, "x"], per_step=True) == (
        "row 4 of the data: is str, not a list of (word, tag) pairs as the others"
    )
    # The first is of length two, as a pair is; the second tells that these are pairs.
    unclear = (("a", "fox"), ("DET", "NOUN"))
    assert MEMORY.pairs([unclear, (("Stop",), ("VERB",))], per_step=True) == WORDS[:2]
    assert MEMORY.pairs([(["a", "fox"], ["DET", "NOUN"])], per_step=True) == WORDS[:1]


@pytest.mark.parametrize("targets", [True, False])
def test_where_every_row_has_length_two_both_ways_to_write_it_are_said(targets: bool) -> None:
    assert MEMORY.message([TAGGED[0], TAGGED[0]], per_step=True, targets=targets) == (
        "every row of the data has length two, so that [(a, b), (c, d)] may be (words, tags) or two (word, tag) pairs; "
        'write {"words": [a, b], "tags": [c, d]} for the one or {"words": [a, c], "tags": [b, d]} for the other'
    )
    pair = {"words": [["a", "fox"]], "tags": [["DET", "NOUN"]]}
    assert [words for words, _ in MEMORY.pairs(pair, per_step=True, targets=targets)] == [("a", "fox")]


def test_a_flat_list_of_word_tag_pairs_is_one_sentence_where_spans_tell() -> None:
    flat = [("Ann", "B-per"), ("Lee", "I-per"), ("left", "O")]
    assert MEMORY.pairs(flat, per_step=True) == [(("Ann", "Lee", "left"), ("B-per", "I-per", "O"))]
    assert MEMORY.pairs(iter(flat * 40), per_step=True)[0][0] == ("Ann", "Lee", "left") * 40
    sentences = [("Ann Lee", "B-per I-per"), *flat]
    assert next(words for words, _ in MEMORY.pairs(sentences, per_step=True)) == ("Ann", "Lee"), (
        "one is longer: all are sentences"
    )
    assert len(MEMORY.pairs([*flat * 40, ("so good", "O O")], per_step=True)) == 121, "be it the last"


def test_a_flat_list_that_may_be_sentences_of_one_word_is_refused() -> None:
    said = MEMORY.message([("a", "X"), ("b", "Y")], per_step=True)
    assert said.startswith("every row of the data is a pair of two words, so that [(a, b), (c, d)] may be one sentence")
    one, other = [{"words": ["a", "b"], "tags": ["X", "Y"]}], [{"words": [w], "tags": [t]} for w, t in ("aX", "bY")]
    assert '[{"words": [a, c], "tags": [b, d]}]' in said and '[{"words": [a], "tags": [b]}, {"words": [c]' in said
    assert MEMORY.pairs(one, per_step=True) == [(("a", "b"), ("X", "Y"))], "as it says"
    assert MEMORY.pairs(other, per_step=True) == [(("a",), ("X",)), (("b",), ("Y",))], "as it says"
    assert MEMORY.pairs([("a", "X")], per_step=True) == [(("a",), ("X",))], "both readings are one"
    assert MEMORY.pairs([("so", "good"), ("a", "b")], per_step=True, targets=False)[0] == (("so", "good"), None), (
        "words alone"
    )
