"""Beam search: the likeliest texts, of which several are followed side by side for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.decoding.decoder import Best, Decoder, Scores, Tokens
from throughtime.errors import UsageError

__all__ = ["Beam", "Written", "search"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Beam:
    """How texts are searched for, and which is the better of two.

    .. code-block:: text

        rank(y) = log p(y) / ((5 + |y|) / 6)^length_penalty
                + coverage_penalty * sum_s log min(sum_t attention[t, s], 1)

    |y| counts the end.

    Raises:
        UsageError: a value out of range.

    Source: Wu et al. 2016, "Google's neural machine translation system", equation 14.
    """

    width: int = 5
    """K, texts that are followed for each row; 1 is greedy."""
    n_best: int = 1
    """Texts that are given for each row, the best first."""
    length_penalty: float = 1.0
    """0 prefers short texts, as each token makes a text less likely; 1 is near the mean of a token."""
    coverage_penalty: float = 0.0
    """Above 0 prefers texts that have looked at all of the source; 0 where nothing is attended to."""

    def __post_init__(self) -> None:
        if self.width < 1:
            raise UsageError(f"the width of the beam must be 1 or more, not {self.width}")
        if not 1 <= self.n_best <= self.width:
            raise UsageError(f"n_best must be from 1 to the width of the beam, {self.width}, not {self.n_best}")
        for name in ("length_penalty", "coverage_penalty"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"{name} must be 0 or more, not {getattr(self, name)}")

    def rank(self, scores: Scores, length: int | Tokens, coverage: Scores | float = 0.0) -> Scores:
        """Weigh texts.

        Args:
            scores: log-probabilities.
            length: their tokens.
            coverage: sum over the source of log min(attention, 1), 0 at most.

        Returns:
            What they are compared by; more is better.
        """
        return scores / ((5.0 + np.asarray(length)) / 6.0) ** self.length_penalty + self.coverage_penalty * coverage


class Written(NamedTuple):
    """A text that was written."""

    tokens: Tokens
    """(n,), without its end."""
    score: float
    """Log-probability of all its tokens, its end among them where it has one."""
    rank: float
    """What it was compared by."""
    ended: bool
    """Whether it came to an end before its bound."""
    attention: NDArray[np.floating] | None
    """(n + 1, S), without an end (n, S): how much each token, and the end, has looked at each step of the source; or
    None."""


def search(decoder: Decoder, first: Tokens, beam: Beam, *, end: int, most: Tokens) -> list[list[Written]]:
    """Search for the best texts of each row.

    A row is done, and leaves the batch, when ``width`` of its texts have ended, or no text that still goes on can come
    before the ``n_best`` that have.

    Args:
        decoder: the network, which has read all but the last token of each row.
        first: (B,) the last token of each row.
        beam: how to search.
        end: the token that ends a text.
        most: (B,) tokens of a text at most, its end among them; one or more.

    Returns:
        For each row its texts, the best first; fewer than ``n_best`` where there are no more. Where none has ended
        within the bound, they are the best that had to be broken off.

    Raises:
        UsageError: a coverage penalty, where the network attends to nothing.
    """
    run = _Search(decoder, first, beam, end, most)
    while len(run.owner):
        run.advance()
    return [sorted(texts, key=lambda text: -text.rank)[: beam.n_best] for texts in run.texts]


class _Search:
    """The texts that are followed: R of them, those of a row side by side, the best first."""

    def __init__(self, decoder: Decoder, first: Tokens, beam: Beam, end: int, most: Tokens) -> None:
        self.decoder, self.beam, self.end, self.most = decoder, beam, end, most
        self.texts: list[list[Written]] = [[] for _ in first]
        self.kept = np.zeros(len(first), np.int64)
        self.owner = np.arange(len(first))
        self.tokens, self.scores = first, np.zeros(len(first))
        self.coverage: NDArray[np.floating] | None = None
        self.parents: list[Tokens] = []
        self.written: list[Tokens] = []
        self.looks: list[NDArray[np.floating]] = []

    def advance(self) -> None:
        """Write one token more."""
        # Where the likeliest is the end, a wider beam goes on with the others; one text alone is done.
        best = self.decoder.best(self.tokens, self.beam.width + 1 if self.beam.width > 1 else 1)
        missed = self._look()
        owner, tokens, scores, parents = self._candidates(best)
        ends = tokens == self.end
        for at in np.flatnonzero(ends & self._foremost(owner)):
            self._keep(int(owner[at]), int(parents[at]), float(scores[at]), missed, None)
        on = np.flatnonzero(~ends)
        on = on[self._foremost(owner[on])]
        owner, tokens, scores, parents = owner[on], tokens[on], scores[on], parents[on]
        done = self._done(owner, scores)
        for at in np.flatnonzero(done[owner] & (self.most[owner] <= len(self.parents) + 1)):
            if not any(text.ended for text in self.texts[int(owner[at])]):
                self._keep(int(owner[at]), int(parents[at]), float(scores[at]), missed, int(tokens[at]))
        self._go_on(~done[owner], owner, tokens, scores, parents)

    def _candidates(self, best: Best) -> tuple[Tokens, Tokens, Scores, Tokens]:
        """The row, token, score and place of its text so far of all that may come next; in a row the best first."""
        width = best.tokens.shape[1]
        owner = np.repeat(self.owner, width)
        scores = (self.scores[:, None] + best.scores).ravel()
        # Stable: of equal ones that of the better text comes first. One candidate of a row is in order.
        order = np.arange(len(scores)) if self.beam.width == 1 else np.lexsort((-scores, owner))
        order = order[scores[order] > -np.inf]
        return owner[order], best.tokens.ravel()[order], scores[order], order // width

    def _foremost(self, owner: Tokens) -> NDArray[np.bool_]:
        """Which candidates are among the best of their row, as many as it may follow."""
        return np.ones(len(owner), bool) if self.beam.width == 1 else _places(owner) < self.beam.width

    def _look(self) -> Scores:
        """(R,) what the coverage of each text adds to its rank, with the token that comes."""
        attended = self.decoder.attended
        if attended is None:
            if self.beam.coverage_penalty:
                raise UsageError("a coverage penalty needs a network with attention")
            return np.zeros(len(self.owner))
        self.looks.append(attended.weights)
        if not self.beam.coverage_penalty:
            return np.zeros(len(self.owner))
        self.coverage = attended.weights if self.coverage is None else self.coverage + attended.weights
        seen = self.coverage.clip(0.0, 1.0)
        for row, length in enumerate(attended.lengths.tolist()):
            seen[row, length:] = 1.0
        with np.errstate(divide="ignore"):
            return np.log(seen).sum(1)

    def _keep(self, owner: int, parent: int, score: float, missed: Scores, last: int | None) -> None:
        """Note a text that has ended, or is broken off behind its last token."""
        length = len(self.parents) + 1
        rank = float(self.beam.rank(np.asarray(score), length, float(missed[parent])))
        tokens, looks = self._traced(parent)
        tokens = tokens if last is None else [*tokens, last]
        attention = np.stack(looks) if looks else None
        self.kept[owner] += 1
        self.texts[owner].append(Written(np.array(tokens, np.int64), score, rank, last is None, attention))

    def _traced(self, row: int) -> tuple[list[int], list[NDArray[np.floating]]]:
        """The tokens of a text, and where each, and the one that comes, has looked."""
        tokens: list[int] = []
        looks = [self.looks[-1][row]] if self.looks else []
        for step in range(len(self.parents) - 1, -1, -1):
            tokens.append(int(self.written[step][row]))
            row = int(self.parents[step][row])
            if self.looks:
                looks.append(self.looks[step][row])
        return tokens[::-1], looks[::-1]

    def _done(self, owner: Tokens, scores: Scores) -> NDArray[np.bool_]:
        """(B,) which rows are not gone on with."""
        done = self.most <= len(self.parents) + 1
        first = np.flatnonzero(_places(owner) == 0)
        # A text that goes on only gets less likely; the bound divides by the most that its length may ever weigh.
        bound = np.full(len(done), -np.inf)
        bound[owner[first]] = self.beam.rank(scores[first], self.most[owner[first]])
        going: list[int] = owner[first].tolist()
        for row in (row for row in going if self.kept[row] >= self.beam.n_best):
            ranks = sorted((text.rank for text in self.texts[row]), reverse=True)
            done[row] |= len(ranks) >= self.beam.width or ranks[self.beam.n_best - 1] >= bound[row]
        return done

    def _go_on(self, on: NDArray[np.bool_], owner: Tokens, tokens: Tokens, scores: Scores, parents: Tokens) -> None:
        before = np.arange(len(self.owner))
        self.owner, self.tokens, self.scores, parents = owner[on], tokens[on], scores[on], parents[on]
        self.parents.append(parents)
        self.written.append(self.tokens)
        if self.coverage is not None:
            self.coverage = self.coverage[parents]
        if len(parents) and not np.array_equal(parents, before):
            self.decoder.select(parents)


def _places(groups: Tokens) -> Tokens:
    """The place of each entry in its group, from 0; groups stand together."""
    if not len(groups):
        return groups
    first = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    return np.arange(len(groups)) - np.repeat(first, np.diff(np.append(first, len(groups))))
