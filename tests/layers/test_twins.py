"""As torch.nn: the same constructor, names, numbers, weights from the same seed, and masks from the same seed."""

from __future__ import annotations

import copy
from itertools import product
from typing import Any

import pytest
import torch
from cases import SINGLE, TIGHT
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

TWINS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "lstm": (LSTM, nn.LSTM, {}),
    "lstm projected": (LSTM, nn.LSTM, {"proj_size": 2}),
    "gru": (GRU, nn.GRU, {}),
    "rnn": (RNN, nn.RNN, {}),
    "rnn relu": (RNN, nn.RNN, {"nonlinearity": "relu"}),
}
twins = pytest.mark.parametrize("name", TWINS)


def pair(name: str, **options: Any) -> tuple[Any, Any]:
    """Our layer and torch's, with the same weights."""
    ours, theirs, fixed = TWINS[name]
    options = {"dtype": torch.float64, **fixed, **options}
    layer, twin = ours(3, 4, **options), theirs(3, 4, **options)
    layer.load_state_dict(twin.state_dict())
    return layer, twin


def parts(state: Any) -> list[Tensor]:
    return list(state) if isinstance(state, tuple) else [state]


def compare(layer: Any, twin: Any, x: Any, hx: Any = None, tolerance: dict[str, float] = TIGHT, seed: int = 0) -> None:
    """Outputs, states, and the gradients of x, of the state and of every parameter."""
    told = []
    for each in (layer, twin):
        torch.manual_seed(seed)
        y, state = each(x, hx)
        data = y.data if isinstance(y, PackedSequence) else y
        loss = data.square().sum() + sum((part * 0.5).sum() for part in parts(state))
        leaves = [x.data if isinstance(x, PackedSequence) else x, *(parts(hx) if hx is not None else [])]
        told.append([data, *parts(state), *torch.autograd.grad(loss, [*leaves, *each.parameters()])])
    for a, b in zip(*told, strict=True):
        assert a.dtype == b.dtype
        torch.testing.assert_close(a, b, **tolerance)


@twins
@pytest.mark.parametrize("kernel", ["native", "torch", "reference"])
@pytest.mark.parametrize(
    ("layers", "bidirectional", "bias", "batch_first"),
    list(product((1, 2), (False, True), (True, False), (False, True))),
)
def test_equals_torch(name: str, kernel: str, layers: int, bidirectional: bool, bias: bool, batch_first: bool) -> None:
    options = {"num_layers": layers, "bidirectional": bidirectional, "bias": bias, "batch_first": batch_first}
    layer, twin = pair(name, **options)
    x = torch.randn(*((2, 5) if batch_first else (5, 2)), 3, dtype=torch.float64, requires_grad=True)
    _, state = twin(x)
    hx = [torch.randn_like(part).requires_grad_() for part in parts(state)]
    with use_kernel(kernel):
        compare(layer, twin, x)
        compare(layer, twin, x, tuple(hx) if len(hx) == 2 else hx[0])


@twins
@pytest.mark.parametrize("kernel", ["native", "torch", "reference"])
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_equals_torch_in_float32(name: str, kernel: str) -> None:
    """See ``SINGLE`` for the tolerance."""
    layer, twin = pair(name, num_layers=2, bidirectional=True, dtype=torch.float32)
    with use_kernel(kernel):
        compare(layer, twin, torch.randn(20, 4, 3, requires_grad=True), tolerance=SINGLE)


