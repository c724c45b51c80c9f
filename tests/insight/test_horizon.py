"""How far back an input counts: known on paper, and by reading the whole sequence again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from analytic import held_lstm, linear
from makers import MAKERS

from throughtime.errors import UsageError
from throughtime.insight import gradient_flow, inside, memory_horizon, subject
from throughtime.layers import GRU, LSTM
from throughtime.models.many_to_one import ManyToOne
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import TokenInput


def test_a_linear_network_forgets_by_its_eigenvalue() -> None:
    """One unit, h[t] = 0.9 h[t-1] + w x[t]: both measures are the power, times what was put in."""
    layer, x = linear([0.9], inputs=1), torch.randn(200, 1, dtype=torch.float64)
    found = memory_horizon(subject(layer, x), replacements=3, positions=30)
    assert len(found.positions) > 20 and found.distances.max() == 199 and found.distances.min() == 0
    np.testing.assert_allclose(
        found.by_gradient, abs(layer.weight_ih_l0.item()) * 0.9 ** (199 - found.steps), rtol=1e-9
    )
    draw = np.random.default_rng(0)
    for place, position in enumerate(found.positions):
        others = (position + draw.integers(1, 200, 3)) % 200
        change = layer.weight_ih_l0.item() * (x[others, 0] - x[position, 0]).numpy()
        told = 0.9 ** (199 - position) * np.sqrt((change**2).mean())
        np.testing.assert_allclose(found.by_substitution[place], told, rtol=1e-6, atol=1e-14)
        np.testing.assert_allclose(found.units["h_l0"][place], [told], rtol=1e-6, atol=1e-14)
    assert found.reach_by_gradient == 43  # 0.9 ** 43 >= 0.01 > 0.9 ** 44


def test_a_unit_that_remembers_and_one_that_does_not() -> None:
    layer = held_lstm(0.5, size=2)
    with torch.no_grad():
        layer.bias_ih_l0[2] = 20.0  # the forget gate of unit 0 is open
    found = memory_horizon(subject(layer, torch.randn(300, 3)), positions=60)
    far, near = found.unit_reach("c_l0")
    assert far == 299 and 3 <= near <= 10


@pytest.mark.parametrize("stacked", [{}, {"num_layers": 2, "bidirectional": True}])
@pytest.mark.parametrize("cell", MAKERS)
def test_every_cell_against_reading_it_all_again(cell: str, stacked: dict[str, Any]) -> None:
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64, **stacked), torch.randn(9, 3, dtype=torch.float64)
    at = 5 if stacked else 8
    found = memory_horizon(subject(layer, x, at=at), positions=12, replacements=1, seed=3)
    draw = np.random.default_rng(3)
    y, state = layer(x)
    h = state if isinstance(state, torch.Tensor) else state[0]
    for place, position in enumerate(found.positions):
        other = x.clone()
        other[position] = x[(position + draw.integers(1, 9, 1)[0]) % 9]
        changed, after = layer(other)
        told = (changed[at] - y[at]).norm().item()
        np.testing.assert_allclose(found.by_substitution[place], told, rtol=1e-9, atol=1e-12)
        h_after = after if isinstance(after, torch.Tensor) else after[0]
        np.testing.assert_allclose(found.units["h_l0"][place], (h_after - h)[0].abs().detach(), rtol=1e-9, atol=1e-12)
    assert set(found.positions) >= {at, at - 1, 0} and (8 in found.positions) and found.towards == "sum of outputs"


def test_a_net_and_a_window() -> None:
    net = ManyToOne(TokenInput(9, 4), stack("lstm", 4, 5, 2), 3, pooling="mean").double()
    tokens = torch.randint(9, (1, 40))

    def run(read: torch.Tensor = tokens) -> torch.Tensor:
        return net({"tokens": read, "lengths": torch.tensor([40])})[0]

    seen = inside(net, run)
    whole, part = (memory_horizon(seen, towards=1, replacements=1, window=window) for window in (100, 10))
    np.testing.assert_allclose(whole.by_gradient, gradient_flow(seen, towards=1).inputs)
    np.testing.assert_allclose(part.by_gradient, whole.by_gradient[-10:], rtol=1e-9)
    assert part.positions.min() == 30 and part.note == "steps 30 to 39 of 40 were looked at" and not whole.note
    draw = np.random.default_rng(0)
    for place, position in enumerate(whole.positions):
        other = tokens.clone()
        other[0, position] = tokens[0, (position + draw.integers(1, 40, 1)[0]) % 40]
        told = abs((run(other)[1] - run()[1]).item())
        np.testing.assert_allclose(whole.by_substitution[place], told, rtol=1e-8, atol=1e-12)


def test_one_step_has_nothing_to_put_in_its_place() -> None:
    found = memory_horizon(subject(GRU(3, 4), torch.randn(1, 3)))
    assert found.positions.tolist() == [0] and found.by_substitution.tolist() == [0.0]
    assert found.reach_by_substitution == 0 and found.by_gradient[0] > 0


@pytest.mark.parametrize("given", [{"positions": 0}, {"replacements": 0}, {"threshold": 1.0}])
def test_numbers_that_cannot_be(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"1 or more, got 0|between 0 and 1, got 1\.0"):
        memory_horizon(subject(LSTM(3, 4), torch.randn(5, 3)), **given)
