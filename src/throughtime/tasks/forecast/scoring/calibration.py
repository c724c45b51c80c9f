"""How far forecasts must be spread to be as sure as they are right. Loads no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.panel import Numbers
from throughtime.tasks.forecast.scoring.measures import LEVELS

__all__ = ["best_spread", "spread_by"]

SPREADS = np.geomspace(0.5, 4.0, 37)
"""What is tried: twice as sure, up to a quarter as sure."""
MIDDLE = LEVELS.index(0.5)


def spread_by(quantiles: NDArray[np.floating], spread: float) -> Numbers:
    """Multiply the distance of quantiles from the median.

    Args:
        quantiles: (..., L), at :data:`~throughtime.tasks.forecast.scoring.measures.LEVELS`.
        spread: by what.

    Returns:
        (..., L).

    Example:
        >>> float(spread_by(np.arange(19.0), 2.0)[-1])
        27.0
    """
    middle = quantiles[..., MIDDLE, None]
    return middle + spread * (quantiles - middle)


def best_spread(actual: Numbers, quantiles: NDArray[np.floating], scale: Numbers) -> float:
    """Find by what forecasts must be spread so that their quantile loss is least on data that was not learned from.

    A network that has seen little data is too sure of itself. One number for all steps and series mends most of that,
    and moves no median, as the temperature of a classifier does (Guo, Pleiss, Sun, Weinberger 2017, "On calibration of
    modern neural networks").

    Args:
        actual: (R, H, K), what came; NaN where nothing did.
        quantiles: (R, H, K, L), what was said.
        scale: (R, K), in units of which errors are compared; where it is 0 or NaN a row counts for nothing.

    Returns:
        The number; 1 where there is nothing to compare.

    Example:
        >>> from statistics import NormalDist
        >>> said = np.array([NormalDist(0, 0.5).inv_cdf(level) for level in LEVELS])
        >>> came = np.random.default_rng(0).normal(size=(2000, 1, 1))
        >>> round(best_spread(came, np.broadcast_to(said, (2000, 1, 1, 19)), np.ones((2000, 1))), 1)
        2.0
    """
    weight = np.where(np.isfinite(scale) & (scale > 0), 1 / np.where(scale > 0, scale, 1.0), 0.0)[:, None, :]
    weight = np.where(np.isfinite(actual), weight, 0.0)
    if not weight.any():
        return 1.0
    came, levels = np.nan_to_num(actual)[..., None], np.array(LEVELS)
    losses: list[float] = []
    for spread in SPREADS.tolist():
        error = came - spread_by(quantiles, spread)
        pinball = np.maximum(levels * error, (levels - 1) * error).mean(-1)
        losses.append(float((weight * pinball).sum()))
    return float(SPREADS[int(np.argmin(losses))])
