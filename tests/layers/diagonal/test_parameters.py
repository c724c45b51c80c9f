"""Names, shapes and first values of the parameters; copies; and what a trace names."""

from __future__ import annotations

import copy
import io
import math
from typing import Any

import pytest
import torch
from makers import DIAGONAL, MAKERS, SLSTMS
from torch import Tensor

import throughtime as tt
from throughtime.layers import Recurrent

cells = pytest.mark.parametrize("cell", [*DIAGONAL, *SLSTMS])
OWN: dict[str, dict[str, tuple[int, ...]]] = {
    "mingru": {"weight_ih": (8, 3), "bias_ih": (8,)},
    "minlstm": {"weight_ih": (12, 3), "bias_ih": (12,)},
    "lru": {"weight_ih": (12, 3), "nu": (4,), "theta": (4,), "gamma": (4,), "weight_hs": (4, 8)},
    "rglru": {"weight_ih": (12, 3), "bias_ih": (12,), "decay": (4,)},
    "sru": {"weight_ih": (16, 3), "bias_ih": (16,), "v_f": (4,), "v_r": (4,)},
    "indrnn_relu": {"weight_ih": (4, 3), "bias_ih": (4,), "u": (4,)},
    "paragru": {"weight_ih": (12, 3), "bias_ih": (12,), "u_z": (4,), "u_r": (4,), "u_n": (4,)},
    "slstm_1": {"weight_ih": (16, 3), "weight_hh": (16, 4), "bias_ih": (16,), "bias_hh": (16,)},
    "slstm_2": {"weight_ih": (16, 3), "weight_hh": (16, 2), "bias_ih": (16,), "bias_hh": (16,)},
}
"""Cell -> its parameters at I = 3 and H = 4: what saved weights go by."""


@pytest.mark.parametrize("cell", OWN)
def test_names_and_shapes(cell: str) -> None:
    layer = MAKERS[cell](3, 4, bidirectional=True)
    told = {f"{name}_l0{end}": shape for end in ("", "_reverse") for name, shape in OWN[cell].items()}
    assert {name: tuple(tensor.shape) for name, tensor in layer.state_dict().items()} == told
    plain = MAKERS[cell](3, 4, bias=False)
    assert set(plain.state_dict()) == {f"{name}_l0" for name in OWN[cell] if not name.startswith("bias")}


@cells
def test_copies_and_saved_weights(cell: str) -> None:
    options: dict[str, Any] = {"bidirectional": True, "initial_state": "learned", "residual": True}
    layer = MAKERS[cell](3, 4, 2, **options)
    x, file = torch.randn(5, 2, 3), io.BytesIO()
    copied, fresh = copy.deepcopy(layer), MAKERS[cell](3, 4, 2, **options)
    torch.save(layer.state_dict(), file)
    file.seek(0)
    assert not fresh(x)[0].equal(layer(x)[0])
    fresh.load_state_dict(torch.load(file, weights_only=True))
    for other in (copied, fresh):
        assert other(x)[0].equal(layer(x)[0])
    with torch.no_grad():
        copied.weight_ih_l0.mul_(2.0)
    assert not copied(x)[0].equal(layer(x)[0])
    given = {name: torch.rand_like(value) for name, value in layer.state_dict().items()}
    fresh.load_state_dict(given)
    assert torch.func.functional_call(layer, given, (x,))[0].equal(fresh(x)[0])


# -- how they start ----------------------------------------------------------------------------------------------------


def test_an_lru_starts_on_a_ring() -> None:
    """|lambda| uniform over the ring from 0.9 to 0.999, phases up to pi/10, inputs scaled to keep the variance."""
    torch.manual_seed(0)
    layer = tt.LRU(64, 1000, dtype=torch.float64)
    radius, phase = torch.exp(-torch.exp(layer.nu_l0)), torch.exp(layer.theta_l0)
    assert 0.9 <= radius.min() < 0.901 and 0.9985 < radius.max() <= 0.999
    assert 0 < phase.min() < 0.004 and 0.31 < phase.max() <= math.pi / 10
    area = (radius.square() - 0.9**2) / (0.999**2 - 0.9**2)  # uniform over the ring: so is the area inside
    assert abs(area.mean() - 0.5) < 5 / math.sqrt(12 * 1000) and abs(area.var() - 1 / 12) < 0.01
    torch.testing.assert_close(torch.exp(layer.gamma_l0), torch.sqrt(1 - radius.square()))
    b, c, d = layer.weight_ih_l0[:2000], layer.weight_hs_l0, layer.weight_ih_l0[2000:]
    for weights, variance in ((b, 1 / 128), (d, 1 / 64), (c, 1 / 1000)):
        assert abs(weights.var() / variance - 1) < 0.02
    y = tt.LRU(32, 256)(torch.randn(3000, 1, 32))[0][1000:]
    assert 1 < y.var() < 4, "white noise in, about as much of it out"


