"""The way all models ask for recurrent layers."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

import throughtime.layers
from throughtime.errors import UsageError
from throughtime.models.parts.cells import CELLS, stack


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_sizes_and_layout(cell: str, bidirectional: bool) -> None:
    layers = stack(cell, 3, 4, 2, bidirectional=bidirectional)
    assert type(layers) is getattr(throughtime.layers, CELLS[cell].layer)
    h, state = layers(torch.randn(5, 6, 3))
    directions = 1 + bidirectional
    assert h.shape == (5, 6, 4 * directions) and layers.output_size == h.shape[2]
    assert (state[0] if isinstance(state, tuple) else state).shape == (2 * directions, 5, 4)


ASKED: dict[str, object] = {
    "layer_norm": True, "zoneout": 0.1, "recurrent_dropout": 0.1, "weight_dropout": 0.1, "bidirectional": True,
}  # fmt: skip
STARTS = ("default", "orthogonal", "forget_bias:0.5", "chrono:9")


@pytest.mark.parametrize("cell", CELLS)
def test_a_row_says_what_the_layer_says(cell: str) -> None:
    """What a cell lacks, and how it can start, stands in its row without torch: its layer must say the same."""
    row = CELLS[cell]
    assert row.lacks <= ASKED.keys() and row.init in row.inits
    for name, value in ASKED.items():
        with pytest.raises(UsageError) if name in row.lacks else nullcontext():
            stack(cell, 4, 5, **{name: value})
    for init in STARTS:
        with nullcontext() if init.partition(":")[0] in row.inits else pytest.raises(UsageError):
            stack(cell, 4, 5, init=init)


@pytest.mark.parametrize("cell", CELLS)
def test_what_suits_a_cell_can_stand_around_it(cell: str) -> None:
    row, x = CELLS[cell], torch.randn(2, 6, 4, dtype=torch.float64)
    around = {"pre_norm": row.pre_norm, "residual": row.residual, "feed_forward": round(row.feed_forward * 6)}
    layers = stack(cell, 4, 6, row.layers or 1, **around).double().eval()
    y, state = layers(x)
    stream = layers.stream(2)
    torch.testing.assert_close(torch.cat([stream.feed(x[:, :4]), stream.step(x[:, 4])[:, None]], 1), y[:, :5])
    torch.testing.assert_close((stream.feed(x[:, 5:]), stream.state), (y[:, 5:], state))
    y.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in layers.parameters())


def test_the_forget_gate_of_an_lstm_starts_open() -> None:
    torch.manual_seed(0)
    layers = stack("lstm", 3, 4, 2, bidirectional=True)
    parameters = dict(layers.named_parameters())
    suffixes = ("l0", "l0_reverse", "l1", "l1_reverse")
    for suffix in suffixes:
        bias = parameters[f"bias_ih_{suffix}"] + parameters[f"bias_hh_{suffix}"]
        assert bias[4:8].tolist() == [1.0] * 4
        assert bias[:4].abs().max() < 1 and bias[8:].abs().max() < 1.0 + 1e-6


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_dropout_lies_between_layers_with_one_mask_for_all_steps(layers: int) -> None:
    torch.manual_seed(0)
    net = stack("rnn", 3, 64, layers, dropout=0.5)
    for name, parameter in net.named_parameters():
        torch.nn.init.zeros_(parameter)
        if name.startswith("weight_ih") and not name.endswith("l0"):
            torch.nn.init.eye_(parameter)
    torch.nn.init.constant_(net.get_parameter("bias_ih_l0"), 0.3)
    x = torch.randn(2, 9, 3)
    dropped = net(x)[0]
    share = (dropped == 0).float().mean().item()
    assert share == pytest.approx(1 - 0.5 ** (layers - 1), abs=0.15)
    assert ((dropped == 0).all(1) == (dropped == 0).any(1)).all(), "a unit is dropped in all steps or in none"
    assert not (net.eval()(x)[0] == 0).any()


def test_options_reach_the_layers() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3)
    plain, normed = (stack("gru", 3, 4, layer_norm=layer_norm) for layer_norm in (False, True))
    assert len(list(normed.parameters())) > len(list(plain.parameters()))
    held = stack("lstm", 3, 4, zoneout=0.5)
    assert not held(x)[0].equal(held(x)[0])
    with pytest.raises(UsageError):
        stack("lstm", 3, 4, zoneout=1.5)
