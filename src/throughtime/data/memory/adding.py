"""The adding problem: two numbers of a long sequence are marked, and their sum is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from throughtime.data.memory.source import Length, MemorySource, Part, checked_length, drawn_length

__all__ = ["Adding"]


class Adding(MemorySource[tuple[NDArray[np.float32], float]]):
    """The adding problem: a number and a mark at each step, and the sum of the two numbers that are marked.

    .. code-block:: text

        frames[t] = (u[t], m[t]),  u[t] uniform in [0, 1),  m[t] = 1 at one step of each half, else 0
        target    = u[i] + u[j],   m[i] = m[j] = 1

    Who always says 1, the mean, has a squared error of 1/6.

    Args:
        count: number of items.
        length: T, steps, or the fewest and the most.
        seed: of all items.
        part: "train", "valid" or "test".

    Raises:
        UsageError: a length below 2.

    Source: Hochreiter and Schmidhuber 1997, "Long short-term memory", section 5.4, with a mark in each half as in Le,
    Jaitly and Hinton 2015, "A simple way to initialize recurrent networks of rectified linear units", section 4.1.

    Example:
        >>> frames, total = Adding(3, length=50)[1]
        >>> frames.shape, bool(abs((frames[:, 0] * frames[:, 1]).sum() - total) < 1e-6)
        ((50, 2), True)
    """

    def __init__(self, count: int, *, length: Length = 200, seed: int = 0, part: Part = "train") -> None:
        super().__init__(count, seed=seed, part=part)
        self._between = checked_length(length, least=2)

    def make(self, index: int, random: np.random.Generator) -> tuple[NDArray[np.float32], float]:
        steps = drawn_length(random, self._between)
        frames = np.zeros((steps, 2), np.float32)
        frames[:, 0] = random.random(steps, np.float32)
        marked = [int(random.integers(0, steps // 2)), int(random.integers(steps // 2, steps))]
        frames[marked, 1] = 1
        return frames, float(frames[marked, 0].sum(dtype=np.float64))
