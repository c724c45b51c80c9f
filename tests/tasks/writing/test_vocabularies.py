"""What a token is on each side, told from the texts; and texts as tokens are the texts again, whatever is in them."""

from __future__ import annotations

import random
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throughtime.data.encoding.building import Unit
from throughtime.data.encoding.features import TokenFeatures
from throughtime.errors import UsageError
from throughtime.tasks.writing.targets import WrittenTargets
from throughtime.tasks.writing.told import source_tokens
from throughtime.tasks.writing.vocabularies import build_side, is_spaced, pieces_for, unit_of

UNITS: tuple[Unit, ...] = get_args(Unit)
PHONEMES = [f"{'KTDGMN'[n % 6]} {['AE1', 'AO1', 'IY0', 'AH0'][n % 4]} {'PBSZ'[n % 4]}" for n in range(120)]
COMMANDS = [f"walk {['left', 'right', 'around', 'twice', 'opposite'][n % 5]} and jump" for n in range(120)]
GERMAN = [f"Der {noun}{n} stand im Haus, {noun} schlief nicht." for n, noun in enumerate(["Hund", "Wal"] * 300)]
TEXTS = {
    "leading blanks": "  a fox",
    "trailing blanks": "a fox  ",
    "double blanks": "a  red   fox",
    "blanks alone": "   ",
    "one blank": " ",
    "tabs and no-break spaces": "a\tfox\u00a0runs\u3000far",
    "emoji": "a 🦊 runs 👩‍👩‍👧 far 🇩🇪",
    "combining marks": "cafe\u0301 n\u0303 a\u0308\u0304",
    "from right to left": "القط على السجادة שלום",
    "Chinese": "我喜欢茶。今天 很好",
    "Devanagari": "मैं घर जा रहा हूँ",
    "a carriage return inside": "a\rfox\r\rruns",
    "marks": "don't -- stop... (now)!?",
    "a mark of order": "\ufeffa fox",
    "a replacement character": "a \ufffd fox\ufffd",
    "underscores": "a_b __init__ _",
    "zero bytes and controls": "a\x00b\x1fc",
    "one letter": "a",
    "beyond the basic plane": "𝔞𝔟 𐍈𐍉",
}


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (PHONEMES, "words"),
        (COMMANDS, "words"),
        (["ann lee", "bo"] * 3 + ["cat", "dog", "eve"] * 20, "characters"),  # one in eleven has a blank
        (["我喜欢茶。", "今天很好"] * 100, "characters"),
        (["我 喜欢 茶 。", "今天 很 好"] * 100, "characters"),  # cut already, and yet no words
        (GERMAN, "bpe"),
        (["a cat sat on the mat", "the dog ran off"], "bpe"),  # few words, but none again and again
    ],
    ids=["phonemes", "commands", "names", "Chinese", "Chinese that is cut", "German", "two lines"],
)
def test_the_unit_is_told_from_the_texts(texts: list[str], unit: Unit) -> None:
    assert unit_of(texts) == unit


def test_words_are_the_unit_up_to_a_number_and_from_a_frequency() -> None:
    words = [f"w{n}" for n in range(1000)]
    assert unit_of([" ".join(words)] * 20) == "words"
    assert unit_of([" ".join(words)] * 19) == "bpe", "each occurs 19 times"
    assert unit_of([" ".join([*words, "one-more"])] * 20) == "bpe", "1001 words"


def test_the_number_of_pieces_grows_with_the_root_of_the_words_between_two_bounds() -> None:
    assert pieces_for([]) == 500
    assert pieces_for(["a b"] * 1953) == 500, "8 * 62.5 = 500"
    assert pieces_for(["a b c d"] * 10_000) == 1600, "8 * sqrt(40,000)"
    assert pieces_for(["a b c d"] * 1_000_000) == 16_000, "8 * sqrt(4,000,000)"
    assert pieces_for(iter(["a b c d"] * 2_000_000)) == 16_000


