"""Models that write without a network: the source itself, and what became of the likest source that was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.features import text_of
from throughtime.data.record import Record, Sequences
from throughtime.tasks.rivals.drawing import draw, share_of

__all__ = ["Copy", "Recall"]

CHARACTERS = 2_000_000
"""Characters of sources that are remembered: a few seconds."""
AT_ONCE = 500
"""Texts that are compared with all of them at a time."""
Array = NDArray[Any]


class Copy:
    """Writes what it reads: where source and target are nearly the same, that is much."""

    kind, title, learned_from = "copy", "the source as it is", "all data, though it needs none"

    def write(self, records: Sequence[Record]) -> Iterator[str]:
        """Write a text for each record."""
        yield from map(text_of, records)

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        return {}, {}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, Array], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave."""
        return cls()


class Recall:
    """Writes the target of the likest source it has seen, by the runs of three letters that both have (tf-idf, cosine).

    Args:
        sources: texts.
        targets: a right text for each.
        learned_from: how much of the training data, in words.

    Source: Sato and Nagao 1990, "Toward memory-based translation", in its plainest form.
    """

    kind, title = "recall", "the target of the likest training source"

    def __init__(self, sources: Sequence[str], targets: Sequence[str], learned_from: str = "") -> None:
        self.sources, self.targets, self.learned_from = sources, targets, learned_from

    @classmethod
    def learn(cls, records: Sequence[Record]) -> Self:
        """Remember pairs.

        Args:
            records: texts with their right sequences.

        Returns:
            The model.
        """
        drawn = draw(records, CHARACTERS, lambda record: len(record.content))
        targets = [str(cast(Sequences, record.target).right[0]) for record in drawn]
        return cls([text_of(record) for record in drawn], targets, share_of(len(drawn), len(records), "examples"))

    def write(self, records: Sequence[Record]) -> Iterator[str]:
        """Write a text for each record; of sources that are as like, the first decides."""
        text: Any = import_module("sklearn.feature_extraction.text")
        vectors = text.TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32)
        known = vectors.fit_transform(self.sources)
        for start in range(0, len(records), AT_ONCE):
            asked = vectors.transform([text_of(record) for record in records[start : start + AT_ONCE]])
            places: list[int] = np.asarray((asked @ known.T).argmax(1)).ravel().tolist()
            yield from (self.targets[place] for place in places)

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        return {}, {"sources": list(self.sources), "targets": list(self.targets)}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, Array], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError says that something is missing."""
        return cls(plain["sources"], plain["targets"])
