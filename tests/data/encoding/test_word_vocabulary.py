"""Words to numbers and letters: what is known, in which order, and how a word is spelled."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from throughtime.data.encoding.word_vocabulary import BEGIN, END, LONGEST, UNKNOWN, WordVocabulary
from throughtime.data.words import SIGNS, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        (" \n\t ", ()),
        ("It's 3.5 €!", ("It's", "3", ".", "5", "€", "!")),
        ("rock ’n’ roll, don’t", ("rock", "’", "n", "’", "roll", ",", "don’t")),
        ("naïve_x -- 你好", ("naïve_x", "-", "-", "你好")),
        ("cafe\u0301 हिन्दी", ("cafe\u0301", "हिन्दी")),
    ],
)
def test_texts_are_cut_at_white_space_and_around_marks(text: str, words: tuple[str, ...]) -> None:
    assert split_words(text) == words


CONTENTS = [["the", "Cat", "cat", "sat", "the"], ["The", "mat", "THE"], ["dog"]]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, ["the", "cat", "dog", "mat", "sat"]),
        ({"at_least": 2}, ["the", "cat"]),
        ({"most": 3}, ["the", "cat", "dog"]),
        ({"at_least": 2, "most": 1}, ["the"]),
        ({"at_least": 9}, []),
    ],
)
def test_frequent_words_come_first_whatever_their_case(how: dict[str, int], words: list[str]) -> None:
    vocabulary = WordVocabulary.build(CONTENTS, **how)
    assert list(vocabulary.words) == words
    assert vocabulary.counts == tuple({"the": 4, "cat": 2}.get(word, 1) for word in words)
    for word in ("dog", "tHe", "bird"):
        expected = words.index(word.lower()) + 1 if word.lower() in words else UNKNOWN
        assert vocabulary.numbers([word]) == [expected]


def test_letters_seen_once_stay_unknown() -> None:
    vocabulary = WordVocabulary.build([["ab", "ab", "Q"], ["aa"]])
    assert vocabulary.characters == ("a", "b")
    assert vocabulary.letter_numbers == 5
    assert vocabulary.spelling("bQa").tolist() == [BEGIN, 4, UNKNOWN, 3, END]


def test_every_number_of_a_letter_is_below_their_count() -> None:
    vocabulary = WordVocabulary(["a"], "xyz")
    numbers = vocabulary.spelling("xyz?").tolist()
    assert len(set(numbers)) == 6 == vocabulary.letter_numbers
    assert max(numbers) == vocabulary.letter_numbers - 1


@pytest.mark.parametrize("length", [0, 1, LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST])
def test_of_a_long_word_both_ends_are_read(length: int) -> None:
    alphabet = [chr(0x4E00 + number) for number in range(3 * LONGEST)]
    vocabulary = WordVocabulary([], alphabet)
    word = "".join(alphabet[:length])
    read = [letter for place, letter in enumerate(word) if place < 20 or place >= length - 20]
    expected = [BEGIN, *(alphabet.index(letter) + 3 for letter in read), END]
    assert vocabulary.spelling(word).tolist() == expected


def test_more_words_follow_and_were_never_seen() -> None:
    vocabulary = WordVocabulary(["the", "cat"], "a", [5, 2]).with_words(["Dog", "the", "dog", "bird"])
    assert vocabulary.words == ("the", "cat", "dog", "bird")
    assert vocabulary.counts == (5, 2, 0, 0)
    assert vocabulary.numbers(["CAT", "DOG", "bird"]) == [2, 3, 4]
    assert vocabulary.characters == ("a",)


def test_words_without_counts_were_seen_once() -> None:
    assert WordVocabulary(["a", "b"], "").counts == (1, 1)


def test_all_signs_that_combine_are_among_those_looked_through() -> None:
    signs = [point for point in range(sys.maxunicode + 1) if unicodedata.category(chr(point))[0] == "M"]
    assert all(any(point in part for part in SIGNS) for point in signs)
    assert split_words("".join(map(chr, signs))) == ("".join(map(chr, signs)),)
