"""Every CPU target that this machine runs gives the reference's numbers; an impossible one is an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from throughtime.errors import UsageError
from throughtime.kernels import native, packing
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
CORE = None if native.unavailable() else packing.core()
TARGETS: list[str] = CORE.targets() if CORE else []
FUNCTIONS = {0: torch.tanh, 1: torch.sigmoid, 2: torch.expm1}
ULP = 4
"""Of the result, in float32: one from the polynomial, the rest from the quotient around it."""


@pytest.fixture
def forced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("THROUGHTIME_CPU", request.param)
    packing.target.cache_clear()
    yield request.param
    packing.target.cache_clear()


def outcome(layer: Recurrent, x: torch.Tensor, kernel: str) -> list[torch.Tensor]:
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


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_exact_to_a_few_units_in_the_last_place(name: str, function: int) -> None:
    assert CORE is not None
    x = torch.cat([torch.linspace(-20, 20, 200_001), torch.logspace(-30, 0, 2_001), -torch.logspace(-30, 0, 2_001)])
    y = torch.empty_like(x)
    CORE.exercise(name, function, x.data_ptr(), y.data_ptr(), x.numel())
    told = FUNCTIONS[function](x.double())
    spacing = torch.nextafter(told.abs().float(), torch.tensor(torch.inf)).double() - told.abs().float().double()
    assert ((y.double() - told).abs() / spacing).max() <= ULP


@pytest.mark.parametrize("forced", ["sse9"], indirect=True)
def test_an_impossible_target_is_an_error(forced: str) -> None:
    with pytest.raises(UsageError, match="THROUGHTIME_CPU=sse9: this machine runs"):
        packing.target()
