"""Encoded contents, ready to become batches: words with their spelling, tokens, or frames."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.word_vocabulary import UNKNOWN, WordVocabulary
from throughtime.data.record import Frames
from throughtime.data.source import Lengths

__all__ = ["Arrays", "FrameItems", "Items", "TokenItems", "WordItems"]

Arrays = dict[str, NDArray[Any]]
"""What a network reads, by name; ``lengths`` (B,) is always there."""


class Items(Protocol):
    """Encoded contents by number."""

    @property
    def lengths(self) -> Lengths:
        """Steps of each item, (items,)."""
        ...

    @property
    def answered(self) -> Lengths:
        """Answers to give for each item where there is one for each step, or for each word: (items,)."""
        ...

    @property
    def content_key(self) -> str:
        """A hash of all items."""
        ...

    def batch(self, rows: Sequence[int] | NDArray[np.int64]) -> Arrays:
        """Give some items as padded arrays."""
        ...


def _lengths(rows: Sequence[NDArray[Any]]) -> Lengths:
    return np.array([len(row) for row in rows], np.int64)


def _padded(rows: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    """Lay rows (T, ...) out as (B, longest T, ...), padded with zeros."""
    longest = max(len(row) for row in rows)
    padded = np.zeros((len(rows), longest, *rows[0].shape[1:]), dtype)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    return padded


def _digest(rows: Iterable[NDArray[Any]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for row in rows:
        digest.update(str(row.shape).encode())
        digest.update(np.ascontiguousarray(row).data)
    return digest.hexdigest()


class TokenItems:
    """Items of token ids.

    Args:
        rows: ids of each item, (T,).
        spans: first and last token of each word of each item, (W, 2), or None where words do not matter.
    """

    def __init__(self, rows: Sequence[NDArray[np.integer]], spans: Sequence[NDArray[np.int64]] | None = None) -> None:
        self._rows, self._spans = rows, spans
        self.lengths = _lengths(rows)
        self.answered = self.lengths if spans is None else _lengths(spans)

    @property
    def content_key(self) -> str:
        return _digest(row.astype("<i8") for row in self._rows)

    def count(self, token: int) -> int:
        """Count how often a token occurs."""
        return sum(int((row == token).sum()) for row in self._rows)

    def batch(self, rows: Sequence[int] | NDArray[np.int64]) -> Arrays:
        """Give ``tokens`` (B, T) and ``lengths``; with words also ``firsts`` and ``lasts`` (B, W)."""
        arrays = {"tokens": _padded([self._rows[row] for row in rows], np.int64), "lengths": self.lengths[rows]}
        if self._spans is None:
            return arrays
        spans = _padded([self._spans[row] for row in rows], np.int64)
        return arrays | {"firsts": spans[:, :, 0], "lasts": spans[:, :, 1]}


class FrameItems:
    """Items of frames.

    Args:
        rows: frames of each item, (T, F).
    """

    def __init__(self, rows: Sequence[Frames]) -> None:
        self._rows = rows
        self.lengths = self.answered = _lengths(rows)

    @property
    def content_key(self) -> str:
        return _digest(row.astype("<f4") for row in self._rows)

    def batch(self, rows: Sequence[int] | NDArray[np.int64]) -> Arrays:
        """Give ``frames`` (B, T, F) and ``lengths``."""
        return {"frames": _padded([self._rows[row] for row in rows], np.float32), "lengths": self.lengths[rows]}


class WordItems:
    """Items of words; each different word is looked up and spelled once.

    Args:
        vocabulary: what knows the words.
        contents: words of each item.
        spelled: whether batches hold the spelling too.
    """

    def __init__(self, vocabulary: WordVocabulary, contents: Iterable[Sequence[str]], *, spelled: bool) -> None:
        forms: dict[str, int] = {}
        self._rows = [
            np.array([forms.setdefault(word, len(forms)) for word in content], np.int64) for content in contents
        ]
        self._numbers = np.array(vocabulary.numbers(forms), np.int64)
        self._spellings = [vocabulary.spelling(form) for form in forms] if spelled else None
        self._forms = tuple(forms)
        self.lengths = self.answered = _lengths(self._rows)

    @property
    def content_key(self) -> str:
        names = np.frombuffer("\n".join(self._forms).encode("utf-8", "surrogatepass"), np.uint8)
        return _digest([names, *(row.astype("<i8") for row in self._rows)])

    @property
    def unknown(self) -> int:
        """Words that the vocabulary does not know, counted as often as they occur."""
        return sum(int((self._numbers[row] == 0).sum()) for row in self._rows)

    def batch(self, rows: Sequence[int] | NDArray[np.int64]) -> Arrays:
        """Give ``words`` (B, T) and ``lengths``; spelled also ``places`` (B, T) into ``characters`` (U, C)."""
        forms = _padded([self._rows[row] for row in rows], np.int64)
        words = self._numbers[forms]
        for place, row in zip(words, rows, strict=True):
            place[len(self._rows[row]) :] = UNKNOWN
        arrays = {"words": words, "lengths": self.lengths[rows]}
        if self._spellings is None:
            return arrays
        different, places = np.unique(forms, return_inverse=True)
        spellings = [self._spellings[form] for form in cast("list[int]", different.tolist())]
        return arrays | {
            "places": places.reshape(forms.shape),
            "characters": _padded(spellings, np.int64),
            "character_lengths": np.array([len(spelling) for spelling in spellings], np.int64),
        }
