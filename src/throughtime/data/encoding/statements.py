"""A text statement by statement: each of them is read word by word, and each different one once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.features import text_of
from throughtime.data.encoding.items import Arrays
from throughtime.data.encoding.word_vocabulary import UNKNOWN, WordVocabulary
from throughtime.data.record import Record
from throughtime.data.source import Lengths
from throughtime.data.words import split_words

__all__ = ["StatementFeatures", "StatementItems", "statement_places"]

_END = r"(?<=[.!?。！？])\s+|(?<=[.!?。！？][\"'”’)])\s+"


def statement_places(text: str) -> list[tuple[int, int]]:
    r"""Tell where each statement of a text begins and ends: each line of several, else each sentence.

    Args:
        text: any text.

    Returns:
        (first character, the one behind the last) of each statement that has a word.

    Example:
        >>> statement_places("Mary left. John too!"), statement_places("Mary left.\nJohn went. So?")
        ([(0, 10), (11, 20)], [(0, 10), (11, 25)])
    """
    ends = re.finditer(r"\s*\n\s*" if "\n" in text.strip() else _END, text)
    edges = [0, *(place for end in ends for place in end.span()), len(text)]
    places = zip(edges[::2], edges[1::2], strict=True)
    return [(start, stop) for start, stop in places if split_words(text[start:stop])]


class StatementItems:
    """Items of statements; each different one is cut into words once.

    Args:
        vocabulary: what knows the words.
        contents: statements of each item.
    """

    def __init__(self, vocabulary: WordVocabulary, contents: Sequence[Sequence[str]]) -> None:
        forms: dict[str, int] = {}
        self._rows = [np.array([forms.setdefault(each, len(forms)) for each in content]) for content in contents]
        self._words = [np.array(vocabulary.numbers(split_words(form)), np.int64) for form in forms]
        self._forms = tuple(forms)
        self.lengths: Lengths = np.array([len(row) for row in self._rows], np.int64)
        self.answered: Lengths = self.lengths

    @property
    def content_key(self) -> str:
        """A hash of all items."""
        digest = hashlib.blake2b("\0".join(self._forms).encode("utf-8", "surrogatepass"), digest_size=16)
        for row in self._rows:
            digest.update(f"{len(row)}".encode())
            digest.update(row.astype("<i8").tobytes())
        return digest.hexdigest()

    def batch(self, rows: Sequence[int] | NDArray[np.int64]) -> Arrays:
        """Give ``places`` (B, T) into ``statements`` (U, C), the words of the different ones, and ``lengths``."""
        chosen = [self._rows[row] for row in rows]
        different, places = np.unique(np.concatenate(chosen), return_inverse=True)
        words = [self._words[form] for form in cast("list[int]", different.tolist())]
        lengths = self.lengths[rows]
        laid = np.zeros((len(chosen), int(lengths.max())), np.int64)
        laid[np.arange(laid.shape[1]) < lengths[:, None]] = places.ravel()
        counts = np.array([len(each) for each in words], np.int64)
        statements = np.full((len(words), int(counts.max())), UNKNOWN, np.int64)
        statements[np.arange(statements.shape[1]) < counts[:, None]] = np.concatenate(words)
        return {"places": laid, "statements": statements, "statement_lengths": counts, "lengths": lengths}


class StatementFeatures:
    """A text as the words of its statements.

    Args:
        vocabulary: what knows the words.
    """

    kind = "statements"

    def __init__(self, vocabulary: WordVocabulary) -> None:
        self.vocabulary = vocabulary

    def problem(self, record: Record) -> str | None:
        if isinstance(record.content, np.ndarray):
            return "it holds numbers, and text was learned from"
        return None if statement_places(text_of(record)) else f"the text {record.content!r} has no word in it"

    def items(self, records: Sequence[Record]) -> StatementItems:
        return StatementItems(self.vocabulary, [_statements(text_of(record)) for record in records])

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": self.kind, "words": self.vocabulary.words, "counts": self.vocabulary.counts}

    def describe(self) -> dict[str, object]:
        return {"words": len(self.vocabulary.words)}


def _statements(text: str) -> list[str]:
    return [text[start:stop] for start, stop in statement_places(text)]