def test_an_rglru_starts_with_long_memories() -> None:
    torch.manual_seed(0)
    kept = torch.sigmoid(tt.RGLRU(3, 4000).decay_l0) ** 8
    assert 0.9 <= kept.min() < 0.901 and 0.9985 < kept.max() <= 0.999
    assert abs(kept.mean() - 0.9495) < 5 * 0.099 / math.sqrt(12 * 4000)


def test_an_indrnn_starts_between_forgetting_and_summing() -> None:
    torch.manual_seed(0)
    u = tt.IndRNN(3, 4000).u_l0
    assert 0 <= u.min() < 0.002 and 0.998 < u.max() <= 1 and abs(u.mean() - 0.5) < 5 / math.sqrt(12 * 4000)


@cells
def test_parameters_are_drawn_anew_and_follow_the_seed(cell: str) -> None:
    made, weights = [], []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        made.append(MAKERS[cell](3, 4, 2))
        weights.append(torch.cat([p.detach().flatten() for p in made[-1].parameters()]))
    assert weights[0].equal(weights[1])
    parts = (weights[0] != weights[2]).double()
    assert parts.mean() == 1, "every number is drawn"
    torch.manual_seed(2)
    made[0].reset_parameters()
    assert torch.cat([p.detach().flatten() for p in made[0].parameters()]).equal(weights[2])


# -- trace -------------------------------------------------------------------------------------------------------------

GATES: dict[str, str] = {
    "mingru": "z n h", "mingru_log": "z n h", "minlstm": "i f g h", "minlstm_log": "i f g h", "lru": "h re im",
    "rglru": "r i n h", "sru": "n f r s h c", "indrnn_relu": "a h", "indrnn_tanh": "a h", "paragru": "z r n h",
    "slstm_1": "i f g o h c n m", "slstm_2": "i f g o h c n m", "slstm_1_exp": "i f g o h c n m",
}  # fmt: skip


def recomputed(cell: str, layer: Recurrent, t: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """The state from step 1 on, out of the traced gates and the state before; beside what was traced."""
    h, before = t["h"][1:], t["h"][:-1]
    gates: Any = {name: value[1:] for name, value in t.items()}
    if cell.startswith(("mingru", "paragru")):
        return before + gates["z"] * (gates["n"] - before), h
    if cell.startswith("minlstm"):
        return gates["f"] * before + gates["i"] * gates["g"], h
    if cell == "rglru":
        a = torch.sigmoid(layer.decay_l0) ** (8 * gates["r"])
        return a * before + (1 - a * a).sqrt() * gates["i"] * gates["n"], h
    if cell == "sru":
        return gates["f"] * t["c"][:-1] + (1 - gates["f"]) * gates["n"], t["c"][1:]
    if cell == "lru":
        turn = torch.exp(torch.complex(-torch.exp(layer.nu_l0), torch.exp(layer.theta_l0)))
        added = torch.exp(layer.gamma_l0) * torch.complex(gates["b_re"], gates["b_im"])
        return (turn * torch.complex(t["re"][:-1], t["im"][:-1]) + added).real, t["re"][1:]
    if cell.startswith("slstm"):
        return gates["f"] * t["c"][:-1] + gates["i"] * gates["g"], t["c"][1:]
    return (torch.relu if cell == "indrnn_relu" else torch.tanh)(gates["a"]), h


@cells
def test_a_trace_names_everything_and_recomputes_it(cell: str) -> None:
    layer, x = MAKERS[cell](3, 4, dtype=torch.float64), torch.randn(6, 2, 3, dtype=torch.float64)
    y, state, seen = layer(x, trace=True)
    assert set(seen) == {f"{name}_l0" for name in GATES[cell].split()}
    traced = {name.removesuffix("_l0"): value for name, value in seen.items()}
    assert traced["h"].equal(y)
    torch.testing.assert_close(y, layer(x)[0])
    parts = state if isinstance(state, tuple) else (state,)
    for name, last in zip(layer.cell.carry(False), parts, strict=True):
        assert traced[name][-1].equal(last[0])
    if cell == "lru":  # it has no gates
        traced["b_re"], traced["b_im"], _ = (x @ block.t() for block in layer.weight_ih_l0.chunk(3))
    found, told = recomputed(cell, layer, traced)
    torch.testing.assert_close(found, told)
