"""Words and where they stand; texts of ASCII are cut the same way, on the fast path."""

from __future__ import annotations

import random

from throughtime.data import words
from throughtime.data.words import split_words, word_places


def test_texts_of_ascii_are_cut_alike() -> None:
    generator = random.Random(7)
    alphabet = [chr(code) for code in range(128)] + ["'", " ", "a", "b"] * 20
    for _ in range(300):
        text = "".join(generator.choices(alphabet, k=40))
        assert split_words(text) == tuple(words._word(ascii_only=False).findall(text))  # pyright: ignore[reportPrivateUsage]
        assert [text[start:stop] for start, stop in word_places(text)] == list(split_words(text))


def test_signs_belong_to_their_words() -> None:
    assert split_words("cafe\N{COMBINING ACUTE ACCENT} ok") == ("cafe\N{COMBINING ACUTE ACCENT}", "ok")
    assert word_places("नमस्ते जी!") == [(0, 6), (7, 9), (9, 10)]
