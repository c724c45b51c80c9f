"""Drawn calls under every mode, tracer, transform and wrapper equal eager ones, in values or else in form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from cases import TIGHT, Case, Setting
from drawn import cases, quiet
from hypothesis import given, settings
from hypothesis import strategies as st
from lookers import COMPILERS, PASSING, SHAPES, UNREADING, VALUES, Program, mesh_of_two
from torch import Tensor

from throughtime.errors import UsageError

pytestmark = pytest.mark.filterwarnings("ignore")  # tracers warn of themselves, and of every check of a shape


def arguments(case: Case, at: Setting) -> tuple[Program, tuple[Any, ...]]:
    """The call as a program and its tensors; lengths are a tensor where there are any."""
    options, tensors = case.call_options(at.batch), {}
    if "lengths" in options:
        tensors["lengths"] = torch.tensor(options.pop("lengths"))
    if "resets" in options:
        tensors["resets"] = options.pop("resets")
    parameters = {name: parameter.detach() for name, parameter in at.layer.named_parameters()}
    hx = case.joined(at.layer, at.initial)
    hx = torch.utils._pytree.tree_map_only(Tensor, Tensor.detach, hx)
    x = case.entered(at.batch)
    return Program(at.layer, options), (parameters, x.detach() if isinstance(x, Tensor) else x, hx, tensors)


def other_values(case: Case, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same form with other numbers: what a graph is made with must not stay in it."""
    parameters, x, hx, tensors = torch.utils._pytree.tree_map_only(
        Tensor, lambda t: torch.rand_like(t) if t.is_floating_point() else t, args
    )
    if "lengths" in tensors:
        tensors = {**tensors, "lengths": (tensors["lengths"] + 1) % (case.steps + 1)}
    if "resets" in tensors:
        tensors = {**tensors, "resets": ~tensors["resets"]}
    return parameters, x, hx, tensors


def check_all(case: Case, lookers: dict[str, Any], values: bool) -> None:
    program, args = arguments(case, case.setting())
    told = program(*args)
    for name, look in lookers.items():
        if case.form in ("packed", "nested") and name not in PASSING:
            if case.form == "packed" and name in UNREADING:
                with pytest.raises(UsageError, match="give a padded batch and lengths="):
                    look(program, args, args)
            continue
        seen = look(program, args, other_values(case, args))
        for ours, theirs in zip(seen, told, strict=True):
            where = f"{case} under {name}"
            form = (ours.shape, ours.dtype, ours.stride())
            assert form == (theirs.shape, theirs.dtype, theirs.stride()), where
            if values:
                torch.testing.assert_close(ours, theirs, **TIGHT, msg=lambda m, where=where: f"{where}: {m}")


@given(cases(), st.booleans())
@settings(max_examples=40, derandomize=True, **quiet)
def test_drawn_under_every_looker(case: Case, grads: bool) -> None:
    with torch.set_grad_enabled(grads):
        check_all(case, VALUES, True)
        check_all(case, SHAPES, False)


@pytest.mark.slow
@pytest.mark.timeout(1500)
@given(cases(), st.booleans())
@settings(max_examples=500, print_blob=True, **quiet)
def test_many_drawn_under_every_looker(case: Case, grads: bool) -> None:
    with torch.set_grad_enabled(grads):
        check_all(case, VALUES, True)
        check_all(case, SHAPES, False)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILERS)
def test_drawn_under_compilers(name: str) -> None:
    @given(cases())
    @settings(max_examples=10, derandomize=True, **quiet)
    def check(case: Case) -> None:
        case = replace(case, form="padded", training=False)  # Philox takes minutes to trace
        if max(case.lengths) and case.lengths:
            check_all(case, {name: COMPILERS[name]}, True)

    check()


@given(cases())
@settings(max_examples=10, derandomize=True, **quiet)
def test_drawn_on_distributed_tensors(case: Case) -> None:
    """Full rows without noise: lengths and masks would mix tensors of both kinds, which torch refuses."""
    steps = case.steps
    case = replace(case, form="padded", lengths=(steps,) * len(case.lengths), resets=False, training=False)
    program, (parameters, x, hx, tensors) = arguments(case, case.setting())
    told = program(parameters, x, hx, tensors)
    with mesh_of_two() as place:
        everywhere = torch.utils._pytree.tree_map_only(Tensor, place, (parameters, x, hx))
        seen = program(*everywhere, tensors)
        for ours, theirs in zip(seen, told, strict=True):
            torch.testing.assert_close(ours.to_local(), theirs, **TIGHT)
