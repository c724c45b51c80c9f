"""Attributes and checks of torch.nn's layers that libraries ask for: the same names, the same meaning."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from makers import MinimalGatedUnit
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence

import throughtime as tt
from throughtime.errors import ShapeError, UsageError

TWINS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "lstm": (tt.LSTM, nn.LSTM, {}),
    "lstm projected": (tt.LSTM, nn.LSTM, {"proj_size": 2}),
    "gru": (tt.GRU, nn.GRU, {}),
    "rnn": (tt.RNN, nn.RNN, {}),
    "rnn relu": (tt.RNN, nn.RNN, {"nonlinearity": "relu", "bias": False}),
}
twins = pytest.mark.parametrize("name", TWINS)


def pair(name: str, **options: Any) -> tuple[Any, Any]:
    ours, theirs, fixed = TWINS[name]
    options = {"num_layers": 2, "bidirectional": True, **fixed, **options}
    return ours(3, 4, **options), theirs(3, 4, **options)


def parts(state: Any) -> list[Tensor]:
    return list(state) if isinstance(state, tuple) else [state]


@twins
def test_names_of_weights(name: str) -> None:
    layer, twin = pair(name)
    assert layer.mode == twin.mode
    assert layer._flat_weights_names == twin._flat_weights_names and layer._all_weights == twin._all_weights
    assert [weight.shape for weight in layer._flat_weights] == [weight.shape for weight in twin._flat_weights]
    assert all(a is b for a, b in zip(layer._flat_weights, layer.parameters(), strict=True))


@twins
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_sizes_and_checks(name: str, batch_first: bool) -> None:
    layer, twin = pair(name, batch_first=batch_first)
    packed = pack_sequence([torch.randn(4, 3), torch.randn(2, 3)])
    for x, sizes in ((torch.randn(5, 2, 3), None), (packed.data, packed.batch_sizes)):
        assert layer.get_expected_hidden_size(x, sizes) == twin.get_expected_hidden_size(x, sizes)
        state = twin(x if sizes is None else packed)[1]
        layer.check_forward_args(x, state, sizes)
        for wrong in (torch.randn(5, 2, 7), torch.randn(1, 5, 2, 3), x.double()):
            for each in (layer, twin):
                with pytest.raises((RuntimeError, ValueError)):
                    each.check_forward_args(wrong, state, sizes)
        for k in range(len(parts(state))):
            cut = tuple(part[..., 1:] if k == at else part for at, part in enumerate(parts(state)))
            with pytest.raises(ShapeError, match=rf"hidden\[{k}\] size \(4, [25], [24]\), got \[4, [25], [13]\]"):
                layer.check_forward_args(x, cut if len(cut) > 1 else cut[0], sizes)
    assert hasattr(layer, "get_expected_cell_size") == hasattr(twin, "get_expected_cell_size")
    if hasattr(twin, "get_expected_cell_size"):
        assert layer.get_expected_cell_size(x, sizes) == twin.get_expected_cell_size(x, sizes)


@twins
def test_a_state_in_another_order(name: str) -> None:
    layer, twin = pair(name)
    state, order = twin(torch.randn(5, 3, 3))[1], torch.tensor([2, 0, 1])
    assert layer.permute_hidden(state, None) is state
    for a, b in zip(parts(layer.permute_hidden(state, order)), parts(twin.permute_hidden(state, order)), strict=True):
        assert a.equal(b)


@twins
def test_what_to_ask_instead_of_isinstance(name: str) -> None:
    layer, twin = pair(name)
    ours, theirs, _ = TWINS[name]
    assert not isinstance(layer, theirs) and not isinstance(layer, nn.RNNBase)
    for each in (layer, twin):
        assert isinstance(each, (theirs, ours)) and isinstance(each, (nn.RNNBase, tt.Recurrent))
        assert each.mode.startswith(theirs.__name__)


def test_modes_of_cells_that_torch_has_not() -> None:
    assert tt.LSTM(3, 4, peepholes=True, layer_norm=True).mode == "LSTM"
    assert tt.GRU(3, 4, reset_after=False).mode == "GRU"
    assert tt.Recurrent(MinimalGatedUnit(), 3, 4).mode == "mgu"


def test_flat_weights_are_the_parameters() -> None:
    """What is set by name is seen; what is set here, and would not be, is refused."""
    layer, x = tt.LSTM(3, 4), torch.randn(5, 2, 3)
    fresh = nn.Parameter(torch.randn(16, 4))
    layer.weight_hh_l0 = fresh
    assert layer._flat_weights[1] is fresh
    layer._flat_weights = [getattr(layer, name) for name in layer._flat_weights_names]  # as libraries do after a change
    with pytest.raises(UsageError, match="set those by name"):
        layer._flat_weights = [weight * 2 for weight in layer._flat_weights]
    with pytest.raises(TypeError):
        layer._flat_weights[0] = fresh
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert other(x)[0].equal(layer(x)[0]) and other._flat_weights[0] is other.weight_ih_l0


def test_layers_of_different_widths_have_no_one_size() -> None:
    with pytest.raises(UsageError, match=r"different widths \[4, 5\]"):
        tt.GRU(3, [4, 5]).get_expected_hidden_size(torch.zeros(5, 2, 3), None)


def test_a_projected_gru_has_two_parts() -> None:
    layer, x = tt.GRU(3, 4, proj_size=2), torch.randn(5, 2, 3)
    assert layer.get_expected_hidden_size(x, None) == (1, 2, 2)
    layer.check_forward_args(x, layer(x)[1], None)
    with pytest.raises(ShapeError, match="2 parts, got 1"):
        layer.check_forward_args(x, layer(x)[1][0], None)
