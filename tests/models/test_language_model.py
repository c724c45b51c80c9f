"""The language model scores and writes as its equations say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from throughtime.decoding.beam import Beam, search
from throughtime.decoding.sampling import Sampler, sample
from throughtime.errors import UsageError
from throughtime.models.language_model import LanguageModel
from throughtime.models.parts.cells import CELLS
from throughtime.models.parts.row_states import State


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
    assert len(state) == {"lstm": 2, "sru": 2, "lru": 3, "slstm": 4}.get(cell, 1)


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


@pytest.mark.parametrize("how", [{}, {"tied": True}, {"tied": True, "embedding_size": 7}])
def test_a_condition_is_a_vector_on_the_input_at_every_step(how: dict[str, Any]) -> None:
    net, plain = model(conditions=3, **how).eval(), model(**how).eval()
    conditions = torch.tensor([[0, 0, 0, 2, 2, 2], [1, 1, 1, 1, 1, 1]])
    read = plain.embedding(TOKENS) + net.condition(conditions)
    expected = plain.output(plain.projection(plain.recurrent(read)[0]))
    torch.testing.assert_close(net(TOKENS, conditions=conditions)[0], expected)
    assert not torch.allclose(expected, net(TOKENS, conditions=conditions * 0)[0])
    # What is not the condition's starts as it does without one, which has nothing more and reads as it did.
    assert set(net.state_dict()) - set(plain.state_dict()) == {"condition.weight"}
    assert all(torch.equal(net.state_dict()[name], tensor) for name, tensor in plain.state_dict().items())
    read = plain.embedding(TOKENS)
    assert torch.equal(plain(TOKENS)[0], plain.output(plain.projection(plain.recurrent(read)[0])))


def test_conditions_that_are_missing_or_too_many_are_refused() -> None:
    for net, given in ((model(conditions=2), None), (model(), torch.zeros_like(TOKENS))):
        with pytest.raises(UsageError, match="needs one for each token, and one without takes none"):
            net(TOKENS, conditions=given)


@pytest.mark.parametrize("cell", CELLS)
def test_writing_for_conditions_follows_scoring_and_no_row_beside(cell: str) -> None:
    net, end, conditions = model(cell=cell, conditions=3, num_layers=2).eval(), 8, [0, 2, 1, 2]
    last, most = np.array([prompt[-1] for prompt in PROMPTS]), np.array([9, 3, 9, 6])
    together: dict[int, list[int]] = {}
    for which in ([0, 1, 2, 3], [3, 1], [2]):
        written = {row: list(PROMPTS[row]) for row in which}
        decoder = net.decoder([PROMPTS[row] for row in which], conditions=[conditions[row] for row in which])
        steps = sample(decoder, last[which], Sampler(), seed=1, rows=np.array(which), end=end, most=most[which])
        for step in steps:
            for place, token, nats in zip(step.rows, step.tokens, step.scores, strict=True):
                row = which[place]
                tokens = torch.tensor([written[row]])
                with torch.no_grad():
                    told = net(tokens, conditions=torch.full_like(tokens, conditions[row]))[0][0, -1].log_softmax(0)
                assert nats == pytest.approx(told[token].item(), abs=1e-5)
                written[row].append(int(token))
        together = together or written
        assert {row: together[row] for row in which} == written


def test_layer_norm_adds_its_gains() -> None:
    assert any("ln" in name for name, _ in model(layer_norm=True).named_parameters())


def scored(net: LanguageModel, text: Sequence[int]) -> np.ndarray:
    """(V,) log-probabilities of what comes after a text, read in one pass without dropout."""
    training = net.training
    with torch.no_grad():
        scores = net.eval()(torch.tensor([list(text)]))[0][0, -1].log_softmax(0).numpy()
    net.train(training)
    return scores


PROMPTS = [[1, 2], [3], [4, 5, 6, 7], [1]]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("how", [{"temperature": 0.0}, {"top_k": 4}])
def test_writing_follows_scoring_and_no_row_beside(cell: str, how: dict[str, Any]) -> None:
    """Writing with carried state is what scoring the whole text again would say, whatever the model's mode."""
    net, sampler, end = model(cell=cell, num_layers=2, dropout=0.5), Sampler(**how), 8
    last, most = np.array([prompt[-1] for prompt in PROMPTS]), np.array([12, 3, 9, 12])

    def texts(which: list[int]) -> list[list[int]]:
        written: list[list[int]] = [list(PROMPTS[row]) for row in which]
        decoder, rows = net.decoder([PROMPTS[row] for row in which], banned=[2]), np.array(which)
        for step in sample(decoder, last[which], sampler, seed=1, rows=rows, end=end, most=most[which]):
            for row, token, nats in zip(step.rows, step.tokens, step.scores, strict=True):
                told = scored(net, written[row])
                assert nats == pytest.approx(told[token], abs=1e-5)
                told[2] = -np.inf
                assert how.get("temperature") != 0.0 or told[token] == told.max()
                written[row].append(int(token))
        return written

    together = texts([0, 1, 2, 3])
    assert together == [text for row in range(4) for text in texts([row])]
    assert [len(text) - len(PROMPTS[row]) for row, text in enumerate(together) if end not in text] == [
        most[row] for row, text in enumerate(together) if end not in text
    ]
    assert net.training and net.recurrent.training


def test_the_best_texts_are_scored_as_in_one_pass() -> None:
    net, end = model(num_layers=2).eval(), 8
    last = np.array([prompt[-1] for prompt in PROMPTS])
    beam = Beam(width=3, n_best=3)
    together = search(net.decoder(PROMPTS), last, beam, end=end, most=np.full(4, 6))
    for prompt, texts in zip(PROMPTS, together, strict=True):
        (alone,) = search(net.decoder([prompt]), last[:1] * 0 + prompt[-1], beam, end=end, most=np.array([6]))
        assert [text.tokens.tolist() for text in texts] == [text.tokens.tolist() for text in alone]
        for text in texts:
            whole = [*text.tokens.tolist(), *([end] if text.ended else [])]
            nats = sum(scored(net, [*prompt, *whole[:at]])[token] for at, token in enumerate(whole))
            assert text.score == pytest.approx(nats, abs=1e-4)


def test_a_restart_clears_the_state_of_its_row() -> None:
    net = model()
    decoder = net.decoder([[1], [1]], restart=9)
    written = [decoder.step(np.array(tokens)) for tokens in ([1, 1], [3, 3], [9, 4], [5, 5])]
    assert np.allclose(written[2][0], scored(net, [9]), atol=1e-6)
    assert np.allclose(written[3][0], scored(net, [9, 5]), atol=1e-6)
    assert np.allclose(written[3][1], scored(net, [1, 3, 4, 5]), atol=1e-6)


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
