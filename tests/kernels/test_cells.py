"""The reference cells: their equations restated, torch.nn's twins, and derivatives of first and second order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oracle
import pytest
import torch
from calls import VARIANTS, Variant, call
from torch import Tensor

from throughtime.errors import UnknownNameError, UsageError
from throughtime.kernels import reference
from throughtime.kernels.call import Call, Swept
from throughtime.kernels.reference.cell import Cell, cell_named, register_cell
from throughtime.kernels.reference.elman import ElmanCell
from throughtime.kernels.reference.gru import GRUCell
from throughtime.kernels.reference.lstm import LSTMCell
from throughtime.kernels.sweep import sweep

variants = pytest.mark.parametrize("variant", VARIANTS, ids=str)


def through_op(one: Call) -> Swept:
    return sweep(one, "reference")


@variants
@pytest.mark.parametrize("run", [reference.run, through_op])
def test_cell_by_its_equations(variant: Variant, run: Callable[[Call], Swept]) -> None:
    """Each row of a ragged batch, alone, by equations written gate by gate; rtol 1e-9 of float64 over 12 operations."""
    one = call(variant, sizes=(3, 2, 2, 1), hidden=4)
    y, final = run(one)
    p = one.parameters(0)
    starts = [0, 3, 5, 7]
    for rank, steps in enumerate((4, 3, 1)):
        carry = [part[0, rank] for part in one.state]
        for t in range(steps):
            at = starts[t] + rank
            carry, _ = oracle.CELLS[one.cell](p, one.rows[at], carry[0], carry)
            torch.testing.assert_close(y[at], carry[0], rtol=1e-9, atol=1e-12)
        for ours, theirs in zip(final, carry, strict=True):
            torch.testing.assert_close(ours[0, rank], theirs, rtol=1e-9, atol=1e-12)


TWINS: dict[str, tuple[Callable[..., Any], Cell, dict[str, Any]]] = {
    "lstm": (torch.nn.LSTM, LSTMCell(), {}),
    "lstm-projected": (torch.nn.LSTM, LSTMCell(), {"proj_size": 2}),
    "gru": (torch.nn.GRU, GRUCell(), {}),
    "rnn_tanh": (torch.nn.RNN, ElmanCell("tanh"), {}),
    "rnn_relu": (torch.nn.RNN, ElmanCell("relu"), {"nonlinearity": "relu"}),
}


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("directions", [1, 2])
def test_cell_equals_torch(name: str, bias: bool, directions: int) -> None:
    """Outputs, final state and all gradients of the twin in torch.nn."""
    maker, cell, options = TWINS[name]
    twin = maker(3, 4, bias=bias, bidirectional=directions == 2, dtype=torch.float64, **options)
    variant = Variant(cell=cell, proj=options.get("proj_size", 0), bias=bias)
    one = call(variant, sizes=(2,) * 5, inputs=3, hidden=4, directions=directions)
    one = one.with_tensors([one.rows, *one.state, *(w for ws in twin.all_weights for w in ws)])
    y, final = reference.run(one)
    y_twin, final_twin = twin(one.rows.view(5, 2, 3), tuple(one.state) if len(one.state) == 2 else one.state[0])
    told = [y_twin.reshape(10, -1), *(final_twin if isinstance(final_twin, tuple) else (final_twin,))]
    compare([y, *final], told, one.tensors())


def compare(ours: list[Tensor], theirs: list[Tensor], leaves: tuple[Tensor, ...]) -> None:
    cotangents = [torch.randn_like(each) for each in ours]
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
    gradients = [torch.autograd.grad(each, leaves, cotangents, retain_graph=True) for each in (ours, theirs)]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def flat(one: Call, run: Callable[[Call], Swept]) -> Callable[..., tuple[Tensor, ...]]:
    def function(*tensors: Tensor) -> tuple[Tensor, ...]:
        y, final = run(one.with_tensors(tensors))
        return (y, *final)

    return function


@variants
@pytest.mark.parametrize("run", [reference.run, through_op])
def test_gradients_are_the_limits_of_differences(variant: Variant, run: Callable[[Call], Swept]) -> None:
    one = call(variant, sizes=(2, 1), inputs=1, hidden=4, directions=2, resets=True, restart=True)
    assert torch.autograd.gradcheck(flat(one, run), one.tensors(), fast_mode=True)


@variants
@pytest.mark.parametrize("run", [reference.run, through_op])
def test_second_derivatives_are_the_limits_of_differences(variant: Variant, run: Callable[[Call], Swept]) -> None:
    one = call(variant, sizes=(2, 1), inputs=1, hidden=4, resets=True, restart=True)
    assert torch.autograd.gradgradcheck(flat(one, run), one.tensors(), fast_mode=True)


@pytest.mark.parametrize("order", ["first", "second"])
def test_derivatives_under_noise(order: str) -> None:
    """The masks of forward, recomputation and double backward are the same, or differences would not agree."""
    one = call(VARIANTS[3], sizes=(2, 2, 1), inputs=1, directions=2, noise=True, resets=True)
    check = torch.autograd.gradcheck if order == "first" else torch.autograd.gradgradcheck
    assert check(flat(one, through_op), one.tensors(), fast_mode=True)


def test_trace_holds_what_the_equations_name() -> None:
    """h recomputed from the traced gates and cell states."""
    seen: list[dict[str, Tensor]] = []
    y, _ = reference.run(call(VARIANTS[3], sizes=(2, 2, 1), directions=2), seen)
    for d in range(2):
        told = seen[d]
        assert sorted(told) == ["c", "f", "g", "h", "i", "o"]
        torch.testing.assert_close(told["o"] * torch.tanh(told["c"]), told["h"])
        torch.testing.assert_close(y[:, 3 * d : 3 * d + 3], told["h"])


class Leaky(Cell):
    """A cell with an option of its own."""

    name = "test_leaky"
    gates = ("a",)

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def step(self, p: Any, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> Any:
        return ((1 - self.rate) * carry[0] + self.rate * torch.tanh(from_x + h),), {"a": from_x}


def test_a_name_means_one_cell() -> None:
    """A second cell under a taken name would change what the first layer computes, in silence."""
    register_cell(Leaky(0.1))
    assert register_cell(Leaky(0.1)) is not None
    with pytest.raises(UsageError, match="test_leaky"):
        register_cell(Leaky(0.9))

    class Other(Leaky):
        pass

    with pytest.raises(UsageError, match="choose another name"):
        register_cell(Other(0.1))


def test_unknown_cell() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'lstm'"):
        cell_named("lsmt")
    with pytest.raises(UsageError, match="no projection"):
        ElmanCell().shapes(3, 4, 2, True)
    with pytest.raises(UsageError, match="reset_after=True"):
        GRUCell(reset_after=False).shapes(3, 4, 2, True)
