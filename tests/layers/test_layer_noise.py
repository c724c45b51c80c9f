"""The layers' noise: one mask where one is meant, none of it dependent on how a batch is laid out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import TIGHT
from makers import MAKERS, able
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from throughtime.kernels.dispatch import use_kernel
from throughtime.layers import GRU, LSTM, RNN, Recurrent

NOISES: dict[str, dict[str, Any]] = {
    "zoneout": {"zoneout": 0.3},
    "recurrent dropout": {"recurrent_dropout": 0.4},
    "weight dropout": {"weight_dropout": 0.4},
    "input dropout": {"input_dropout": 0.4},
    "variational dropout": {"num_layers": 2, "variational_dropout": 0.4},
}
ALL = {key: value for options in NOISES.values() for key, value in options.items()}
noises = pytest.mark.parametrize("options", [*NOISES.values(), ALL], ids=[*NOISES, "all"])


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def run(layer: Recurrent, x: Any, seed: int = 3, **options: Any) -> Tensor:
    torch.manual_seed(seed)
    return layer(x, **options)[0]


@noises
@pytest.mark.parametrize("cell", MAKERS)
def test_noise_acts_in_training_only_and_follows_the_seed(cell: str, options: dict[str, Any]) -> None:
    options = able(cell, options)
    if options.keys() <= {"num_layers"}:
        return
    layer, x = MAKERS[cell](3, 8, dtype=torch.float64, **options), drawn(5, 2, 3)
    assert run(layer, x).equal(run(layer, x))
    assert not run(layer, x).equal(run(layer, x, seed=4))
    layer.eval()
    assert run(layer, x).equal(run(layer, x, seed=4))


@noises
def test_padding_does_not_change_the_mask(options: dict[str, Any]) -> None:
    """Row 1 sees the same masks in a full batch, in a ragged one (sorted inside), and packed."""
    layer, x = LSTM(3, 5, dtype=torch.float64, **{**options, "bidirectional": True}), drawn(6, 3, 3)
    told = [run(layer, x[:4])[:, 1]]
    told.append(run(layer, x, lengths=[4, 4, 6])[:4, 1])
    told.append(run(layer, x, lengths=[0, 4, 3])[:4, 1])
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor([6, 4, 5]), enforce_sorted=False)
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(run(layer, packed))  # type: ignore[arg-type]
    told.append(padded[:4, 1])
    for each in told[1:]:
        torch.testing.assert_close(each, told[0], **TIGHT)


@noises
def test_row_0_alone_sees_the_mask_of_row_0(options: dict[str, Any]) -> None:
    layer, x = GRU(3, 5, dtype=torch.float64, **options), drawn(6, 3, 3)
    torch.testing.assert_close(run(layer, x[:, :1])[:, 0], run(layer, x)[:, 0], **TIGHT)
    torch.testing.assert_close(run(layer, x[:, 0]), run(layer, x)[:, 0], **TIGHT)


@pytest.mark.parametrize("name", ["zoneout", "recurrent dropout", "input dropout"])
def test_rows_layers_and_directions_have_masks_of_their_own(name: str) -> None:
    """With equal inputs and equal weights, only masks can make a difference."""
    layer = RNN(4, 4, 1, bidirectional=name != "input dropout", dtype=torch.float64, **NOISES[name])
    x = torch.ones(3, 2, 4, dtype=torch.float64)
    y = run(layer, x)
    assert not y[:, 0].equal(y[:, 1])
    if layer.bidirectional:
        for end in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            getattr(layer, f"{end}_reverse").data.copy_(getattr(layer, end))
        y = run(layer, x)
        assert not y[:, :, :4].equal(y[:, :, 4:].flip(0))


def test_recurrent_dropout_hides_the_same_units_at_all_steps() -> None:
    """From W_hh = 1 and h = tanh(1) the hidden units can be counted; the same count at each step, tied over gates."""
    layer = RNN(1, 64, bias=False, recurrent_dropout=0.5, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.fill_(0.0)
        layer.weight_hh_l0.copy_(torch.eye(64))
    h0 = torch.full((1, 1, 64), 0.01, dtype=torch.float64)
    torch.manual_seed(0)
    y, _ = layer(torch.zeros(4, 1, 1, dtype=torch.float64), h0)
    alive = y[:, 0] != 0
    assert all(step.equal(alive[0]) for step in alive)
    assert 16 < alive[0].sum() < 48
    torch.testing.assert_close(y[0, 0][alive[0]], torch.tanh(2 * h0[0, 0][alive[0]]))


def test_zoneout_keeps_units_anew_at_every_step() -> None:
    layer = RNN(1, 64, zoneout=0.5, dtype=torch.float64)
    torch.manual_seed(0)
    y, _ = layer(drawn(6, 1, 1))
    kept = y[1:, 0] == y[:-1, 0]
    assert ((kept.double().mean(1) - 0.5).abs() < 0.32).all()  # five standard deviations of 64 coins
    assert len({tuple(step.tolist()) for step in kept}) == 5


def test_zoneout_in_inference_is_the_expectation() -> None:
    """One step: the mean over many masks, each within five standard errors."""
    layer, x, h0 = GRU(2, 3, zoneout=0.3, dtype=torch.float64), drawn(1, 1, 2), drawn(1, 1, 3)
    n = 4000
    drawn_n = layer(x.expand(1, n, 2), h0.expand(1, n, 3).contiguous())[0][0]
    layer.eval()
    expected = layer(x, h0)[0][0, 0]
    error = drawn_n.std(0) / n**0.5
    assert ((drawn_n.mean(0) - expected).abs() <= 5 * error).all()


def test_zoneout_of_h_and_c_apart() -> None:
    x = drawn(4, 1, 3)
    for zoneout, still in (((0.6, 0.0), 0), ((0.0, 0.6), 1)):
        layer = LSTM(3, 32, zoneout=zoneout, dtype=torch.float64)
        torch.manual_seed(1)
        _, _, seen = layer(x, trace=True)
        kept = [(seen[name][1:] == seen[name][:-1]).double().mean() for name in ("h_l0", "c_l0")]
        assert kept[still] > 0.3 and kept[1 - still] == 0.0


def test_weight_dropout_is_one_mask_for_all_rows_and_steps() -> None:
    """So a call equals one of a plain layer whose W_hh was masked."""
    layer, x = LSTM(3, 4, weight_dropout=0.5, dtype=torch.float64), drawn(5, 3, 3)
    plain = LSTM(3, 4, dtype=torch.float64)
    plain.load_state_dict(layer.state_dict())
    seen: list[Tensor] = []
    y = run(layer, x)
    weights = layer.weight_hh_l0
    torch.manual_seed(3)
    from throughtime.kernels.reference.noise import Purpose, dropped

    seed = torch.randint(2**63 - 1, (), dtype=torch.int64)
    out = dropped(0.5, seed, Purpose.WEIGHT_DROPOUT, 0, 0, torch.arange(16), torch.zeros(16, dtype=torch.int64), 4)
    plain.weight_hh_l0.data = weights.detach().masked_fill(out, 0.0) * 2
    assert 0.25 < out.double().mean() < 0.75 and not seen
    torch.testing.assert_close(y, run(plain, x), **TIGHT)


@noises
@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpointing_sees_the_same_masks(options: dict[str, Any], reentrant: bool) -> None:
    layer, x = LSTM(3, 4, dtype=torch.float64, **options), drawn(5, 2, 3).requires_grad_()
    leaves = [x, *layer.parameters()]
    told = torch.autograd.grad(run(layer, x).square().sum(), leaves)
    torch.manual_seed(3)
    y = checkpoint(lambda x: layer(x)[0], x, use_reentrant=reentrant)
    y.square().sum().backward()
    for leaf, expected in zip(leaves, told, strict=True):
        assert leaf.grad is not None and leaf.grad.equal(expected)


@noises
def test_noise_is_the_same_on_every_kernel_that_runs_it(options: dict[str, Any]) -> None:
    """Weight, input and variational dropout leave the loop plain, so torch's kernels run it under the same masks."""
    layer, x = LSTM(3, 4, dtype=torch.float64, **options), drawn(5, 2, 3)
    if layer.recurrent_dropout or any(layer.zoneout):
        return
    with use_kernel("torch"):
        y = run(layer, x)
    with use_kernel("reference"):
        torch.testing.assert_close(y, run(layer, x), **TIGHT)


def test_noise_draws_one_number_from_torchs_generator() -> None:
    """So that a resumed run, which restores that generator, resumes the masks."""
    layer, x = LSTM(3, 4, **ALL), torch.randn(5, 2, 3)
    torch.manual_seed(3)
    layer(x)
    after = torch.randint(1000, (5,))
    torch.manual_seed(3)
    torch.randint(2**63 - 1, (), dtype=torch.int64)
    assert torch.randint(1000, (5,)).equal(after)
    torch.manual_seed(3)
    layer.eval()(x)
    torch.manual_seed(3)
    assert layer(x)[0].isfinite().all() and torch.randint(1000, (1,)).equal(first_draw())


def first_draw() -> Tensor:
    torch.manual_seed(3)
    return torch.randint(1000, (1,))
