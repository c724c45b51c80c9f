"""A text as the words and pairs of words in it, weighed by how telling they are (tf-idf): what a linear model reads.

Written here, not taken from scikit-learn, so that a model that was kept can score new data without loading it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.features import text_of, words_of
from throughtime.data.record import Record

__all__ = ["Grams", "grams_of"]

LONGEST = 3
"""Letters of the longest piece where a text is read by characters."""


def grams_of(record: Record, *, by_words: bool) -> list[str]:
    """Cut a text into the pieces that are counted, in lower case.

    Args:
        record: a record that holds no frames.
        by_words: single words and pairs, or else one, two and three characters.

    Returns:
        The pieces, as often as they occur.

    Example:
        >>> grams_of(Record("So good", None, ""), by_words=True)
        ['so', 'good', 'so good']
    """
    if by_words:
        words = [word.lower() for word in words_of(record)]
        return [*words, *map(" ".join, pairwise(words))]
    text = text_of(record).lower()
    return [text[at : at + size] for size in range(1, LONGEST + 1) for at in range(len(text) - size + 1)]


class Grams:
    """Turns texts into rows of weights: (1 + ln count) * idf, each row of length 1.

    Args:
        known: the pieces that are read, a column each.
        idf: (columns,) how telling each is.
        by_words: what a piece is: see :func:`grams_of`.
    """

    def __init__(self, known: Sequence[str], idf: NDArray[np.floating], *, by_words: bool) -> None:
        self.known, self.idf, self.by_words = tuple(known), np.asarray(idf, np.float32), by_words
        self._columns = {piece: column for column, piece in enumerate(self.known)}

    @classmethod
    def learn(cls, texts: Iterable[Sequence[str]], most: int, *, by_words: bool) -> Grams:
        """Take the pieces that most texts have; idf = 1 + ln((1 + texts) / (1 + texts that have it)).

        Args:
            texts: the pieces of each text.
            most: pieces to take.
            by_words: what a piece is.

        Returns:
            The features.
        """
        having: Counter[str] = Counter()
        total = 0
        for pieces in texts:
            having.update(set(pieces))
            total += 1
        known = sorted(having, key=lambda piece: (-having[piece], piece))[:most]
        counts = np.array([having[piece] for piece in known], np.float64)
        return cls(known, 1 + np.log((1 + total) / (1 + counts)), by_words=by_words)

    def row(self, pieces: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Give (columns, weights) of one text; both are empty where nothing in it is known."""
        counts = Counter(self._columns[piece] for piece in pieces if piece in self._columns)
        columns = np.fromiter(counts, np.int64, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[columns]
        return columns, (weights / (np.sqrt((weights**2).sum()) or 1)).astype(np.float32)

    def rows(self, records: Iterable[Record]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Give (columns, weights) of each record."""
        return (self.row(grams_of(record, by_words=self.by_words)) for record in records)

    def to_plain(self) -> dict[str, Any]:
        """Give what is needed to make it again beside ``idf``."""
        return {"pieces": self.known, "by_words": self.by_words}
