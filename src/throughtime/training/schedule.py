"""The learning rate, as a pure function of where training is."""

from __future__ import annotations

import math

from throughtime.errors import UnknownNameError

__all__ = ["learning_rate"]


def learning_rate(step: int, progress: float, *, peak: float, warmup: int, shape: str) -> float:
    """Give the learning rate of one step: a linear rise, then a shape.

    .. code-block:: text

        peak * min(1, (step + 1) / warmup) * (1 + cos(pi progress)) / 2        (shape "cosine")
        peak * min(1, (step + 1) / warmup)                                     (shape "constant")

    Args:
        step: steps done before this one.
        progress: share of the run that is done, 0 to 1.
        peak: highest learning rate.
        warmup: steps of the rise; 0 for none.
        shape: "cosine" or "constant".

    Returns:
        The learning rate.

    Raises:
        UnknownNameError: there is no such shape.

    Source: the cosine is that of Loshchilov, Hutter 2017, "SGDR", eq. 5, without restarts and falling to 0.

    Example:
        >>> learning_rate(500, 0.5, peak=0.002, warmup=100, shape="cosine")
        0.001
    """
    rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
    match shape:
        case "cosine":
            return peak * rise * (1 + math.cos(math.pi * min(1.0, progress))) / 2
        case "constant":
            return peak * rise
        case _:
            raise UnknownNameError("schedule", shape, ("cosine", "constant"))
