"""Every CPU target that this machine runs gives the reference's numbers; an impossible one is an error."""

from __future__ import annotations

import pytest
import torch
from calls import DENSE, Variant, call
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.kernels import native, packing
from throughtime.kernels.call import Call
from throughtime.kernels.dispatch import use_kernel
from throughtime.kernels.sweep import sweep
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
CORE = None if native.unavailable() else packing.core()
TARGETS: list[str] = CORE.targets() if CORE else []
FUNCTIONS = {0: torch.tanh, 1: torch.sigmoid, 2: torch.expm1}
ULP = 4
"""Of the result, in float32: one from the polynomial, the rest from the quotient around it."""


def outcome(layer: Recurrent, x: Tensor, kernel: str) -> list[Tensor]:
    torch.manual_seed(5)
    with use_kernel(kernel):
        y, state = layer(x, lengths=[9, 4, 0, 7, 1], resets=torch.rand(5, 9) < 0.2)
    parts = state if isinstance(state, tuple) else (state,)
    return [y, *parts, *torch.autograd.grad(y.sin().sum() + sum(p.sum() for p in parts), [x, *layer.parameters()])]


@pytest.mark.parametrize("forced", TARGETS, indirect=True)
@pytest.mark.parametrize("made", [LSTM, GRU, RNN])
@pytest.mark.parametrize("hidden", [1, 16, 37])
def test_every_target_equals_the_reference(forced: str, made: type[Recurrent], hidden: int) -> None:
    assert packing.target() == forced
    layer = made(3, hidden, 2, bidirectional=True, zoneout=0.2, recurrent_dropout=0.3).double()
    x = torch.randn(9, 5, 3, dtype=torch.float64, requires_grad=True)
    for ours, told in zip(outcome(layer, x, "native"), outcome(layer, x, "reference"), strict=True):
        torch.testing.assert_close(ours, told, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("forced", TARGETS, indirect=True)
@pytest.mark.parametrize("variant", DENSE, ids=str)
@pytest.mark.parametrize("batch, hidden", [(1, 130), (3, 130), (40, 34)])
def test_every_variant_on_every_target_and_number_of_threads(
    forced: str, variant: Variant, batch: int, hidden: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few rows of many units are split by units, many rows by rows; then with all options at once."""
    monkeypatch.setattr("throughtime.kernels.native_pass._SMALL", 0)
    sizes = (batch, batch, max(1, batch // 2), 1)
    one = call(variant, sizes=sizes, hidden=hidden, directions=2, resets=True, restart=True, noise=True, tail=3)
    one = one.with_tensors([smaller(tensor) for tensor in one.tensors()])
    told, before = gradients(one, "reference"), torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            for ours, theirs in zip(gradients(one, "native"), told, strict=True):
                torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    finally:
        torch.set_num_threads(before)


def smaller(tensor: Tensor) -> Tensor:
    """A matrix whose products are about as large as what it multiplies, or they would saturate every gate."""
    scale = tensor.shape[-1] ** -0.5 if tensor.dim() == 2 and tensor.shape[0] > tensor.shape[1] else 1.0
    return (scale * tensor.detach()).requires_grad_()


def gradients(one: Call, kernel: str) -> list[Tensor]:
    """Outputs, final states, and the gradients of all that enters."""
    y, final = sweep(one, kernel)
    weights = [torch.linspace(-1, 1, part.numel(), dtype=part.dtype).view(part.shape) for part in (y, *final)]
    total = torch.stack([(part * w).sum() for part, w in zip((y, *final), weights, strict=True)]).sum()
    return [y, *final, *torch.autograd.grad(total, one.tensors())]


# -- tanh, sigmoid, expm1 ----------------------------------------------------------------------------------------------


def exercised(name: str, function: int, x: Tensor) -> Tensor:
    assert CORE is not None
    y = torch.empty_like(x)
    CORE.exercise(name, function, x.data_ptr(), y.data_ptr(), x.numel())
    return y


def worst(y: Tensor, told: Tensor) -> float:
    """The largest error in units of the last place; those of numbers under the smallest normal one do not count."""
    magnitude = told.abs().float()
    spacing = torch.nextafter(magnitude, torch.tensor(torch.inf)).double() - magnitude.double()
    error = (y.double() - told).abs()
    error[error <= 2 * torch.finfo(torch.float32).tiny] = 0
    return (error / spacing).max().item()


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_exact_to_a_few_units_in_the_last_place(name: str, function: int) -> None:
    sizes = torch.logspace(-44, 0, 2_001)
    x = torch.cat([torch.linspace(-20, 20, 200_001), sizes, -sizes])
    if function < 2:  # what saturates does so up to the largest number
        x = torch.cat([x, torch.logspace(0, 38, 2_001), -torch.logspace(0, 38, 2_001)])
    assert worst(exercised(name, function, x), FUNCTIONS[function](x.double())) <= ULP


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("function", [0, 1])
def test_tanh_and_sigmoid_of_every_seventh_number(name: str, function: int) -> None:
    """Of all finite floats, denormal ones too; all of them would take minutes for each target."""
    step, block = 7, 7 << 22
    for start in range(-(2**31), 2**31, block):
        bits = torch.arange(start, min(start + block, 2**31), step).int()
        x = bits.view(torch.float32)
        x = x[x.isfinite()]
        if x.numel():
            y = exercised(name, function, x)
            assert worst(y, FUNCTIONS[function](x.double())) <= ULP, f"in the block from {bits[0]:#x}"


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_no_number_stays_so_and_infinity_saturates(name: str, function: int) -> None:
    y = exercised(name, function, torch.tensor([torch.nan, -torch.inf, torch.inf]))
    told = FUNCTIONS[function](torch.tensor([torch.nan, -torch.inf, torch.inf]))
    assert y[0].isnan() and not y[1:].isnan().any()
    if function < 2:
        torch.testing.assert_close(y[1:], told[1:], rtol=0, atol=2 * torch.finfo(torch.float32).tiny)


@pytest.mark.parametrize("forced", ["sse9"], indirect=True)
def test_an_impossible_target_is_an_error(forced: str) -> None:
    with pytest.raises(UsageError, match="THROUGHTIME_CPU=sse9: this machine runs"):
        packing.target()
