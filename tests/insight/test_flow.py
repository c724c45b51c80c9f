"""Gradients followed back: the decay that is known on paper, and PyTorch's autograd over a network unrolled by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from analytic import held_lstm, linear
from makers import MAKERS
from torch import nn

from throughtime.errors import UnknownNameError, UsageError
from throughtime.insight import gradient_flow, subject
from throughtime.layers import GRU, LSTM, RNN

CLOSE = {"rtol": 1e-9, "atol": 1e-300}  # float64, sums in another order; nothing is too small to count


@pytest.mark.parametrize("largest", [0.9, 1.0, 1.05])
def test_a_linear_network_decays_by_its_eigenvalue(largest: float) -> None:
    layer = linear([largest, -0.5, 0.3, 0.1])
    flow = gradient_flow(subject(layer, torch.randn(400, 3)))
    seed = torch.ones(4, dtype=torch.float64)
    told = [(torch.linalg.matrix_power(layer.weight_hh_l0, 399 - t).T @ seed).norm().item() for t in range(400)]
    np.testing.assert_allclose(flow.norms["h_l0"], told, rtol=1e-9)
    tail = gradient_flow(subject(layer, torch.randn(400, 3), at=-1), window=300)
    assert abs(flow.decay("h_l0") - largest) < 0.01 * largest
    assert abs(tail.decay("h_l0") - largest) < 0.01 * largest


@pytest.mark.parametrize("forget", [0.5, 0.9, 0.999])
def test_an_lstm_keeps_what_its_forget_gate_lets_it(forget: float) -> None:
    flow = gradient_flow(subject(held_lstm(forget), torch.randn(1000, 3)))
    assert abs(flow.decay("c_l0") - forget) < 1e-6
    np.testing.assert_allclose(flow.norms["c_l0"][:-1] / flow.norms["c_l0"][1:], forget, rtol=1e-9)
    assert flow.norms["c_l0"][0] > 0  # 0.5 ** 1000 is no number of float32
    np.testing.assert_array_equal(flow.norms["h_l0"][:-1], 0.0)  # nothing reads h
    assert flow.norms["h_l0"][-1] == 2.0  # the sum of 4 outputs


def unrolled_lstm(layer: LSTM, x: torch.Tensor) -> tuple[torch.Tensor, dict[str, list[torch.Tensor]]]:
    """Two layers of ``torch.nn.LSTMCell`` in a plain loop."""
    below, states = list(x), {}
    for number in range(layer.num_layers):
        cell = nn.LSTMCell(below[0].shape[-1], layer.hidden_sizes[number], dtype=torch.float64)
        cell.load_state_dict({name: getattr(layer, f"{name}_l{number}") for name in cell.state_dict()})
        carry, above = None, []
        for each in below:
            carry = cell(each[None], carry if carry is None else (carry[0], carry[1]))
            for name, part in zip("hc", carry, strict=True):
                states.setdefault(f"{name}_l{number}", []).append(part)
            above.append(carry[0][0])
        below = above
    return torch.stack(below), states


def test_two_layers_against_a_network_unrolled_by_hand() -> None:
    layer, x = LSTM(3, 5, 2, dtype=torch.float64), torch.randn(30, 3, dtype=torch.float64)
    flow = gradient_flow(subject(layer, x, at=20, score=lambda y: y[20].square()), towards=3)
    leaf = x.clone().requires_grad_()
    y, states = unrolled_lstm(layer, leaf)
    told = [leaf, *(state for track in states.values() for state in track)]
    score = y[20, 3].square()
    gradients = list(torch.autograd.grad(score, told, allow_unused=True, materialize_grads=True))
    assert abs(flow.score - score.item()) < 1e-12 and flow.towards == "3" and flow.at == 20
    np.testing.assert_allclose(flow.inputs, gradients.pop(0)[:21].norm(dim=1).numpy(), **CLOSE)
    for track, track_states in states.items():
        own = [gradients.pop(0).norm().item() for _ in track_states]
        np.testing.assert_allclose(flow.norms[track], own[:21], **CLOSE)


@pytest.mark.parametrize("cell", MAKERS)
def test_every_cell_against_its_own_restart(cell: str) -> None:
    """What a state says to the end is the gradient of a call that begins with it.

    Of the parts that h is made of by the same step and that it hands on, a restart knows half: those are left out.
    """
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64), torch.randn(9, 3, dtype=torch.float64)
    flow = gradient_flow(subject(layer, x))
    for t in (0, 4, 7):
        state = layer(x[: t + 1])[1]
        given = [part.detach().requires_grad_() for part in ([state] if isinstance(state, torch.Tensor) else state)]
        y, _ = layer(x[t + 1 :], given[0] if len(given) == 1 else tuple(given))
        told = torch.autograd.grad(y[-1].sum(), given, allow_unused=True, materialize_grads=True)
        left_out = {"c", "n", "m"} if "lstm" in cell else set()
        for part, gradient in zip(layer.cell.carry(False), told, strict=True):
            if part in left_out:
                continue
            np.testing.assert_allclose(flow.norms[f"{part}_l0"][t], gradient.norm().item(), rtol=1e-7, atol=1e-13)


def test_both_ways() -> None:
    """The backward direction is a forward one on the sequence turned round."""
    layer, x = GRU(3, 4, bidirectional=True, dtype=torch.float64), torch.randn(7, 3, dtype=torch.float64)
    turned = GRU(3, 4, dtype=torch.float64)
    turned.load_state_dict({name[: -len("_reverse")]: w for name, w in layer.state_dict().items() if "reverse" in name})
    flow = gradient_flow(subject(layer, x, at=2))
    own = gradient_flow(subject(turned, x.flip(0), at=4))
    np.testing.assert_allclose(flow.norms["h_l0_reverse"][::-1][:5], own.norms["h_l0"], **CLOSE)
    assert not flow.norms["h_l0_reverse"][:2].any() and flow.norms["h_l0"][:3].all()


def test_one_step() -> None:
    flow = gradient_flow(subject(RNN(3, 4), torch.randn(1, 3)))
    np.testing.assert_array_equal(flow.norms["h_l0"], [2.0])
    assert flow.decay("h_l0") == 0.0


@pytest.mark.parametrize("at", [-1, 30])
def test_a_window_sees_what_the_whole_sees(at: int) -> None:
    layer, x = LSTM(3, [5, 4], dtype=torch.float64), torch.randn(60, 3, dtype=torch.float64)
    texts = [f"step {number}" for number in range(60)]
    seen = subject(layer, x, at=at, texts=texts)
    whole, part = gradient_flow(seen), gradient_flow(seen, window=12)
    last = at % 60
    assert part.steps.tolist() == list(range(last - 11, last + 1)) and part.texts == tuple(texts[last - 11 : last + 1])
    assert part.note == f"steps {last - 11} to {last} of 60 were looked at" and not whole.note
    for track, norms in part.norms.items():
        np.testing.assert_allclose(norms, whole.norms[track][-12:], rtol=1e-6)
    np.testing.assert_allclose(part.score, whole.score, rtol=1e-6)


@pytest.mark.parametrize("towards", ["cat", 5, -1])
def test_a_score_that_is_not_there(towards: Any) -> None:
    seen = subject(LSTM(3, 2), torch.randn(4, 3), score=lambda y: y[-1], labels=("dog", "cow"))
    with pytest.raises(UsageError, match="dog, cow" if towards == "cat" else "0 to 1"):
        gradient_flow(seen, towards=towards)
    assert issubclass(UnknownNameError, UsageError) and gradient_flow(seen, towards="cow").towards == "cow"


def test_a_window_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="window must be 1 step or more, got 0"):
        gradient_flow(subject(LSTM(3, 2), torch.randn(4, 3)), window=0)
    with pytest.raises(UsageError, match="both ways are looked at whole, and 4 steps are more than window=3"):
        gradient_flow(subject(LSTM(3, 2, bidirectional=True), torch.randn(4, 3)), window=3)
