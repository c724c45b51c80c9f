"""Large products through oneDNN: PyTorch's numbers, there and back; elsewhere its own products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from throughtime.kernels import products
from throughtime.kernels.products import large_products, product

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this PyTorch carries no oneDNN")
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
"""Float32 has 6e-8 per operation; sums of a few hundred products of about 1 stay within some 1e-5."""


def operands(*lead: int, bias: bool = True, dtype: torch.dtype = torch.float32, outputs: int = 80) -> list[Tensor]:
    torch.manual_seed(0)
    shapes = [(*lead, 64), (outputs, 64), *([(outputs,)] if bias else [])]
    return [torch.randn(*shape, dtype=dtype, requires_grad=True) for shape in shapes]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many products went to oneDNN."""
    count, ours = [0], products.linear

    def linear(*args: Any) -> Tensor:
        count[0] += 1
        return ours(*args)

    monkeypatch.setattr(products, "linear", linear)
    return lambda: count[0]


@pytest.mark.parametrize("lead", [(400,), (20, 20)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("order", ["rows", "columns"])
@pytest.mark.parametrize("outputs", [48, 80])
def test_it_is_the_linear_map_and_so_are_its_gradients(
    lead: tuple[int, ...], bias: bool, order: str, outputs: int, counted: Callable[[], int]
) -> None:
    given = operands(*lead, bias=bias, outputs=outputs)
    grad = torch.randn(*lead, outputs)
    grad = grad.transpose(0, -1).contiguous().transpose(0, -1) if order == "columns" else grad
    exact = [each.detach().double().requires_grad_() for each in given]
    y, told = product(*given), functional.linear(*exact)
    torch.testing.assert_close(y.double(), told, **CLOSE)
    found = torch.autograd.grad(y, given, grad)
    for one, other in zip(found, torch.autograd.grad(told, exact, grad.double()), strict=True):
        torch.testing.assert_close(one.double(), other, **CLOSE)
    assert counted() == 3, "there, and back to both"


def test_only_the_gradients_that_are_asked_for_are_made(counted: Callable[[], int]) -> None:
    x, weight, bias = operands(400)
    y = product(x.detach(), weight.detach(), bias)
    (of_bias,) = torch.autograd.grad(y.sum(), [bias])
    assert of_bias.equal(torch.full((80,), 400.0)) and counted() == 1
    assert not product(x.detach(), weight.detach()).requires_grad
    (of_x,) = torch.autograd.grad(product(x, weight.detach()).sum(), [x])
    torch.testing.assert_close(of_x[0], weight.detach().sum(0), **CLOSE)


def test_gradients_of_gradients() -> None:
    given = operands(400)
    exact = [each.detach().double().requires_grad_() for each in given]

    def twice(function: Callable[..., Tensor], of: list[Tensor]) -> list[Tensor]:
        first = torch.autograd.grad(function(*of).square().sum(), of, create_graph=True)
        return list(torch.autograd.grad(sum((each.square().sum() for each in first), torch.zeros(())), of))

    for one, other in zip(twice(product, given), twice(functional.linear, exact), strict=True):
        torch.testing.assert_close(one.double() / other.abs().max(), other / other.abs().max(), **CLOSE)


def test_many_gradients_at_once() -> None:
    given = operands(400)
    grads = torch.randn(3, 400, 80)
    y = product(*given)
    together = torch.autograd.grad(y, given, grads, is_grads_batched=True, retain_graph=True)
    for number, grad in enumerate(grads):
        alone = torch.autograd.grad(y, given, grad, retain_graph=True)
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[number], other, **CLOSE)


def test_elsewhere_it_is_pytorchs_own(counted: Callable[[], int]) -> None:
    x, weight, bias = operands(400)
    told = functional.linear(x, weight, bias)
    torch.testing.assert_close(torch.func.vmap(product, (0, None, None))(x[:, None], weight, bias)[:, 0], told, **CLOSE)
    with FlopCounterMode(display=False) as flops:
        product(x, weight, bias)
    assert flops.get_total_flops() == 2 * 400 * 64 * 80
    with torch.autocast("cpu", torch.bfloat16):
        assert product(x, weight, bias).dtype == torch.bfloat16
    compiled = torch.compile(product, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x, weight, bias), told)
    assert product(*operands(400, dtype=torch.float64)).dtype == torch.float64
    product(*operands(2))  # too small
    assert counted() == 0


def test_equations_that_are_written_with_the_linear_map(counted: Callable[[], int]) -> None:
    x, weight, bias = operands(400)
    with large_products((x, weight, bias)):
        y = functional.linear(x, weight, bias=bias)
        z = torch.tanh(x)
    assert counted() == 1 and z.equal(torch.tanh(x))
    torch.testing.assert_close(y, functional.linear(x, weight, bias), **CLOSE)
    double = [each.detach().double() for each in (x, weight, bias)]
    with large_products(double):
        assert functional.linear(*double).dtype == torch.float64
    assert counted() == 1
