"""The core's sweep of diagonal cells against the plain loop: cut by rows, units and time, and at its edges."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sweeps import CELLS, LINEAR, NONLINEAR, drawn_sweep, outcome, same
from torch import Tensor

from throughtime.errors import KernelError, ShapeError
from throughtime.kernels import native, packing
from throughtime.kernels.diagonal.native import forward
from throughtime.kernels.diagonal.op import sweep_through_op
from throughtime.kernels.diagonal.units import Sweep, step_by_step

pytestmark = pytest.mark.skipif(native.unavailable() is not None, reason=str(native.unavailable()))
cells = pytest.mark.parametrize("name", CELLS)

TARGETS: list[str] = [] if native.unavailable() else packing.core().targets()
RAGGED = [2] * 3 + [1] * 20
SHAPES: list[tuple[list[int], int, dict[str, Any]]] = [
    ([1] * 60, 1, {}),
    ([1] * 60, 5, {"reverse": True, "resets": True, "restart": True}),
    (RAGGED, 3, {"resets": True, "restart": True, "tail": 2}),
    (RAGGED, 15, {"reverse": True, "resets": True}),
    ([3, 2, 1], 33, {"reverse": True, "batch": 4, "tail": 1}),
    ([2] * 7, 17, {"resets": True}),
    ([40, 33, 2], 16, {"resets": True, "restart": True}),
    ([1], 1, {"resets": True, "restart": True}),
    ([2, 2, 0, 0], 2, {}),
]
"""Few rows of few units, so that time is cut; one unit more or less than lanes; many rows; steps without rows."""


@cells
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"T{len(shape[0])}-H{shape[1]}")
def test_it_equals_the_plain_loop_however_it_is_cut(
    name: str, shape: tuple[list[int], int, dict[str, Any]], threads: tuple[int, ...]
) -> None:
    sizes, hidden, options = shape
    sweep = drawn_sweep(name, sizes, hidden, **options)
    told = outcome(sweep, step_by_step)
    for count in threads:
        torch.set_num_threads(count)
        same(outcome(sweep, sweep_through_op), told, f"{count} threads")


@pytest.mark.parametrize("forced", TARGETS, indirect=True)
@cells
def test_every_target(name: str, forced: str) -> None:
    """One that has no bfloat16 or fewer lanes gives the same, to rounding."""
    for sizes, hidden in (([3, 3, 1], 37), ([1] * 9, 1)):
        sweep = drawn_sweep(name, sizes, hidden, resets=True, restart=True, reverse=hidden == 1)
        same(outcome(sweep, sweep_through_op), outcome(sweep, step_by_step), f"{forced} {hidden}")


@pytest.mark.parametrize("name", ["mingru", "lru", "sru"])
def test_results_that_are_too_many_for_the_caches(name: str, threads: tuple[int, ...]) -> None:
    """They are stored past the caches, 8 MiB of them and more, aligned; a value that is not there yet would be seen."""
    sweep = drawn_sweep(name, [128] * 100, 96)
    states = 100 * 128 * 96 * 8
    assert states > 8 << 20
    told = outcome(sweep, step_by_step)
    for count in threads[:2]:
        torch.set_num_threads(count)
        same(outcome(sweep, sweep_through_op), told, f"{count} threads", rtol=1e-10, atol=1e-10)


@cells
def test_the_number_of_threads_changes_no_bit_where_time_is_whole(name: str, threads: tuple[int, ...]) -> None:
    """Only chunks of time, of few rows of few units, are put together by a sum that one thread does not make."""
    for sizes, hidden in [([9] * 5 + [4] * 4, 40), ([3] * 5, 130), *[(RAGGED, 3)] * (name in NONLINEAR)]:
        sweep, found = drawn_sweep(name, sizes, hidden, dtype=torch.float32), []
        for count in threads[:3]:
            torch.set_num_threads(count)
            found.append([part for parts in forward(sweep) for part in parts])
        assert all(a.equal(b) for other in found[1:] for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize("name", LINEAR)
def test_chunks_of_time_keep_to_float64(name: str, threads: tuple[int, ...]) -> None:
    """As near as one sweep is: 6e-8 per operation on states of about 1, and what is lost fades as the states do."""
    sweep = drawn_sweep(name, [1] * 400, 3, dtype=torch.float32)
    exact = sweep.with_tensors([each.detach().double() for each in sweep.tensors()])
    told = [part for parts in step_by_step(exact) for part in parts]
    for count in threads:
        torch.set_num_threads(count)
        ours = [part.double() for parts in forward(sweep) for part in parts]
        same(ours, told, f"{count} threads", rtol=1e-5, atol=1e-5)


LAID: dict[str, Any] = {
    "between others": lambda x: torch.cat([x, x, x], 1)[:, x.shape[1] : 2 * x.shape[1]],
    "every other row": lambda x: torch.stack([x, x], 1).flatten(0, 1)[::2],
    "columns first": lambda x: x.t().contiguous().t(),
    "one row for all": lambda x: x[:1].expand(x.shape),
    "negated in its view": lambda x: torch.complex(x, -x).conj().imag,
}


@pytest.mark.parametrize("name", ["mingru", "lru", "sru", "indrnn_relu"])
@pytest.mark.parametrize("how", LAID)
def test_rows_may_lie_anywhere(name: str, how: str) -> None:
    sweep = drawn_sweep(name, [2, 2, 2, 1], 5, resets=True)
    sweep = sweep._replace(x=[LAID[how](sweep.x[0].detach()).requires_grad_()])
    assert how == "between others" or not sweep.x[0].is_contiguous() or sweep.x[0].is_neg()
    same(outcome(sweep, sweep_through_op), outcome(sweep, step_by_step), how)


@pytest.mark.parametrize("name", ["mingru", "lru", "sru", "paragru"])
def test_blocks_may_come_in_tensors_of_their_own(name: str) -> None:
    whole = drawn_sweep(name, [2, 1, 1], 5)
    parted = whole._replace(x=[each.detach().clone().requires_grad_() for each in whole.x[0].split(5, 1)])
    same(outcome(parted, sweep_through_op), outcome(parted, step_by_step), "parted")
    same(forward(parted)[0], forward(whole)[0], "parted or not")


@cells
@pytest.mark.parametrize("sizes", [[], [0, 0]])
def test_no_token_leaves_the_state_as_it_was(name: str, sizes: list[int]) -> None:
    sweep = drawn_sweep(name, sizes, 3, batch=2, tail=4)
    states, finals = sweep_through_op(sweep)
    assert all(part.equal(torch.zeros(4, 3).double()) for part in states)
    assert all(final.equal(initial) for final, initial in zip(finals, sweep.initial, strict=True))
    grads = torch.autograd.grad(sum((part * 2).sum() for part in finals), sweep.tensors(), materialize_grads=True)
    for grad, tensor in zip(grads, sweep.tensors(), strict=True):
        is_state = any(tensor is part for part in sweep.initial)
        assert grad.equal(torch.full_like(tensor, 2.0 if is_state else 0.0))


@cells
def test_rows_past_the_last_token_reach_nothing(name: str) -> None:
    sweep = drawn_sweep(name, [2, 1], 3, tail=3, resets=True)
    states, finals = sweep_through_op(sweep)
    assert all((part[3:] == 0).all() and part.isfinite().all() for part in (*states, *finals))
    (grad,) = torch.autograd.grad(sum(part.sum() for part in (*states, *finals)), sweep.x)
    assert (grad[3:] == 0).all() and grad.isfinite().all()


@cells
def test_a_gradient_of_one_part_alone(name: str) -> None:
    """What the loss does not use has no gradient; each part by itself, with resets and without."""
    for options in ({}, {"resets": True, "restart": True, "reverse": True}):
        sweep = drawn_sweep(name, [2, 2, 1], 3, **options)
        for at in range(2 * len(sweep.initial)):
            grads = []
            for run in (sweep_through_op, step_by_step):
                part = [part for parts in run(sweep) for part in parts][at]
                grads.append(torch.autograd.grad(part.sin().sum(), sweep.tensors(), materialize_grads=True))
            same(*grads, f"part {at}")


def as_function(sweep: Sweep) -> Any:
    def function(*tensors: Tensor) -> tuple[Tensor, ...]:
        states, finals = sweep_through_op(sweep.with_tensors(tensors))
        return (*states, *finals)

    return function


@cells
def test_derivatives_are_the_limits_of_differences(name: str) -> None:
    sweep = drawn_sweep(name, [2, 1], 2, resets=True, restart=True, reverse=True)
    assert torch.autograd.gradcheck(as_function(sweep), sweep.tensors(), fast_mode=True)
    assert torch.autograd.gradgradcheck(as_function(sweep), sweep.tensors(), fast_mode=True)


@pytest.mark.parametrize("name", ["mingru", "lru", "sru"])
def test_opcheck(name: str) -> None:
    s = drawn_sweep(name, [2, 1, 1], 3, resets=True, restart=True, tail=1)
    arguments = (s.x, s.own, s.batch_sizes, s.resets, s.initial, s.restart, name, True)
    torch.library.opcheck(torch.ops.throughtime.diagonal.default, arguments)


@cells
def test_half_precision_is_widened(name: str) -> None:
    """Bfloat16 in and out, float32 between: the only errors are those of what comes in and goes out, 2^-9 each."""
    sweep = drawn_sweep(name, [2] * 20 + [1] * 5, 3, dtype=torch.bfloat16, resets=True, restart=True)
    wide = sweep.with_tensors([each.detach().float().requires_grad_() for each in sweep.tensors()])
    ours, told = outcome(sweep, sweep_through_op), outcome(wide, sweep_through_op)
    assert all(each.dtype == torch.bfloat16 for each in ours)
    results = 2 * len(sweep.initial)
    same([each.float() for each in ours[:results]], told[:results], "results", rtol=2**-8, atol=1e-6)


GATES = [30.0, 89.0, 104.0, 1000.0]
"""Past 88 the exponential of a float32 is infinite, past 104 its inverse is zero."""


@cells
@pytest.mark.parametrize("run", [sweep_through_op, step_by_step])
def test_gates_that_are_open_or_closed_for_good(name: str, run: Any) -> None:
    """Every value and gradient is a number, and that of float64, to rounding of inputs of some hundreds."""
    for gate in GATES if name != "given" else ():
        sweep = drawn_sweep(name, [2] * 4, 6, dtype=torch.float32)
        x = torch.where(torch.rand_like(sweep.x[0]) < 0.5, gate, -gate) + sweep.x[0].detach()
        sweep = sweep._replace(x=[torch.where(torch.rand_like(x) < 0.7, x, x / 100).detach().requires_grad_()])
        exact = sweep.with_tensors([each.detach().double().requires_grad_() for each in sweep.tensors()])
        ours, told = outcome(sweep, run), outcome(exact, step_by_step)
        assert all(each.isfinite().all() for each in (*ours, *told)), gate
        same([each.double() for each in ours], told, f"{gate}", rtol=3e-4, atol=3e-4)


BAD: dict[str, Any] = {
    "a block too few": lambda s: s._replace(x=[s.x[0][:, :3]]),
    "rows too few": lambda s: s._replace(x=[s.x[0][:2]]),
    "a state of another width": lambda s: s._replace(initial=[each[:, :2] for each in s.initial]),
    "a state too few": lambda s: s._replace(initial=s.initial[:1]),
    "a number too few": lambda s: s._replace(own=s.own[:1]),
    "another type": lambda s: s._replace(own=[each.float() for each in s.own]),
    "steps that grow": lambda s: s._replace(batch_sizes=torch.tensor([1, 2, 1])),
    "more rows than the batch": lambda s: s._replace(batch_sizes=torch.tensor([3, 1])),
    "resets of other rows": lambda s: s._replace(resets=torch.zeros(3, dtype=torch.bool)),
    "resets that are no bools": lambda s: s._replace(resets=torch.zeros(4)),
    "half of a restart": lambda s: s._replace(restart=s.restart[:1]),
}


@pytest.mark.parametrize("how", BAD)
def test_what_does_not_fit_is_refused(how: str) -> None:
    """The core reads and writes wherever it is told to, so nothing else may reach it."""
    sweep = BAD[how](drawn_sweep("sru", [2, 1, 1], 3, resets=True, restart=True))
    with pytest.raises(ShapeError, match=r"a sweep of 'sru' over steps of .* does not fit tensors of"):
        forward(sweep)


@pytest.mark.filterwarnings("ignore")  # torch's forward mode warns of itself
def test_a_tangent_is_refused_and_not_lost() -> None:
    sweep = drawn_sweep("mingru", [2, 1], 3)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(sweep.x[0].detach(), torch.ones_like(sweep.x[0]))
        with pytest.raises((KernelError, NotImplementedError), match="forward"):
            sweep_through_op(sweep._replace(x=[dual]))
