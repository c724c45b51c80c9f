"""Newton's method over time: the loop's numbers, what its report counts, and where it gives up."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sweeps import drawn_sweep, outcome, same
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.kernels.diagonal.newton import NewtonReport, NewtonSettings, newton_settings, sweep_by_newton
from throughtime.kernels.diagonal.units import Sweep, step_by_step

CELLS = ["indrnn_relu", "indrnn_tanh", "paragru"]
SHAPES: list[tuple[list[int], dict[str, Any]]] = [
    ([1], {"resets": True, "restart": True}),
    ([2] * 23, {"resets": True, "reverse": True}),
    ([3] * 4 + [2] * 9 + [1] * 10, {"resets": True, "restart": True, "reverse": True, "tail": 2}),
    ([2, 1, 1], {"batch": 4, "resets": True, "tail": 1}),
    ([2, 1, 0], {}),
    ([], {"batch": 2, "tail": 2}),
]


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("chunk", [1, 5, 256])
def test_it_equals_the_plain_loop(name: str, chunk: int) -> None:
    """And where one chunk ends the next goes on."""
    for sizes, options in SHAPES:
        sweep, settings = drawn_sweep(name, sizes, 3, **options), NewtonSettings(chunk=chunk)
        with newton_settings(settings):
            same(outcome(sweep, sweep_by_newton), outcome(sweep, step_by_step), f"{sizes} {options}")
        assert len(settings.report.iterations) == -(-len(sizes) // chunk) and not settings.report.sequential


@pytest.mark.parametrize("name", CELLS)
def test_derivatives_are_the_limits_of_differences(name: str) -> None:
    sweep = drawn_sweep(name, [2, 2, 1], 2, resets=True, restart=True, reverse=True)

    def function(*tensors: Tensor) -> tuple[Tensor, ...]:
        states, finals = sweep_by_newton(sweep.with_tensors(tensors))
        return (*states, *finals)

    with newton_settings(NewtonSettings(chunk=2)):
        assert torch.autograd.gradcheck(function, sweep.tensors(), fast_mode=True)
        assert torch.autograd.gradgradcheck(function, sweep.tensors(), fast_mode=True)


def test_a_cell_that_looks_back_little_takes_few_iterations() -> None:
    """And one that does not look back takes one, which solves it, whatever its nonlinearity."""
    sweep, settings = drawn_sweep("paragru", [2] * 100, 3), NewtonSettings()
    still = drawn_sweep("indrnn_tanh", [2] * 100, 3)
    still = still._replace(own=[torch.zeros(3, dtype=torch.float64)])
    with newton_settings(settings):
        sweep_by_newton(sweep)
        sweep_by_newton(still)
    first, second = settings.report.iterations
    assert 2 < first < 10 and second == 1
    assert 0 < settings.report.residuals[0] <= 4 * torch.finfo(torch.float64).eps


def wild(steps: int) -> Sweep:
    """Slopes of up to 40: a guess that is off by a little is off by everything a few steps on."""
    sweep = drawn_sweep("indrnn_tanh", [2] * steps, 3)
    own = torch.full((3,), 40.0, dtype=torch.float64, requires_grad=True)
    return sweep._replace(x=[(40 * sweep.x[0].detach()).requires_grad_()], own=[own])


def test_what_does_not_converge_is_swept_in_turn_and_counted() -> None:
    sweep, settings = wild(48), NewtonSettings(iterations=2, chunk=16)
    with newton_settings(settings):
        ours = outcome(sweep, sweep_by_newton)
    told, report = outcome(sweep, step_by_step), settings.report
    assert all(a.equal(b) for a, b in zip(ours[:2], told[:2], strict=True)), "step by step, so to the bit"
    for one, other in zip(ours[2:], told[2:], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9 * float(other.abs().max()))
    assert (report.sequential, report.iterations, report.residuals) == (3, [2, 2, 2], [0.0, 0.0, 0.0])
    assert str(report) == (
        "Newton: 3 chunks, 2.0 iterations each (at most 2), residual at most 0.0e+00, 3 swept step by step"
    )


def test_a_chunk_that_converges_beside_one_that_does_not() -> None:
    """The first half looks back little; how many chunks were swept in turn is what the report says."""
    sweep, settings = wild(32), NewtonSettings(iterations=2, chunk=16)
    calm = torch.cat([torch.full((32, 3), 1000.0), torch.zeros(32, 3)]).double()
    with newton_settings(settings):
        states = sweep_by_newton(sweep._replace(x=[sweep.x[0].detach() + calm]))[0][0]
    assert settings.report.sequential == 1 and settings.report.residuals[1] == 0.0
    assert states[:32].equal(torch.ones(32, 3).double())


def test_a_tolerance_is_kept_to() -> None:
    """Steps that are accepted early are further off, and no residual is above what was asked."""
    sweep, found = drawn_sweep("paragru", [2] * 200, 3), []
    for tolerance in (1e-2, 1e-6, None):
        settings = NewtonSettings(tolerance=tolerance)
        with newton_settings(settings):
            states = sweep_by_newton(sweep)[0][0].detach()
        assert max(settings.report.residuals) <= (tolerance or 1e-15)
        found.append(float((states - step_by_step(sweep)[0][0].detach()).abs().max()))
    assert found[0] > found[1] > found[2] and found[0] < 0.1 and found[2] < 1e-14


def test_a_report_of_nothing() -> None:
    assert str(NewtonReport()) == "Newton: no chunk was solved"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tolerance": 0.0}, "tolerance must be a number above 0, got 0.0"),
        ({"tolerance": -1.0}, "tolerance must be a number above 0, got -1.0"),
        ({"tolerance": float("nan")}, "tolerance must be a number above 0, got nan"),
        ({"tolerance": float("inf")}, "tolerance must be a number above 0, got inf"),
        ({"iterations": 0}, "iterations and chunk must be 1 or more, got 0 and 256"),
        ({"chunk": -3}, "iterations and chunk must be 1 or more, got 20 and -3"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        NewtonSettings(**wrong)
