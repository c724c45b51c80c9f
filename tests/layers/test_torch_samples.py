"""PyTorch's own samples of its recurrent modules, right and wrong, given to ours: what torch.nn gives, ours give."""

from __future__ import annotations

import importlib.util
import sys
import unittest
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from cases import TIGHT
from hypothesis import settings
from torch import Tensor
from torch.utils import _pytree

import throughtime as tt

NAMES = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
RIGHT = {"RNN": 64, "LSTM": 64, "GRU": 32, "RNNCell": 6, "LSTMCell": 4, "GRUCell": 4}
"""How many samples there are at least, in training and in eval."""
WRONG = {"RNN": 14, "LSTM": 14, "GRU": 14, "RNNCell": 6, "LSTMCell": 4, "GRUCell": 6}
"""How many wrong ones there are at least."""


@pytest.fixture(scope="module")
def table() -> Iterator[dict[str, Any]]:
    """PyTorch's ModuleInfo by class; what loading it changes for the whole process is put back."""
    if importlib.util.find_spec("expecttest") is None:  # torch's helpers derive a TestCase from it, which is not used
        sys.modules["expecttest"] = SimpleNamespace(TestCase=unittest.TestCase)  # type: ignore[assignment]
    with warnings.catch_warnings(action="ignore"):
        from torch.testing._internal.common_modules import module_db
    settings.load_profile("no deadline")
    setattr(torch.backends, "__allow_nonbracketed_mutation_flag", True)
    yield {info.module_cls.__name__: info for info in module_db if info.module_cls.__module__ == "torch.nn.modules.rnn"}
    if isinstance(sys.modules["expecttest"], SimpleNamespace):
        del sys.modules["expecttest"]


def asked(function: Any, training: bool, dtype: torch.dtype) -> Any:
    return function(device="cpu", dtype=dtype, requires_grad=True, training=training)


def results(module: Any, given: Any) -> list[Tensor]:
    """Outputs, states and every gradient."""
    outputs = [each for each in _pytree.tree_leaves(module(*given.args, **given.kwargs)) if isinstance(each, Tensor)]
    outputs = [each for each in outputs if each.is_floating_point()]  # a PackedSequence has integers, too
    leaves = [each for each in _pytree.tree_leaves((given.args, given.kwargs)) if isinstance(each, Tensor)]
    wanted = [*(each for each in leaves if each.requires_grad), *module.parameters()]
    total = sum(
        (each * torch.linspace(-1, 1, each.numel(), dtype=each.dtype).view(each.shape)).sum() for each in outputs
    )
    return [*outputs, *torch.autograd.grad(total, wanted)]


@pytest.mark.parametrize("name", NAMES)
def test_right_samples(table: dict[str, Any], name: str) -> None:
    """Outputs, states and gradients are torch.nn's; what PyTorch compares its own module with fits ours, too."""
    info, seen = table[name], 0
    for training in (True, False):
        for sample in asked(lambda info=info, **k: info.module_inputs_func(info, **k), training, torch.float64):
            made, given = sample.constructor_input, sample.forward_input
            theirs = info.module_cls(*made.args, **made.kwargs).double().train(training)
            ours = getattr(tt, name)(*made.args, **made.kwargs).double().train(training)
            ours.load_state_dict(theirs.state_dict())
            for a, b in zip(results(ours, given), results(theirs, given), strict=True):
                torch.testing.assert_close(a, b, **TIGHT)
            if sample.reference_fn is not None:
                told = sample.reference_fn(ours, *given.args, **given.kwargs)
                torch.testing.assert_close(ours(*given.args, **given.kwargs), told, **TIGHT)
            seen += 1
    assert seen >= RIGHT[name]


def outcome(cls: Any, sample: Any) -> tuple[str, Exception | None]:
    """Where it fails, and with what."""
    made, given = sample.constructor_input, sample.forward_input
    try:
        module = cls(*made.args, **made.kwargs)
    except Exception as error:
        return "construction", error
    try:
        module(*given.args, **given.kwargs)
    except Exception as error:
        return "forward", error
    return "nowhere", None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", NAMES)
def test_wrong_samples(table: dict[str, Any], name: str, dtype: torch.dtype) -> None:
    """Code that catches what torch.nn raises catches ours, at the same place; ours say it in one line."""
    info, seen = table[name], 0
    for sample in asked(lambda **k: info.module_error_inputs_func(info, **k), False, dtype):
        place, told = outcome(info.module_cls, sample.module_error_input)
        assert isinstance(told, sample.error_type)
        where, error = outcome(getattr(tt, name), sample.module_error_input)
        assert isinstance(error, tt.ThroughtimeError) and "\n" not in str(error)
        seen += 1
        made = sample.module_error_input.constructor_input.args
        if made[2:] in (("relu",), ("tanh",)):  # a slip in PyTorch's table: torch.nn reads the word as bias=True
            assert where == "construction" and isinstance(error, tt.ArgumentTypeError)
        else:
            assert where == place and isinstance(error, type(told)), f"{made}: {told!r}, but ours: {error!r}"
    assert seen >= WRONG[name]
