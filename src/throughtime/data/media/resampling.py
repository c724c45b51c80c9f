"""Sound at another sampling rate."""

from __future__ import annotations

import math
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import DataError

__all__ = ["resampled"]

CROSSINGS = 64
"""Zero crossings of the filter on each side, in samples of the lower rate: from 90 % of its Nyquist frequency to all of
it the filter goes from 1 to -100 dB."""
CUTOFF, BETA = 0.95, 10.0
"""The middle of that range as a share of the Nyquist frequency, and the form of the Kaiser window."""
LARGEST_FACTOR = 200_000
"""Of rates that share no divisor the filter has 128 weights for each; more than this is a broken header."""


def resampled(samples: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Bring a sound to another rate; what lies above the lower of the two Nyquist frequencies is filtered out first.

    Args:
        samples: one channel, (samples,).
        rate: its samples a second.
        wanted: those it is to have.

    Returns:
        The sound, (ceil(samples * wanted / rate),), equally long in seconds.

    Raises:
        DataError: the rates have no common divisor that is large enough.

    Example:
        >>> tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000).astype(np.float32)
        >>> lower = resampled(tone, 16000, 8000)
        >>> lower.shape, bool(abs(lower - tone[::2])[100:-100].max() < 1e-4)
        ((8000,), True)
    """
    divisor = math.gcd(rate, wanted)
    up, down = wanted // divisor, rate // divisor
    if up == down:
        return samples
    if max(up, down) > LARGEST_FACTOR:
        raise DataError(f"{rate} samples a second cannot be brought to {wanted}; save it with a usual rate")
    found = _scipy_signal().resample_poly(samples, up, down, window=_low_pass(max(up, down)))
    return np.asarray(found, np.float32)


@lru_cache(maxsize=4)
def _low_pass(factor: int) -> NDArray[np.float32]:
    """The weights of the filter, at a rate that is ``factor`` times the lower one."""
    size = 2 * CROSSINGS * factor + 1
    return np.asarray(_scipy_signal().firwin(size, CUTOFF / factor, window=("kaiser", BETA)), np.float32)


def _scipy_signal() -> Any:
    return import_module("scipy.signal")  # a second to load, which only those who resample should wait for
