"""Words to numbers, and their spelling; each different word of a data set is kept once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNKNOWN", "Lexicon", "split_words"]

UNKNOWN = 0
"""Number of a word, or of a character, that is not in the lexicon; padding has it too."""
LONGEST = 40
"""Characters of a word's spelling that are read: of a longer word the first and the last twenty."""

_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


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
    return tuple(_WORD.findall(text))


class Lexicon:
    """The words that a network has a vector for, and the characters it can spell with.

    Words are looked up in lower case; their spelling keeps the case.

    Args:
        words: the known words, in lower case; their numbers follow in this order from 1.
        characters: the known characters; likewise.
        counts: how often each word was seen; once each where they are not given.

    Example:
        >>> lexicon = Lexicon(["the", "cat"], "acht")
        >>> lexicon.numbers(["The", "dog"]), lexicon.spelling("cat").tolist()
        ([1, 0], [2, 1, 4])
    """

    def __init__(self, words: Sequence[str], characters: Sequence[str], counts: Sequence[int] = ()) -> None:
        self.words, self.characters = tuple(words), tuple(characters)
        self.counts = tuple(counts) or (1,) * len(self.words)
        self._numbers = {word: number for number, word in enumerate(self.words, 1)}
        self._letters = {letter: number for number, letter in enumerate(self.characters, 1)}

    @classmethod
    def build(cls, contents: Iterable[Sequence[str]], *, at_least: int = 1, most: int | None = None) -> Lexicon:
        """Take the words of a data set.

        Args:
            contents: the data set, word by word.
            at_least: how often a word must occur.
            most: number of words to know, the most frequent ones; None knows all.

        Returns:
            The lexicon, words by frequency, among equals in code point order.
        """
        spelled = Counter(word for content in contents for word in content)
        counts: Counter[str] = Counter()
        for word, count in spelled.items():
            counts[word.lower()] += count
        ranked = sorted((word for word in counts if counts[word] >= at_least), key=lambda word: (-counts[word], word))
        known = ranked[:most]
        return cls(known, sorted({letter for word in spelled for letter in word}), [counts[word] for word in known])

    def with_words(self, more: Iterable[str]) -> Lexicon:
        """Give a lexicon that knows more words, whose numbers follow."""
        added = [word for word in dict.fromkeys(word.lower() for word in more) if word not in self._numbers]
        return Lexicon((*self.words, *added), self.characters, (*self.counts, *(0 for _ in added)))

    def numbers(self, words: Iterable[str]) -> list[int]:
        """Give the numbers of words; UNKNOWN for those that are not here."""
        return [self._numbers.get(word.lower(), UNKNOWN) for word in words]

    def spelling(self, word: str) -> NDArray[np.int64]:
        """Give the numbers of a word's characters, (C,) with C up to LONGEST."""
        letters = word if len(word) <= LONGEST else word[: LONGEST // 2] + word[-LONGEST // 2 :]
        return np.array([self._letters.get(letter, UNKNOWN) for letter in letters], np.int64)
