"""Bfloat16 on the core: products of pairs where the target has them, widened rows elsewhere and for gradients."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from throughtime.kernels import native, packing
from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, RNN, Recurrent

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
TARGETS: list[str] = [] if native.unavailable() else packing.core().targets()
ROUNDING = 2.0**-9
"""Of one number to bfloat16, at most, relative to it."""
LENGTHS = [9, 4, 0, 7, 1]

every_target = pytest.mark.parametrize("forced", TARGETS, indirect=True)
every_cell = pytest.mark.parametrize("made", [LSTM, GRU, RNN])
sizes = pytest.mark.parametrize("inputs, hidden", [(4, 16), (3, 16), (4, 17), (1, 1), (6, 34), (2, 130)])


def run(layer: Recurrent, x: Tensor, kernel: str, *, gradients: bool) -> list[Tensor]:
    """Outputs, states and perhaps gradients, in float32."""
    torch.manual_seed(5)
    resets = torch.rand(len(LENGTHS), x.shape[0]) < 0.2
    with use_kernel(kernel), torch.set_grad_enabled(gradients):
        y, state = layer(x, lengths=LENGTHS, resets=resets)
    results = [y, *(state if isinstance(state, tuple) else (state,))]
    if gradients:
        total = sum((part.float() * torch.linspace(-1, 1, part.numel()).view(part.shape)).sum() for part in results)
        assert isinstance(total, Tensor)
        results += torch.autograd.grad(total, [x, *layer.parameters()])
    assert gradients is False or all(part.dtype == x.dtype for part in results)
    return [part.detach().float() for part in results]


def compare(layer: Recurrent, *, gradients: bool, of_largest: float) -> None:
    """Against the reference in float32 on the same weights; errors in parts of each result's largest number and 1."""
    x = torch.randn(9, len(LENGTHS), layer.input_size).bfloat16()
    ours = run(layer, x.requires_grad_(gradients), "native", gradients=gradients)
    truth = copy.deepcopy(layer).float()
    told = run(truth, x.detach().float().requires_grad_(gradients), "reference", gradients=gradients)
    for index, (a, b) in enumerate(zip(ours, told, strict=True)):
        error = (a - b).abs().max() / b.abs().max().clamp(min=1)
        assert error <= of_largest, f"result {index} differs by {error:.2e}"


@every_target
@every_cell
@sizes
@pytest.mark.parametrize("options", [{}, {"zoneout": 0.2}, {"bias": False}], ids=str)
def test_inference(forced: str, made: type[Recurrent], inputs: int, hidden: int, options: dict[str, Any]) -> None:
    """Every step rounds h where it is multiplied and where it is given; the cells forget what is a few steps old."""
    layer = made(inputs, hidden, 2, bidirectional=True, dtype=torch.bfloat16, **options).eval()
    compare(layer, gradients=False, of_largest=4 * ROUNDING)


@every_target
@every_cell
@sizes
def test_training(forced: str, made: type[Recurrent], inputs: int, hidden: int) -> None:
    """In float32 but for what the layers hand to each other: y, and the gradients of x."""
    layer = made(inputs, hidden, 2, bidirectional=True, dtype=torch.bfloat16)
    compare(layer, gradients=True, of_largest=4 * ROUNDING)


@every_target
@pytest.mark.parametrize("made", [LSTM, GRU])
@pytest.mark.parametrize(
    "options",
    [{"proj_size": 4}, {"layer_norm": True}, {"initial_state": "learned"}, {"recurrent_dropout": 0.4}],
    ids=str,
)
@pytest.mark.parametrize("gradients", [True, False])
def test_options_that_have_no_products_of_pairs(
    forced: str, made: type[Recurrent], options: dict[str, Any], gradients: bool
) -> None:
    layer = made(4, 16, dtype=torch.bfloat16, **options)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    compare(layer, gradients=gradients, of_largest=8 * ROUNDING)


@every_target
@every_cell
def test_pairs_and_threads(forced: str, made: type[Recurrent], monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, whether rows are split or units are."""
    monkeypatch.setattr("throughtime.kernels.native_pass._SMALL", 0)
    layer, before = made(4, 130, dtype=torch.bfloat16).eval(), torch.get_num_threads()
    for batch in (1, 3, 40):
        x, told = torch.randn(5, batch, 4).bfloat16(), list[Tensor]()
        try:
            for threads in (1, 2, 3):
                torch.set_num_threads(threads)
                with use_kernel("native"), torch.no_grad():
                    told.append(layer(x, lengths=[5 - k % 3 for k in range(batch)])[0])
        finally:
            torch.set_num_threads(before)
        assert told[1].equal(told[0]) and told[2].equal(told[0])


def test_not_a_number_stays_one() -> None:
    layer, x = LSTM(4, 16, dtype=torch.bfloat16).eval(), torch.randn(3, 2, 4).bfloat16()
    x[1, 0, 2] = torch.nan
    with use_kernel("native"), torch.no_grad():
        y, _ = layer(x, lengths=[3, 3])
    assert y[1:, 0].isnan().all() and y[0].isfinite().all() and y[:, 1].isfinite().all()
