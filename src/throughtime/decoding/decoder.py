"""What writes: a network that reads the last token of each row and says how likely each next one is."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Attended", "Best", "Decoder", "Scores", "Tokens", "best_of"]

Tokens: TypeAlias = NDArray[np.int64]
"""Token ids, or indices of rows."""
Scores: TypeAlias = NDArray[np.floating]
"""Natural logarithms of probabilities."""


class Best(NamedTuple):
    """The likeliest next tokens of each row."""

    tokens: Tokens
    """(R, k), the likeliest first."""
    scores: Scores
    """(R, k), of each after all that its row has read."""


class Attended(NamedTuple):
    """Where each row looks in its source."""

    weights: NDArray[np.floating]
    """(R, S), each row sums to 1; 0 past the end of its source."""
    lengths: Tokens
    """(R,) steps of its source."""


class Decoder(Protocol):
    """A network that writes R rows side by side; it holds their state.

    Search and sampling ask nothing else of a network, so that whatever answers can write: a language model, an
    encoder-decoder, several of them that vote.
    """

    def step(self, tokens: Tokens) -> Scores:
        """Read a token of each row.

        Args:
            tokens: (R,), the last of each row.

        Returns:
            (R, V) log-probabilities of the next, which the caller may write to.
        """
        ...

    def best(self, tokens: Tokens, count: int) -> Best:
        """Read a token of each row, and give the likeliest next ones alone.

        Args:
            tokens: (R,), the last of each row.
            count: k; with fewer tokens in the vocabulary there are fewer.

        Returns:
            (R, k) of both.
        """
        ...

    def select(self, rows: Tokens) -> None:
        """Go on with some rows, in any order and number.

        Args:
            rows: (R',) indices of the rows there are; the same row may come several times, and then is copied.
        """
        ...

    @property
    def attended(self) -> Attended | None:
        """What the next tokens that were last scored look back at; None where nothing is attended to."""
        ...


def best_of(scores: Scores, count: int) -> Best:
    """Pick the likeliest tokens out of all; of equal ones that with the lower id first.

    Args:
        scores: (R, V).
        count: k.

    Returns:
        (R, min(k, V)) of both.

    Example:
        >>> best_of(np.log([[0.2, 0.5, 0.3]]), 2).tokens
        array([[1, 2]])
    """
    count = min(count, scores.shape[1])
    order = np.argsort(-scores, 1, kind="stable")[:, :count]
    return Best(order, np.take_along_axis(scores, order, 1))
