"""Tensors that wrap others, and modes: no crash, nothing lost, the types that torch.nn's layers give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from cases import TIGHT
from lookers import Named, Overseeing, Watching, mesh_of_two
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.distributed.tensor import DTensor, distribute_module
from torch.func import functionalize
from torch.fx.experimental.proxy_tensor import make_fx
from torch.testing._internal.logging_tensor import LoggingTensor
from torch.testing._internal.two_tensor import TwoTensor

from throughtime.errors import KernelError, ShapeError, UsageError
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, GRUCell, LSTMCell, Recurrent, explain

pytestmark = pytest.mark.filterwarnings("ignore")  # torch warns of tracers, of sparse tensors and of meshes

DOUBLE: dict[str, Any] = {"dtype": torch.float64}
LENGTHS = [5, 2]
LAYERS: dict[str, Callable[[], Recurrent]] = {
    "gru": lambda: GRU(3, 4, **DOUBLE),
    "lstm layer norm": lambda: LSTM(3, 4, 2, bidirectional=True, layer_norm=True, initial_state="learned", **DOUBLE),
}
layers = pytest.mark.parametrize("name", LAYERS)


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def two(tensor: Tensor) -> TwoTensor:
    return TwoTensor(tensor, tensor.clone())


WRAPPERS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Any], Tensor]]] = {
    "logging": (LoggingTensor, lambda t: t.elem),
    "two": (two, lambda t: t.b),
    "subclass": (lambda t: t.as_subclass(Named), lambda t: t.as_subclass(Tensor)),
}


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("wrapper", WRAPPERS)
@layers
def test_a_wrapped_input(name: str, wrapper: str, grad: bool) -> None:
    layer, x, (wrap, unwrap) = LAYERS[name](), drawn(5, 2, 3), WRAPPERS[wrapper]
    with torch.set_grad_enabled(grad):
        for options in ({}, {"lengths": LENGTHS, "resets": torch.rand(2, 5) < 0.4}):
            y = layer(wrap(x), **options)[0]
            assert type(y) is type(wrap(x))
            torch.testing.assert_close(unwrap(y), layer(x, **options)[0], **TIGHT)


@layers
def test_a_wrapped_weight_and_its_gradient(name: str) -> None:
    layer, x = LAYERS[name](), drawn(5, 2, 3)
    expected = layer(x, lengths=LENGTHS)[0]
    expected.square().sum().backward()
    told = layer.weight_hh_l0.grad
    layer.weight_hh_l0 = nn.Parameter(two(layer.weight_hh_l0.detach()))
    y = layer(x, lengths=LENGTHS)[0]
    torch.testing.assert_close(y.a, expected, **TIGHT)
    y.square().sum().backward()
    torch.testing.assert_close(layer.weight_hh_l0.grad.a, told, **TIGHT)


@pytest.mark.parametrize("made", [lambda: LSTMCell(3, 4, layer_norm=True, **DOUBLE), lambda: GRUCell(3, 4, **DOUBLE)])
def test_wrapped_inputs_of_cells(made: Callable[[], nn.Module]) -> None:
    cell, x = made(), drawn(2, 3)
    ours, theirs = cell(two(x)), cell(x)
    for a, b in zip(*(each if isinstance(each, tuple) else (each,) for each in (ours, theirs)), strict=True):
        torch.testing.assert_close(a.b, b, **TIGHT)


def test_a_wrapped_state_and_wrapped_gradients() -> None:
    layer, x = GRU(3, 4, **DOUBLE), drawn(5, 2, 3).requires_grad_()
    h = drawn(1, 2, 4)
    torch.testing.assert_close(layer(x, two(h), lengths=LENGTHS)[0].a, layer(x, h, lengths=LENGTHS)[0], **TIGHT)
    y = layer(x, lengths=LENGTHS)[0]
    v = drawn(*y.shape)
    (expected,) = torch.autograd.grad(y, x, v, retain_graph=True)
    (got,) = torch.autograd.grad(y, x, two(v))
    torch.testing.assert_close(got.a, expected, **TIGHT)


def test_a_kernel_forced_on_a_wrapper_refuses_and_explain_says_why() -> None:
    layer, x = GRU(3, 4, **DOUBLE), drawn(5, 2, 3)
    for kernel in ("native", "torch"):
        with use_kernel(kernel), pytest.raises(KernelError, match="subclasses of tensors"):
            layer(two(x), lengths=LENGTHS)
    assert explain(layer, two(x)).kernel == "reference"
    layer.weight_hh_l0 = nn.Parameter(two(layer.weight_hh_l0.detach()))
    assert "subclasses" in explain(layer, x).refused["native"]


@layers
def test_distributed_tensors(name: str) -> None:
    """Whole on every device; values and gradients of a layer that distribute_module has placed."""
    layer, x = LAYERS[name](), drawn(5, 2, 3)
    y = layer(x)[0]
    y.square().sum().backward()
    told = {key: parameter.grad for key, parameter in layer.named_parameters()}
    with mesh_of_two() as place:
        distribute_module(layer, place(x).device_mesh)
        for parameter in layer.parameters():
            parameter.grad = None
        ours = layer(place(x))[0]
        assert isinstance(ours, DTensor)
        torch.testing.assert_close(ours.to_local(), y, **TIGHT)
        ours.square().sum().backward()
        for key, parameter in layer.named_parameters():
            torch.testing.assert_close(parameter.grad.to_local(), told[key], **TIGHT)


ODD: dict[str, Callable[[Tensor], Tensor]] = {
    "sign to be changed": lambda t: torch._neg_view(-t),
    "functional wrapper": torch._to_functional_tensor,
}


@pytest.mark.parametrize("part", ["input", "weight", "state"])
@pytest.mark.parametrize("odd", ODD)
def test_tensors_whose_memory_is_not_what_they_say(odd: str, part: str) -> None:
    layer, x, h = GRU(3, 4, **DOUBLE), drawn(5, 2, 3), drawn(1, 2, 4)
    with torch.no_grad():
        expected = layer(x, h, lengths=LENGTHS)[0]
        if part == "weight":
            layer.weight_hh_l0 = nn.Parameter(ODD[odd](layer.weight_hh_l0.detach()))
        given = ODD[odd](x) if part == "input" else x, ODD[odd](h) if part == "state" else h
        y = layer(*given, lengths=LENGTHS)[0]
        torch.testing.assert_close(torch._from_functional_tensor(y) if "wrapper" in odd else y, expected, **TIGHT)


def test_zeros_that_nobody_stored() -> None:
    layer, x = GRU(3, 4, **DOUBLE), torch.zeros(5, 2, 3, dtype=torch.float64)
    given = torch._efficientzerotensor(5, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(layer(given, lengths=LENGTHS)[0], layer(x, lengths=LENGTHS)[0], **TIGHT)


# -- modes -------------------------------------------------------------------------------------------------------------


def test_a_dispatch_mode_sees_one_op_forward_and_one_back() -> None:
    layer, x = GRU(3, 4, **DOUBLE), drawn(5, 2, 3)
    expected = layer(x, lengths=LENGTHS)[0]
    with Watching() as mode:
        y = layer(x, lengths=LENGTHS)[0]
        y.sum().backward()
    torch.testing.assert_close(y, expected, rtol=0, atol=0)
    assert [name for name in mode.seen if "throughtime" in name] == [
        "throughtime.sweep.default", "throughtime.sweep_backward.default",
    ]  # fmt: skip


def test_a_mode_that_begins_after_the_forward_pass_sees_the_backward_one() -> None:
    layer, x = GRU(3, 4, **DOUBLE), drawn(5, 2, 3)
    y = layer(x, lengths=LENGTHS)[0].square().sum()
    (expected,) = torch.autograd.grad(y, layer.weight_hh_l0, retain_graph=True)
    with Watching() as mode:
        (got,) = torch.autograd.grad(y, layer.weight_hh_l0)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)
    assert "throughtime.sweep_backward.default" in mode.seen


@pytest.mark.parametrize("made", [GRU, GRUCell, lambda *a: LSTM(*a, layer_norm=True)])
def test_fake_tensors_from_the_constructor_on(made: Any) -> None:
    with FakeTensorMode():
        module = made(3, 4)
        y = module(torch.randn(5, 2, 3) if isinstance(module, Recurrent) else torch.randn(2, 3))
        y = y[0] if isinstance(y, tuple) else y
        y.sum().backward()
    assert y.shape == ((5, 2, 4) if isinstance(module, Recurrent) else (2, 4))


@pytest.mark.parametrize("options", [{}, {"layer_norm": True, "zoneout": 0.2}])
def test_functionalized_layers_and_cells(options: dict[str, Any]) -> None:
    layer, cell, x = GRU(3, 4, **options, **DOUBLE).eval(), GRUCell(3, 4, **options, **DOUBLE).eval(), drawn(5, 2, 3)
    torch.testing.assert_close(functionalize(lambda x: layer(x)[0])(x), layer(x)[0], **TIGHT)
    torch.testing.assert_close(functionalize(cell)(x[0]), cell(x[0]), **TIGHT)


# -- streams -----------------------------------------------------------------------------------------------------------


def traced(function: Callable[[], Any]) -> None:
    def run(x: Tensor) -> Tensor:
        function()
        return x

    torch.jit.trace(run, torch.ones(1))


def made_into_a_graph(function: Callable[[], Any]) -> None:
    make_fx(lambda x: (function(), x)[1])(torch.ones(1))


def watched(function: Callable[[], Any]) -> None:
    with Watching():
        function()


def faked(function: Callable[[], Any]) -> None:
    with FakeTensorMode(allow_non_fake_inputs=True):
        function()


@pytest.mark.parametrize("look", [traced, made_into_a_graph, watched, faked])
@pytest.mark.parametrize("kernel", [None, "reference"])
def test_a_stream_is_refused_where_its_steps_would_be_lost(look: Any, kernel: str | None) -> None:
    layer = GRU(3, 4)
    stream, x = layer.stream(), torch.randn(1, 3)
    if kernel:
        with use_kernel(kernel):
            stream = layer.stream()
    state = stream.state
    calls: dict[str, Callable[[], Any]] = {
        "made": layer.stream,
        "step": lambda: stream.step(x),
        "NumPy step": lambda: stream.step(np.zeros((1, 3), np.float32)),
        "NumPy step with out": lambda: stream.step(np.zeros((1, 3), np.float32), np.zeros((1, 4), np.float32)),
        "feed": lambda: stream.feed(x[None]),
        "NumPy feed": lambda: stream.feed(np.zeros((2, 1, 3), np.float32)),
        "state": lambda: stream.state,
        "set": lambda: setattr(stream, "state", state),
        "reset": lambda: stream.reset([0]),
        "reset all": stream.reset,
        "select": lambda: stream.select([0]),
        "refresh": stream.refresh,
    }
    for call in calls.values():
        with pytest.raises(UsageError, match="a stream's steps cannot be compiled, traced, exported or seen by a mode"):
            look(call)
    assert stream.state.equal(state)


@pytest.mark.parametrize("kernel", ["native", "reference"])
def test_a_stream_takes_plain_tensors_only(kernel: str) -> None:
    layer = GRU(3, 4)
    with use_kernel(kernel):
        stream = layer.stream()
    for wrap in (LoggingTensor, two, lambda t: t.as_subclass(Named), torch._to_functional_tensor):
        for call in (
            lambda wrap=wrap: stream.step(wrap(torch.randn(1, 3))),
            lambda wrap=wrap: stream.feed(wrap(torch.randn(2, 1, 3))),
            lambda wrap=wrap: setattr(stream, "state", wrap(torch.randn(1, 1, 4))),
        ):
            with pytest.raises((UsageError, ShapeError), match="plain tensors"):
                call()
    layer.weight_hh_l0 = nn.Parameter(two(layer.weight_hh_l0.detach()))
    with pytest.raises(UsageError, match="plain tensors, and its weights"):
        layer.stream()


def test_a_function_mode_takes_nothing_from_a_stream() -> None:
    stream, x = GRU(3, 4).stream(), torch.randn(1, 3)
    expected = GRU.stream(stream._layer).step(x)
    with Overseeing():
        torch.testing.assert_close(stream.step(x), expected)
