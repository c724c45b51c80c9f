"""Weights in the blocks of memory that cuDNN reads: which block holds what, and when they are made. No GPU is needed.

What is done on a GPU alone stands in for itself: a block is any memory that holds all its weights and nothing else.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn.utils.parametrizations import weight_norm

import throughtime as tt
from throughtime.kernels import torch_fused


class Blocks:
    """Stands in for cuDNN: lays weights out one behind the other, and remembers what it was told of each block."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def flatten(self, cell: str, weights: list[Tensor], **sizes: Any) -> None:
        self.told.append({"cell": cell, "weights": len(weights), **sizes})
        with torch.no_grad():
            block = torch.cat([weight.flatten() for weight in weights])
            at = 0
            for weight in weights:
                weight.set_(block.untyped_storage(), at, weight.shape)  # pyright: ignore[reportArgumentType, reportCallIssue]
                at += weight.numel()


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> Blocks:
    def can_flatten(weights: list[Tensor]) -> bool:
        return all(isinstance(weight, nn.Parameter) for weight in weights)

    made = Blocks()
    monkeypatch.setattr(torch_fused, "flatten", made.flatten)
    monkeypatch.setattr(torch_fused, "can_flatten", can_flatten)
    return made


def storages(layer: nn.Module) -> list[int]:
    """How many parameters lie in each block, block by block."""
    places = [parameter.untyped_storage().data_ptr() for parameter in layer.parameters()]
    return [places.count(place) for place in dict.fromkeys(places)]


def filled(layer: nn.Module) -> bool:
    """Whether the blocks hold the weights and nothing else."""
    sizes = {p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() for p in layer.parameters()}
    return sum(sizes.values()) == sum(parameter.nbytes for parameter in layer.parameters())


ONE_CALL: dict[str, Callable[..., tt.Recurrent]] = {
    "lstm": tt.LSTM,
    "gru": tt.GRU,
    "deep": lambda *args: tt.LSTM(*args, num_layers=3, bidirectional=True, dropout=0.1),
    "projected": lambda *args: tt.LSTM(*args, num_layers=2, proj_size=2),
    "no bias": lambda *args: tt.RNN(*args, num_layers=2, bias=False),
}
LAYER_BY_LAYER: dict[str, Callable[..., tt.Recurrent]] = {
    "residual": lambda *args: tt.GRU(*args, num_layers=2, residual=True),
    "variational": lambda *args: tt.GRU(*args, num_layers=2, variational_dropout=0.2),
    "bidirectional": lambda *args: tt.GRU(*args, num_layers=2, bidirectional=True, variational_dropout=0.2),
    "widths": lambda *args: tt.LSTM(args[0], [4, 6]),
}


@pytest.mark.parametrize("name", ONE_CALL)
@pytest.mark.parametrize("change", ["made", "bfloat16", "double", "cpu", "both"])
def test_a_stack_that_runs_in_one_call_is_one_block(name: str, change: str, blocks: Blocks) -> None:
    layer = ONE_CALL[name](3, 4)
    values = copy.deepcopy(layer.state_dict())
    match change:
        case "bfloat16":
            layer.to(torch.bfloat16)
        case "double":
            layer.double()
        case "cpu":
            nn.ModuleList([layer]).to("cpu", torch.float16)
        case "both":
            layer.double().bfloat16().float()
        case _:
            pass
    assert len(storages(layer)) == 1 and filled(layer)
    first = next(layer.parameters()).dtype
    for key, value in layer.state_dict().items():
        wanted = values[key].bfloat16().float() if change == "both" else values[key].to(first)
        assert torch.equal(value, wanted), key
    told = blocks.told[-1]
    assert (told["layers"], told["input_size"], told["hidden_size"]) == (layer.num_layers, 3, 4)
    assert (told["proj_size"], told["bias"]) == (layer.proj_size, layer.bias)


@pytest.mark.parametrize("name", LAYER_BY_LAYER)
def test_a_stack_that_runs_layer_by_layer_is_a_block_for_each(name: str, blocks: Blocks) -> None:
    layer = LAYER_BY_LAYER[name](4, 4)
    blocks.told.clear()
    layer.to(torch.bfloat16)
    each = 4 * layer.directions
    assert storages(layer) == [each, each] and filled(layer)
    sizes = [(told["layers"], told["input_size"], told["hidden_size"], told["weights"]) for told in blocks.told]
    assert sizes == [(1, 4, 4, each), (1, 4 * layer.directions, layer.hidden_sizes[1], each)]


def test_parameters_stay_who_they_are(blocks: Blocks) -> None:
    """An optimizer that holds them goes on with the memory that the layer reads."""
    layer = tt.GRU(3, 4)
    optimizer = torch.optim.SGD(layer.parameters(), 1.0)
    layer.flatten_parameters()
    weight = layer.get_parameter("weight_hh_l0")
    before = weight.detach().clone()
    layer(torch.ones(5, 1, 3))[0].sum().backward()
    optimizer.step()
    assert weight.grad is not None and torch.equal(weight, before - weight.grad)
    assert len(storages(layer)) == 1


def test_what_cudnn_does_not_run_is_left_as_it_is(blocks: Blocks) -> None:
    for layer in (tt.LSTM(3, 4, layer_norm=True), tt.LSTM(3, 4, peepholes=True), tt.SLSTM(3, 4), tt.LRU(3, 4)):
        layer.double()
    normed = weight_norm(tt.GRU(3, 4), "weight_hh_l0")
    blocks.told.clear()
    normed.double()
    assert not blocks.told
    assert len(storages(tt.GRU(3, 4))) == 1, "else nothing was looked at here"


def test_memory_that_is_on_no_gpu_is_no_block() -> None:
    weights = list(tt.GRU(3, 4).parameters())
    assert not torch_fused.can_flatten(weights)
    assert len(storages(tt.GRU(3, 4))) == 4


def test_parameters_without_memory_are_no_block(monkeypatch: pytest.MonkeyPatch) -> None:
    def yes(*_: Tensor) -> bool:
        return True

    def place(tensor: Tensor) -> int:
        return id(tensor)

    monkeypatch.setattr(torch.backends.cudnn, "is_acceptable", yes)
    monkeypatch.setattr(torch, "_use_cudnn_rnn_flatten_weight", yes)
    with FakeTensorMode():
        weights = [nn.Parameter(torch.empty(3, 4, device="cuda")) for _ in range(2)]
    assert all(weight.is_cuda for weight in weights)
    assert not torch_fused.can_flatten(weights)
    monkeypatch.setattr(torch_fused, "has_memory", yes)
    monkeypatch.setattr(FakeTensor, "data_ptr", place)
    assert torch_fused.can_flatten(weights), "it was for another reason"
    assert not torch_fused.can_flatten([*weights, weights[0]]), "two are the same memory"
    assert not torch_fused.can_flatten([*weights, nn.Parameter(torch.zeros(3))]), "one is elsewhere"
    assert not torch_fused.can_flatten([*weights, weights[0].detach()]), "one is no parameter"
