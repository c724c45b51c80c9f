"""The moving average of the weights is the formula, takes the weights' place for a while, and outlives the process."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from throughtime.errors import CheckpointError
from throughtime.training.average import WeightAverage

PATH = Path("runs/a/trainer.safetensors")


def net() -> nn.Sequential:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    made[0].bias.requires_grad_(False)
    return made


def weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in module.named_parameters()}


def trained(module: nn.Module, average: WeightAverage, steps: int, first: int = 1) -> list[dict[str, Tensor]]:
    """The weights after each step."""
    seen: list[dict[str, Tensor]] = []
    for step in range(first, first + steps):
        for parameter in module.parameters():
            parameter.data += torch.randn_like(parameter)
        average.update(step)
        seen.append(weights(module))
    return seen


@pytest.mark.parametrize("decay", [0.1, 0.5, 0.9, 0.999])
def test_it_is_the_formula(decay: float) -> None:
    module = net()
    expected = weights(module)
    average = WeightAverage(module, decay)
    for n, seen in enumerate(trained(module, average, 30), 1):
        d = min(decay, (1 + n) / (10 + n))
        expected = {name: d * old + (1 - d) * seen[name] for name, old in expected.items()}
    last = weights(module)
    with average.in_place():
        inside = weights(module)
    for name, value in inside.items():
        frozen = name == "0.bias"
        torch.testing.assert_close(value, last[name] if frozen else expected[name])
        assert frozen or not torch.allclose(value, last[name])


def test_the_weights_are_back_afterwards_even_after_an_error() -> None:
    module = net()
    average = WeightAverage(module, 0.9)
    (*_, last) = trained(module, average, 3)
    held = {name: tensor.clone() for name, tensor in average.tensors().items()}
    with pytest.raises(KeyboardInterrupt), average.in_place():
        raise KeyboardInterrupt
    assert all(value.equal(last[name]) for name, value in weights(module).items())
    assert all(tensor.equal(held[name]) for name, tensor in average.tensors().items())
    assert all(parameter.grad is None for parameter in module.parameters())


def test_without_decay_the_weights_are_the_average() -> None:
    module = net()
    average = WeightAverage(module, 0.0)
    (*_, last) = trained(module, average, 3)
    with average.in_place():
        assert all(value.equal(last[name]) for name, value in weights(module).items())
    assert average.tensors() == {}
    average.restore(PATH, {})


def test_what_was_saved_goes_on_as_if_nothing_had_happened() -> None:
    module, other = net(), net()
    average, again = WeightAverage(module, 0.8), WeightAverage(other, 0.8)
    trained(module, average, 5)
    saved = {name: tensor.clone() for name, tensor in average.tensors().items()}
    assert set(saved) == {f"average/{name}" for name in weights(module) if name != "0.bias"}
    other.load_state_dict(module.state_dict())
    again.restore(PATH, {"weights/0.weight": torch.zeros(3, 2), **saved})
    for each, which in ((module, average), (other, again)):
        torch.manual_seed(1)
        trained(each, which, 5, first=6)
    assert all(tensor.equal(average.tensors()[name]) for name, tensor in again.tensors().items())


@pytest.mark.parametrize("damage", [None, torch.zeros(4)], ids=["missing", "of another shape"])
def test_an_average_of_another_network_is_refused_and_changes_nothing(damage: Tensor | None) -> None:
    module = net()
    average = WeightAverage(module, 0.8)
    trained(module, average, 2)
    before = {name: tensor.clone() for name, tensor in average.tensors().items()}
    saved = {name: torch.zeros_like(tensor) for name, tensor in before.items()}
    del saved["average/2.weight"]
    with pytest.raises(CheckpointError, match=r"trainer.safetensors has no average of 2.weight of this shape"):
        average.restore(PATH, saved if damage is None else {**saved, "average/2.weight": damage})
    assert all(tensor.equal(before[name]) for name, tensor in average.tensors().items())


def test_tied_weights_are_averaged_once() -> None:
    one, other = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    other.weight = one.weight
    average = WeightAverage(nn.Sequential(one, other), 0.5)
    start = one.weight.detach().clone()
    one.weight.data += 1.0
    average.update(1000)
    with average.in_place():
        torch.testing.assert_close(one.weight.detach(), start + 0.5)
        assert other.weight is one.weight
