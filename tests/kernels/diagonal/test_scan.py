"""The scan in PyTorch's operators against the plain loop."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sweeps import LINEAR, drawn_sweep, outcome, same
from torch import Tensor

from throughtime.kernels.diagonal.scan import scan, sweep_by_scan
from throughtime.kernels.diagonal.units import step_by_step

SHAPES: list[tuple[list[int], dict[str, Any]]] = [
    ([1], {"resets": True, "restart": True}),
    ([2] * 2, {"reverse": True}),
    ([2] * 16, {"resets": True, "restart": True}),
    ([2] * 17, {"resets": True, "reverse": True}),
    ([3] * 4 + [2] * 9 + [1] * 10, {"resets": True, "restart": True, "reverse": True, "tail": 2}),
    ([2, 1, 1], {"batch": 4, "resets": True, "tail": 1}),
    ([2, 1, 0], {}),
    ([], {"batch": 2, "tail": 2}),
]
"""One step, a square number of steps and others, ragged, rows of none, steps of none, none at all."""


@pytest.mark.parametrize("name", LINEAR)
def test_it_equals_the_plain_loop(name: str) -> None:
    for sizes, options in SHAPES:
        sweep = drawn_sweep(name, sizes, 3, **options)
        same(outcome(sweep, sweep_by_scan), outcome(sweep, step_by_step), f"{sizes} {options}")


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 8, 9, 10, 50])
@pytest.mark.parametrize("kind", [torch.float64, torch.complex128])
def test_states_by_hand(steps: int, kind: torch.dtype) -> None:
    """Factors of any size and sign, zero among them; a sum of products written out."""
    a, b = torch.randn(steps, 2, dtype=kind), torch.randn(steps, 2, dtype=kind)
    a = torch.where(torch.rand(steps, 2) < 0.2, 0.0, a)
    initial = torch.randn(2, dtype=kind)
    states, told = initial, []
    for t in range(steps):
        states = a[t] * states + b[t]
        told.append(states)
    found = scan(a, b, initial)
    assert found.shape == (steps, 2)
    for ours, theirs in zip(found, told, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", LINEAR)
def test_derivatives_are_the_limits_of_differences(name: str) -> None:
    sweep = drawn_sweep(name, [2, 2, 1], 2, resets=True, restart=True)

    def function(*tensors: Tensor) -> tuple[Tensor, ...]:
        states, finals = sweep_by_scan(sweep.with_tensors(tensors))
        return (*states, *finals)

    assert torch.autograd.gradgradcheck(function, sweep.tensors(), fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", LINEAR)
def test_half_precision_is_widened(name: str, dtype: torch.dtype) -> None:
    """A float16 keeps 11 bits, a bfloat16 8: one rounding on the way out, as the sums between are of float32."""
    sweep = drawn_sweep(name, [2] * 20, 3, dtype=dtype, resets=True)
    wide = sweep.with_tensors([each.detach().float() for each in sweep.tensors()])
    ours = [part for parts in sweep_by_scan(sweep) for part in parts]
    told = [part for parts in sweep_by_scan(wide) for part in parts]
    assert all(part.dtype == dtype for part in ours)
    same([part.float() for part in ours], told, "states", rtol=torch.finfo(dtype).eps, atol=1e-6)
