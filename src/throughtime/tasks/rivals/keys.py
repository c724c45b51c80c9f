"""Models of frames that hardly look: how often each key sounds, and how often it does so again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["KeyChances"]

Array = NDArray[Any]


class KeyChances:
    """The chance of each key at each step, by itself, or by whether it sounded in the step before.

    .. code-block:: text

        p(key sounds | it sounded before: b) = (times it did so after b + 1/2) / (times of b + 1)

    Args:
        chances: (1, keys), or (2, keys) of those that were silent, and of those that sounded.
        learned_from: how much of the training data, in words.

    Source: Krichevsky, Trofimov 1981, "The performance of universal encoding", for the halves.

    Example:
        >>> rows = np.array([[0], [1], [1], [1], [1]])
        >>> model = KeyChances.learn(rows, np.array([5]), looks_back=True)
        >>> model.chances.tolist()
        [[0.75], [0.875]]
    """

    kind = "keys"

    def __init__(self, chances: Array, learned_from: str = "") -> None:
        self.chances, self.learned_from = chances, learned_from

    @property
    def title(self) -> str:
        """What it is called beside the network."""
        again = "how often each key sounds again, or begins to"
        return again if len(self.chances) > 1 else "how often each key sounds"

    @classmethod
    def learn(cls, rows: Array, lengths: Array, *, looks_back: bool, learned_from: str = "") -> Self:
        """Count keys.

        Args:
            rows: (N, keys) 1 where a key sounds; the first row of each tune is silent, and stands before it.
            lengths: (tunes,) rows of each.
            looks_back: whether a chance depends on the step before.
            learned_from: how much of the training data, in words.

        Returns:
            The model.
        """
        before, after = _pairs(rows, lengths)
        groups = [before == 0, before == 1] if looks_back else [np.ones(before.shape, bool)]
        chances = [((after * group).sum(0) + 0.5) / (group.sum(0) + 1) for group in groups]
        return cls(np.stack(chances), learned_from)

    def nats(self, rows: Array, lengths: Array) -> float:
        """Score frames.

        Args:
            rows: as :meth:`learn` takes them.
            lengths: rows of each tune.

        Returns:
            Minus the logarithms of the chances of all that sounds and of all that does not, summed.
        """
        before, after = _pairs(rows, lengths)
        after_what = before.astype(np.int64) * (len(self.chances) - 1)
        chances: Array = self.chances[after_what, np.arange(self.chances.shape[1])]
        return -float(np.log(np.where(after == 1, chances, 1 - chances)).sum())

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        return {"chances": self.chances}, {}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, Array], plain: Mapping[str, Any]) -> Self:
        """Make it again from what :meth:`to_parts` gave; a KeyError or ValueError says that something is missing."""
        chances = arrays["chances"]
        if chances.ndim != 2 or len(chances) not in (1, 2) or not ((chances > 0) & (chances < 1)).all():
            raise ValueError("its chances do not fit")
        return cls(chances)


def _pairs(rows: Array, lengths: Array) -> tuple[Array, Array]:
    """Each frame, and the row before it."""
    frames = np.ones(len(rows), bool)
    frames[np.cumsum(lengths) - lengths] = False
    places = np.flatnonzero(frames)
    return rows[places - 1], rows[places]
