"""Forecasts of all steps ahead at once: quantiles that a network gives for a whole horizon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.models.quantile_forecaster import QuantileForecaster, pinball
from throughtime.tasks.forecast.inputs import Inputs
from throughtime.tasks.forecast.options import Config
from throughtime.tasks.forecast.ways.encoding import (
    Encoded,
    ahead_of,
    ahead_width,
    back_to_values,
    exogenous_width,
    looks_back,
    width_of_looks,
)
from throughtime.tasks.forecast.ways.windows import Window

__all__ = ["Direct"]

ORIGINS = 8
"""Origins of a window that are learned from at a step of training, at most."""
BLOCK = 256
"""Series that are forecast side by side."""


class Direct:
    """A forecaster that gives quantiles, and how it learns.

    Args:
        config: the options.
        inputs: what is read of series.
    """

    counted = "steps ahead"

    def __init__(self, config: Config, inputs: Inputs) -> None:
        self.inputs = inputs
        self.model = QuantileForecaster(
            width_of_looks(inputs) + exogenous_width(inputs) + len(inputs.past.mean),
            ahead_width(inputs),
            inputs.outputs,
            inputs.horizon,
            inputs.levels,
            **config.encoder(),
        )

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.model.head.weight.device

    def loss(self, encoded: Sequence[Encoded], windows: Sequence[Window], seed: int) -> tuple[Tensor, int]:
        """Give the quantile loss summed over the steps ahead of some origins of windows, and how many steps those are.

        Every step of a window is an origin to learn from; some are drawn.
        """
        generator = np.random.Generator(np.random.PCG64(seed))
        rows: list[int] = []
        origins: list[int] = []
        for row, (series, start, stop) in enumerate(windows):
            last = min(stop, len(encoded[series]) - 1)
            first = min(start + self.inputs.context // 2, max(start + 1, stop - self.inputs.horizon), last)
            chosen = np.unique(generator.integers(first, last + 1, size=ORIGINS))
            rows += [row] * len(chosen)
            origins += chosen.tolist()
        h = self._read(encoded, windows)
        picked = h[rows, [origin - windows[row][1] - 1 for row, origin in zip(rows, origins, strict=True)]]
        parts = [self._ahead(encoded[windows[row][0]], origin) for row, origin in zip(rows, origins, strict=True)]
        known, base, z, seen = (torch.from_numpy(np.stack(each)).to(self.device) for each in zip(*parts, strict=True))
        losses = pinball(z, self.model.ahead(picked, known, base), self.model.levels).mean(-1)
        return losses[seen].sum(), max(int(seen.sum()), 1)

    def _ahead(self, encoded: Encoded, origin: int) -> tuple[NDArray[np.generic], ...]:
        """What is known of the steps after an origin, their bases, values, and whether those were seen."""
        horizon, place = self.inputs.horizon, self.inputs.lead + origin
        steps = min(horizon, len(encoded) - origin)
        parts = (
            *ahead_of(encoded, origin, steps, self.inputs),
            encoded.z[place : place + steps],
            encoded.seen[place : place + steps],
        )
        return tuple(np.pad(part, ((0, horizon - steps), (0, 0))) for part in parts)

    def _read(self, encoded: Sequence[Encoded], windows: Sequence[Window]) -> Tensor:
        """Read windows: outputs (B, T, H), after each step."""
        longest = max(stop - start for _, start, stop in windows)
        rows = [self._window(encoded[row], start, stop, longest) for row, start, stop in windows]
        lengths = torch.tensor([stop - start for _, start, stop in windows])
        return self.model.encoder(torch.from_numpy(np.stack(rows)).to(self.device), lengths)[0]

    def _window(self, encoded: Encoded, start: int, stop: int, longest: int) -> NDArray[np.float32]:
        """What is read of the steps of a window: their own values, which an origin after them knows."""
        lead = self.inputs.lead
        cut = slice(start, stop + lead)
        z, exists, seen = encoded.z[cut], encoded.exists[cut], encoded.seen[cut]
        # A step further on one looks back at the step itself; of the last step's next one nothing else is read.
        z, exists, seen = (np.concatenate([part[1:], part[-1:]]).astype(np.float32) for part in (z, exists, seen))
        steps = slice(lead, lead + stop - start)
        looks = looks_back(z, exists, seen, encoded.ratio[None], steps, self.inputs, np.concatenate)
        row = np.concatenate([looks, encoded.outside[start:stop], encoded.past[start:stop]], 1)
        return np.pad(row, ((0, longest - len(row)), (0, 0)))

    @torch.no_grad()
    def forecast(
        self, encoded: Sequence[Encoded], horizon: int, levels: Sequence[float], *_: object
    ) -> NDArray[np.float64]:
        """Give quantiles (series, J, K, L) of the next values of series, in their own units of measure."""
        found: list[NDArray[np.float64]] = []
        for first in range(0, len(encoded), BLOCK):
            block = encoded[first : first + BLOCK]
            windows = [(row, max(0, len(each) - self.inputs.context), len(each)) for row, each in enumerate(block)]
            h = self._read(block, windows)
            last = h[range(len(block)), [stop - start - 1 for _, start, stop in windows]]
            parts = [ahead_of(each, len(each), horizon, self.inputs) for each in block]
            known, base = (torch.from_numpy(np.stack(each)).to(self.device) for each in zip(*parts, strict=True))
            quantiles = self.model.ahead(last, known, base)
            middle = quantiles[..., self.model.middle, None]
            z = (middle + self.model.spread * (quantiles - middle)).cpu().numpy()
            found += [self._at_levels(each, row, levels) for each, row in zip(block, z, strict=True)]
        return np.stack(found)

    def _at_levels(self, encoded: Encoded, z: NDArray[np.float32], levels: Sequence[float]) -> NDArray[np.float64]:
        """Quantiles (J, K, L') at the levels that are asked for, between those that were learned on a straight line."""
        values = np.moveaxis(back_to_values(np.moveaxis(z, -1, 0), encoded.scale, self.inputs), 0, -1)
        above = np.searchsorted(self.inputs.levels, levels).clip(1, len(self.inputs.levels) - 1)
        known = np.array(self.inputs.levels)
        share = (np.array(levels) - known[above - 1]) / (known[above] - known[above - 1])
        return values[..., above - 1] * (1 - share) + values[..., above] * share
