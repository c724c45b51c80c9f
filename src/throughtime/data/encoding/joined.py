"""Several inputs of one record: each read by features of its own, their arrays side by side under prefixed names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.features import Features
from throughtime.data.encoding.items import Arrays, Items
from throughtime.data.record import Record
from throughtime.data.source import Lengths

__all__ = ["CONTENT", "JoinedFeatures", "JoinedItems", "part_of"]

CONTENT = "content"
"""Name of a record's own content among its inputs; all others are names of what stands beside it."""


def part_of(record: Record, name: str) -> Record:
    """Give one input of a record as a record of its own.

    Args:
        record: the record.
        name: CONTENT, or the name of what stands beside it.

    Returns:
        The record with that input as its content.

    Raises:
        KeyError: it has nothing of that name.
    """
    return record if name == CONTENT else replace(record, content=record.beside[name], beside={})


class JoinedItems:
    """Items of several inputs.

    Args:
        parts: items by the name of their input, all of the same records; the first one's lengths are the whole's.

    Example:
        >>> from throughtime.data.encoding.items import TokenItems
        >>> texts, questions = TokenItems([np.array([1, 2])]), TokenItems([np.array([3])])
        >>> sorted(JoinedItems({"content": texts, "question": questions}).batch([0]))
        ['content_lengths', 'content_tokens', 'question_lengths', 'question_tokens']
    """

    def __init__(self, parts: Mapping[str, Items]) -> None:
        self.parts = parts
        self._first = next(iter(parts.values()))

    @property
    def lengths(self) -> Lengths:
        return self._first.lengths

    @property
    def answered(self) -> Lengths:
        return self._first.answered

    @property
    def content_key(self) -> str:
        return "-".join(f"{name}:{items.content_key}" for name, items in self.parts.items())

    def batch(self, rows: Sequence[int] | NDArray[np.int64]) -> Arrays:
        """Give the arrays of every input, each under ``INPUT_NAME``: ``question_tokens``, ``question_lengths``."""
        return {
            f"{part}_{name}": array for part, items in self.parts.items() for name, array in items.batch(rows).items()
        }


class JoinedFeatures:
    """What reads several inputs of a record.

    Args:
        parts: features by the name of their input: CONTENT, and names in ``Record.beside``.
    """

    kind = "joined"

    def __init__(self, parts: Mapping[str, Features]) -> None:
        self.parts = parts

    def problem(self, record: Record) -> str | None:
        for name, features in self.parts.items():
            if name != CONTENT and name not in record.beside:
                return f"it has no {name}"
            if (wrong := features.problem(part_of(record, name))) is not None:
                return wrong if name == CONTENT else f"its {name}: {wrong}"
        return None

    def items(self, records: Sequence[Record]) -> JoinedItems:
        return JoinedItems(
            {name: features.items([part_of(each, name) for each in records]) for name, features in self.parts.items()}
        )

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": self.kind, "parts": {name: features.to_mapping() for name, features in self.parts.items()}}

    def describe(self) -> dict[str, object]:
        """Give what each input is, its names prefixed but for those of the content."""
        return {
            name if part == CONTENT else f"{part}_{name}": value
            for part, features in self.parts.items()
            for name, value in features.describe().items()
        }
