"""Forecasts step by step: each value is drawn from its distribution, and the next step goes on from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.models.forecaster import Forecaster
from throughtime.tasks.forecast.inputs import Inputs
from throughtime.tasks.forecast.options import Config
from throughtime.tasks.forecast.ways.encoding import (
    Encoded,
    back_to_values,
    base_of,
    exogenous_width,
    looks_back,
    width_of_looks,
)
from throughtime.tasks.forecast.ways.windows import Window

__all__ = ["Recursive", "draw_paths"]

BLOCK = 2048
"""Paths that go on side by side: their states and what they look back at stay in the near cache."""
Generators = Callable[[int], np.random.Generator]
"""Gives the generator of a series, by its place."""


class Recursive:
    """A forecaster that draws, and how it learns.

    Args:
        config: the options.
        inputs: what is read of series.
    """

    counted = "steps"

    def __init__(self, config: Config, inputs: Inputs) -> None:
        self.inputs = inputs
        self.model = Forecaster(
            width_of_looks(inputs) + exogenous_width(inputs),
            inputs.outputs,
            likelihood=config.likelihood,
            **config.encoder(),
        )

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.model.head.weight.device

    def loss(self, encoded: Sequence[Encoded], windows: Sequence[Window], seed: int) -> tuple[Tensor, int]:
        """Give the loss summed over the values of windows, in nats, and how many those are."""
        longest = max(stop - start for _, start, stop in windows)
        rows = [self._window(encoded[row], start, stop, longest) for row, start, stop in windows]
        x, base, z, seen = (torch.from_numpy(np.stack(each)).to(self.device) for each in zip(*rows, strict=True))
        size = np.stack([encoded[row].scale.size for row, _, _ in windows]).astype(np.float32)
        lengths = torch.tensor([stop - start for _, start, stop in windows])
        losses = self.model.loss(x, base, z, torch.from_numpy(size[:, None]).to(self.device), lengths)
        return losses[seen].sum(), max(int(seen.sum()), 1)

    def _window(self, encoded: Encoded, start: int, stop: int, longest: int) -> tuple[NDArray[np.generic], ...]:
        """What is read and scored of a window, filled up with zeros: x, base, z, whether it was seen."""
        lead = self.inputs.lead
        cut = slice(start, stop + lead)
        z, exists, seen = encoded.z[cut], encoded.exists[cut].astype(np.float32), encoded.seen[cut]
        steps = slice(lead, lead + stop - start)
        ratio = encoded.ratio[None]
        looks = looks_back(z, exists, seen.astype(np.float32), ratio, steps, self.inputs, np.concatenate)
        parts = (
            np.concatenate([looks, encoded.outside[start:stop]], 1),
            base_of(z, exists, steps, self.inputs.anchor),
            z[steps],
            seen[steps],
        )
        return tuple(np.pad(part, ((0, longest - len(part)), (0, 0))) for part in parts)

    @torch.no_grad()
    def paths(
        self, encoded: Sequence[Encoded], horizon: int, count: int, generators: Generators, *, mirrored: bool = False
    ) -> NDArray[np.float32]:
        """Draw paths of the next values of series.

        Args:
            encoded: the series, with what is known of the steps ahead.
            horizon: J, steps ahead.
            count: S, paths of each.
            generators: gives the random numbers of each series.
            mirrored: whether every second path is drawn from the opposite of another's noise (Hammersley, Morton 1956,
                "A new Monte Carlo technique: antithetic variates"), which brings the quantiles of as many paths nearer
                to those of endlessly many.

        Returns:
            (series, S, J, K), in units of each.
        """
        rows = max(1, BLOCK // count)
        found: list[NDArray[np.float32]] = []
        for first in range(0, len(encoded), rows):
            block = encoded[first : first + rows]
            noise = [self._noise(generators(first + row), count, horizon, mirrored) for row in range(len(block))]
            found.append(self._paths(block, np.stack(noise)))
        return np.concatenate(found)

    def _noise(self, generator: np.random.Generator, count: int, horizon: int, mirrored: bool) -> NDArray[np.float32]:
        """What the paths of a series are drawn from, (S, J, K, n)."""
        likelihood, steps = self.model.likelihood, (horizon, self.inputs.outputs)
        if not mirrored:
            return likelihood.noise(generator, (count, *steps))
        half = likelihood.noise(generator, (-(-count // 2), *steps))
        return np.concatenate([half, likelihood.mirrored(half)])[:count]

    def _paths(self, encoded: Sequence[Encoded], noise: NDArray[np.float32]) -> NDArray[np.float32]:
        series, count, horizon, outputs = noise.shape[:4]
        rows = torch.from_numpy(noise.reshape(-1, *noise.shape[2:])).to(self.device)
        found = draw_paths(self.model, self.inputs, self._read(encoded), encoded, horizon, count, rows)
        found = found.view(series, count, horizon, outputs)
        middle = found.median(1, keepdim=True).values
        return (middle + self.model.spread * (found - middle)).cpu().numpy()

    def _read(self, encoded: Sequence[Encoded]) -> Tensor | tuple[Tensor, ...]:
        """Read the contexts of series, and give the state after them."""
        starts = [max(0, len(each) - self.inputs.context) for each in encoded]
        lengths = [len(each) - start for each, start in zip(encoded, starts, strict=True)]
        rows = [
            self._window(each, start, len(each), max(lengths))[0] for each, start in zip(encoded, starts, strict=True)
        ]
        x = torch.from_numpy(np.stack(rows)).to(self.device)
        return self.model.encoder(x, torch.tensor(lengths))[1]

    def forecast(
        self, encoded: Sequence[Encoded], horizon: int, levels: Sequence[float], draws: int, generators: Generators
    ) -> NDArray[np.float64]:
        """Give quantiles (series, J, K, L) of the next values of series, in their own units of measure."""
        paths = self.paths(encoded, horizon, draws, generators, mirrored=True)
        quantiles = np.quantile(paths, levels, axis=1)  # (L, series, J, K)
        return np.stack(
            [np.moveaxis(back_to_values(quantiles[:, row], each.scale, self.inputs), 0, -1)
             for row, each in enumerate(encoded)]
        )  # fmt: skip


def draw_paths(
    model: Forecaster,
    inputs: Inputs,
    state: Tensor | tuple[Tensor, ...],
    encoded: Sequence[Encoded],
    horizon: int,
    count: int,
    noise: Tensor,
) -> Tensor:
    """Go on from states, drawing: all paths of all series are rows of one sweep, a step at a time.

    Args:
        model: the network, in evaluation.
        inputs: what is read of series.
        state: of the recurrent layers, after the last step of each series.
        encoded: the R series.
        horizon: J, steps ahead.
        count: S, paths of each series.
        noise: (R S, J, K, n), drawn from what the model's likelihood asks for.

    Returns:
        (R S, J, K), in units of the series.
    """
    lead, device = inputs.lead, noise.device

    def of_each(rows: Sequence[NDArray[np.generic]]) -> Tensor:
        return torch.from_numpy(np.stack(rows).astype(np.float32)).to(device).repeat_interleave(count, 0)

    z = torch.cat([of_each([each.z[-lead:] for each in encoded]), noise.new_empty(*noise.shape[:3])], 1)
    exists = torch.cat([of_each([each.exists[-lead:] for each in encoded]), noise.new_ones(noise.shape[:2])], 1)
    seen = torch.cat([of_each([each.seen[-lead:] for each in encoded]), noise.new_ones(noise.shape[:3])], 1)
    ratio, size = of_each([each.ratio[None] for each in encoded]), of_each([each.scale.size for each in encoded])
    outside = of_each([each.outside[len(each) : len(each) + horizon] for each in encoded])
    stream = model.encoder.recurrent.stream(batch_size=len(noise))
    stream.state = repeated(state, count)
    for step in range(horizon):
        place = slice(lead + step, lead + step + 1)
        looks = looks_back(z, exists, seen, ratio, place, inputs, torch.cat)[:, 0]
        h = stream.step(model.encoder.read(torch.cat([looks, outside[:, step]], 1)))
        base = base_of(z, exists, place, inputs.anchor)[:, 0]
        z[:, lead + step] = model.likelihood.draw(model.output(h), base, size, noise[:, step])
    return z[:, lead:]


def repeated(state: Tensor | tuple[Tensor, ...], count: int) -> Tensor | tuple[Tensor, ...]:
    """Repeat each row of a state of the layers, (L, B, H) or several such."""
    if isinstance(state, Tensor):
        return state.repeat_interleave(count, 1)
    return tuple(part.repeat_interleave(count, 1) for part in state)
