"""What is to be written, as numbers, and as text again. Loads no torch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.vocabulary import Vocabulary, load_vocabulary
from throughtime.data.planning.split import content_hash
from throughtime.data.record import Record, Sequences
from throughtime.data.source import Lengths
from throughtime.errors import DataError
from throughtime.tasks.supervised.targets import Targets
from throughtime.tasks.writing.vocabularies import is_spaced, spaced, token_texts

__all__ = ["SENTENCE", "Right", "WrittenTargets", "all_right", "right_of"]

Right: TypeAlias = tuple[NDArray[np.int64], ...]
"""The tokens of each right sequence, the end among them: (T,)."""
SENTENCE = 4
"""Words of a text, half of all texts having as many, from which on BLEU means something: it counts runs of four."""
FEW = 1000
"""Words of a vocabulary, up to which they are signs (phonemes, commands) and no language."""
ROOM = 10
"""Tokens that may always be written, beside those that the source gives room for."""


def right_of(record: Record) -> tuple[str, ...]:
    """Give the right texts of a record.

    Raises:
        DataError: it has none.
    """
    if not isinstance(record.target, Sequences):
        raise DataError(f"{record.place}: there is no target")
    return tuple(cast("Sequence[str]", record.target.right))


def all_right(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """Give the right texts of each record, those of other records with the same content among them.

    Args:
        records: texts or pictures with their right sequences.

    Returns:
        For each record its own texts and those others, each once.
    """
    keys = [content_hash(record) for record in records]
    by_content: dict[bytes, dict[str, None]] = {}
    for key, record in zip(keys, records, strict=True):
        by_content.setdefault(key, {}).update(dict.fromkeys(right_of(record)))
    return [tuple(by_content[key]) for key in keys]


class WrittenTargets(Targets[Right]):
    """Texts as tokens of a vocabulary; its document mark is where a text begins, and its end.

    Args:
        vocabulary: the tokens.
        ratio: tokens that a token of the source gives room for.
        sentences: whether texts have so many words that BLEU means something.
    """

    def __init__(self, vocabulary: Vocabulary, ratio: float = 1.0, *, sentences: bool = True) -> None:
        self.vocabulary, self.ratio, self.sentences = vocabulary, ratio, sentences
        self.spaced = is_spaced(vocabulary)

    def encode(self, record: Record) -> Right:
        return tuple(self.ids(text) for text in right_of(record))

    def ids(self, text: str) -> NDArray[np.int64]:
        """Turn a text into numbers, (T,), with its end."""
        ids = self.vocabulary.encode(spaced(text) if self.spaced else text)
        return np.append(ids.astype(np.int64), self.vocabulary.document)

    def tokens(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Give each token as text."""
        return token_texts(self.vocabulary, ids)

    def text(self, tokens: Sequence[str]) -> str:
        """Join tokens into a text."""
        return "".join(tokens).removeprefix(" ") if self.spaced else "".join(tokens)

    def scored(self, target: Right) -> int:
        return len(target[0])

    def most(self, lengths: Lengths) -> Lengths:
        """Give how many tokens may be written for sources of so many tokens, (B,) each."""
        return np.ceil(self.ratio * lengths).astype(np.int64) + ROOM

    def fitted(self, lengths: Lengths, records: Sequence[Record]) -> WrittenTargets:
        """The same for texts like these: with room for all but one in a thousand.

        Args:
            lengths: tokens of each source, (N,).
            records: what is learned from.
        """
        longest = np.array([max(map(len, self.encode(record))) for record in records])
        needed = np.quantile((longest - ROOM).clip(0) / lengths, 0.999)
        words = np.median([len(right_of(record)[0].split()) for record in records])
        ratio = max(1.0, math.ceil(100 * needed) / 100)
        few = self.vocabulary.unit == "words" and len(self.vocabulary) <= FEW
        return WrittenTargets(self.vocabulary, ratio, sentences=bool(words >= SENTENCE) and not few)

    def describe(self) -> dict[str, object]:
        return {"target_unit": self.vocabulary.unit, "target_vocabulary": len(self.vocabulary)}

    def to_mapping(self) -> dict[str, Any]:
        kept = {"unit": self.vocabulary.unit, "vocabulary": json.loads(self.vocabulary.to_json())}
        return {**kept, "ratio": self.ratio, "sentences": self.sentences}

    @classmethod
    def from_mapping(cls, saved: Mapping[str, Any]) -> Self:
        """Make them again; a ValueError, KeyError or TypeError says that they are damaged."""
        ratio = float(saved["ratio"])
        if not 0 < ratio < math.inf:
            raise ValueError(f"ratio is {ratio}")
        if not isinstance(saved["sentences"], bool):
            raise ValueError(f"sentences is {saved['sentences']!r}")
        vocabulary = load_vocabulary(saved["unit"], json.dumps(saved["vocabulary"]))
        return cls(vocabulary, ratio, sentences=saved["sentences"])
