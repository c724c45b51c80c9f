"""What gates did: values by hand, shares by counting, half-lives, radii and ranks that are known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from analytic import held_lstm, linear
from makers import MAKERS

from throughtime.errors import UsageError
from throughtime.insight import gate_statistics, subject
from throughtime.insight import gates as gates_module
from throughtime.layers import GRU, LRU, LSTM, RNN, SLSTM, MinGRU
from throughtime.layers.diagonal import RGLRU


def test_values_and_shares_of_an_lstm() -> None:
    layer, x = LSTM(3, 4, dtype=torch.float64), 4 * torch.randn(50, 3, dtype=torch.float64)
    found = gate_statistics(subject(layer, x), margin=0.2)
    traced: dict[str, torch.Tensor] = layer(x, trace=True)[2]
    assert sorted(found.values) == ["f_l0", "g_l0", "i_l0", "o_l0"] and sorted(found.states) == ["c_l0", "h_l0"]
    for name, values in (found.values | found.states).items():  # pyright: ignore
        np.testing.assert_allclose(values, traced[name].detach().numpy())
    f, g = traced["f_l0"].detach().numpy(), traced["g_l0"].detach().numpy()
    np.testing.assert_allclose(found.low["f_l0"], (f < 0.2).sum(0) / 50)
    np.testing.assert_allclose(found.high["f_l0"], (f > 0.8).sum(0) / 50)
    np.testing.assert_allclose(found.low["g_l0"], (g < -0.6).sum(0) / 50)  # the same share of a range from -1 to 1
    assert found.low["f_l0"].any() and found.low["g_l0"].any()
    np.testing.assert_allclose(found.keeps["l0"], f)
    np.testing.assert_allclose(found.half_life["l0"], math.log(0.5) / np.log(f).mean(0))


@pytest.mark.parametrize("forget", [0.5, 0.933032991536807, 0.999])
def test_half_lives_on_paper(forget: float) -> None:
    """0.5 in one step, 0.933 in ten."""
    found = gate_statistics(subject(held_lstm(forget), torch.randn(30, 3)))
    np.testing.assert_allclose(found.half_life["l0"], math.log(0.5) / math.log(forget), rtol=1e-6)


@pytest.mark.parametrize("cell", [cell for cell in MAKERS if cell != "lru"])  # whose memory turns: see below
@pytest.mark.parametrize("both", [False, True])
def test_what_is_kept_is_the_derivative_of_the_memory(cell: str, both: bool) -> None:
    """Of its own past, unit by unit, gates held: so what a gate is multiplied with is what the result says."""
    layer, x = MAKERS[cell](3, 4, 2, dtype=torch.float64, bidirectional=both), torch.randn(7, 3, dtype=torch.float64)
    found = gate_statistics(subject(layer, x))
    if cell in ("rnn_tanh", "rnn_relu", "mgu", "indrnn_relu", "indrnn_tanh"):
        assert not found.keeps and not found.half_life
        return
    for lane, keep in found.keeps.items():
        order = slice(None, None, -1) if "reverse" in lane else slice(None)
        memory, new = (values[order] for values in written(found, lane, cell))
        told = keep[order][1:] * memory[:-1] + new[1:]
        np.testing.assert_allclose(told, memory[1:], rtol=1e-9, atol=1e-12)
    assert len(found.keeps) == 2 * (1 + both)


def written(found: Any, lane: str, cell: str) -> tuple[np.ndarray, np.ndarray]:
    """A memory over time, and what is newly written to it, by the equations of the papers."""
    v = {name: values for name, values in (found.values | found.states).items() if name.endswith(f"_{lane}")}
    v = {name.partition("_")[0]: values for name, values in v.items()}
    if "slstm" in cell:
        return v["c"] / v["n"], v["i"] * v["g"] / v["n"]
    if cell == "lstm":
        return v["c"], v["i"] * v["g"]
    if "minlstm" in cell:
        return v["h"], (1 - v["f"]) * v["g"]
    if cell in ("gru", "gru_reset_before"):
        return v["h"], (1 - v["z"]) * v["n"]
    if "mingru" in cell or cell == "paragru":
        return v["h"], v["z"] * v["n"]
    if cell == "sru":
        return v["c"], (1 - v["f"]) * v["n"]
    assert cell == "rglru"
    return v["h"], np.sqrt(1 - found.keeps[lane] ** 2) * v["i"] * v["n"]


def test_a_linear_recurrent_unit_keeps_its_radius() -> None:
    layer, x = LRU(3, 4, dtype=torch.float64), torch.zeros(6, 3, dtype=torch.float64)
    x[0] = 1.0
    found = gate_statistics(subject(layer, x))
    memory = np.hypot(found.states["re_l0"], found.states["im_l0"])
    np.testing.assert_allclose(memory[1:] / memory[:-1], found.keeps["l0"][1:], rtol=1e-9)
    assert not found.values and not found.low


def test_zoneout_keeps_too() -> None:
    layer, x = LSTM(3, 4, zoneout=(0.0, 0.3), dtype=torch.float64), torch.randn(9, 3, dtype=torch.float64)
    found = gate_statistics(subject(layer, x))
    c, new = found.states["c_l0"], 0.7 * found.values["i_l0"] * found.values["g_l0"]
    np.testing.assert_allclose(found.keeps["l0"][1:] * c[:-1] + new[1:], c[1:], rtol=1e-9)


def test_what_saturates() -> None:
    """A sum before its tanh has no ends, nor has an unbounded candidate."""
    x = 3 * torch.randn(40, 3)
    assert not gate_statistics(subject(RNN(3, 4), x)).low
    assert set(gate_statistics(subject(MinGRU(3, 64), x)).low) == {"z_l0"}
    assert set(gate_statistics(subject(GRU(3, 4), x)).high) == {"r_l0", "z_l0", "n_l0"}
    assert {"r_l0", "i_l0"} <= set(gate_statistics(subject(RGLRU(3, 4), x)).high)


def test_radii_of_recurrent_weights() -> None:
    assert (
        abs(gate_statistics(subject(linear([0.3, -0.8, 0.1]), torch.randn(4, 3))).spectral_radius["a_l0"] - 0.8) < 1e-9
    )
    turn = RNN(3, 8, init="orthogonal", dtype=torch.float64)
    assert abs(gate_statistics(subject(turn, torch.randn(4, 3))).spectral_radius["a_l0"] - 1) < 1e-9
    gru = GRU(3, 5, 2, bidirectional=True, dtype=torch.float64)
    found = gate_statistics(subject(gru, torch.randn(4, 3))).spectral_radius
    told = np.abs(np.linalg.eigvals(gru.weight_hh_l1_reverse.detach()[5:10].numpy())).max()
    assert len(found) == 12 and abs(found["z_l1_reverse"] - told) < 1e-9
    heads = SLSTM(3, 4, heads=2, dtype=torch.float64)
    block = torch.block_diag(*heads.weight_hh_l0.detach()[4:8].chunk(2)).numpy()
    assert (
        abs(
            gate_statistics(subject(heads, torch.randn(4, 3))).spectral_radius["f_l0"]
            - np.abs(np.linalg.eigvals(block)).max()
        )
        < 1e-9
    )
    assert not gate_statistics(subject(LSTM(3, 4, proj_size=2), torch.randn(4, 3))).spectral_radius


def test_effective_ranks() -> None:
    """Equal in k directions: k; one direction alone: 1; a state that never changes: 0."""
    equal = np.concatenate([np.eye(6)[:3], -np.eye(6)[:3]])
    assert abs(gates_module._effective_rank(equal) - 3) < 1e-9  # pyright: ignore[reportPrivateUsage]
    assert abs(gates_module._effective_rank(np.outer(np.arange(5.0), np.ones(4))) - 1) < 1e-6  # pyright: ignore
    assert gates_module._effective_rank(np.ones((1, 4))) == 0  # pyright: ignore
    two = np.diag([3.0, 1.0, 0.0])
    shares = np.linalg.svd(two - two.mean(0), compute_uv=False)
    shares = shares[shares > 1e-9] / shares.sum()
    assert abs(gates_module._effective_rank(two) - np.exp(-(shares * np.log(shares)).sum())) < 1e-9  # pyright: ignore


def test_a_long_sequence_is_read_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = LSTM(3, 4, 2, batch_first=True), torch.randn(50, 3)
    whole = gate_statistics(subject(layer, x))
    monkeypatch.setattr(gates_module, "PIECE", 16)
    parts = gate_statistics(subject(layer, x))
    assert parts.note == "read in windows of 16 steps, the state carried across" and not whole.note
    for name, values in whole.values.items():
        np.testing.assert_allclose(parts.values[name], values, rtol=1e-6)


def test_one_step_and_a_wrong_margin() -> None:
    found = gate_statistics(subject(GRU(3, 4), torch.randn(1, 3)))
    assert found.values["z_l0"].shape == (1, 4) and found.effective_rank["h_l0"] == 0
    with pytest.raises(UsageError, match=r"above 0 and below 0\.5, got 0\.5"):
        gate_statistics(subject(GRU(3, 4), torch.randn(1, 3)), margin=0.5)
