"""The pass step by step is the layer's own: the same outputs, states and gates, whatever the stack is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from makers import MAKERS, able

from throughtime.insight.subject import read
from throughtime.insight.unrolled import unroll
from throughtime.layers import GRU, LSTM, Recurrent

CLOSE = {"rtol": 1e-9, "atol": 1e-12}  # the same equations in the same type, in sums of another order
STACKS: dict[str, dict[str, Any]] = {
    "one layer": {},
    "stacked both ways": {"num_layers": 2, "bidirectional": True},
    "all around": {"num_layers": 2, "pre_norm": True, "residual": True, "feed_forward": 3, "initial_state": "learned"},
    "regularised": {"layer_norm": True, "zoneout": 0.2, "recurrent_dropout": 0.3},
}


def checked(layer: Recurrent, x: torch.Tensor, state: Any = None) -> None:
    with torch.no_grad():
        seen = unroll(layer, x, state)
        layer.eval()
        y, after, traced = layer(x, state, trace=True)
    torch.testing.assert_close(seen.y, y, **CLOSE)
    torch.testing.assert_close(seen.state, after, **CLOSE)
    assert {*seen.states, *seen.gates} == set(traced)
    for track, values in traced.items():
        torch.testing.assert_close(seen.stacked(track), values, **CLOSE)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("cell", MAKERS)
def test_every_cell_in_every_stack(cell: str, stack: str) -> None:
    layer = MAKERS[cell](3, 4, dtype=torch.float64, **able(cell, STACKS[stack]))
    for name, weight in layer.named_parameters():
        if "0_l" in name:
            torch.nn.init.normal_(weight.data)  # a learned start that is not zero
    checked(layer, torch.randn(6, 2, 3, dtype=torch.float64))


@pytest.mark.parametrize("cell", MAKERS)
def test_one_step(cell: str) -> None:
    checked(MAKERS[cell](3, 4, dtype=torch.float64, bidirectional=True), torch.randn(1, 1, 3, dtype=torch.float64))


@pytest.mark.parametrize("make", [LSTM, GRU])
def test_projected_from_a_given_state(make: Any) -> None:
    layer = make(3, 5, 2, proj_size=2, dtype=torch.float64)
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    checked(layer, x[2:], layer(x[:2])[1])


def test_layers_of_several_widths() -> None:
    checked(LSTM(3, [5, 2], dtype=torch.float64), torch.randn(4, 1, 3, dtype=torch.float64))


def test_a_float32_layer_is_looked_at_in_float64() -> None:
    layer, x = LSTM(3, 4), torch.randn(50, 1, 3)
    assert unroll(layer, x.double()).y.dtype == torch.float64
    torch.testing.assert_close(unroll(layer, x.double()).y.float(), read(layer, x)[0], rtol=1e-5, atol=1e-6)


def test_the_mode_of_a_layer_stays_as_it_was_and_is_not_heard() -> None:
    layer, x = LSTM(3, 4, zoneout=0.5, input_dropout=0.5), torch.randn(5, 1, 3)
    torch.testing.assert_close(unroll(layer, x.double()).y.float(), read(layer, x)[0], rtol=1e-5, atol=1e-6)
    assert layer.training and layer.zoneout == (0.5, 0.5)
