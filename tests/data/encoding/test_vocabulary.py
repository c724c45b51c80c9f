"""Text to ids and back, for every unit; ids that are no text; what is not known."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.data.encoding import units
from throughtime.data.encoding.units import BPE, Bytes, Characters, Words
from throughtime.data.encoding.vocabulary import (
    Vocabulary,
    build_vocabulary,
    encode_text,
    load_vocabulary,
    prompt_ids,
)
from throughtime.data.text import Document, Text
from throughtime.errors import UsageError

SAMPLE = "the cat sat on the mat.\nThe  dog, naïve 🙂\tsat too;\r\n\u4f60\u597d "
UNITS = ("characters", "bytes", "words", "bpe")


def text(*contents: str, unit: str = "characters") -> Text:
    return Text(tuple(Document(each.encode() if unit == "bytes" else each) for each in contents))


def built(unit: str, content: str = SAMPLE, size: int | None = None) -> Vocabulary:
    return build_vocabulary(unit, text(content, unit=unit), size)


def decoded(vocabulary: Vocabulary, ids: Iterable[int]) -> str:
    decode = vocabulary.decoder()
    return "".join(decode(int(token)) for token in ids)


@pytest.mark.parametrize("unit", UNITS)
def test_ids_are_the_text_again(unit: str) -> None:
    vocabulary = built(unit)
    ids = vocabulary.encode(SAMPLE)
    assert decoded(vocabulary, ids) == SAMPLE
    assert ids.min() >= 0 and ids.max() < len(vocabulary)
    assert vocabulary.document not in ids


@pytest.mark.parametrize("unit", UNITS)
@given(content=st.text(min_size=1))
def test_any_text_comes_back(unit: str, content: str) -> None:
    vocabulary = built(unit, content, size=300 if unit == "bpe" else None)
    assert decoded(vocabulary, vocabulary.encode(content)) == content


@pytest.mark.parametrize("unit", UNITS)
def test_what_was_written_is_loaded_the_same(unit: str) -> None:
    vocabulary = built(unit)
    loaded = load_vocabulary(unit, vocabulary.to_json())
    assert np.array_equal(loaded.encode(SAMPLE), vocabulary.encode(SAMPLE))
    assert (len(loaded), loaded.document, loaded.unknown) == (
        len(vocabulary), vocabulary.document, vocabulary.unknown,
    )  # fmt: skip
    assert loaded.to_json() == vocabulary.to_json()


@pytest.mark.parametrize(
    ("unit", "damaged"),
    [
        ("characters", "{"),
        ("characters", "[]"),
        ("characters", '{"unit": "words", "tokens": []}'),
        ("characters", '{"unit": "characters"}'),
        ("words", '{"unit": "words", "tokens": [1]}'),
        ("bpe", "{}"),
    ],
)
def test_a_damaged_vocabulary_is_refused(unit: str, damaged: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_vocabulary(unit, damaged)


def test_characters_are_in_code_point_order_after_the_marks() -> None:
    vocabulary = Characters.build(["ba", "c🙂"])
    assert vocabulary.encode("abc🙂").tolist() == [2, 3, 4, 5]
    assert vocabulary.encode("aZ\U0010ffff").tolist() == [2, 1, 1]
    assert vocabulary.unseen("xaxy") == ["x", "y"]


def test_a_text_of_lone_surrogates_is_text_too() -> None:
    vocabulary = Characters.build(["a\ud800"])
    loaded = load_vocabulary("characters", vocabulary.to_json())
    assert loaded.encode("\ud800").tolist() == [3]


def test_words_take_their_space_along_and_the_frequent_ones_come_first() -> None:
    vocabulary = Words.build(["a b b, b c"], 2)
    assert decoded(vocabulary, [2]) == " b"
    assert len(vocabulary) == 4
    assert vocabulary.unseen("a b") == ["a"]


def test_bpe_joins_what_is_frequent_and_can_spell_the_rest() -> None:
    vocabulary = BPE.build(["low lower lowest " * 50], 270)
    assert len(vocabulary) <= 270
    assert len(vocabulary.encode("low lower lowest")) < 8
    assert decoded(vocabulary, vocabulary.encode("未知 <s>")) == "未知 <s>"


def test_the_size_of_a_vocabulary_counts_its_marks() -> None:
    long = " ".join(f"word{number} word{number}" for number in range(400))
    assert len(built("words", long, 100)) == 100
    assert len(built("bpe", long, 300)) == 300


def test_bytes_decode_across_tokens_and_damaged_ones_are_shown_as_such() -> None:
    decode = Bytes().decoder()
    assert [decode(byte) for byte in "é".encode()] == ["", "é"]
    assert decode(0xFF) == "\ufffd"


@pytest.mark.parametrize("unit", UNITS)
def test_items_begin_with_the_document_mark(unit: str) -> None:
    vocabulary = built(unit)
    source = encode_text(vocabulary, text("the cat", "", "sat", unit=unit))
    assert len(source) == 3
    assert all(item[0] == vocabulary.document for item in source)
    assert decoded(vocabulary, source[0][1:]) == "the cat"
    assert len(source[1]) == 1


def test_ids_take_the_smallest_type() -> None:
    assert encode_text(built("characters"), text("the"))[0].dtype == np.uint8
    assert encode_text(built("bytes"), text("the", unit="bytes"))[0].dtype == np.uint16


@pytest.mark.parametrize("unit", UNITS)
def test_long_texts_are_encoded_piece_by_piece(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = text("one two\nthree four five\n" * 20, unit=unit)
    vocabulary = build_vocabulary(unit, content, None)
    whole = encode_text(vocabulary, content)[0].tolist()
    monkeypatch.setattr(units, "CHUNK", 50)
    pieces = encode_text(vocabulary, content)[0].tolist()
    assert decoded(vocabulary, pieces[1:]) == decoded(vocabulary, whole[1:])
    if unit != "bpe":  # a piece of a word may begin anew after a line end
        assert pieces == whole


def test_a_prompt_with_unseen_characters_lists_them() -> None:
    vocabulary = built("characters", "abc")
    assert prompt_ids(vocabulary, "cab") == [4, 2, 3]
    with pytest.raises(UsageError, match="characters that are not in the model's vocabulary: 'x', 'é'") as caught:
        prompt_ids(vocabulary, "axéx")
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match=r"words .*' dog'"):
        prompt_ids(built("words", "a cat"), "a dog")
    assert prompt_ids(built("bytes"), "é") == [0xC3, 0xA9]


def test_a_prompt_full_of_unseen_characters_gives_a_short_message() -> None:
    with pytest.raises(UsageError) as caught:
        prompt_ids(built("characters", "abc"), "".join(map(chr, range(0x4E00, 0x4F00))))
    assert len(str(caught.value)) < 500 and ", ..." in str(caught.value)
