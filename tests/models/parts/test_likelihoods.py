"""Distributions of a forecaster: densities beside SciPy's, and draws beside densities."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional

from throughtime.errors import UnknownNameError
from throughtime.models.parts.likelihoods import LIKELIHOODS, SMALLEST, make_likelihood

SCALE = torch.tensor([4.0])


def _raw(first: float, second: float, rows: int = 1) -> torch.Tensor:
    return torch.tensor([first, second], dtype=torch.float64).expand(rows, 1, 2)


def _width(second: float) -> float:
    return float(functional.softplus(torch.tensor(second - 1.0, dtype=torch.float64))) + SMALLEST


@pytest.mark.parametrize("z", [-3.0, 0.2, 7.5])
def test_located_densities_are_those_of_scipy(z: float) -> None:
    place, width = 0.5 + 0.3, _width(0.7)
    student = make_likelihood("student", 1)
    nu = 2.0 + float(functional.softplus(torch.tensor(3.0)))
    known = {
        "gaussian": stats.norm(place, width),
        "laplace": stats.laplace(place, width),
        "student": stats.t(nu, place, width),
    }
    for name, law in known.items():
        likelihood = student if name == "student" else make_likelihood(name, 1)
        base, value = torch.tensor([[0.3]], dtype=torch.float64), torch.tensor([[z]], dtype=torch.float64)
        loss = likelihood.loss(_raw(0.5, 0.7), base, value, SCALE)
        assert loss.item() == pytest.approx(-law.logpdf(z), rel=1e-5), name


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_negative_binomial_is_that_of_scipy(count: int) -> None:
    raw = _raw(0.8, -0.5)
    mean = 4.0 * (float(functional.softplus(torch.tensor(1.3, dtype=torch.float64))) + SMALLEST)
    shape = float(functional.softplus(torch.tensor(-0.5, dtype=torch.float64))) / 2.0 + SMALLEST
    law = stats.nbinom(1 / shape, 1 / (1 + shape * mean))
    z = torch.tensor([[count / 4.0]], dtype=torch.float64)
    loss = make_likelihood("negative-binomial", 1).loss(raw, torch.zeros(1, 1), z, SCALE.double())
    assert loss.item() == pytest.approx(-law.logpmf(count), rel=1e-6)


@pytest.mark.parametrize("name", sorted(LIKELIHOODS))
def test_draws_have_the_moments_of_the_density(name: str) -> None:
    likelihood, rows = make_likelihood(name, 1), 40_000
    noise = torch.from_numpy(likelihood.noise(np.random.default_rng(3), (rows, 1)))
    raw = _raw(0.8, 0.5, rows).float()
    drawn = likelihood.draw(raw, torch.full((rows, 1), 2.0), SCALE.expand(rows, 1), noise)[:, 0].double().numpy()
    width = _width(0.5)
    if name == "negative-binomial":
        counts = drawn * 4
        mean = 4.0 * (float(functional.softplus(torch.tensor(1.3))) + SMALLEST)
        shape = float(functional.softplus(torch.tensor(0.5))) / 2.0 + SMALLEST
        assert np.allclose(counts, np.round(counts), atol=1e-4)
        assert counts.min() >= 0
        assert counts.mean() == pytest.approx(mean, rel=0.03)
        assert counts.var() == pytest.approx(mean + shape * mean**2, rel=0.06)
        return
    nu = 2.0 + float(functional.softplus(torch.tensor(3.0)))
    variance = {"gaussian": 1.0, "laplace": 2.0, "student": nu / (nu - 2)}[name] * width**2
    assert np.median(drawn) == pytest.approx(2.8, abs=0.02)
    assert drawn.var() == pytest.approx(variance, rel=0.1)
    assert ((drawn > 2.8).mean()) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("name", sorted(LIKELIHOODS))
def test_the_opposite_of_noise_draws_the_opposite(name: str) -> None:
    likelihood = make_likelihood(name, 1)
    noise = likelihood.noise(np.random.default_rng(3), (4000, 1))
    raw, base = _raw(0.8, 0.5, 4000).float(), torch.full((4000, 1), 2.0)
    first, second = (
        likelihood.draw(raw, base, SCALE.expand(4000, 1), torch.from_numpy(each))[:, 0].numpy()
        for each in (noise, likelihood.mirrored(noise))
    )
    assert np.corrcoef(first, second)[0, 1] < -0.5
    assert float(second.mean()) == pytest.approx(float(first.mean()), abs=0.15 * float(first.std()))


def test_gradients_agree_with_differences() -> None:
    for name in LIKELIHOODS:
        likelihood = make_likelihood(name, 2).double()
        raw = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(1))
        z = torch.tensor([[1.0, 2.0], [0.5, 0.25], [3.0, 0.75]], dtype=torch.float64)
        scale = torch.full((1, 2), 4.0, dtype=torch.float64)
        loss = partial(likelihood.loss, base=0.1 * z, z=z, scale=scale)
        assert torch.autograd.gradcheck(loss, (raw,))


def test_a_width_never_reaches_zero() -> None:
    loss = make_likelihood("student", 1).loss(_raw(0.0, -1e4).float(), torch.zeros(1, 1), torch.zeros(1, 1), SCALE)
    assert torch.isfinite(loss).all()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="student"):
        make_likelihood("studnt", 1)
