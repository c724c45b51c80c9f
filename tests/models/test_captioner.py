"""The captioner: its equations step by step in plain PyTorch, what it writes, and what is seen of a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from throughtime.decoding.beam import Beam, search
from throughtime.models.captioner import CaptionDecoder, Captioner, uncovered
from throughtime.models.parts.picture_encoders import GridEncoder, PictureEncoder, halvings

TOKENS, PLACES, FEATURES = 7, 5, 6


def decoder(**options: Any) -> CaptionDecoder:
    torch.manual_seed(3)
    made = CaptionDecoder(TOKENS, FEATURES, embedding_size=4, hidden_size=3, **options).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(2.0)
    return made


def by_hand(model: CaptionDecoder, words: list[int], places: Tensor) -> tuple[Tensor, Tensor]:
    """(logits (T, V), alpha (T, S)) of one caption by the paper's equations, an LSTM of torch's own as the cell."""
    cell = torch.nn.LSTMCell(4 + FEATURES, 3)
    layer = model.recurrent
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    cell.load_state_dict({name: getattr(layer, f"{name}_l0") for name in names})
    h, c = torch.tanh(places.mean(0) @ model.start.weight.T + model.start.bias).split(3)
    logits, looks = list[Tensor](), list[Tensor]()
    for word in words:
        attention: Any = model.attention
        scores = torch.tanh(h @ attention.query.weight.T + places @ attention.key.weight.T) @ attention.energy.weight[0]
        alpha = torch.exp(scores) / torch.exp(scores).sum()
        beta = 1 / (1 + torch.exp(-(model.gate.weight[0] @ h + model.gate.bias[0])))
        z = beta * sum(weight * place for weight, place in zip(alpha, places, strict=True))
        embedded = model.embedding.weight[word]
        h, c = (each[0] for each in cell(torch.cat([embedded, z])[None], (h[None], c[None])))
        deep = embedded + model.from_state.weight @ h + model.from_state.bias + model.from_context.weight @ z
        logits.append(model.output.weight @ deep + model.output.bias)
        looks.append(alpha)
    return torch.stack(logits), torch.stack(looks)


@torch.no_grad()
def test_each_word_is_scored_as_the_paper_says() -> None:
    model, places = decoder(), torch.randn(2, PLACES, FEATURES)
    before = torch.tensor([[0, 4, 2], [0, 5, 0]])
    logits, looks = model.look_and_score(before, torch.tensor([3, 2]), model.look_back(places))
    assert looks is not None
    rows = ((before[0].tolist(), places[0]), (before[1, :2].tolist(), places[1]))
    wanted = [by_hand(model, words, own) for words, own in rows]
    assert torch.allclose(logits, torch.cat([each for each, _ in wanted]), atol=1e-5)
    assert torch.allclose(looks[0], wanted[0][1], atol=1e-6) and torch.allclose(looks[1, :2], wanted[1][1], atol=1e-6)
    assert not looks[1, 2].any(), "past its end nothing is looked at"


@torch.no_grad()
def test_without_attention_the_picture_starts_the_state_and_no_more() -> None:
    model = decoder(attention="none")
    same_mean = torch.randn(1, PLACES, FEATURES)
    before, lengths = torch.tensor([[0, 4, 2]]), torch.tensor([3])
    one = model(before, lengths, model.look_back(same_mean))
    other = model(before, lengths, model.look_back(same_mean.flip(1)))
    assert torch.allclose(one, other, atol=1e-6)
    assert not torch.allclose(one, model(before, lengths, model.look_back(same_mean + 1)), atol=1e-3)
    names = {name for name, _ in model.named_parameters()}
    assert not any(name.startswith(("attention", "gate", "from_context")) for name in names)


def test_looking_alike_at_all_places_costs_nothing() -> None:
    alike = torch.full((2, 4, 4), 0.25)
    assert uncovered(alike).item() == pytest.approx(0)
    one = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]])
    assert uncovered(one).item() == pytest.approx((1 - 2) ** 2 + (1 - 0) ** 2)


@pytest.mark.parametrize(
    "options",
    [{}, {"attention": "none"}, {"attention": "general"}, {"cell": "gru"}, {"cell": "rnn", "num_layers": 2},
     {"layer_norm": True}, {"cell": "lru", "num_layers": 2, "pre_norm": True, "residual": True, "feed_forward": 5},
     {"cell": "slstm"}, {"cell": "sru", "attention": "none"}],
)  # fmt: skip
@torch.no_grad()
def test_what_is_written_has_the_score_of_its_words_known(options: dict[str, Any]) -> None:
    model, places = decoder(**options), torch.randn(4, PLACES, FEATURES)
    seen = model.look_back(places)
    first, most = np.zeros(4, np.int64), np.full(4, 6)
    for row, texts in enumerate(search(model.writer(seen), first, Beam(width=3, n_best=2), end=0, most=most)):
        for text in texts:
            tokens = [*text.tokens.tolist(), *([0] if text.ended else [])]
            before = torch.tensor([[0, *tokens[:-1]]])
            chosen = seen.select(torch.tensor([row]))
            logits, looks = model.look_and_score(before, torch.tensor([len(tokens)]), chosen)
            known = logits.log_softmax(1)[torch.arange(len(tokens)), torch.tensor(tokens)].sum()
            assert text.score == pytest.approx(known.item(), abs=1e-4)
            if looks is None:
                assert text.attention is None
            else:
                assert text.attention is not None
                assert np.allclose(text.attention, looks[0].numpy(), atol=1e-5)


@torch.no_grad()
def test_banned_tokens_are_never_written() -> None:
    model = decoder()
    model.output.bias[3] = 50.0
    writer = model.writer(model.look_back(torch.randn(1, PLACES, FEATURES)), banned=[3])
    (texts,) = search(writer, np.zeros(1, np.int64), Beam(width=2), end=0, most=np.array([5]))
    assert 3 not in texts[0].tokens


def test_a_picture_is_halved_until_it_has_few_places() -> None:
    assert [halvings(*size, 8) for size in ((8, 8), (9, 3), (128, 96), (1, 1))] == [0, 1, 4, 0]
    for size in ((16, 16), (9, 3), (5, 130), (1, 1)):
        encoder = PictureEncoder([0.0], [1.0], size, width=16)
        places = encoder(torch.rand(2, *size, 1))
        assert places.shape == (2, encoder.grid[0] * encoder.grid[1], 16)
        assert max(encoder.grid) <= 8


@torch.no_grad()
def test_a_place_sees_what_is_there_and_where_it_is() -> None:
    torch.manual_seed(0)
    encoder = PictureEncoder([0.0], [1.0], (32, 32), width=16).eval()
    blank, dot = torch.zeros(1, 32, 32, 1), torch.zeros(1, 32, 32, 1)
    dot[0, 2, 29] = 1
    off = (encoder(dot) - encoder(blank)).abs().sum(2).reshape(8, 8)
    assert off.argmax() in (6, 7, 14, 15), "up and to the right"
    places = encoder(blank)[0].reshape(8, 8, 16)
    assert not torch.allclose(places[2, 2], places[5, 5], atol=1e-3), "rows and columns are told apart"


@torch.no_grad()
def test_a_picture_is_read_alike_whatever_stands_beside_it() -> None:
    encoder = PictureEncoder([0.2, 0.3, 0.4], [0.5, 0.5, 2.0], (12, 20), width=16)
    pictures = torch.rand(3, 12, 20, 3)
    assert torch.allclose(encoder(pictures)[1], encoder(pictures[1:2])[0], atol=1e-5)


@torch.no_grad()
def test_a_grid_of_features_is_brought_to_one_scale() -> None:
    torch.manual_seed(0)
    encoder = GridEncoder([1.0, 2.0], [0.5, 4.0], (2, 3), width=4)
    grid = torch.randn(1, 2, 3, 2)
    rows, columns = torch.linspace(-1, 1, 2), torch.linspace(-1, 1, 3)
    for row in range(2):
        for column in range(3):
            known = (grid[0, row, column] - torch.tensor([1.0, 2.0])) / torch.tensor([0.5, 4.0])
            x = torch.cat([known, rows[row, None], columns[column, None]])
            wanted = torch.relu(encoder.layer.weight @ x + encoder.layer.bias)
            assert torch.allclose(encoder(grid)[0, 3 * row + column], wanted, atol=1e-6)


def test_gradients_reach_every_weight() -> None:
    model = Captioner(PictureEncoder([0.0], [1.0], (8, 8), width=16), CaptionDecoder(TOKENS, 16, hidden_size=8))
    seen = model.encode({"pictures": torch.rand(3, 8, 8, 1)}).select(torch.tensor([0, 0, 1, 2]))
    logits, looks = model.decoder.look_and_score(torch.randint(0, 7, (4, 3)), torch.tensor([3, 3, 2, 1]), seen)
    assert looks is not None
    (logits.square().sum() + uncovered(looks)).backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in model.parameters())
