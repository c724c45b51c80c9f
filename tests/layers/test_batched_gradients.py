"""Gradients of many outputs at once, as vectorised Jacobians and gradcheck ask for them: their values."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import TIGHT
from makers import MAKERS, able
from torch import Tensor, nn
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.autograd.functional import hessian, jacobian
from torch.func import vmap

from throughtime.kernels.dispatch import KERNELS, use_kernel
from throughtime.layers import GRU, LSTM, GRUCell, LSTMCell, MinGRU, ParaGRU, Recurrent

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's forward mode and compiler warn of themselves

LENGTHS = [3, 1]
DOUBLE: dict[str, Any] = {"dtype": torch.float64}
kernels = pytest.mark.parametrize("kernel", sorted(KERNELS.keys() - {"triton"}))  # that one runs on CUDA alone
RUN = {"scan": MinGRU, "newton": ParaGRU}
"""Kernel -> a layer that it runs, where that is not a GRU."""


def on(kernel: str) -> Recurrent:
    return RUN.get(kernel, GRU)(2, 3, **DOUBLE)


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize("options", [{}, {"layer_norm": True, "num_layers": 2, "initial_state": "learned"}])
@pytest.mark.parametrize("cell", MAKERS)
def test_vectorised_jacobian(cell: str, options: dict[str, Any]) -> None:
    layer, x = MAKERS[cell](2, 4, **DOUBLE, **able(cell, options)).eval(), drawn(3, 2, 2)

    def function(x: Tensor) -> Tensor:
        return layer(x, lengths=LENGTHS)[0]

    expected = jacobian(function, x)
    assert expected.abs().max() > 1e-3
    torch.testing.assert_close(jacobian(function, x, vectorize=True), expected, **TIGHT)


@pytest.mark.parametrize("recompute", [False, True])
def test_of_every_parameter_with_noise(recompute: bool) -> None:
    """All gradients, those of the final state too, in training."""
    layer = LSTM(2, 3, 2, zoneout=0.3, recurrent_dropout=0.3, peepholes=True, recompute=recompute, **DOUBLE)
    y, (h, c) = layer(drawn(3, 2, 2), resets=torch.tensor([[False, True, False], [True, False, True]]))
    cotangents, wanted = [drawn(4, *each.shape) for each in (y, h, c)], list(layer.parameters())
    together = torch.autograd.grad((y, h, c), wanted, cotangents, is_grads_batched=True, retain_graph=True)
    for n in range(4):
        alone = torch.autograd.grad((y, h, c), wanted, [each[n] for each in cotangents], retain_graph=True)
        for ours, theirs in zip(together, alone, strict=True):
            torch.testing.assert_close(ours[n], theirs, **TIGHT)


@kernels
def test_batched_gradients_on_every_kernel(kernel: str) -> None:
    layer, x = on(kernel), drawn(3, 2, 2).requires_grad_()
    with use_kernel(kernel):
        y = layer(x, lengths=LENGTHS)[0]
    v = drawn(5, *y.shape)
    alone = torch.stack([torch.autograd.grad(y, x, each, retain_graph=True)[0] for each in v])
    (together,) = torch.autograd.grad(y, x, v, is_grads_batched=True, retain_graph=True)
    mapped = vmap(lambda each: torch.autograd.grad(y, x, each, retain_graph=True)[0])(v)
    torch.testing.assert_close(together, alone, **TIGHT)
    torch.testing.assert_close(mapped, alone, **TIGHT)


@kernels
def test_batched_gradients_that_are_differentiated_again(kernel: str) -> None:
    layer, x = on(kernel), drawn(3, 2, 2).requires_grad_()
    with use_kernel(kernel):
        y = layer(x, lengths=LENGTHS)[0]
    v = drawn(4, *y.shape).requires_grad_()
    (together,) = torch.autograd.grad(y, x, v, is_grads_batched=True, create_graph=True)
    alone = torch.stack([torch.autograd.grad(y, x, each, create_graph=True)[0] for each in v])
    wanted = [v, x, *layer.parameters()]
    told = [
        torch.autograd.grad(each.square().sum(), wanted, retain_graph=True, allow_unused=True)
        for each in (together, alone)
    ]
    for ours, theirs in zip(*told, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            torch.testing.assert_close(ours, theirs, **TIGHT)


@kernels
def test_vectorised_hessian(kernel: str) -> None:
    layer, x = on(kernel), drawn(2, 2, 2)

    def function(x: Tensor) -> Tensor:
        return layer(x, lengths=[2, 1])[0].square().sum()

    with use_kernel(kernel):
        torch.testing.assert_close(hessian(function, x, vectorize=True), hessian(function, x), **TIGHT)


@kernels
def test_third_derivatives(kernel: str) -> None:
    """Against the plain loop, which autograd sees whole."""
    layer, x = on(kernel), drawn(2, 2, 2).requires_grad_()
    told = []
    for trace in (True, False):
        with use_kernel("reference" if trace else kernel):
            y = layer(x, lengths=[2, 1], trace=trace)[0].square().sum()
        for _ in range(3):
            (y,) = torch.autograd.grad(y, x, create_graph=True)
            y = y.square().sum() if _ < 2 else y
        told.append(y)
    assert told[0].abs().max() > 1e-6
    torch.testing.assert_close(*told, **TIGHT)


@kernels
def test_tangents_that_come_with_the_gradients(kernel: str) -> None:
    """Forward mode in a backward pass whose forward pass had none: linear in the cotangent."""
    layer, x = on(kernel), drawn(3, 2, 2).requires_grad_()
    with use_kernel(kernel):
        y = layer(x, lengths=LENGTHS)[0]
    v, tangent = drawn(*y.shape), drawn(*y.shape)
    (expected,) = torch.autograd.grad(y, x, tangent, retain_graph=True)
    with forward_ad.dual_level():
        (got,) = torch.autograd.grad(y, x, forward_ad.make_dual(v, tangent))
        found = forward_ad.unpack_dual(got).tangent
    torch.testing.assert_close(found, expected, **TIGHT)


CHECKED: dict[str, nn.Module] = {
    "lstm": LSTM(2, 3, **DOUBLE),
    "gru layer norm": GRU(2, 3, layer_norm=True, bidirectional=True, **DOUBLE),
    "lstm cell": LSTMCell(2, 3, layer_norm=True, **DOUBLE),
    "gru cell": GRUCell(2, 3, **DOUBLE),
}


@pytest.mark.parametrize("name", CHECKED)
def test_gradcheck_with_all_it_checks(name: str) -> None:
    module = CHECKED[name]
    x = drawn(2, 2, 2) if isinstance(module, Recurrent) else drawn(2, 2)

    def function(x: Tensor) -> Tensor:
        return module(x, lengths=[2, 1])[0] if isinstance(module, Recurrent) else module(x)[0]

    x.requires_grad_()
    forward = {"check_forward_ad": True, "check_batched_forward_grad": True}
    assert gradcheck(function, x, check_batched_grad=True, **forward)
    assert gradgradcheck(function, x, check_batched_grad=True)


def test_vectorised_jacobian_of_a_compiled_layer() -> None:
    torch._dynamo.reset()
    layer, x = GRU(2, 3, **DOUBLE), drawn(3, 2, 2)
    compiled = torch.compile(lambda x: layer(x)[0], fullgraph=True, backend="aot_eager")
    expected = jacobian(lambda x: layer(x)[0], x)
    torch.testing.assert_close(jacobian(compiled, x, vectorize=True), expected, **TIGHT)
