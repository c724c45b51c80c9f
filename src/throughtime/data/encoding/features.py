"""What a network reads of a record: words with their spelling, tokens of a vocabulary, or frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.items import FrameItems, Items, TokenItems, WordItems
from throughtime.data.encoding.vocabulary import Vocabulary
from throughtime.data.encoding.word_vocabulary import WordVocabulary
from throughtime.data.record import Record
from throughtime.data.words import split_words

__all__ = [
    "Features",
    "FrameFeatures",
    "TokenFeatures",
    "WordFeatures",
    "text_of",
    "unlike",
    "words_of",
]


class Features(Protocol):
    """What turns records into what a network reads."""

    @property
    def kind(self) -> str:
        """Name of the kind: words, tokens or frames."""
        ...

    def problem(self, record: Record) -> str | None:
        """Say why a record cannot be read, or None where it can."""
        ...

    def items(self, records: Sequence[Record]) -> Items:
        """Encode records that can be read."""
        ...

    def to_mapping(self) -> dict[str, Any]:
        """Give all that is needed to make it again, as plain values."""
        ...

    def describe(self) -> dict[str, object]:
        """Give what the user may want to know, by name."""
        ...


class WordFeatures:
    """Words, and if wanted their spelling.

    Args:
        vocabulary: what knows the words.
        spelled: whether the network reads the spelling too.
    """

    kind = "words"

    def __init__(self, vocabulary: WordVocabulary, *, spelled: bool) -> None:
        self.vocabulary, self.spelled = vocabulary, spelled

    def problem(self, record: Record) -> str | None:
        if isinstance(record.content, np.ndarray):
            return NUMBERS
        return None if words_of(record) else f"the text {record.content!r} has no word in it"

    def items(self, records: Sequence[Record]) -> WordItems:
        return WordItems(self.vocabulary, (words_of(record) for record in records), spelled=self.spelled)

    def to_mapping(self) -> dict[str, Any]:
        vocabulary = self.vocabulary
        letters = "".join(vocabulary.characters)
        known = {"words": vocabulary.words, "counts": vocabulary.counts, "characters": letters}
        return {"kind": self.kind, **known, "spelled": self.spelled}

    def describe(self) -> dict[str, object]:
        return {"words": len(self.vocabulary.words), "characters": len(self.vocabulary.characters)}


class TokenFeatures:
    """Tokens of a vocabulary: characters, bytes, words with their spaces, or pieces of words.

    Args:
        vocabulary: what turns text into ids.
        per_word: whether the network answers word by word, so that it must know where each one starts and ends.
        marked: whether the document mark comes first, as it does for a language model.
        spaced: whether a space is read before each text, so that a word is the same token at its begin and inside.
    """

    kind = "tokens"

    def __init__(
        self, vocabulary: Vocabulary, *, per_word: bool = False, marked: bool = False, spaced: bool = False
    ) -> None:
        self.vocabulary, self.per_word, self.marked, self.spaced = vocabulary, per_word, marked, spaced

    def problem(self, record: Record) -> str | None:
        return NUMBERS if isinstance(record.content, np.ndarray) else None

    def items(self, records: Sequence[Record]) -> TokenItems:
        if not self.per_word:
            return TokenItems([self.ids(text_of(record)) for record in records])
        pairs = [self._ids(_spaced(words_of(record))) for record in records]
        return TokenItems([ids for ids, _ in pairs], [spans for _, spans in pairs])

    def ids(self, text: str) -> NDArray[np.int64]:
        """Turn a text into numbers, (T,)."""
        return self._ids([f" {text}" if self.spaced else text])[0]

    def _ids(self, pieces: Iterable[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The ids of a text cut into pieces, and the first and last of each piece."""
        mark = [np.array([self.vocabulary.document])] if self.marked else []
        parts = [self.vocabulary.encode(piece) for piece in pieces]
        sizes = np.array([len(part) for part in parts], np.int64)
        stops = np.cumsum(sizes) + len(mark)
        firsts = stops - sizes
        if self.vocabulary.unit in ("characters", "bytes"):
            firsts[1:] += 1  # the space before the word is no part of it
        return np.concatenate([*mark, *parts]).astype(np.int64), np.stack([firsts, stops - 1], 1)

    def to_mapping(self) -> dict[str, Any]:
        saved = {"unit": self.vocabulary.unit, "vocabulary": json.loads(self.vocabulary.to_json())}
        spaced = {"spaced": True} if self.spaced else {}
        return {"kind": self.kind, **saved, "per_word": self.per_word, "marked": self.marked, **spaced}

    def describe(self) -> dict[str, object]:
        return {"unit": self.vocabulary.unit, "vocabulary": len(self.vocabulary)}


def _spaced(words: Sequence[str]) -> list[str]:
    return [*words[:1], *(f" {word}" for word in words[1:])]


class FrameFeatures:
    """Frames of numbers, as they are; the network brings them to one scale.

    Args:
        mean: (F,) mean of each feature in training.
        scale: (F,) standard deviation of each; 1 where a feature never changes.
    """

    kind = "frames"

    def __init__(self, mean: Sequence[float], scale: Sequence[float]) -> None:
        self.mean, self.scale = mean, scale

    def problem(self, record: Record) -> str | None:
        return _unlike(record, len(self.mean))

    def items(self, records: Sequence[Record]) -> FrameItems:
        return FrameItems([cast(Any, record.content) for record in records])

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": self.kind, "mean": list(self.mean), "scale": list(self.scale)}

    def describe(self) -> dict[str, object]:
        return {"features": len(self.mean)}


NUMBERS = "it holds numbers, but the network reads text"


def _unlike(record: Record, width: int) -> str | None:
    content = record.content
    if not isinstance(content, np.ndarray):
        return f"it holds text, but the network reads {width} numbers at each step"
    return f"it has {content.shape[1]} numbers at each step, not {width}" if content.shape[1] != width else None


def _no_such_picture(record: Record, channels: int) -> str | None:
    content = record.content
    if not isinstance(content, np.ndarray) or content.ndim != 3:
        return "it is no picture, but others are"
    return None if content.shape[2] == channels else f"it has {content.shape[2]} channels, not {channels}"


def unlike(first: Record, record: Record) -> str | None:
    """Say why a record cannot be learned from beside another one.

    Args:
        first: the first record of the data.
        record: another one.

    Returns:
        What is wrong, or None where both are text, frames of the same width, or pictures with as many channels.
    """
    if isinstance(first.content, np.ndarray):
        return (
            _no_such_picture(record, first.content.shape[2])
            if first.content.ndim == 3
            else _unlike(record, first.content.shape[1])
        )
    return NUMBERS if isinstance(record.content, np.ndarray) else None


def words_of(record: Record) -> tuple[str, ...]:
    """Give the words of a record that holds no frames; a text is cut into them."""
    return record.content if isinstance(record.content, tuple) else split_words(text_of(record))


def text_of(record: Record) -> str:
    """Give the text of a record that holds no frames; words are joined by spaces."""
    content = cast("str | tuple[str, ...]", record.content)
    return content if isinstance(content, str) else " ".join(content)
