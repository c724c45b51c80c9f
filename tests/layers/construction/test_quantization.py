"""Eager quantization leaves our layers in float; they say so, and torch.nn's twin can be quantized."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import nn

import throughtime as tt

pytestmark = pytest.mark.filterwarnings(
    "ignore:torch.ao.quantization is deprecated", "ignore:torch.quantize_per_tensor"
)
IN_FLOAT = "torch.ao.quantization leaves throughtime's {} in float"


def quantized(model: nn.Module, which: set[Any] | None = None) -> Any:
    return torch.ao.quantization.quantize_dynamic(model, which, dtype=torch.qint8)


@pytest.mark.parametrize("made", [tt.LSTM, tt.GRU, tt.RNN, tt.LSTMCell, tt.GRUCell, tt.RNNCell])
@pytest.mark.parametrize("named", [False, True])
def test_quantize_dynamic_leaves_ours_and_is_told_of(made: Any, named: bool) -> None:
    """By default, and where our class is asked for."""
    model = nn.ModuleDict({"ours": made(3, 4), "head": nn.Linear(4, 2)})
    with pytest.warns(UserWarning, match=IN_FLOAT.format(made.__name__)):
        result = quantized(model, {made, nn.Linear} if named else None)
    assert type(result["head"]) is torch.ao.nn.quantized.dynamic.Linear
    assert type(result["ours"]) is made and not hasattr(result["ours"], "qconfig")
    x = torch.randn(2, 3) if "Cell" in made.__name__ else torch.randn(5, 2, 3)
    for a, b in zip(flat(result["ours"](x)), flat(model["ours"](x)), strict=True):
        assert a.equal(b)


def flat(value: Any) -> list[torch.Tensor]:
    return [value] if isinstance(value, torch.Tensor) else [each for part in value for each in flat(part)]


def test_many_layers_are_told_of_once() -> None:
    model = nn.ModuleList([tt.LSTM(3, 4) for _ in range(5)])
    with warnings.catch_warnings(record=True, action="default") as caught:
        quantized(model)
    assert len([each for each in caught if IN_FLOAT.format("LSTM") in str(each.message)]) == 1


def test_nothing_is_said_where_nothing_is_quantized() -> None:
    layer = tt.LSTM(3, 4)
    assert not hasattr(layer, "qconfig")
    with pytest.raises(AttributeError, match="qconfig"):
        layer.qconfig  # noqa: B018
    del layer.qconfig


def test_the_twin_can_be_quantized() -> None:
    """What the warning says to do. Eight bits hold a weight to 1/250 of the largest; a state sums four of them."""
    ours, x = tt.LSTM(3, 4, 2, bidirectional=True), torch.randn(5, 2, 3)
    twin = nn.LSTM(3, 4, 2, bidirectional=True)
    twin.load_state_dict(ours.state_dict())
    result = quantized(nn.ModuleDict({"twin": twin}))["twin"]
    assert type(result) is torch.ao.nn.quantized.dynamic.LSTM
    torch.testing.assert_close(result(x)[0], ours(x)[0], rtol=0, atol=0.02)
