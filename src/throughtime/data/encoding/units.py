"""Four kinds of tokens and their ids: characters, bytes, words, and pieces of words (BPE)."""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from throughtime.data.text import RawText

__all__ = ["BPE", "Bytes", "Characters", "Decode", "Words", "chunks", "words_in"]

Decode = Callable[[int], str]
"""Takes the ids of one text in order and gives the text that each completes, which may be empty."""

CHUNK = 1 << 18
"""Characters that are encoded at a time, so that the temporaries stay small beside the text."""
LONGEST_WORD = 1000
"""Characters of one word that pieces of words are learnt from; the time to learn grows with its square."""
DOCUMENT, UNKNOWN = 0, 1
"""Ids of the two marks where the tokens are kept in a list."""

_WORD = re.compile(r" ?\w+| ?[^\w\s]+|\s")


class Characters:
    """One id per character (Unicode code point).

    Args:
        characters: the known characters; ids follow in this order after the two marks.

    Example:
        >>> Characters("abc").encode("cab?")
        array([4, 2, 3, 1])
    """

    unit, document, unknown, file_name = "characters", DOCUMENT, UNKNOWN, "vocabulary.json"

    def __init__(self, characters: Iterable[str]) -> None:
        self._characters = tuple(characters)
        points = np.array([ord(each) for each in self._characters], np.int64)
        # One place per code point up to the highest known; all others meet the last place, which stays unknown.
        self._ids = np.full(int(points.max(initial=0)) + 2, UNKNOWN, np.int64)
        self._ids[points] = np.arange(len(points)) + 2

    @classmethod
    def build(cls, contents: Iterable[RawText]) -> Characters:
        """Collect the characters of a text, in code point order."""
        return cls(sorted({character for content in contents for character in set(cast(str, content))}))

    def __len__(self) -> int:
        return len(self._characters) + 2

    def encode(self, content: RawText) -> NDArray[np.integer]:
        points = np.frombuffer(cast(str, content).encode("utf-32-le", "surrogatepass"), "<u4")
        return self._ids[np.minimum(points, len(self._ids) - 1)]

    def unseen(self, content: RawText) -> list[str]:
        known = set(self._characters)
        return [character for character in dict.fromkeys(cast(str, content)) if character not in known]

    def decoder(self) -> Decode:
        return lambda token: self._characters[token - 2]

    def to_json(self) -> str:
        return json.dumps({"unit": self.unit, "tokens": self._characters}, indent=0)


class Bytes:
    """One id per byte; anything can be read.

    Example:
        >>> Bytes().encode(b"az")
        array([ 97, 122], dtype=uint8)
    """

    unit, document, unknown, file_name = "bytes", 256, None, "vocabulary.json"

    def __len__(self) -> int:
        return 257

    def encode(self, content: RawText) -> NDArray[np.integer]:
        raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        return np.frombuffer(raw, np.uint8)

    def unseen(self, content: RawText) -> list[str]:
        return []

    def decoder(self) -> Decode:
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        return lambda token: decode(bytes((token,)))

    def to_json(self) -> str:
        return json.dumps({"unit": self.unit})


class Words:
    """One id per word; a word takes the one space before it along, so that words joined are the text again.

    Args:
        words: the known words; ids follow in this order after the two marks.

    Example:
        >>> Words(["the", " cat"]).encode("the cat the")
        array([2, 3, 1])
    """

    unit, document, unknown, file_name = "words", DOCUMENT, UNKNOWN, "vocabulary.json"

    def __init__(self, words: Iterable[str]) -> None:
        self._words = tuple(words)
        self._ids = {word: index + 2 for index, word in enumerate(self._words)}

    @classmethod
    def build(cls, contents: Iterable[RawText], size: int) -> Words:
        """Take the most frequent words of a text; among equals, the first in code point order."""
        counts = Counter(word for content in contents for word in words_in(content))
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(ranked[:size])

    def __len__(self) -> int:
        return len(self._words) + 2

    def encode(self, content: RawText) -> NDArray[np.integer]:
        return np.fromiter((self._ids.get(word, UNKNOWN) for word in words_in(content)), np.int64)

    def unseen(self, content: RawText) -> list[str]:
        return [word for word in dict.fromkeys(words_in(content)) if word not in self._ids]

    def decoder(self) -> Decode:
        return lambda token: self._words[token - 2]

    def to_json(self) -> str:
        return json.dumps({"unit": self.unit, "tokens": self._words}, indent=0)


def words_in(content: RawText) -> Iterator[str]:
    """Cut a text into words and marks, each with the one space before it; joined they are the text again.

    Args:
        content: the text.

    Returns:
        The pieces in order.

    Example:
        >>> list(words_in("a red fox."))
        ['a', ' red', ' fox', '.']
    """
    return (match.group() for match in _WORD.finditer(cast(str, content)))


class BPE:
    """Byte pair encoding over bytes (Hugging Face ``tokenizers``): knows any text, frequent pieces are one id.

    The document mark is an id beyond those of the tokenizer, so no text can ever be taken for it.

    Args:
        tokenizer: a byte-level tokenizer.

    Source: Sennrich, Haddow, Birch 2016, "Neural Machine Translation of Rare Words with Subword Units"; on bytes
    as in Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
    """

    unit, unknown, file_name = "bpe", None, "tokenizer.json"

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def build(cls, contents: Iterable[RawText], size: int) -> BPE:
        """Learn the pieces of a text; fewer than ``size`` where the text has no more pairs that repeat."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size - 1,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        pieces = (piece for content in contents for piece in chunks(content, LONGEST_WORD))
        tokenizer.train_from_iterator(pieces, trainer)
        return cls(tokenizer)

    @property
    def document(self) -> int:
        return self._tokenizer.get_vocab_size()

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size() + 1

    def encode(self, content: RawText) -> NDArray[np.integer]:
        pieces = [cast(str, piece) for piece in chunks(content, CHUNK // 16)]  # they go to the cores side by side
        encodings = self._tokenizer.encode_batch_fast(pieces, add_special_tokens=False)
        return np.concatenate([np.array([], np.int64), *(encoding.ids for encoding in encodings)], dtype=np.int64)

    def unseen(self, content: RawText) -> list[str]:
        return []

    def decoder(self) -> Decode:
        stream = decoders.DecodeStream(skip_special_tokens=False)
        return lambda token: stream.step(self._tokenizer, token) or ""

    def to_json(self) -> str:
        return self._tokenizer.to_str()


def chunks(content: RawText, size: int) -> Iterator[RawText]:
    """Cut a long text into pieces, where a line ends or a word begins if there is such a place.

    Args:
        content: the text.
        size: largest length of a piece.

    Yields:
        The pieces in order; together they are the text.
    """
    start = 0
    while len(content) - start > size:
        stop = _place_to_cut(content, start, start + size)
        yield content[start:stop]
        start = stop
    if start < len(content):
        yield content[start:]


def _place_to_cut(content: RawText, start: int, stop: int) -> int:
    """Find the last place in content[start:stop] after a line end, else the last before a space, else ``stop``."""
    after_line, before_word = (
        (content.rfind(b"\n", start, stop) + 1, content.rfind(b" ", start, stop))
        if isinstance(content, bytes)
        else (content.rfind("\n", start, stop) + 1, content.rfind(" ", start, stop))
    )
    return after_line if after_line > start else before_word if before_word > start else stop
