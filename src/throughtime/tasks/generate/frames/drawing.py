"""Draws frames: each key by itself, as its chance says. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from throughtime.decoding.draws import Draws
from throughtime.decoding.sampling import Sampler
from throughtime.doors import named
from throughtime.errors import UsageError

__all__ = ["check_sampler", "chosen", "drawn_frames"]

Floats = NDArray[np.floating]


class FrameDecoder(Protocol):
    """What a network must do to write frames."""

    def step(self, inputs: Floats) -> Floats:
        """Read the last input (R, P + 1) of each row, and give the log-odds (R, P) of the keys after it."""
        ...


def check_sampler(sampler: Sampler) -> None:
    """See that a sampler is one for frames.

    Args:
        sampler: how keys are chosen.

    Raises:
        UsageError: it asks for what only single tokens have.
    """
    if sampler.top_p is not None:
        raise UsageError(
            f"{named('top_p')} is for one token at a time, and a frame has a chance for each key: leave it out"
        )


def chosen(log_odds: Floats, sampler: Sampler, uniform: Floats) -> NDArray[np.bool_]:
    """Choose the keys of a frame.

    .. code-block:: text

        key i sounds where uniform_i < sigmoid(log-odds_i / temperature); at temperature 0 where log-odds_i > 0

    Args:
        log_odds: (P,) of each key.
        sampler: the temperature; of its ``top_k``, no more keys than that, the likeliest.
        uniform: (P,) numbers in [0, 1).

    Returns:
        (P,) whether each sounds.

    Example:
        >>> chosen(np.array([2.0, -2.0, 0.1]), Sampler(temperature=0.0, top_k=1), np.zeros(3)).tolist()
        [True, False, False]
    """
    if sampler.temperature == 0:
        sounds = log_odds > 0
    else:
        scaled = np.clip(log_odds.astype(np.float64) / sampler.temperature, -700, 700)
        sounds = uniform < 1 / (1 + np.exp(-scaled))
    if sampler.top_k is not None:
        likeliest = np.argsort(-log_odds, kind="stable")[: sampler.top_k]
        allowed = np.zeros(len(log_odds), bool)
        allowed[likeliest] = True
        sounds &= allowed
    return sounds


def drawn_frames(
    decoder: FrameDecoder, last: Floats, sampler: Sampler, seed: int | None
) -> Iterator[NDArray[np.bool_]]:
    """Draw frame after frame.

    Args:
        decoder: the network, which has read all but the last input.
        last: (P + 1,) the last input.
        sampler: how keys are chosen.
        seed: seed of the draws; None draws differently each time. A draw depends on seed, step and key alone.

    Yields:
        (P,) whether each key sounds.
    """
    keys = np.arange(len(last) - 1)
    draws, step, inputs = Draws(seed, keys), 0, last[None]
    while True:
        sounds = chosen(decoder.step(inputs)[0], sampler, draws(keys, step))
        yield sounds
        inputs, step = np.append(sounds, 0.0)[None], step + 1
