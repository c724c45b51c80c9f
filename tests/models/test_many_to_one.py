"""A sequence in, one answer out: the same as reading each row alone, step by step, without any padding."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from throughtime.layers import Recurrent
from throughtime.models.many_to_one import POOLINGS, ManyToOne, Pooling
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import FrameInput, TokenInput, WordInput

LENGTHS = torch.tensor([3, 7, 1, 5])
PLAIN = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
poolings = pytest.mark.parametrize("kind", POOLINGS)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(5)


def pooled(pooling: Pooling, h: Tensor, last: Tensor) -> Tensor:
    """One row (T, P) without padding -> (P,), as the docstring has it."""
    match pooling.kind:
        case "last":
            return last
        case "mean":
            return torch.stack([step for step in h]).mean(0)
        case "max":
            return torch.stack([step for step in h]).max(0).values
        case _:
            attention: Any = pooling.attention
            energies = [
                attention.energy(torch.tanh(attention.query(pooling.query) + attention.key(step))) for step in h
            ]
            weights = torch.cat(energies).softmax(0)
            return sum((weight * step for weight, step in zip(weights, h, strict=True)), torch.zeros(h.shape[1]))


def made(kind: str, size: int) -> Pooling:
    pooling = Pooling(kind, size)
    if kind == "attention":
        nn.init.normal_(pooling.query)
    return pooling


@poolings
@pytest.mark.parametrize("garbage", [0.0, 1e6, -1e6])
def test_pooling_reads_the_steps_of_each_row_and_no_others(kind: str, garbage: float) -> None:
    pooling, last = made(kind, 6), torch.randn(4, 6)
    h = torch.randn(4, 7, 6) - 2.0
    for row, length in enumerate(LENGTHS):
        h[row, length:] = garbage
    h.requires_grad_()
    found = pooling(h, last, LENGTHS)
    expected = [pooled(pooling, h[row, :length], last[row]) for row, length in enumerate(LENGTHS)]
    torch.testing.assert_close(found, torch.stack(expected))
    if kind != "last":
        (gradient,) = torch.autograd.grad(found.square().sum(), h)
        for row, length in enumerate(LENGTHS):
            assert not gradient[row, length:].any()
            assert gradient[row, :length].any()


def test_attention_starts_from_the_mean_of_no_step_in_particular() -> None:
    pooling = Pooling("attention", 6)
    assert not pooling.query.any()
    found = pooling(torch.randn(4, 7, 6), torch.randn(4, 6), LENGTHS)
    found.sum().backward()
    assert pooling.query.grad is not None and pooling.query.grad.any(), "the query learns from the start"


def alone(net: ManyToOne, cell: str, recurrent: Recurrent, x: Tensor) -> Tensor:
    """Scores of one row (T, I) by torch's own layer."""
    plain = PLAIN[cell](4, 5, 2, batch_first=True, bidirectional=recurrent.bidirectional)
    plain.load_state_dict(recurrent.state_dict())
    h, state = plain(x[None])
    ends = [h[0, -1, :5], *([h[0, 0, 5:]] if recurrent.bidirectional else [])]
    final = state[0] if cell == "lstm" else state
    torch.testing.assert_close(torch.cat(ends), torch.cat(list(final[-len(ends) :, 0])))
    return net.output(pooled(net.pooling, h[0], torch.cat(ends)))


@poolings
@pytest.mark.parametrize("cell", PLAIN)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_it_equals_torch_row_by_row(kind: str, cell: str, bidirectional: bool) -> None:
    recurrent = stack(cell, 4, 5, 2, bidirectional=bidirectional)
    net = ManyToOne(TokenInput(9, 4), recurrent, 3, pooling=kind).eval()
    tokens = torch.randint(9, (4, 7))
    scores = net({"tokens": tokens, "lengths": LENGTHS})
    rows = zip(tokens, LENGTHS, strict=True)
    expected = [alone(net, cell, recurrent, net.read(row[:length])) for row, length in rows]
    torch.testing.assert_close(scores, torch.stack(expected))


def batch_of(name: str) -> tuple[nn.Module, dict[str, Tensor]]:
    """A reader and a padded batch for it; the padding holds what stands elsewhere too."""
    if name == "frames":
        return FrameInput([1.0, 2.0], [0.5, 3.0], 4), {"frames": torch.randn(4, 7, 2)}
    if name == "tokens":
        return TokenInput(9, 4), {"tokens": torch.randint(9, (4, 7))}
    read = WordInput(6, 3, characters=8, character_size=3, character_hidden=2)
    places = torch.randint(5, (4, 7))
    letters, lengths = torch.randint(8, (5, 6)), torch.tensor([1, 6, 3, 2, 4])
    words = {"words": torch.randint(6, (4, 7)), "places": places}
    return read, {**words, "characters": letters, "character_lengths": lengths}


@poolings
@pytest.mark.parametrize("name", ["frames", "tokens", "words"])
def test_a_score_does_not_depend_on_the_rest_of_the_batch(kind: str, name: str) -> None:
    read, batch = batch_of(name)
    net = ManyToOne(read, stack("gru", read.output_size, 5, bidirectional=True), 3, pooling=kind).eval()  # type: ignore[arg-type]
    together = net({**batch, "lengths": LENGTHS})
    for row, length in enumerate(LENGTHS.tolist()):
        cut = {key: part if "character" in key else part[row : row + 1, :length] for key, part in batch.items()}
        torch.testing.assert_close(net({**cut, "lengths": LENGTHS[row : row + 1]})[0], together[row])


def test_the_temperature_is_saved_and_left_to_the_task() -> None:
    net = ManyToOne(TokenInput(9, 4), stack("rnn", 4, 5), 3).eval()
    assert net.state_dict()["temperature"].item() == 1.0
    batch = {"tokens": torch.tensor([[1, 2]]), "lengths": torch.tensor([2])}
    before = net(batch)
    net.temperature.fill_(3.0)
    assert net(batch).equal(before)


def test_pooled_features_are_dropped_in_training_alone() -> None:
    net = ManyToOne(TokenInput(9, 4), stack("rnn", 4, 5), 3, dropout=0.5)
    batch = {"tokens": torch.randint(9, (64, 3)), "lengths": torch.full((64,), 3)}
    assert not net(batch).equal(net(batch))
    net.eval()
    assert net(batch).equal(net(batch))
