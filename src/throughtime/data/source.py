"""The contract by which data reaches training: a source has items, their lengths, and a key of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lengths", "Source", "TokenSource", "Tokens"]

Tokens = NDArray[np.unsignedinteger]
"""Token ids, (N,), in the smallest unsigned type that holds the vocabulary."""
Lengths = NDArray[np.int64]
"""Tokens of each item, (items,)."""

Item = TypeVar("Item", covariant=True)


class Source(Protocol[Item]):
    """Items that can be had by number, in any order, as often as wanted.

    Whatever the format behind it (memory, a mapped cache, an archive), the plan only needs ``lengths`` and the
    task only ``source[i]``; ``content_key`` lets a resumed run verify that it sees the same data.
    """

    def __len__(self) -> int:
        """Give the number of items."""
        ...

    def __getitem__(self, index: int, /) -> Item:
        """Give item ``index``, 0 <= index < len(self)."""
        ...

    @property
    def lengths(self) -> Lengths:
        """Tokens of each item, (items,) int64."""
        ...

    @property
    def content_key(self) -> str:
        """A hash of the content and of how it was prepared, the same on every machine."""
        ...


class TokenSource:
    """Items of token ids, laid end to end in one array; an item is a view of it.

    Args:
        tokens: (N,) all ids.
        lengths: (items,) tokens of each item; they sum to N.

    Raises:
        ValueError: the lengths do not sum to N.

    Example:
        >>> source = TokenSource(np.array([7, 1, 2, 7, 3], np.uint8), [3, 2])
        >>> source[1]
        array([7, 3], dtype=uint8)
    """

    def __init__(self, tokens: Tokens, lengths: Sequence[int] | Lengths) -> None:
        self._tokens = tokens
        self._lengths = np.asarray(lengths, np.int64)
        self._stops = np.cumsum(self._lengths)
        if len(tokens) != self._lengths.sum():
            raise ValueError(f"lengths sum to {self._lengths.sum()}, but there are {len(tokens)} tokens")

    def __len__(self) -> int:
        return len(self._lengths)

    def __getitem__(self, index: int, /) -> Tokens:
        stop = self._stops[index]
        return self._tokens[stop - self._lengths[index] : stop]

    @property
    def tokens(self) -> Tokens:
        """All ids, (N,), the items laid end to end."""
        return self._tokens

    @property
    def lengths(self) -> Lengths:
        return self._lengths

    @property
    def content_key(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        digest.update(np.ascontiguousarray(self._lengths, "<i8").data)
        digest.update(np.ascontiguousarray(self._tokens, "<u4").data)
        return digest.hexdigest()
