"""A user's own cell of about twenty lines gets all that it declares; the table of options runs it too (cell "mgu")."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import MAKERS, TIGHT, Case
from torch import Tensor

from throughtime.kernels.reference.cell import CAPABILITIES, Cell, affine
from throughtime.layers import Recurrent


class TwoMemories(Cell):
    """A carry of three parts, the output not among the memories."""

    name = "test_two_memories"
    gates = ("fast", "slow")

    def carry(self, projected: bool) -> tuple[str, ...]:
        return ("h", "fast_memory", "slow_memory")

    def step(self, p: Any, from_x: Tensor, h: Tensor, carry: tuple[Tensor, ...]) -> Any:
        _, fast, slow = carry
        a, b = (from_x + affine(p, "hh", h)).tanh().chunk(2, -1)
        fast, slow = 0.5 * fast + a, 0.9 * slow + 0.1 * b
        return (torch.tanh(fast - slow), fast, slow), {"fast": a, "slow": b}


def made(**options: Any) -> Recurrent:
    return Recurrent(TwoMemories(), 3, 4, dtype=torch.float64, **options)


def told(layer: Recurrent, x: Tensor, state: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """One row by hand."""
    p, ys = {key[: -len("_l0")]: value for key, value in layer.named_parameters()}, []
    h, fast, slow = state
    for each in x:
        both = torch.tanh(p["weight_ih"] @ each + p["bias_ih"] + p["weight_hh"] @ h + p["bias_hh"])
        fast, slow = 0.5 * fast + both[:4], 0.9 * slow + 0.1 * both[4:]
        h = torch.tanh(fast - slow)
        ys.append(h)
    return ys, [h, fast, slow]


def test_the_cell_of_the_table_declares_everything() -> None:
    """So that the table, which runs what is declared, runs it all."""
    assert MAKERS["mgu"](3, 4).cell.capabilities == CAPABILITIES


def test_a_carry_of_three_parts() -> None:
    layer, x = made(), torch.randn(5, 2, 3, dtype=torch.float64)
    given = [torch.randn(1, 2, 4, dtype=torch.float64) for _ in range(3)]
    y, final = layer(x, tuple(given), lengths=[3, 5])
    for row, n in enumerate((3, 5)):
        ys, state = told(layer, x[:n, row], [part[0, row] for part in given])
        torch.testing.assert_close(y[:n, row], torch.stack(ys), **TIGHT)
        for ours, theirs in zip(final, state, strict=True):
            torch.testing.assert_close(ours[0, row], theirs, **TIGHT)


def test_its_gradients() -> None:
    layer, x = made(), torch.randn(4, 1, 3, dtype=torch.float64, requires_grad=True)
    zeros = [torch.zeros(4, dtype=torch.float64)] * 3
    leaves = [x, *layer.parameters()]
    y, _ = layer(x)
    ys, _ = told(layer, x[:, 0], zeros)
    ours = torch.autograd.grad(y.square().sum(), leaves)
    theirs = torch.autograd.grad(torch.stack(ys).square().sum(), leaves)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, **TIGHT)


def test_stacked_both_ways_reset_streamed_traced() -> None:
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    both = made(num_layers=2, bidirectional=True, layer_norm=True, initial_state="learned")
    y, state = both(x, lengths=[6, 0])
    assert y.shape == (6, 2, 8) and len(state) == 3 and both.slow_memory0_l1_reverse.shape == (4,)
    layer = made(num_layers=2)
    y, final = layer(x)
    stream = layer.stream(2)
    torch.testing.assert_close(torch.cat([stream.feed(x[:4]), stream.step(x[4])[None], stream.feed(x[5:])]), y, **TIGHT)
    for ours, theirs in zip(stream.state, final, strict=True):
        torch.testing.assert_close(ours, theirs, **TIGHT)
    resets = torch.zeros(2, 6, dtype=torch.bool)
    resets[:, 3] = True
    torch.testing.assert_close(layer(x, resets=resets)[0], torch.cat([layer(x[:3])[0], layer(x[3:])[0]]), **TIGHT)
    assert set(layer(x, trace=True)[2]) == {
        f"{name}_l{n}" for n in (0, 1) for name in ("h", "fast_memory", "slow_memory", "fast", "slow")
    }


@pytest.mark.parametrize("kernel", [None, "reference"])
def test_noise_of_the_users_cell(kernel: str | None) -> None:
    options = {"zoneout": 0.3, "recurrent_dropout": 0.3, "weight_dropout": 0.3, "input_dropout": 0.3}
    Case(cell="mgu", options=options, training=True, lengths=(3, 1), resets=True).check(kernel)


@pytest.mark.parametrize("cell", [name for name in MAKERS if name not in ("lstm", "gru", "rnn_tanh", "rnn_relu")])
def test_autocast_reaches_cells_that_pytorch_has_not(cell: str) -> None:
    layer, x = MAKERS[cell](3, 4), torch.randn(5, 2, 3)
    y = layer(x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        narrow = layer(x)[0]
    assert narrow.dtype == torch.bfloat16 and not narrow.float().equal(y)
    torch.testing.assert_close(narrow.float(), y, rtol=0.05, atol=0.05)  # 8 bits of numbers of about 1
