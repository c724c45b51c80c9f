"""Quantiles of many steps at once: in order whatever the weights, and learned to be right."""

from __future__ import annotations

import numpy as np
import torch
from scipy import stats

from throughtime.models.quantile_forecaster import QuantileForecaster, pinball

LEVELS = tuple(round(0.05 * step, 2) for step in range(1, 20))


def _net(**options: object) -> QuantileForecaster:
    torch.manual_seed(0)
    return QuantileForecaster(3, 2, 2, 4, LEVELS, hidden_size=8, num_layers=1, embedding_size=5, **options)  # pyright: ignore[reportArgumentType]


def test_quantiles_never_cross() -> None:
    net = _net()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(std=3.0, generator=torch.Generator().manual_seed(4))
        found = net.ahead(torch.randn(50, 8) * 5, torch.randn(50, 4, 2) * 5, torch.randn(50, 4, 2))
    assert found.shape == (50, 4, 2, 19)
    assert (found.diff(dim=-1) >= 0).all()


def test_fewer_steps_are_the_first_of_more() -> None:
    net = _net().eval()
    h, known, base = torch.randn(3, 8), torch.randn(3, 4, 2), torch.randn(3, 4, 2)
    whole, part = net.ahead(h, known, base), net.ahead(h, known[:, :2], base[:, :2])
    assert torch.equal(whole[:, :2], part)


def test_it_starts_near_the_base() -> None:
    net = _net().eval()
    base = torch.full((1, 4, 2), 7.0)
    median = net.ahead(torch.zeros(1, 8), torch.zeros(1, 4, 2), base)[..., 9]
    assert (median - base).abs().max() < 0.2


def test_the_pinball_loss_is_least_at_the_quantile_and_its_mean_is_the_crps() -> None:
    draws = torch.from_numpy(np.random.default_rng(0).normal(size=20_000))
    tries = torch.linspace(-3, 3, 601, dtype=torch.float64)
    for level in (0.1, 0.5, 0.9):
        losses = [pinball(draws, each.expand(len(draws), 1), torch.tensor([level])).mean() for each in tries]
        best = tries[int(torch.stack(losses).argmin())]
        assert abs(float(best) - stats.norm.ppf(level)) < 0.04
    levels = (np.arange(1000) + 0.5) / 1000
    quantiles = torch.from_numpy(stats.norm.ppf(levels))
    found = pinball(torch.tensor(0.7), quantiles, torch.from_numpy(levels)).mean()
    exact = 0.7 * (2 * stats.norm.cdf(0.7) - 1) + 2 * stats.norm.pdf(0.7) - 1 / np.sqrt(np.pi)
    assert abs(float(found) - exact) < 1e-3
