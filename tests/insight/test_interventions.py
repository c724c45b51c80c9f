"""What is held is held, all else follows by the cell's own equations: against loops by hand, for every cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from makers import MAKERS, able

from throughtime.errors import UnknownNameError, UsageError
from throughtime.insight import ablate, clamp, inside, intervene, subject
from throughtime.layers import GRU, LSTM, RNN, MinLSTM
from throughtime.models.many_to_one import ManyToOne
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import TokenInput


@pytest.mark.parametrize("cell", MAKERS)
def test_a_part_of_the_carry_is_what_the_next_step_reads(cell: str) -> None:
    """Held after step 3: the same as going on from the state with that written over."""
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64), torch.randn(8, 3, dtype=torch.float64)
    names = layer.cell.carry(False)
    part = names[-1] if "slstm" not in cell else "c"
    change = intervene(subject(layer, x), clamp(f"{part}_l0", 0.3, units=[1, 3], steps=3))
    state = layer(x[:4])[1]
    parts = [own.clone() for own in ([state] if isinstance(state, torch.Tensor) else state)]
    parts[names.index(part)][0, [1, 3]] = 0.3
    y, _ = layer(x[4:], parts[0] if len(parts) == 1 else tuple(parts))
    np.testing.assert_allclose(change.states_after["h_l0"][4:], y.detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(change.after, y[-1].detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(change.before, layer(x)[0][-1].detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(change.states_after[f"{part}_l0"][3, [1, 3]], 0.3)
    np.testing.assert_array_equal(change.states_after["h_l0"][:3], change.states_before["h_l0"][:3])
    np.testing.assert_allclose(change.difference, change.after - change.before)


def by_hand(layer: LSTM, x: torch.Tensor, forget: float) -> torch.Tensor:
    """An LSTM whose forget gate of unit 2 is a number at steps 1 to 3."""
    h = c = torch.zeros(4, dtype=torch.float64)
    weights = [getattr(layer, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    for t, read in enumerate(x):
        i, f, g, o = (weights[0] @ read + weights[1] @ h + weights[2] + weights[3]).chunk(4)
        f = f.sigmoid()
        if 1 <= t <= 3:
            f = torch.where(torch.arange(4) == 2, forget, f)
        c = f * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h


@pytest.mark.parametrize("forget", [0.0, 0.25, 1.0])
def test_a_gate_of_an_lstm_by_hand(forget: float) -> None:
    layer, x = LSTM(3, 4, dtype=torch.float64), torch.randn(6, 3, dtype=torch.float64)
    change = intervene(subject(layer, x), clamp("f_l0", forget, units=2, steps=range(1, 4)))
    np.testing.assert_allclose(change.after, by_hand(layer, x, forget).detach(), rtol=1e-12)
    assert change.edits == (f"f_l0: unit 2 held at {forget:g} at steps 1 to 3",)


GATES = {
    **{"lstm": "ifgo", "gru": "rzn", "gru_reset_before": "rzn", "rnn_tanh": "a", "rnn_relu": "a", "mgu": "fn"},
    **{"mingru": "zn", "mingru_log": "zn", "minlstm": "ifg", "minlstm_log": "ifg", "rglru": "rin", "sru": "nfrs"},
    **{"indrnn_relu": "a", "indrnn_tanh": "a", "paragru": "zrn"},
    **dict.fromkeys(["slstm_1", "slstm_2", "slstm_1_exp"], "go"),
}
"""Cell -> the gates that can be held."""


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize(("cell", "gate"), [(cell, gate) for cell, gates in GATES.items() for gate in gates])
def test_every_gate_holds_and_leaves_the_others_to_their_equations(cell: str, gate: str, layer_norm: bool) -> None:
    """Held at what it had been anyway, unit by unit, nothing changes; held at another value, it has that one."""
    options = able(cell, {"layer_norm": True, "num_layers": 2, "bidirectional": True} if layer_norm else {})
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64, **options), torch.randn(6, 3, dtype=torch.float64)
    lane = "l1_reverse" if layer_norm else "l0"
    track, step = f"{gate}_{lane}", 2
    was = layer(x, trace=True)[2][track][step].detach().tolist()
    same = intervene(subject(layer, x), *[clamp(track, value, unit, step) for unit, value in enumerate(was)])
    for name, states in same.states_before.items():
        np.testing.assert_allclose(same.states_after[name], states, rtol=1e-6, atol=1e-7)
    other = intervene(subject(layer, x), clamp(track, 0.7, [0, 3], step))
    changed = np.abs(other.states_after[f"h_{lane}"] - other.states_before[f"h_{lane}"])[step]
    assert (changed[[0, 3]] > 1e-6).any() or cell in ("rnn_relu", "indrnn_relu")
    if (cell, layer_norm) != ("lstm", True) and (cell, gate) != ("gru_reset_before", "r"):
        np.testing.assert_allclose(changed[[1, 2]], 0.0, atol=1e-12)  # in a step units meet in LN(c), W (r h) alone


def test_peepholes_and_both_gates_of_a_minlstm() -> None:
    x = torch.randn(6, 3, dtype=torch.float64)
    for gate in "ifgo":
        change = intervene(subject(LSTM(3, 4, peepholes=True, dtype=torch.float64), x), clamp(f"{gate}_l0", 0.4))
        assert np.abs(change.difference).max() > 1e-6
    layer = MinLSTM(3, 4, dtype=torch.float64)
    kept = intervene(subject(layer, x), clamp("f_l0", 1.0, steps=range(1, 6))).states_after["h_l0"]
    np.testing.assert_allclose(kept, np.broadcast_to(kept[0], kept.shape))
    shut = intervene(subject(layer, x), clamp("i_l0", 0.0, steps=range(1, 6))).states_after["h_l0"]
    np.testing.assert_allclose(shut, kept)


def test_edits_that_meet_at_some_steps_only() -> None:
    """One gate at all steps, another at the first two: where the second ends, it ends."""
    layer, x = LSTM(3, 4, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    change = intervene(subject(layer, x), clamp("f_l0", 1.0, steps=[0, 1]), clamp("i_l0", 0.0))
    np.testing.assert_array_equal(change.states_after["c_l0"], 0.0)  # nothing is ever written
    change = intervene(subject(layer, x), clamp("i_l0", 0.0, steps=[0, 1]), clamp("f_l0", 0.5))
    c = change.states_after["c_l0"]
    assert not c[:2].any() and c[2].all()


def test_ablation_in_a_whole_net() -> None:
    net = ManyToOne(TokenInput(9, 4), stack("gru", 4, 5, 2), 3, pooling="last").double()
    inputs = {"tokens": torch.tensor([[1, 5, 7, 2]]), "lengths": torch.tensor([4])}
    seen = inside(net, lambda: net(inputs)[0], labels=("a", "b", "c"), texts=list("wxyz"))
    change = intervene(seen, ablate("h_l1"))
    np.testing.assert_allclose(change.after, net.output.bias.detach(), rtol=1e-9)
    np.testing.assert_allclose(change.before, net.eval()(inputs)[0].detach(), rtol=1e-9)
    assert change.labels == ("a", "b", "c") and change.texts == tuple("wxyz")
    assert change.edits == ("h_l1: all units held at 0",)


def test_one_step() -> None:
    change = intervene(subject(RNN(3, 4), torch.randn(1, 3)), ablate("h_l0", 2))
    assert change.after[2] == 0 and change.before[2] != 0


@pytest.mark.parametrize(
    ("cell", "edit", "said"),
    [
        ("lstm", clamp("f_l0", 1.5), "f_l0 of cell 'lstm' cannot be held at 1.5"),
        ("gru", clamp("n_l0", -1.5), "n_l0 of cell 'gru' cannot be held at -1.5"),
        ("slstm_1", clamp("f_l0", 0.5), "f_l0 of cell 'slstm_1' cannot be held at 0.5"),
        ("gru", ablate("h_l0", 4), "there is no unit 4 in h_l0: it has the units 0 to 3"),
        ("gru", ablate("h_l0", steps=9), "there is no step 9 before what is said: there are the steps 0 to 4"),
        ("gru", ablate("c_l0"), "unknown track 'c_l0'"),
        ("lru", clamp("f_l0", 1.0), "unknown track 'f_l0'"),
    ],
)
def test_what_cannot_be_held(cell: str, edit: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        intervene(subject(MAKERS[cell](3, 4), torch.randn(5, 3)), edit)
    assert str(raised.value).startswith(said) and "\n" not in str(raised.value)
    assert issubclass(UnknownNameError, UsageError)


def test_nothing_held() -> None:
    with pytest.raises(UsageError, match="give ablate"):
        intervene(subject(GRU(3, 4), torch.randn(5, 3)))
    with pytest.raises(UsageError, match="units is empty"):
        ablate("h_l0", [])
