"""The language model scores and writes as its equations say."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from torch import nn

from throughtime.models.language_model import LanguageModel, State
from throughtime.models.sampling import Sampler

CELLS = ("lstm", "gru", "rnn")


def model(**how: object) -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(11, **{"embedding_size": 5, "hidden_size": 7, **how})  # type: ignore[arg-type]


TOKENS = torch.tensor([[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]])


def test_it_equals_a_plain_pytorch_model() -> None:
    ours = model(num_layers=2).eval()
    plain = nn.LSTM(5, 7, 2, batch_first=True)
    plain.load_state_dict(ours.recurrent.state_dict())
    h, (h_n, c_n) = plain(ours.embedding(TOKENS))
    logits, state = ours(TOKENS)
    torch.testing.assert_close(logits, ours.output(h))
    torch.testing.assert_close(state, (h_n, c_n))


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_in_two_pieces_is_the_text(cell: str) -> None:
    net = model(cell=cell, num_layers=2).eval()
    whole, last = net(TOKENS)
    first, state = net(TOKENS[:, :2])
    second, after = net(TOKENS[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(after, last)
    assert len(state) == (2 if cell == "lstm" else 1)


@pytest.mark.parametrize("cell", CELLS)
def test_a_reset_starts_a_text_anew(cell: str) -> None:
    net = model(cell=cell).eval()
    resets = torch.zeros(2, 6, dtype=torch.bool)
    resets[0, 3] = True
    logits, _ = net(TOKENS, resets=resets)
    alone, _ = net(TOKENS[:1, 3:])
    torch.testing.assert_close(logits[:1, 3:], alone)
    unbroken, _ = net(TOKENS)
    torch.testing.assert_close(logits[1], unbroken[1])


def test_tied_weights_are_one_tensor_and_a_map_goes_between_sizes() -> None:
    same, narrow, free = model(tied=True, embedding_size=7), model(tied=True), model()
    for net in (same, narrow):
        assert net.output.weight is net.embedding.weight
    assert isinstance(same.projection, nn.Identity) and isinstance(free.projection, nn.Identity)
    assert narrow.projection.weight.shape == (5, 7)
    assert free.output.weight.shape == (11, 7)
    loss = narrow(TOKENS)[0].square().sum()
    loss.backward()
    assert narrow.embedding.weight.grad is not None


@pytest.mark.parametrize(
    "noise", [{"dropout": 0.5}, {"zoneout": 0.5}, {"recurrent_dropout": 0.5}, {"weight_dropout": 0.5}]
)
def test_noise_acts_in_training_only(noise: dict[str, float]) -> None:
    net = model(**noise)
    assert not torch.equal(net(TOKENS)[0], net(TOKENS)[0])
    net.eval()
    assert torch.equal(net(TOKENS)[0], net(TOKENS)[0])


def test_layer_norm_adds_its_gains() -> None:
    assert any("ln" in name for name, _ in model(layer_norm=True).named_parameters())


@pytest.mark.parametrize("cell", CELLS)
def test_writing_follows_scoring(cell: str) -> None:
    """Greedy writing with carried state is what scoring the whole text again would choose."""
    net = model(cell=cell, num_layers=2, dropout=0.5)
    written = list(islice(net.generate([1, 2], Sampler(temperature=0.0)), 12))
    net.eval()
    text = [1, 2]
    for token in written:
        assert token == int(net(torch.tensor([text]))[0][0, -1].argmax())
        text.append(token)


def test_a_restart_clears_the_state() -> None:
    net = model()
    draws = iter([3, 4, 9, 5, 6])
    seen: list[torch.Tensor] = []

    def draw(logits: torch.Tensor) -> int:
        seen.append(logits)
        return next(draws)

    list(islice(net.generate([1], draw, restart=9), 5))
    net.eval()
    torch.testing.assert_close(seen[3], net(torch.tensor([[9]]))[0][0, -1])
    torch.testing.assert_close(seen[4], net(torch.tensor([[9, 5]]))[0][0, -1])


def test_writing_leaves_the_mode_alone_and_builds_no_graph() -> None:
    net = model(dropout=0.5)
    logits: list[torch.Tensor] = []

    def draw(values: torch.Tensor) -> int:
        logits.append(values)
        return 1

    list(islice(net.generate([1], draw), 3))
    assert net.training and not logits[0].requires_grad and torch.is_grad_enabled()


def test_truncated_backpropagation_with_one_window_is_the_full_one() -> None:
    net = model()
    logits, _ = net(TOKENS)
    logits.square().sum().backward()
    full = {name: parameter.grad.clone() for name, parameter in net.named_parameters() if parameter.grad is not None}
    net.zero_grad()
    state: State | None = None
    for tokens in TOKENS.split(TOKENS.shape[1], dim=1):
        logits, state = net(tokens, state)
        logits.square().sum().backward()
        state = tuple(part.detach() for part in state)
    for name, parameter in net.named_parameters():
        torch.testing.assert_close(parameter.grad, full[name])