def test_pieces_are_as_many_as_asked_for_the_mark_among_them() -> None:
    words = [f"{root}{end}" for root in ("cat", "dog", "fox", "hen") for end in ("", "like", "fold", "ness")]
    texts = [" ".join(random.Random(row).choices(words, k=9)) for row in range(80)]
    assert len(build_side("bpe", texts, 280)) == 280
    assert len(build_side("bpe", texts, 257)) == 257
    with pytest.raises(UsageError, match=r"vocabulary_size must be at least 257 \(all bytes\) for bpe, not 256"):
        build_side("bpe", texts, 256)
    assert len(build_side("words", texts, 6)) == 6, "two marks and four words"
    most = build_side("words", ["a a a b b c", "a b"], 4)
    assert [most.decoder()(token) for token in (2, 3)] == [" a", " b"], "the most frequent ones"


def test_characters_that_occur_once_are_unknown() -> None:
    vocabulary = build_side("characters", ["abba", "cb"], None)
    assert len(vocabulary) == 4, "two marks, a and b"
    assert vocabulary.encode("abcz").tolist() == [2, 3, vocabulary.unknown, vocabulary.unknown]
    assert WrittenTargets(vocabulary).tokens([2, 1, 3]) == ("a", "\ufffd", "b")


def test_a_word_is_the_same_token_at_the_begin_and_inside() -> None:
    vocabulary = build_side("words", ["so good so"] * 3, None)
    targets = WrittenTargets(vocabulary)
    first, second, third, end = targets.ids("so good so").tolist()
    assert first == third != second and end == vocabulary.document
    assert targets.tokens([first, second]) == (" so", " good") and targets.text((" so", " good")) == "so good"


def both_ways(unit: Unit, text: str) -> None:
    """As what is written, and as what is read: the tokens of a text are the text again."""
    vocabulary = build_side(unit, [text, text], None)
    targets = WrittenTargets(vocabulary)
    ids = targets.ids(text)
    assert ids[-1] == vocabulary.document and vocabulary.document not in ids[:-1]
    assert vocabulary.unknown not in ids
    tokens = targets.tokens(ids[:-1].tolist())
    assert targets.text(tokens) == text
    features = TokenFeatures(vocabulary, spaced=is_spaced(vocabulary))
    assert np.array_equal(features.ids(text), ids[:-1])
    read = source_tokens(features, text)
    assert len(read) == len(ids) - 1 and targets.text(read) == text


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_comes_back_as_it_was(name: str, unit: Unit) -> None:
    both_ways(unit, TEXTS[name])


@pytest.mark.parametrize("unit", UNITS)
@settings(max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_text_comes_back_as_it_was(unit: Unit, text: str) -> None:
    both_ways(unit, text)


@pytest.mark.parametrize("unit", UNITS)
def test_one_vocabulary_of_all_texts_knows_each(unit: Unit) -> None:
    """As ``--joint`` makes one of both sides."""
    vocabulary = build_side(unit, list(TEXTS.values()) * 2, None)
    targets = WrittenTargets(vocabulary)
    for text in TEXTS.values():
        assert targets.text(targets.tokens(targets.ids(text)[:-1].tolist())) == text


@pytest.mark.parametrize(
    ("unit", "text", "tokens"),
    [("words", "a zebra fox", (" a", "\ufffd", " fox")), ("characters", "fzx", ("f", "\ufffd", "x"))],
)
def test_what_is_unknown_is_one_token_and_shown_as_such(unit: Unit, text: str, tokens: tuple[str, ...]) -> None:
    targets = WrittenTargets(build_side(unit, ["a fox"] * 2, None))
    assert targets.tokens(targets.ids(text)[:-1].tolist()) == tokens


@pytest.mark.parametrize("unit", ["bytes", "bpe"])
def test_half_a_character_at_the_end_is_shown(unit: Unit) -> None:
    targets = WrittenTargets(build_side(unit, ["to see"], None))
    ids = targets.ids("see \N{TEACUP WITHOUT HANDLE}")[:-2].tolist()
    assert targets.text(targets.tokens(ids)) == "see \ufffd"
