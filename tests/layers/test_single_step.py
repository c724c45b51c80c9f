"""Single steps against the layers with T = 1, for every option that they share."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import TIGHT
from torch import Tensor

from throughtime.errors import ShapeError, UnknownNameError, UsageError
from throughtime.layers import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

PAIRS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "lstm": (LSTMCell, LSTM, {}),
    "lstm peepholes": (LSTMCell, LSTM, {"peepholes": True}),
    "gru": (GRUCell, GRU, {}),
    "gru reset before": (GRUCell, GRU, {"reset_after": False}),
    "rnn": (RNNCell, RNN, {}),
    "rnn relu": (RNNCell, RNN, {"nonlinearity": "relu"}),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "layer norm": {"layer_norm": True},
    "zoneout": {"zoneout": 0.3},
    "orthogonal": {"init": "orthogonal"},
}


def parts(state: Any) -> list[Tensor]:
    return list(state) if isinstance(state, tuple) else [state]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("training", [True, False])
def test_one_step_is_a_layer_of_one_step(name: str, options: str, training: bool) -> None:
    """Same weights from the same seed, same values, same gradients, and in training the same masks."""
    cell_type, layer_type, fixed = PAIRS[name]
    given = {"dtype": torch.float64, **fixed, **OPTIONS[options]}
    torch.manual_seed(4)
    cell = cell_type(3, 4, **given).train(training)
    torch.manual_seed(4)
    layer = layer_type(3, 4, **given).train(training)
    named = {key.replace("_l0", ""): value for key, value in layer.state_dict().items()}
    assert list(named) == list(cell.state_dict()) and all(named[k].equal(v) for k, v in cell.state_dict().items())
    x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    state = [torch.randn(2, 4, dtype=torch.float64, requires_grad=True) for _ in parts(cell(x))]
    stacked = [part[None] for part in state]
    torch.manual_seed(5)
    after = parts(cell(x, tuple(state) if len(state) == 2 else state[0]))
    torch.manual_seed(5)
    told = [part[0] for part in parts(layer(x[None], tuple(stacked) if len(state) == 2 else stacked[0])[1])]
    gradients = [
        torch.autograd.grad(sum(part.square().sum() for part in each), [x, *state, *module.parameters()])
        for each, module in ((after, cell), (told, layer))
    ]
    for a, b in zip([*after, *gradients[0]], [*told, *gradients[1]], strict=True):
        torch.testing.assert_close(a, b, **TIGHT)


def test_each_step_draws_its_own_zoneout() -> None:
    cell, x = GRUCell(3, 64, zoneout=0.5), torch.randn(1, 3)
    h = torch.zeros(1, 64)
    assert not (cell(x, h) == h).equal(cell(x, h) == h)


def test_bad_input() -> None:
    lstm, gru, x, h = LSTMCell(3, 4), GRUCell(3, 4), torch.randn(2, 3), torch.randn(2, 4)
    bad: list[tuple[Any, Any, Any]] = [
        (lstm, torch.randn(2, 5), None),
        (lstm, torch.randn(1, 2, 3), None),
        (lstm, x, h),
        (lstm, x, (h,)),
        (lstm, x, (h, torch.randn(2, 5))),
        (lstm, x, (h, None)),
        (gru, x, (h,)),
        (gru, x, torch.randn(3, 4)),
        (gru, torch.randn(3), h),
    ]
    for cell, given, state in bad:
        with pytest.raises(ShapeError, match="must be"):
            cell(given, state)
    with pytest.raises(UnknownNameError, match="did you mean 'relu'"):
        RNNCell(3, 4, nonlinearity="rely")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="zoneout"):
        GRUCell(3, 4, zoneout=(0.1, 0.2))
    assert "bias=False" in repr(GRUCell(3, 4, False))
