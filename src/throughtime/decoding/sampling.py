"""Drawing what is written: temperature, top-k, top-p, and the likeliest token always."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from throughtime.decoding.decoder import Decoder, Scores, Tokens
from throughtime.decoding.draws import Draws
from throughtime.doors import named
from throughtime.errors import UsageError

__all__ = ["Sampler", "Step", "sample"]


@dataclass(frozen=True, kw_only=True)
class Sampler:
    """Chooses the next token of each row: one that is drawn from a softmax, narrowed as asked.

    .. code-block:: text

        p = softmax(log-probabilities / temperature), of which the top_k largest and then the fewest that together
        reach top_p are kept

    Raises:
        UsageError: a value outside its range.

    Source: top-k as in Fan, Lewis, Dauphin 2018, "Hierarchical neural story generation"; top-p as in Holtzman et al.
    2020, "The curious case of neural text degeneration".

    Example:
        >>> Sampler(temperature=0.0)(np.log([[0.1, 0.7, 0.2]]), np.array([0.5]))
        array([1])
    """

    temperature: float = 1.0
    """Below 1 sharpens, above 1 flattens; 0 takes the likeliest token always (greedy)."""
    top_k: int | None = None
    """Keep this many of the likeliest tokens; None keeps all."""
    top_p: float | None = None
    """Keep the fewest tokens whose probabilities together reach this share; None keeps all."""

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise UsageError(f"{named('temperature')} must be 0 or more, not {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"{named('top_k')} must be at least 1, not {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UsageError(f"{named('top_p')} must be above 0 and at most 1, not {self.top_p}")

    def __call__(self, scores: Scores, uniform: Scores | None = None) -> Tokens:
        """Choose.

        Args:
            scores: (R, V) log-probabilities, or what differs from them by a constant of the row.
            uniform: (R,) numbers in [0, 1); not needed at temperature 0.

        Returns:
            (R,) token ids.
        """
        if self.temperature == 0:
            return scores.argmax(1)
        assert uniform is not None, "needed where tokens are drawn"
        scores = scores.astype(np.float64)
        p = np.exp((scores - scores.max(1, keepdims=True)) / self.temperature)
        if self.top_k is not None and self.top_k < p.shape[1]:
            p = _largest(p, self.top_k)
        if self.top_p is not None:
            p = _likeliest(p, self.top_p)
        return _drawn(p, uniform)


def _largest(p: Scores, count: int) -> Scores:
    """Keep so many of each row, 0 elsewhere; of equal ones those with the lower ids. Without sorting all of them."""
    least = np.partition(p, -count, 1)[:, -count, None]
    above, ties = p > least, p == least
    ties &= ties.cumsum(1) <= count - above.sum(1, keepdims=True)
    return np.where(above | ties, p, 0.0)


def _likeliest(p: Scores, share: float) -> Scores:
    """Keep the fewest of each row that together reach a share, 0 elsewhere; of equal ones those with the lower ids."""
    order = np.argsort(-p, 1, kind="stable")
    ranked = np.take_along_axis(p, order, 1) / p.sum(1, keepdims=True)
    kept = np.empty(p.shape, bool)
    np.put_along_axis(kept, order, ranked.cumsum(1) - ranked < share, 1)
    return np.where(kept, p, 0.0)


def _drawn(p: Scores, uniform: Scores) -> Tokens:
    """The first place of each row where the probabilities up to it exceed the number; those of 0 are never drawn."""
    reached = p.cumsum(1)
    total = reached[:, -1:]
    # Just under the whole at most, as a product near it may be rounded up to it.
    return (reached <= np.minimum(uniform[:, None] * total, np.nextafter(total, 0.0))).sum(1)


class Step(NamedTuple):
    """One token of each row that still goes on."""

    rows: Tokens
    """(R,) which rows, of those there were at first."""
    tokens: Tokens
    """(R,) what is written next; an end is among them."""
    scores: Scores
    """(R,) log-probability of each, before it was narrowed."""


def sample(
    decoder: Decoder,
    first: Tokens,
    sampler: Sampler,
    *,
    seed: int | None = None,
    rows: Tokens | None = None,
    end: int | None = None,
    most: Tokens | None = None,
) -> Iterator[Step]:
    """Write rows side by side, a token of each at a time; rows that are at their end leave the others.

    Args:
        decoder: the network, which has read all but the last token of each row.
        first: (R,) the last token of each row.
        sampler: how a token is chosen.
        seed: seed of the draws; None draws differently each time.
        rows: (R,) a number of each row for its draws, such as the place of its record; None: 0, 1, ...
        end: token after which a row is not gone on with; None: there is none.
        most: (R,) tokens that are written for a row at most, one or more; None: no bound.

    Yields:
        A step for each token, as long as there are rows.
    """
    there = np.arange(len(first))
    draws = Draws(seed, there if rows is None else rows)
    tokens, step = first, 0
    while len(there):
        scores = decoder.step(tokens)
        tokens = sampler(scores, None if sampler.temperature == 0 else draws(there, step))
        yield Step(there, tokens, scores[np.arange(len(there)), tokens])
        step += 1
        if end is None and most is None:
            continue
        on = np.ones(len(there), bool) if end is None else tokens != end
        if most is not None:
            on &= most[there] > step
        if not on.all():
            there, tokens = there[on], tokens[on]
            if len(there):
                decoder.select(np.flatnonzero(on))
