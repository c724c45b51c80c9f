"""Several networks that write together: each scores every next token, and the mean of their probabilities decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from throughtime.decoding.decoder import Attended, Best, Decoder, Scores, Tokens, best_of

__all__ = ["Ensemble"]


class Ensemble:
    """Decoders that vote at each step: a decoder too.

    .. code-block:: text

        p(y | before) = mean over decoders d of p_d(y | before)

    Args:
        decoders: one at least, of the same rows and the same tokens.

    Source: Sutskever, Vinyals and Le 2014, "Sequence to sequence learning with neural networks", section 3.6, where the
    probabilities of several networks decide; their mean as in Bojar et al. 2016, and most toolkits since.

    Example:
        >>> class Fixed:
        ...     attended = None
        ...     def __init__(self, probabilities):
        ...         self.probabilities = probabilities
        ...     def step(self, tokens):
        ...         return np.log([self.probabilities])
        >>> np.exp(Ensemble([Fixed([0.8, 0.2]), Fixed([0.4, 0.6])]).step(np.zeros(1, np.int64))).round(3).tolist()
        [[0.6, 0.4]]
    """

    def __init__(self, decoders: Sequence[Decoder]) -> None:
        self._decoders = decoders

    def step(self, tokens: Tokens) -> Scores:
        """Read a token (R,) of each row, and score each next one, (R, V)."""
        scores = np.stack([decoder.step(tokens) for decoder in self._decoders])
        best = scores.max(0)
        # A token that no decoder allows has no probability at all: -inf less -inf would be no number.
        with np.errstate(divide="ignore"):
            return best + np.log(np.exp(scores - np.where(np.isfinite(best), best, 0.0)).mean(0))

    def best(self, tokens: Tokens, count: int) -> Best:
        """Read a token (R,) of each row, and give the likeliest next ones, (R, k) of both."""
        return best_of(self.step(tokens), count)

    def select(self, rows: Tokens) -> None:
        """Go on with some rows, in any order and number."""
        for decoder in self._decoders:
            decoder.select(rows)

    @property
    def attended(self) -> Attended | None:
        """Where they look back, on average; None where one of them does not."""
        found = [decoder.attended for decoder in self._decoders]
        looks = [each for each in found if each is not None]
        if len(looks) < len(found):
            return None
        return Attended(np.mean([each.weights for each in looks], 0), looks[0].lengths)
