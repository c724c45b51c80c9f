"""torch.func and forward mode: the VALUES of every derivative, against the oracle differentiated in reverse.

An opaque op can lose a tangent in silence, so no test here is content with a derivative's shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oracle
import pytest
import torch
from cases import TIGHT, learned_states, parameters_of
from makers import DIAGONAL, MAKERS, able
from torch import Tensor
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vmap

from throughtime.errors import KernelError
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import Recurrent, explain

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's transforms and compiler warn of themselves

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "layer norm": {"layer_norm": True, "bidirectional": True},
    "zoneout": {"zoneout": 0.2, "num_layers": 2, "residual": True},
    "blocks": {"num_layers": 2, "residual": True, "feed_forward": 5},
}
cells = pytest.mark.parametrize("cell", MAKERS)
options = pytest.mark.parametrize("name", OPTIONS)
LENGTHS = [3, 1]


def made(cell: str, name: str = "plain") -> Recurrent:
    return MAKERS[cell](2, 4 if cell == "slstm_2" else 3, dtype=torch.float64, **able(cell, OPTIONS[name])).eval()


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def told(layer: Recurrent, cell: str) -> Callable[[Tensor], Tensor]:
    """The oracle as a function of x (T, B, I), padded with zeros."""
    zoneout = layer.zoneout
    net = oracle.Net(
        cell=cell, layers=parameters_of(layer), residual=layer.residual, noise=oracle.Noise(zoneout=zoneout)
    )

    def function(x: Tensor) -> Tensor:
        zeros = learned_states(layer)
        rows = [net.row(x[:n, b], b, zeros, zeros, [])[0] for b, n in enumerate(LENGTHS)]
        return torch.stack([torch.cat([row, row.new_zeros(3 - len(row), row.shape[1])]) for row in rows], 1)

    return function


def ours(layer: Recurrent) -> Callable[[Tensor], Tensor]:
    return lambda x: layer(x, lengths=LENGTHS)[0]


def by_reverse(function: Callable[[Tensor], Tensor], x: Tensor, tangent: Tensor) -> Tensor:
    """J v from the whole Jacobian, which reverse mode gives row by row."""
    jacobian = torch.autograd.functional.jacobian(function, x)
    return (jacobian * tangent).sum((-1, -2, -3))


@cells
@options
def test_jvp(cell: str, name: str) -> None:
    layer, x, tangent = made(cell, name), drawn(3, 2, 2), drawn(3, 2, 2)
    expected = by_reverse(told(layer, cell), x, tangent)
    assert expected.abs().max() > 1e-3
    torch.testing.assert_close(jvp(ours(layer), (x,), (tangent,))[1], expected, **TIGHT)


@cells
@options
def test_dual_numbers(cell: str, name: str) -> None:
    layer, x, tangent = made(cell, name), drawn(3, 2, 2), drawn(3, 2, 2)
    with forward_ad.dual_level():
        y = ours(layer)(forward_ad.make_dual(x, tangent))
        got = forward_ad.unpack_dual(y).tangent
    torch.testing.assert_close(got, by_reverse(told(layer, cell), x, tangent), **TIGHT)


@cells
def test_dual_numbers_of_a_weight(cell: str) -> None:
    """Forward mode in the parameters, through functional_call, without lengths (where torch's kernel would serve)."""
    layer, x = made(cell), drawn(3, 2, 2)
    name = "weight_ih_l0" if cell in DIAGONAL else "weight_hh_l0"
    weight = layer.get_parameter(name).detach()
    tangent = torch.randn_like(weight)

    def function(w: Tensor) -> Tensor:
        return functional_call(layer, {name: w}, (x,))[0]

    with forward_ad.dual_level():
        got = forward_ad.unpack_dual(function(forward_ad.make_dual(weight, tangent))).tangent
    step = 1e-6
    differences = (function(weight + step * tangent) - function(weight - step * tangent)) / (2 * step)
    torch.testing.assert_close(
        got, differences, rtol=1e-6, atol=1e-8
    )  # error of central differences: 1e-10 + 1e-16/1e-6


@cells
@options
def test_vmap(cell: str, name: str) -> None:
    """Over a stack of batches."""
    layer, stack = made(cell, name), drawn(4, 3, 2, 2)
    expected = torch.stack([told(layer, cell)(x) for x in stack])
    torch.testing.assert_close(vmap(ours(layer))(stack), expected, **TIGHT)


@cells
@options
def test_grad_and_per_sample_grad(cell: str, name: str) -> None:
    layer, x = made(cell, name), drawn(3, 2, 2)
    parameters = {key: value.detach() for key, value in layer.named_parameters()}

    def loss(p: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(layer, p, (x,))[0].square().sum()

    whole, each = grad(loss)(parameters, x), vmap(grad(loss), (None, 1))(parameters, x)
    for row in range(2):
        y = told_alone(layer, cell, x[:, row])
        expected = torch.autograd.grad(y.square().sum(), list(layer.parameters()))
        for key, value in zip(parameters, expected, strict=True):
            torch.testing.assert_close(each[key][row], value, **TIGHT)
    for key in parameters:
        torch.testing.assert_close(whole[key], each[key].sum(0), **TIGHT)


def told_alone(layer: Recurrent, cell: str, x: Tensor) -> Tensor:
    net = oracle.Net(
        cell=cell, layers=parameters_of(layer), residual=layer.residual, noise=oracle.Noise(zoneout=layer.zoneout)
    )
    return net.row(x, 0, learned_states(layer), learned_states(layer), [])[0]


@cells
def test_jacobians_and_hessian(cell: str) -> None:
    layer, x = made(cell, "layer norm"), drawn(3, 2, 2)
    expected = torch.autograd.functional.jacobian(told(layer, cell), x)
    torch.testing.assert_close(jacrev(ours(layer))(x), expected, **TIGHT)
    torch.testing.assert_close(jacfwd(ours(layer))(x), expected, **TIGHT)
    curved = torch.autograd.functional.hessian(lambda x: told(layer, cell)(x).square().sum(), x)
    assert curved.abs().max() > 1e-3
    torch.testing.assert_close(hessian(lambda x: ours(layer)(x).square().sum())(x), curved, **TIGHT)


def test_transforms_run_on_the_reference_and_say_so() -> None:
    layer, x = made("lstm"), drawn(3, 2, 2)

    def seen(x: Tensor) -> Tensor:
        assert "transforms" in explain(layer, x).refused["torch"]
        with use_kernel("torch"), pytest.raises(KernelError, match="transforms"):
            layer(x)
        return x

    assert explain(layer, x).kernel != "reference"
    vmap(seen)(x[None])
    with forward_ad.dual_level():
        seen(x)


# -- compiled --------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def fresh() -> None:
    torch._dynamo.reset()


def compiled_jvp(layer: Recurrent, x: Tensor, tangent: Tensor) -> Tensor:
    return torch.compile(lambda x, t: jvp(ours(layer), (x,), (t,))[1], backend="aot_eager")(x, tangent)


def compiled_dual(layer: Recurrent, x: Tensor, tangent: Tensor) -> Tensor:
    """A compiled layer that has run before without tangents."""
    compiled = torch.compile(layer, backend="aot_eager")
    with torch.no_grad():
        compiled(x, lengths=LENGTHS)
    with forward_ad.dual_level():
        y = compiled(forward_ad.make_dual(x, tangent), lengths=LENGTHS)[0]
        return forward_ad.unpack_dual(y).tangent


def jvp_of_compiled(layer: Recurrent, x: Tensor, tangent: Tensor) -> Tensor:
    compiled = torch.compile(layer, backend="aot_eager")
    with torch.no_grad():
        compiled(x, lengths=LENGTHS)
    return jvp(lambda x: compiled(x, lengths=LENGTHS)[0], (x,), (tangent,))[1]


def exported_dual(layer: Recurrent, x: Tensor, tangent: Tensor) -> Tensor:
    module = torch.export.export(layer, (x,)).module()
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(module(forward_ad.make_dual(x, tangent))[0]).tangent


@pytest.mark.parametrize("needs_gradient", [True, False])
@pytest.mark.parametrize("way", [compiled_jvp, compiled_dual, jvp_of_compiled, exported_dual])
@pytest.mark.parametrize("name", ["plain", pytest.param("layer norm", marks=pytest.mark.slow)])
def test_a_compiled_tangent_is_right_or_refused(way: Callable[..., Tensor], name: str, needs_gradient: bool) -> None:
    """Never a silent zero: the value, or an exception."""
    layer = made("lstm", name)
    x, tangent = drawn(3, 2, 2), drawn(3, 2, 2)
    expected = by_reverse(told(layer, "lstm"), x, tangent) if way is not exported_dual else None
    layer.requires_grad_(needs_gradient)
    try:
        got = way(layer, x, tangent)
    except Exception as refused:
        assert way is not compiled_jvp, refused
        return
    assert expected is not None, "an exported op cannot carry a tangent"
    torch.testing.assert_close(got, expected, **TIGHT)


@pytest.mark.parametrize("name", ["plain", pytest.param("layer norm", marks=pytest.mark.slow)])
def test_compiled_grad_and_vmap(name: str) -> None:
    layer, x = made("gru", name), drawn(3, 2, 2)
    parameters = {key: value.detach() for key, value in layer.named_parameters()}

    def loss(p: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(layer, p, (x,))[0].square().sum()

    for function in (grad(loss), vmap(grad(loss), (None, 1))):
        got, expected = torch.compile(function, backend="aot_eager")(parameters, x), function(parameters, x)
        for key in parameters:
            torch.testing.assert_close(got[key], expected[key], **TIGHT)
