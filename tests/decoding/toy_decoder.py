"""A network that writes, small enough to try all its texts: each token's scores depend on all that came before."""

from __future__ import annotations

import itertools

import numpy as np

from throughtime.decoding.decoder import Attended, Best, Scores, Tokens, best_of

END = 0


class Toy:
    """Scores are drawn from what a row has read, its start included; so two rows never help each other.

    Args:
        starts: a number for each row, which its scores depend on.
        vocabulary: V; token 0 ends a text.
        attends: whether there is something to look back at.
    """

    def __init__(self, starts: list[int], vocabulary: int = 4, attends: bool = False) -> None:
        self.read: list[tuple[int, ...]] = [(start,) for start in starts]
        self.vocabulary, self.attends = vocabulary, attends
        self.attended: Attended | None = None
        self.steps: list[int] = []
        """Rows of each step."""

    def step(self, tokens: Tokens) -> Scores:
        assert len(tokens) == len(self.read)
        self.steps.append(len(tokens))
        self.read = [(*read, int(token)) for read, token in zip(self.read, tokens, strict=True)]
        if self.attends:
            lengths = np.array([2 + read[0] % 3 for read in self.read])
            looks = [
                np.random.default_rng([7, *read]).dirichlet(np.ones(n))
                for read, n in zip(self.read, lengths, strict=True)
            ]
            weights = np.stack([np.pad(look, (0, 5 - len(look))) for look in looks])
            self.attended = Attended(weights, lengths)
        return np.stack([self.scores(read) for read in self.read])

    def scores(self, read: tuple[int, ...]) -> Scores:
        """(V,) log-probabilities after what was read."""
        logits = 2.0 * np.random.default_rng(list(read)).standard_normal(self.vocabulary)
        return logits - np.log(np.exp(logits).sum())

    def best(self, tokens: Tokens, count: int) -> Best:
        return best_of(self.step(tokens), count)

    def select(self, rows: Tokens) -> None:
        self.read = [self.read[row] for row in rows]


def score(start: int, first: int, text: tuple[int, ...], vocabulary: int = 4) -> float:
    """Log-probability of a text, its end included where it has one, read from its beginning."""
    toy, read, total = Toy([]), (start, first), 0.0
    toy.vocabulary = vocabulary
    for token in text:
        total += float(toy.scores(read)[token])
        read = (*read, token)
    return total


def all_texts(most: int, vocabulary: int = 4) -> list[tuple[int, ...]]:
    """All texts that end within ``most`` tokens, their end included."""
    words = range(1, vocabulary)
    return [(*text, END) for length in range(most) for text in itertools.product(words, repeat=length)]
