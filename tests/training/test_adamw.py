"""AdamW is PyTorch's own, bit for bit, and goes on from a checkpoint of it."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import nn

from throughtime.training.adamw import AdamW


def net() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3), nn.Linear(3, 2)).requires_grad_(True)


def groups(module: nn.Module, **more: Any) -> list[dict[str, Any]]:
    parameters = list(module.parameters())[:-2]  # the last layer is never reached: it has no gradients
    unused = list(module.parameters())[-2:]
    return [
        {"params": [each for each in parameters if each.ndim > 1], "weight_decay": 0.1, **more},
        {"params": [each for each in parameters if each.ndim == 1] + unused, "weight_decay": 0.0, **more},
    ]


def train(module: nn.Sequential, optimizer: Any, steps: range) -> None:
    for step in steps:
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (1 + step % 3)
        optimizer.zero_grad()
        x = torch.randn(4, 5, generator=torch.Generator().manual_seed(step))
        module[:3](x).square().sum().backward()
        optimizer.step()


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_it_takes_the_same_steps_as_pytorch(device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    one, other = net().to(device), net().to(device)
    ours, theirs = AdamW(groups(one, lr=0.0)), torch.optim.AdamW(groups(other), betas=(0.9, 0.99), fused=True)
    train(one, ours, range(20))
    train(other, theirs, range(20))
    for mine, wanted in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, wanted)
        assert ours.state[mine].keys() == theirs.state[wanted].keys()
        for name, value in ours.state[mine].items():
            assert torch.equal(value, theirs.state[wanted][name]) and value.dtype == theirs.state[wanted][name].dtype


def test_it_goes_on_from_the_state_of_pytorchs_own() -> None:
    whole, cut = net(), net()
    train(whole, AdamW(groups(whole, lr=0.0)), range(9))
    theirs = torch.optim.AdamW(groups(cut), betas=(0.9, 0.99), fused=True)
    train(cut, theirs, range(4))
    ours = AdamW(groups(cut, lr=0.0))
    for parameter, state in theirs.state.items():
        ours.state[parameter] = copy.deepcopy(state)
    train(cut, ours, range(4, 9))
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), cut.parameters(), strict=True))


def test_it_does_not_load_dynamo() -> None:
    program = """
import sys, torch
from throughtime.training.adamw import AdamW
weight = torch.nn.Parameter(torch.ones(1))
optimizer = AdamW([{"params": [weight], "weight_decay": 0.0, "lr": 0.5}])
weight.sum().backward()
optimizer.step()
optimizer.zero_grad()
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    assert done.stdout.strip() == "False", done.stderr