@twins
@pytest.mark.parametrize("kernel", ["native", "torch", "reference"])
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed_sequences(name: str, kernel: str, enforce_sorted: bool) -> None:
    layer, twin = pair(name, num_layers=2, bidirectional=True)
    lengths = torch.tensor([5, 3, 1] if enforce_sorted else [1, 5, 3])
    x = torch.randn(5, 3, 3, dtype=torch.float64, requires_grad=True)
    packed = pack_padded_sequence(x, lengths, enforce_sorted=enforce_sorted)
    _, state = twin(packed)
    hx = [torch.randn_like(part).requires_grad_() for part in parts(state)]
    with use_kernel(kernel):
        compare(layer, twin, packed)
        compare(layer, twin, packed, tuple(hx) if len(hx) == 2 else hx[0])
        y, twin_y = layer(packed)[0], twin(packed)[0]
    for field in ("batch_sizes", "sorted_indices", "unsorted_indices"):
        a, b = getattr(y, field), getattr(twin_y, field)
        assert (a is None and b is None) or a.equal(b)


@twins
@pytest.mark.parametrize("kernel", ["native", "torch", "reference"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_unbatched(name: str, kernel: str, batch_first: bool) -> None:
    layer, twin = pair(name, num_layers=2, bidirectional=True, batch_first=batch_first)
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    hx = [torch.randn_like(part).requires_grad_() for part in parts(twin(x)[1])]
    with use_kernel(kernel):
        compare(layer, twin, x)
        compare(layer, twin, x, tuple(hx) if len(hx) == 2 else hx[0])


@twins
@pytest.mark.parametrize("form", ["padded", "packed", "unbatched"])
def test_dropout_draws_torchs_masks(name: str, form: str) -> None:
    layer, twin = pair(name, num_layers=3, dropout=0.5)
    x: Any = torch.randn(5, 3, 3, dtype=torch.float64, requires_grad=True)
    if form == "packed":
        x = pack_padded_sequence(x, torch.tensor([1, 5, 3]), enforce_sorted=False)
    if form == "unbatched":
        x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    compare(layer, twin, x)
    torch.manual_seed(0)
    first = layer(x)[0]
    torch.manual_seed(1)
    assert not torch.equal(*(y.data if isinstance(y, PackedSequence) else y for y in (first, layer(x)[0])))


def test_dropout_between_layers_on_the_reference() -> None:
    """p = 1 hides every layer below the last; evaluation hides nothing; nothing acts after the last layer."""
    with use_kernel("reference"):
        layer = LSTM(3, 4, 2, dropout=1.0, dtype=torch.float64)
        a, b = torch.randn(2, 5, 2, 3, dtype=torch.float64)
        assert layer(a)[0].equal(layer(b)[0])
        layer.eval()
        assert not layer(a)[0].equal(layer(b)[0])
        half = LSTM(3, 64, 2, dropout=0.5, dtype=torch.float64)
        assert (half(a)[0] != 0).all()
    with pytest.warns(UserWarning, match="dropout"):
        LSTM(3, 4, dropout=0.5)


@twins
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
def test_names_and_weights_from_the_same_seed(name: str, options: dict[str, Any]) -> None:
    ours, theirs, fixed = TWINS[name]
    torch.manual_seed(4)
    layer = ours(3, 4, **fixed, **options)
    torch.manual_seed(4)
    twin = theirs(3, 4, **fixed, **options)
    assert list(layer.state_dict()) == list(twin.state_dict())
    assert [key for key, _ in layer.named_parameters()] == [key for key, _ in twin.named_parameters()]
    for key, tensor in twin.state_dict().items():
        assert layer.state_dict()[key].equal(tensor)
    for mine, told in zip(layer.all_weights, twin.all_weights, strict=True):
        assert all(a.equal(b) for a, b in zip(mine, told, strict=True))
    twin.load_state_dict(ours(3, 4, **fixed, **options).state_dict())  # and back
    layer.flatten_parameters()
    for attribute in (
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ):
        assert getattr(layer, attribute) == getattr(twin, attribute)


def test_positional_arguments_are_torchs() -> None:
    lstm = LSTM(3, 4, 2, False, True, 0.5, True, 2, "cpu", torch.float64)
    twin = nn.LSTM(3, 4, 2, False, True, 0.5, True, 2, "cpu", torch.float64)
    rnn, rnn_twin = RNN(3, 4, 2, "relu", False, True, 0.5, True), nn.RNN(3, 4, 2, "relu", False, True, 0.5, True)
    gru, gru_twin = GRU(3, 4, 2, False, True, 0.5, True), nn.GRU(3, 4, 2, False, True, 0.5, True)
    for ours, theirs in ((lstm, twin), (rnn, rnn_twin), (gru, gru_twin)):
        told = {key: (value.shape, value.dtype) for key, value in theirs.state_dict().items()}
        assert {key: (value.shape, value.dtype) for key, value in ours.state_dict().items()} == told
        assert (ours.batch_first, ours.dropout) == (True, 0.5)
    assert rnn.nonlinearity == "relu"


@twins
def test_copies_and_functional_calls(name: str) -> None:
    layer, twin = pair(name, num_layers=2)
    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    copied = copy.deepcopy(layer)
    with torch.no_grad():
        copied.weight_hh_l0.mul_(2.0)
    compare(layer, twin, x)
    assert not copied(x)[0].equal(layer(x)[0])
    other = {key: torch.randn_like(value) for key, value in layer.state_dict().items()}
    y = torch.func.functional_call(layer, other, (x,))[0]
    twin.load_state_dict(other)
    torch.testing.assert_close(y, twin(x)[0], **TIGHT)


@pytest.mark.parametrize("kernel", ["native", "torch", "reference"])
@pytest.mark.parametrize(
    "made", [parametrizations.weight_norm, parametrizations.orthogonal, parametrizations.spectral_norm]
)
def test_parametrizations(made: Any, kernel: str) -> None:
    """A parametrized W_hh is computed anew at every call, and its own parameters take the gradient."""
    layer, x = LSTM(3, 4, dtype=torch.float64).eval(), torch.randn(5, 2, 3, dtype=torch.float64)
    made(layer, "weight_hh_l0")
    plain = LSTM(3, 4, dtype=torch.float64)
    originals = [p for key, p in layer.named_parameters() if "parametrizations" in key]
    for _ in range(2):
        with torch.no_grad():
            originals[0].add_(torch.randn_like(originals[0]))
            for key in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
                getattr(plain, key).copy_(getattr(layer, key))
        with use_kernel(kernel):
            y, told = layer(x)[0], plain(x)[0]
        torch.testing.assert_close(y, told, **TIGHT)
    y.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in originals)
    layer.stream().step(x[0, :1])


CELLS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "lstm": (LSTMCell, nn.LSTMCell, {}),
    "gru": (GRUCell, nn.GRUCell, {}),
    "rnn": (RNNCell, nn.RNNCell, {}),
    "rnn relu": (RNNCell, nn.RNNCell, {"nonlinearity": "relu"}),
}


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kernel", ["torch", "reference"])
def test_single_steps_equal_torch(name: str, bias: bool, kernel: str) -> None:
    ours, theirs, fixed = CELLS[name]
    torch.manual_seed(4)
    cell = ours(3, 4, bias, dtype=torch.float64, **fixed)
    torch.manual_seed(4)
    twin = theirs(3, 4, bias, dtype=torch.float64, **fixed)
    assert list(cell.state_dict()) == list(twin.state_dict())
    assert all(a.equal(b) for a, b in zip(cell.parameters(), twin.parameters(), strict=True))
    for shape in ((2,), ()):
        x = torch.randn(*shape, 3, dtype=torch.float64, requires_grad=True)
        hx = [torch.randn(*shape, 4, dtype=torch.float64, requires_grad=True) for _ in parts(twin(x))]
        for state, leaves in ((None, [x]), (tuple(hx) if len(hx) == 2 else hx[0], [x, *hx])):
            told = []
            for each in (cell, twin):
                with use_kernel(kernel):
                    after = parts(each(x, state))
                loss = sum(part.square().sum() for part in after)
                told.append([*after, *torch.autograd.grad(loss, [*leaves, *each.parameters()], allow_unused=True)])
            for a, b in zip(*told, strict=True):
                torch.testing.assert_close(a, b, **TIGHT)
