"""A step taken apart is the step: its numbers are the cell's, its formulas hold, its gradients are the score's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from makers import MAKERS, able

from throughtime.errors import UnknownNameError, UsageError
from throughtime.insight import inside, subject, walk
from throughtime.insight.results import Walk
from throughtime.insight.walk import recipe_of
from throughtime.layers import GRU, LSTM, RNN
from throughtime.models.language_model import LanguageModel

WALKED = [cell for cell in MAKERS if recipe_of(MAKERS[cell](3, 4).cell)]
KNOWN: dict[str, Any] = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "maximum": np.maximum,
    "positive": lambda a: np.where(a >= 0, a + 0.5, 1 / (1 + np.exp(-a))),
}


def checked(found: Walk) -> None:
    """Every formula that needs no weight gives the numbers that stand beside it; parents come before."""
    known = dict(KNOWN)
    for quantity in found.quantities:
        assert all(parent in known for parent in quantity.parents)
        name, _, formula = quantity.formula.partition(" = ")
        assert name == quantity.name
        if formula and not any(weight in formula for weight in ("W_", "LN", "w_c", "u", "v_", "lambda")):
            told = eval(formula, {}, known)
            np.testing.assert_allclose(quantity.values, told, rtol=1e-9, atol=1e-12, err_msg=quantity.formula)
        known[name] = quantity.values
    assert found.error <= 1e-12
    assert found.quantities[-1].name == "h" and found.quantities[-1].kind == "output"
    assert all("{" not in words for words in found.words) and len(found.words) >= 2


@pytest.mark.parametrize("step", [0, 3, 5])
@pytest.mark.parametrize("cell", WALKED)
def test_every_cell(cell: str, step: int) -> None:
    """The numbers are those of a trace, and the way back ends as a call that begins before the step has it."""
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64), torch.randn(6, 3, dtype=torch.float64)
    found = walk(subject(layer, x), step, unit=1)
    checked(found)
    traced = layer(x, trace=True)[2]
    for quantity in found.quantities:
        if f"{quantity.name}_l0" in traced:
            np.testing.assert_allclose(quantity.values, traced[f"{quantity.name}_l0"][step].detach(), rtol=1e-9)
    names = layer.cell.carry(False)
    zeros = [torch.zeros(1, 4, dtype=torch.float64) for _ in names]
    state: Any = layer(x[:step])[1] if step else (zeros[0] if len(zeros) == 1 else tuple(zeros))
    given = [part.detach().requires_grad_() for part in ([state] if isinstance(state, torch.Tensor) else state)]
    y, _ = layer(x[step:], given[0] if len(given) == 1 else tuple(given))
    told = torch.autograd.grad(y[-1].sum(), given, allow_unused=True, materialize_grads=True)
    for name, gradient in zip(names, told, strict=True):
        if cell not in ("sru", "lru") or name != "h":  # whose h is read by nothing
            np.testing.assert_allclose(found[f"{name}_before"].gradients, gradient[0], rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("cell", WALKED)
def test_in_a_stack_that_reads_both_ways_and_is_normalised(cell: str) -> None:
    options = able(cell, {"num_layers": 2, "bidirectional": True, "layer_norm": True})
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64, **options), torch.randn(6, 3, dtype=torch.float64)
    for lane in ("l0_reverse", "l1"):
        found = walk(subject(layer, x, at=2, texts=list("abcdef")), lane=lane, step=4 if "reverse" in lane else 1)
        checked(found)
        assert found.lane == lane and found.text == ("e" if "reverse" in lane else "b")
        part = {"sru": "c", "lru": "re"}.get(cell, "h")  # what later steps read
        assert np.abs(found[part].gradients).max() > 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: LSTM(3, 4, peepholes=True),
        lambda: LSTM(3, 4, proj_size=2),
        lambda: LSTM(3, 4, layer_norm=True, peepholes=True, proj_size=3),
        lambda: LSTM(3, 4, bias=False),
        lambda: GRU(3, 4, proj_size=2),
        lambda: GRU(3, 4, reset_after=False, layer_norm=True),
    ],
)
def test_forms_of_cells(make: Any) -> None:
    layer, x = make().double(), torch.randn(6, 3, dtype=torch.float64)
    checked(walk(subject(layer, x), 4, unit=3))


def test_the_way_back_through_an_lstm_by_hand() -> None:
    layer, x = LSTM(3, 4, dtype=torch.float64), torch.randn(6, 3, dtype=torch.float64)
    found = walk(subject(layer, x), 3)
    d_c, f, i, g, o = (found[name].gradients if name == "c" else found[name].values for name in "cfigo")
    np.testing.assert_allclose(found["c_before"].gradients, f * d_c, rtol=1e-12)
    np.testing.assert_allclose(found["i"].gradients, g * d_c, rtol=1e-12)
    np.testing.assert_allclose(found["sum_g"].gradients, i * d_c * (1 - g**2), rtol=1e-12)
    d_h = found["h"].gradients
    np.testing.assert_allclose(found["squashed"].gradients, o * d_h, rtol=1e-12)
    through = sum(
        found[f"sum_{gate}"].gradients @ layer.weight_hh_l0[4 * k : 4 * k + 4].detach().numpy()
        for k, gate in enumerate("ifgo")
    )
    np.testing.assert_allclose(found["h_before"].gradients, through, rtol=1e-10)


def test_the_words_of_an_lstm() -> None:
    """Everything known: f = 0.9 of a memory of 2, i = 0.5 of tanh(1)."""
    layer = LSTM(1, 1, dtype=torch.float64)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
        layer.bias_ih_l0.copy_(torch.tensor([0.0, math.log(9), 1.0, 0.0]))
    state = (torch.zeros(1, 1, 1, dtype=torch.float64), torch.full((1, 1, 1), 2.0, dtype=torch.float64))
    x = torch.zeros(1, 1, 1, dtype=torch.float64)
    found = walk(inside(layer, lambda: layer(x, state)[0][0, 0], recurrent=layer))
    c = 1.8 + 0.5 * math.tanh(1)
    assert found.words[:4] == (
        "The forget gate keeps 0.90 of the memory, which was 2.00: 1.80 is left.",
        "The input gate lets 0.50 of the candidate 0.76 in: 0.38 is written.",
        f"The new memory is 1.80 + 0.38 = {c:.2f}.",
        f"The output gate shows 0.50 of tanh of it, which is {math.tanh(c):.2f}: h = {0.5 * math.tanh(c):.2f}.",
    )
    d_c = 0.5 * (1 - math.tanh(c) ** 2)
    assert (
        found.words[4] == f"Back, the score's gradient at the memory is {d_c:.2f}; the forget gate hands 0.90 of it on."
    )
    assert found.words[5] == f"So {0.9 * d_c:.2f} reaches the memory of the step before."
    assert found.words[6].endswith("by way of this step: 0.90 of it.")


def test_a_step_of_a_whole_net_and_towards_what() -> None:
    net = LanguageModel(6, embedding_size=3, hidden_size=4, num_layers=2).double()
    tokens = torch.tensor([[1, 2, 3, 4]])
    seen = inside(net, lambda: net(tokens)[0][0, -1].log_softmax(-1), labels=tuple("pqrstu"), texts=list("abcd"))
    one, other = walk(seen, 2, lane="l1", towards="q"), walk(seen, 2, lane="l1", towards="r")
    checked(one)
    assert one.text == "c" and "(q)" in one.words[-1] and not np.allclose(one["c"].gradients, other["c"].gradients)
    np.testing.assert_allclose(one["c"].values, other["c"].values)
    assert one.quantities == one.quantities and one["f"].kind == "gate"
    with pytest.raises(KeyError):
        one["n"]


def test_one_step() -> None:
    checked(walk(subject(RNN(3, 4), torch.randn(1, 3))))


@pytest.mark.parametrize(
    ("cell", "given", "said"),
    [
        ("mgu", {}, "cell 'mgu' has no walk: the cells that have one are rnn_tanh, rnn_relu, lstm"),
        ("gru", {"unit": 4}, "there is no unit 4 in l0: it has the units 0 to 3"),
        ("gru", {"lane": "l2"}, "unknown layer 'l2': did you mean 'l0'? (known: l0)"),
        ("gru", {"step": 6}, "step is step 6, and the sequence has the steps 0 to 5"),
        ("gru", {"step": 1, "window": 3}, "step 1 is not among those looked at, steps 3 to 5"),
    ],
)
def test_what_cannot_be_walked(cell: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        walk(subject(MAKERS[cell](3, 4), torch.randn(6, 3)), **given)
    assert str(raised.value).startswith(said) and "\n" not in str(raised.value)
    assert issubclass(UnknownNameError, UsageError)


def test_zoneout() -> None:
    with pytest.raises(UsageError, match="a walk knows no zoneout"):
        walk(subject(LSTM(3, 4, zoneout=0.1), torch.randn(6, 3)))
