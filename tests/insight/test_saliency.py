"""Contributions: the axioms that they promise, the derivatives by hand, and a linear network, whose are known."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import torch
from analytic import linear
from makers import MAKERS

from throughtime.errors import ShapeError, UnknownNameError, UsageError
from throughtime.insight import inside, saliency, subject
from throughtime.layers import GRU, LSTM
from throughtime.models.many_to_one import ManyToOne
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import TokenInput

BENT = ("rnn_relu", "indrnn_relu", "mingru_log", "minlstm_log")
"""Cells whose derivative jumps, where a candidate or a state passes 0."""


@pytest.mark.parametrize("method", ["integrated_gradients", "gradient_x_input"])
def test_a_linear_network_adds_up_what_it_reads(method: str) -> None:
    """The sum of h[T] is the sum over t of U^(T-t) W x[t]: exactly that, and nothing of it is lost."""
    layer, x = linear([0.9, -0.4]), torch.randn(12, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.bias_ih_l0.zero_()
        layer.bias_hh_l0.zero_()
    found = saliency(subject(layer, x), method=method, **({"points": 1} if method == "integrated_gradients" else {}))
    powers = [torch.linalg.matrix_power(layer.weight_hh_l0, 11 - t) @ layer.weight_ih_l0 for t in range(12)]
    told = torch.stack([power.sum(0) * row for power, row in zip(powers, x, strict=True)])
    np.testing.assert_allclose(found.features, told.detach(), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(found.contributions, told.detach().sum(1), rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(found.contributions.sum(), found.score, rtol=1e-9)


@pytest.mark.parametrize("stacked", [{}, {"num_layers": 2, "bidirectional": True}])
@pytest.mark.parametrize("cell", [cell for cell in MAKERS if cell not in BENT])
def test_integrated_gradients_are_complete(cell: str, stacked: dict[str, Any]) -> None:
    """Smooth cells: 128 points leave a millionth at most."""
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64, **stacked), torch.randn(7, 3, dtype=torch.float64)
    base = torch.randn(3, dtype=torch.float64)
    found = saliency(subject(layer, x, at=4), towards=2, baseline=base, points=128)
    y, nothing = layer(x)[0][4, 2].item(), layer(base.expand(7, 3))[0][4, 2].item()
    assert abs(found.score - y) < 1e-12 and abs(found.baseline_score - nothing) < 1e-12 and found.towards == "2"
    assert abs(found.missing) < 1e-6 and abs(found.contributions.sum() - (y - nothing)) < 1e-6
    if not stacked:
        assert not found.contributions[5:].any()  # what comes later has no part in it


@pytest.mark.parametrize("cell", BENT)
def test_what_bends_is_complete_with_more_points(cell: str) -> None:
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64), torch.randn(7, 3, dtype=torch.float64)
    assert abs(saliency(subject(layer, x), points=1000).missing) < 1e-3


def test_gradients_by_pytorch() -> None:
    layer, x = LSTM(3, 4, 2, dtype=torch.float64), torch.randn(9, 3, dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(layer(leaf)[0][-1].sum(), leaf)
    found = saliency(subject(layer, x), method="gradient")
    np.testing.assert_allclose(found.contributions, gradient.norm(dim=1), rtol=1e-9)
    assert np.isnan(found.baseline_score) and np.isnan(found.missing)
    found = saliency(subject(layer, x), method="gradient_x_input")
    np.testing.assert_allclose(found.features, gradient * x, rtol=1e-9)
    assert found.towards == "sum of outputs"


def test_points_in_several_passes_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = subject(GRU(3, 4, dtype=torch.float64), torch.randn(9, 3, dtype=torch.float64))
    whole = saliency(seen, points=10)
    monkeypatch.setattr(sys.modules["throughtime.insight.saliency"], "ROWS_AT_ONCE", 30)
    np.testing.assert_allclose(saliency(seen, points=10).features, whole.features, rtol=1e-12)


def test_a_net_follows_its_likeliest_answer() -> None:
    net = ManyToOne(TokenInput(9, 4), stack("lstm", 4, 5, bidirectional=True), 3, pooling="attention").double()
    inputs = {"tokens": torch.tensor([[1, 5, 7, 2]]), "lengths": torch.tensor([4])}
    seen = inside(net, lambda: net(inputs)[0].log_softmax(-1), labels=("a", "b", "c"), texts=list("wxyz"))
    found = saliency(seen)
    best = net.eval()(inputs)[0].log_softmax(-1)
    assert found.towards == "abc"[int(best.argmax())] and abs(found.score - best.max().item()) < 1e-12
    assert abs(found.missing) < 1e-6 and found.texts == tuple("wxyz")
    other = saliency(seen, towards="b", method="gradient_x_input")
    assert other.towards == "b" and abs(other.score - best[1].item()) < 1e-12


def test_one_step() -> None:
    found = saliency(subject(GRU(3, 4), torch.randn(1, 3)))
    assert found.contributions.shape == (1,) and abs(found.missing) < 1e-5


def test_what_cannot_be() -> None:
    seen = subject(GRU(3, 4), torch.randn(5, 3))
    with pytest.raises(UnknownNameError, match="unknown method 'gradients': did you mean 'gradient'"):
        saliency(seen, method="gradients")
    with pytest.raises(ShapeError, match=r"\(5, 3\) or \(3,\), got \(4,\)"):
        saliency(seen, baseline=torch.zeros(4))
    with pytest.raises(UsageError, match="'gradient' has no baseline"):
        saliency(seen, method="gradient", baseline=torch.zeros(3))
    with pytest.raises(UsageError, match="points must be 1 or more, got 0"):
        saliency(seen, points=0)
