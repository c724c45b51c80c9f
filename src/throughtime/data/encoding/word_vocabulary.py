"""Words to numbers, and their spelling; each different word of a data set is kept once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNKNOWN", "WordVocabulary"]

UNKNOWN = 0
"""Number of a word, or of a character, that is not in the vocabulary; padding has it too."""
BEGIN, END = 1, 2
"""Marks around a spelling: a prefix and a suffix differ from the same letters inside a word."""
LONGEST = 40
"""Characters of a word's spelling that are read: of a longer word the first and the last twenty."""


class WordVocabulary:
    """The words that a network has a vector for, and the characters it can spell with.

    Words are looked up in lower case; their spelling keeps the case.

    Args:
        words: the known words, in lower case; their numbers follow in this order from 1.
        characters: the known characters; theirs follow from 3, after the marks of a word's begin and end.
        counts: how often each word was seen; once each where they are not given.

    Example:
        >>> vocabulary = WordVocabulary(["the", "cat"], "acht")
        >>> vocabulary.numbers(["The", "dog"]), vocabulary.spelling("cat").tolist()
        ([1, 0], [1, 4, 3, 6, 2])
    """

    def __init__(self, words: Sequence[str], characters: Sequence[str], counts: Sequence[int] = ()) -> None:
        self.words, self.characters = tuple(words), tuple(characters)
        self.counts = tuple(counts) or (1,) * len(self.words)
        self._numbers = {word: number for number, word in enumerate(self.words, 1)}
        self._letters = {letter: number for number, letter in enumerate(self.characters, END + 1)}

    @classmethod
    def build(cls, contents: Iterable[Sequence[str]], *, at_least: int = 1, most: int | None = None) -> WordVocabulary:
        """Take the words of a data set.

        Args:
            contents: the data set, word by word.
            at_least: how often a word must occur.
            most: number of words to know, the most frequent ones; None knows all.

        Returns:
            The vocabulary, words by frequency, among equals in code point order. A character seen once is left out, so
            that the unknown one has a meaning.
        """
        spelled = Counter(word for content in contents for word in content)
        counts: Counter[str] = Counter()
        letters: Counter[str] = Counter()
        for word, count in spelled.items():
            counts[word.lower()] += count
            for letter in word:
                letters[letter] += count
        ranked = sorted((word for word in counts if counts[word] >= at_least), key=lambda word: (-counts[word], word))
        known = ranked[:most]
        return cls(known, sorted(letter for letter in letters if letters[letter] > 1), [counts[word] for word in known])

    def with_words(self, more: Iterable[str]) -> WordVocabulary:
        """Give a vocabulary that knows more words, whose numbers follow."""
        added = [word for word in dict.fromkeys(word.lower() for word in more) if word not in self._numbers]
        return WordVocabulary((*self.words, *added), self.characters, (*self.counts, *(0 for _ in added)))

    def numbers(self, words: Iterable[str]) -> list[int]:
        """Give the numbers of words; UNKNOWN for those that are not here."""
        return [self._numbers.get(word.lower(), UNKNOWN) for word in words]

    @property
    def letter_numbers(self) -> int:
        """How many numbers there are for characters: the known ones, the marks and the unknown one."""
        return END + 1 + len(self.characters)

    def spelling(self, word: str) -> NDArray[np.int64]:
        """Give the numbers of a word's characters between its marks, (C,) with C up to LONGEST + 2."""
        letters = word if len(word) <= LONGEST else word[: LONGEST // 2] + word[-LONGEST // 2 :]
        return np.array([BEGIN, *(self._letters.get(letter, UNKNOWN) for letter in letters), END], np.int64)
