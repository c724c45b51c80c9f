"""Uniform numbers as a function of where they are used, and never of a generator's state."""

from __future__ import annotations

import secrets

import numpy as np
from numpy.typing import NDArray

from throughtime.decoding.decoder import Tokens

__all__ = ["Draws", "philox4x32"]

_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_AHEAD = 64
"""Steps that are made at once, since a call of NumPy costs more than a number."""

Words = NDArray[np.uint64]


def philox4x32(counter: Words, seed: int) -> Words:
    """Ten rounds of Philox on counters of four 32-bit words.

    Args:
        counter: (..., 4), each below 2^32.
        seed: the key, from 0 to 2^64 - 1.

    Returns:
        (..., 4), each below 2^32, uniformly distributed.

    Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3.

    Example:
        >>> [hex(word) for word in philox4x32(np.zeros(4, np.uint64), 0)]
        ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = np.moveaxis(counter, -1, 0)
    key0, key1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(_ROUNDS):
        one, two = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (two >> _HALF) ^ c1 ^ np.uint64(key0),
            two & _WORD,
            (one >> _HALF) ^ c3 ^ np.uint64(key1),
            one & _WORD,
        )
        key0, key1 = (key0 + _WEYL[0]) & 0xFFFFFFFF, (key1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], -1)


class Draws:
    """A number in [0, 1) for each row and step of what is written.

    What is drawn for a row depends on the seed, the row's own number and the step alone: on no other row, and not on
    how many are written together.

    .. code-block:: text

        words   = Philox4x32-10(counter = (step, row mod 2^32, row div 2^32, 0), key = seed)
        uniform = (words[0] * 2^21 + words[1] div 2^11) / 2^53

    Args:
        seed: any integer; None takes one from the system.
        rows: (N,) numbers of the rows, such as places of records in a file.

    Example:
        >>> beside, alone = Draws(3, np.arange(8)), Draws(3, np.array([5]))
        >>> bool(beside(np.array([5, 2]), step=9)[0] == alone(np.array([0]), step=9)[0])
        True
    """

    def __init__(self, seed: int | None, rows: Tokens) -> None:
        self._seed = secrets.randbits(64) if seed is None else seed % 2**64
        self._rows = rows.astype(np.uint64)
        self._first, self._made = 0, np.empty((len(rows), 0))

    def __call__(self, rows: Tokens, step: int) -> NDArray[np.float64]:
        """Give the numbers of some rows at a step.

        Args:
            rows: (R,) which of the rows, by index.
            step: tokens that were written before, from 0.

        Returns:
            (R,) in [0, 1).
        """
        if not self._first <= step < self._first + self._made.shape[1]:
            self._first = step - step % _AHEAD
            self._made = self._make(np.arange(self._first, self._first + _AHEAD, dtype=np.uint64))
        return self._made[rows, step - self._first]

    def _make(self, steps: Words) -> NDArray[np.float64]:
        counter = np.zeros((len(self._rows), len(steps), 4), np.uint64)
        counter[..., 0] = steps
        counter[..., 1] = (self._rows & _WORD)[:, None]
        counter[..., 2] = (self._rows >> _HALF)[:, None]
        words = philox4x32(counter, self._seed)
        return ((words[..., 0] << np.uint64(21)) + (words[..., 1] >> np.uint64(11))) / 2.0**53
