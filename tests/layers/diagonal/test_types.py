"""Every type of number: half precision, autocast, float64; and the gradients that come back."""

from __future__ import annotations

import copy

import pytest
import torch
from makers import DIAGONAL, MAKERS, SLSTMS
from torch import Tensor

from throughtime.errors import ShapeError
from throughtime.kernels.dispatch import KERNELS, use_kernel
from throughtime.layers import Recurrent, explain

cells = pytest.mark.parametrize("cell", [*DIAGONAL, *SLSTMS])


def parts(state: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def made(cell: str) -> tuple[Recurrent, Tensor]:
    torch.manual_seed(4)
    return MAKERS[cell](3, 4, 2, bidirectional=True), torch.randn(7, 2, 3)


@cells
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_modules(cell: str, dtype: torch.dtype) -> None:
    """A bfloat16 keeps 8 bits, 4e-3 of values under 1, some ten operations deep; gradients come back in that type."""
    layer, x = made(cell)
    layer, half = layer.to(dtype), x.to(dtype).requires_grad_()
    y, state = layer(half, lengths=[7, 4])
    assert {y.dtype, *(part.dtype for part in parts(state))} == {dtype}
    exact = copy.deepcopy(layer).double()
    told, told_state = exact(half.detach().double(), lengths=[7, 4])
    near = {"rtol": 0.1, "atol": 0.05}
    for ours, theirs in zip((y, *parts(state)), (told, *parts(told_state)), strict=True):
        torch.testing.assert_close(ours.double(), theirs, **near)
    leaves = [half, *layer.parameters()]
    grads = torch.autograd.grad(y.sum(), leaves, allow_unused=True, materialize_grads=True)
    assert {grad.dtype for grad in grads} == {dtype} and all(grad.isfinite().all() for grad in grads)


@cells
@pytest.mark.parametrize("inside", [True, False], ids=["backward inside", "backward outside"])
def test_autocast(cell: str, inside: bool) -> None:
    """Lower precision in, lower precision out; gradients come back in the parameters' own type."""
    layer, x = made(cell)
    x.requires_grad_()
    exact, exact_state = layer(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, state = layer(x)
        if inside:
            y.float().sum().backward()
    if not inside:
        y.float().sum().backward()
    assert {y.dtype, *(part.dtype for part in parts(state))} == {torch.bfloat16}
    for ours, theirs in zip((y, *parts(state)), (exact, *parts(exact_state)), strict=True):
        torch.testing.assert_close(ours.float(), theirs, rtol=0.05, atol=0.05)
    assert x.grad is not None and x.grad.dtype == torch.float32 and x.grad.isfinite().all()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in layer.parameters())


@cells
def test_float32_keeps_to_float64(cell: str) -> None:
    """6e-8 per operation, ten of them a step."""
    layer, x = made(cell)
    y, state = layer(x)
    told, told_state = copy.deepcopy(layer).double()(x.double())
    for ours, theirs in zip((y, *parts(state)), (told, *parts(told_state)), strict=True):
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=2e-6)


@cells
def test_another_type_is_refused(cell: str) -> None:
    layer, x = made(cell)
    with pytest.raises(ShapeError, match=r"the input is torch.float64, the layer torch.float32: convert one with .to"):
        layer(x.double())


@cells
@pytest.mark.parametrize("big", [30.0, 104.0, 1000.0])
def test_gates_that_are_open_or_closed_for_good(cell: str, big: float) -> None:
    """Large weights: all outputs, states and gradients are numbers, on every kernel, and outputs those of float64."""
    layer, x = made(cell)
    with torch.no_grad():
        layer.weight_ih_l0.mul_(big)
        layer.weight_ih_l0_reverse.mul_(big)
    x.requires_grad_()
    refused, found = explain(layer, x).refused, []
    for kernel in KERNELS:
        if kernel in refused:
            continue
        with use_kernel(kernel):
            y, state = layer(x)
        grads = torch.autograd.grad(y.sum(), [x, *layer.parameters()], allow_unused=True, materialize_grads=True)
        assert all(each.isfinite().all() for each in (y, *parts(state), *grads)), kernel
        found.append(y)
    told = copy.deepcopy(layer).double()(x.double())[0]
    for y in found:  # 2^-24 of gates of up to some thousands
        torch.testing.assert_close(y.double(), told, rtol=1e-3, atol=1e-3 * float(told.detach().abs().max()))
