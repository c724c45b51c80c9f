"""Texts cut into words, and where each stands."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain

__all__ = ["SIGNS", "split_words", "word_places"]

SIGNS = (range(0x20000), range(0xE0000, 0xE1000))
"""The code points among which Unicode has signs that combine: the planes between hold ideographs or nothing."""


@cache
def _word() -> re.Pattern[str]:
    """A word, or a mark. To Python an accent or a vowel sign of its own is no letter; here it is part of its word."""
    signs = "".join(sign for sign in map(chr, chain(*SIGNS)) if unicodedata.category(sign)[0] == "M")
    return re.compile(rf"[\w{signs}]+(?:['’][\w{signs}]+)*|[^\w\s]")


_PLAIN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
"""The same where there are no signs, several times as fast: a text of ASCII has none."""


def split_words(text: str) -> tuple[str, ...]:
    """Cut a text into words and punctuation marks.

    Args:
        text: any text.

    Returns:
        The words; an apostrophe inside a word stays there, white space is left out.

    Example:
        >>> split_words("It doesn't work :(")
        ('It', "doesn't", 'work', ':', '(')
    """
    return tuple((_PLAIN if text.isascii() else _word()).findall(text))


def word_places(text: str) -> list[tuple[int, int]]:
    """Tell where each word of a text begins and ends.

    Args:
        text: any text.

    Returns:
        (first character, the one behind the last) of each word of :func:`split_words`.

    Example:
        >>> word_places("so good!")
        [(0, 2), (3, 7), (7, 8)]
    """
    return [match.span() for match in (_PLAIN if text.isascii() else _word()).finditer(text)]
