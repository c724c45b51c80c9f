"""The decoder that attends says what torch's own layers and the papers' formulas say, in one pass and step by step."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from throughtime.decoding.decoder import best_of
from throughtime.errors import UnknownNameError
from throughtime.layers.attention import Memory
from throughtime.models.parts.attending_decoder import AttendingDecoder, AttendingWriter, Source

PLAIN: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
KINDS = ("general", "dot", "additive", "none")
V, E, H = 7, 4, 6
"""Tokens, embedding, units. A key has 5 features, so that no two sizes are mixed up; 6 where they are compared bare."""
SOURCES = [3, 5, 1, 4, 2]
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
"""float64: the order of the sums is all that differs."""
NEAR = {"rtol": 1e-5, "atol": 1e-6}
"""What is written with is float32 in the end."""


def made(cell: str = "gru", attention: str = "general", layers: int = 2, **how: Any) -> AttendingDecoder:
    torch.manual_seed(3)
    keys = H if attention == "dot" else 5
    sizes = {"embedding_size": E, "hidden_size": H, "num_layers": layers}
    decoder = AttendingDecoder(V, keys, cell=cell, attention=attention, **sizes, **how).double().eval()  # type: ignore[arg-type]
    with torch.no_grad():
        decoder.output.bias.normal_()
        for weight in decoder.recurrent.parameters():
            weight.mul_(2.0)  # so that what was read long ago, and where it looks, is seen in the scores
    return decoder


def looked_at(decoder: AttendingDecoder, lengths: Sequence[int]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Keys, which are no numbers past the end of each row, and a state to start from."""
    torch.manual_seed(4)
    size = decoder.attention.key_size if decoder.attends else 5
    keys = torch.randn(len(lengths), max(lengths), size, dtype=torch.float64)
    for row, length in enumerate(lengths):
        keys[row, length:] = torch.nan
    parts = 2 if decoder.recurrent.mode == "LSTM" else 1
    layers = decoder.recurrent.num_layers
    return keys, tuple(torch.randn(layers, len(lengths), H, dtype=torch.float64) for _ in range(parts))


def prepared(decoder: AttendingDecoder, lengths: Sequence[int] = SOURCES) -> Source:
    keys, state = looked_at(decoder, lengths)
    with torch.no_grad():
        return decoder.look_back(keys, torch.tensor(lengths), state)


def plain_layers(decoder: AttendingDecoder) -> nn.Module:
    """Torch's own layers with the same weights."""
    ours, cell = decoder.recurrent, decoder.recurrent.mode.split("_")[0].lower()
    plain = PLAIN[cell](ours.input_size, H, ours.num_layers, batch_first=True).double()
    plain.load_state_dict(ours.state_dict())
    return plain


def attended(attention: Any, h: Tensor, keys: Tensor) -> Tensor:
    """(S,) weights of one query (H,) on keys (S, K), as the papers write them."""
    if attention.kind == "general":
        scores = [h @ (attention.key.weight @ key) for key in keys]
    elif attention.kind == "dot":
        scores = [h @ key / H**0.5 for key in keys]
    else:
        met = [attention.query.weight @ h + attention.key.weight @ key for key in keys]
        scores = [attention.energy.weight[0] @ torch.tanh(each) for each in met]
    raised = torch.stack(scores).exp()
    return raised / raised.sum()


def read(
    decoder: AttendingDecoder, plain: nn.Module, tokens: Sequence[int], keys: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor]:
    """Logits (T, V) and weights (T, S) of one row without padding, written out step by step."""
    hx: Any = state if len(state) == 2 else state[0]
    fed, logits, weights = torch.zeros(E, dtype=torch.float64), list[Tensor](), list[Tensor]()
    for token in tokens:
        x = decoder.embedding.weight[token]
        y, hx = plain((torch.cat([x, fed]) if decoder.feeding else x)[None, None], hx)
        h = y[0, 0]
        met = h
        if decoder.attends:
            weights.append(attended(decoder.attention, h, keys))
            met = torch.cat([weights[-1] @ keys, h])
        fed = torch.tanh(decoder.combine.weight @ met)
        logits.append(decoder.output.weight @ fed + decoder.output.bias)
    return torch.stack(logits), torch.stack(weights) if weights else torch.zeros(len(tokens), 0)


class Reader:
    """Reads each row alone: log-probabilities and weights after some tokens."""

    def __init__(self, decoder: AttendingDecoder, lengths: Sequence[int] = SOURCES) -> None:
        self.decoder, self.plain, self.lengths = decoder, plain_layers(decoder), lengths
        self.keys, self.state = looked_at(decoder, lengths)

    @torch.no_grad()
    def __call__(self, source: int, tokens: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        state = tuple(part[:, source : source + 1] for part in self.state)
        logits, weights = read(self.decoder, self.plain, tokens, self.keys[source, : self.lengths[source]], state)
        return logits[-1].log_softmax(0).numpy(), weights[-1].numpy()


def gradients(loss: Tensor, decoder: AttendingDecoder, recurrent: nn.Module, others: dict[str, Tensor]) -> Any:
    """By name; those of the recurrent layers of what ran."""
    named = {name: each for name, each in decoder.named_parameters() if not name.startswith("recurrent.")}
    named |= {f"recurrent.{name}": each for name, each in recurrent.named_parameters()} | others
    return dict(zip(named, torch.autograd.grad(loss, list(named.values()), allow_unused=True), strict=True))


def check(decoder: AttendingDecoder, lengths: Sequence[int], sources: Sequence[int]) -> None:
    """Logits and all gradients of one pass, beside those of the rows read one by one."""
    keys, state = looked_at(decoder, sources)
    inputs = {"keys": keys.requires_grad_(), **{f"state{n}": part.requires_grad_() for n, part in enumerate(state)}}
    before = torch.randint(V, (len(lengths), max(lengths)))
    logits = decoder(before, torch.tensor(lengths), decoder.look_back(keys, torch.tensor(sources), state))
    plain, rows = plain_layers(decoder), list[Tensor]()
    for row, (length, steps) in enumerate(zip(lengths, sources, strict=True)):
        own = tuple(part[:, row : row + 1] for part in state)
        rows.append(read(decoder, plain, before[row, :length].tolist(), keys[row, :steps], own)[0])
    expected = torch.cat(rows)
    torch.testing.assert_close(logits, expected, **CLOSE)
    weigh = torch.randn_like(expected)
    found = gradients((logits * weigh).sum(), decoder, decoder.recurrent, inputs)
    told = gradients((expected * weigh).sum(), decoder, plain, inputs)
    assert {name for name in told if told[name] is None} == (set() if decoder.attends else {"keys"})
    assert found.keys() == told.keys()
    for name in told:
        torch.testing.assert_close(found[name], told[name], **CLOSE, msg=name)


@pytest.mark.parametrize("feeding", [False, True])
@pytest.mark.parametrize("attention", KINDS)
@pytest.mark.parametrize("cell", PLAIN)
def test_one_pass_is_each_row_read_step_by_step(cell: str, attention: str, feeding: bool) -> None:
    check(made(cell, attention, feeding=feeding), [4, 1, 3], [2, 5, 1])


@pytest.mark.parametrize("feeding", [False, True])
@pytest.mark.parametrize("lengths, sources", [([1], [1]), ([1], [4]), ([3], [1]), ([1, 1], [1, 1]), ([1, 1], [3, 2])])
def test_least_sizes(lengths: list[int], sources: list[int], feeding: bool) -> None:
    for attention in KINDS:
        check(made("lstm", attention, 1, feeding=feeding, tied=False), lengths, sources)


def together(decoder: AttendingDecoder, source: Source, tokens: np.ndarray) -> np.ndarray:
    """(B, T, V) log-probabilities in one pass without dropout."""
    lengths = torch.full((len(tokens),), tokens.shape[1])
    with torch.no_grad():
        scores = copy.deepcopy(decoder).eval()(torch.from_numpy(tokens), lengths, source).double().log_softmax(1)
    return scores.reshape(*tokens.shape, V).numpy()


@pytest.mark.parametrize("feeding", [False, True])
@pytest.mark.parametrize("attention", KINDS)
@pytest.mark.parametrize("cell", PLAIN)
def test_steps_say_what_one_pass_says(cell: str, attention: str, feeding: bool) -> None:
    decoder = made(cell, attention, feeding=feeding)
    source, tokens = prepared(decoder), np.random.default_rng(0).integers(V, size=(len(SOURCES), 6))
    writer, expected = decoder.writer(source), together(decoder, source, tokens)
    for step in range(6):
        np.testing.assert_allclose(writer.step(tokens[:, step]), expected[:, step], **NEAR)


@pytest.mark.parametrize("noise", ["dropout", "zoneout", "recurrent_dropout", "weight_dropout"])
@pytest.mark.parametrize("feeding", [False, True])
def test_noise_is_off_in_writing_whatever_the_mode(noise: str, feeding: bool) -> None:
    decoder = made(feeding=feeding, layer_norm=noise == "zoneout", **{noise: 0.5}).train()
    source, tokens = prepared(decoder), np.random.default_rng(1).integers(V, size=(len(SOURCES), 3))
    writer, expected = decoder.writer(source), together(decoder, source, tokens)
    for step in range(3):
        np.testing.assert_allclose(writer.step(tokens[:, step]), expected[:, step], **NEAR)
    assert decoder.training and decoder.recurrent.training and decoder.dropout.training
    before, lengths = torch.from_numpy(tokens), torch.full((len(tokens),), 3)
    assert not torch.equal(decoder(before, lengths, source), decoder(before, lengths, source))
    decoder.eval()
    assert torch.equal(decoder(before, lengths, source), decoder(before, lengths, source))


def test_dropout_is_before_and_after_the_recurrent_layers_and_in_what_is_fed() -> None:
    """With all features dropped, nothing is left but biases and what the source and its state say."""
    decoder = made(layers=1, feeding=True, dropout=0.5)
    decoder.dropout.p = 1.0
    source, lengths = prepared(decoder), torch.full((len(SOURCES),), 3)
    logits = decoder.train()(torch.randint(V, (len(SOURCES), 3)), lengths, source)
    torch.testing.assert_close(logits, decoder.output.bias.expand(15, V))
    seen: list[Tensor] = []
    decoder.recurrent.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    decoder(torch.randint(V, (len(SOURCES), 3)), lengths, source)
    assert len(seen) == 3 and not any(x.any() for x in seen)
    assert made(layers=2, dropout=0.5).recurrent.variational_dropout == 0.5  # and between them


@pytest.mark.parametrize("banned", [(), (2, 5)])
@pytest.mark.parametrize("count", [1, 3, V, V + 5])
def test_the_best_are_the_best_of_all(count: int, banned: tuple[int, ...]) -> None:
    decoder = made("lstm")
    source, tokens = prepared(decoder), np.random.default_rng(2).integers(V, size=(3, len(SOURCES)))
    one, other = decoder.writer(source, banned=banned), decoder.writer(source, banned=banned)
    for step in tokens:
        best, told = one.best(step, count), best_of(other.step(step), count)
        there = told.scores > -np.inf
        assert best.tokens.shape == (len(SOURCES), min(count, V))
        np.testing.assert_array_equal(best.tokens[there], told.tokens[there])
        np.testing.assert_allclose(best.scores, told.scores, **NEAR)


def test_a_banned_token_has_no_probability_and_makes_no_other_likelier() -> None:
    decoder = made()
    source, tokens = prepared(decoder), np.random.default_rng(2).integers(V, size=(len(SOURCES), 3))
    writer, expected = decoder.writer(source, banned=[2, 5]), together(decoder, source, tokens)
    expected[:, :, [2, 5]] = -np.inf
    for step in range(3):
        np.testing.assert_allclose(writer.step(tokens[:, step]), expected[:, step], **NEAR)


PATHS = {
    "any order": [[4, 3, 2, 1, 0], [1, 4, 0, 2, 3]],
    "one leaves": [[0, 1, 3, 4], [0, 1, 2, 3]],
    "uneven": [[0, 0, 1, 3, 3, 3], [5, 0, 2, 2, 1], [3, 3, 0, 4, 2, 1, 1, 1]],
    "uneven, then even": [[0, 0, 1, 2, 2, 3, 4, 4], [0, 2, 3, 5, 6], [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], [1, 3, 5, 7, 9]],
    "even out of order": [[0, 1, 2, 0, 1, 2], [0, 3, 1, 4, 2, 5]],
    "same number, one more of one": [[0, 0, 1, 2, 3], [0, 1, 2, 3, 4]],
    "to one and back to many": [[3], [0], [0] * 9, [8, 0, 4]],
    "last and first": [[4, 0], [1, 0, 1, 0], [3, 1]],
}


def drawn(seed: int) -> list[list[int]]:
    """Rows that are gone on with, seven times."""
    random, rows, path = np.random.default_rng(seed), len(SOURCES), list[list[int]]()
    for _ in range(7):
        path.append(random.integers(rows, size=random.integers(1, 10)).tolist())
        rows = len(path[-1])
    return path


def look(writer: AttendingWriter, reader: Reader, texts: Sequence[tuple[int, list[int]]]) -> None:
    """What each row looks at, beside its own text read alone."""
    found = writer.attended
    assert (found is None) == (not reader.decoder.attends)
    if found is None:
        return
    assert found.weights.shape == (len(texts), max(SOURCES))
    np.testing.assert_array_equal(found.lengths, [SOURCES[owner] for owner, _ in texts])
    np.testing.assert_allclose(found.weights.sum(1), 1.0, rtol=1e-6)
    for weights, (owner, text) in zip(found.weights, texts, strict=True):
        assert not weights[SOURCES[owner] :].any()
        np.testing.assert_allclose(weights[: SOURCES[owner]], reader(owner, text)[1], **NEAR)


@pytest.mark.parametrize("how", [("gru", "general", False), ("lstm", "additive", True), ("rnn", "none", True)], ids=str)
@pytest.mark.parametrize("path", [*PATHS.values(), *map(drawn, range(6))], ids=[*PATHS, *map(str, range(6))])
def test_rows_go_on_as_if_they_were_alone(how: tuple[str, str, bool], path: list[list[int]]) -> None:
    decoder = made(how[0], how[1], feeding=how[2])
    reader, writer, random = Reader(decoder), decoder.writer(prepared(decoder)), np.random.default_rng(5)
    texts: list[tuple[int, list[int]]] = [(owner, []) for owner in range(len(SOURCES))]
    for rows in [list(range(len(SOURCES))), *path]:
        if texts[0][1]:
            writer.select(np.array(rows))
            texts = [texts[row] for row in rows]
            look(writer, reader, texts)
        for _ in range(2):
            tokens = random.integers(V, size=len(rows))
            texts = [(owner, [*text, int(token)]) for (owner, text), token in zip(texts, tokens, strict=True)]
            scores = writer.step(tokens)
            for row, (owner, text) in enumerate(texts):
                np.testing.assert_allclose(scores[row], reader(owner, text)[0], **NEAR)
            look(writer, reader, texts)


def test_what_was_looked_at_is_not_written_over() -> None:
    decoder = made()
    writer, tokens = decoder.writer(prepared(decoder)), np.zeros(len(SOURCES), np.int64)
    scores = writer.step(tokens)
    assert writer.attended is not None
    weights = writer.attended.weights
    kept = scores.copy(), weights.copy()
    scores[0] = 0.0  # the caller may
    writer.step(tokens), writer.select(np.array([1, 1, 0])), writer.step(tokens[:3])
    np.testing.assert_array_equal(scores[1:], kept[0][1:])
    np.testing.assert_array_equal(weights, kept[1])


def test_the_memory_is_held_once_and_gathered_only_where_a_source_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered, held, select = list[list[int]](), list[int](), Memory.select

    def spy(memory: Memory, rows: Tensor) -> Memory:
        gathered.append(rows.tolist())
        return select(memory, rows)

    monkeypatch.setattr(Memory, "select", spy)
    decoder = made()
    decoder.attention.register_forward_pre_hook(lambda _, given: held.append(len(given[1].keys)))
    writer = decoder.writer(prepared(decoder))
    for rows, leaving in [
        ([0, 0, 1, 1, 2, 2, 3, 3, 4, 4], None),
        ([9, 0, 0, 2, 4, 5, 6], None),
        ([0, 1, 3, 4, 5], [0, 1, 2, 4]),  # source 3 has gone
        ([4, 4, 4, 3, 2, 1, 0], None),
        ([0, 0, 1], [2]),
        ([2, 1, 0, 0], None),
    ]:
        writer.select(np.array(rows))
        writer.step(np.zeros(len(rows), np.int64))
        assert gathered == ([] if leaving is None else [leaving])
        gathered.clear()
    assert held == [5, 5, 4, 4, 1, 1]


@pytest.mark.parametrize("attention", KINDS)
def test_some_rows_of_a_source_are_those_rows_made_ready(attention: str) -> None:
    decoder, rows = made("lstm", attention), [3, 0, 3, 1]
    keys, state = looked_at(decoder, SOURCES)
    chosen = torch.tensor([SOURCES[row] for row in rows])
    told = decoder.look_back(keys[rows], chosen, tuple(part[:, rows] for part in state))
    found, before = prepared(decoder).select(torch.tensor(rows)), torch.randint(V, (4, 3))
    assert torch.equal(found.lengths, chosen)
    lengths = torch.tensor([3, 1, 2, 3])
    torch.testing.assert_close(decoder(before, lengths, found), decoder(before, lengths, told), **CLOSE)


@pytest.mark.parametrize("tied", [True, False])
def test_weights_go_into_another_network_and_tied_ones_are_one_tensor(tied: bool) -> None:
    decoder, other = made("lstm", tied=tied), AttendingDecoder(
        V, 5, cell="lstm", embedding_size=E, hidden_size=H, num_layers=2, tied=tied
    ).double()  # fmt: skip
    tokens, lengths = torch.randint(V, (len(SOURCES), 3)), torch.full((len(SOURCES),), 3)
    before = decoder(tokens, lengths, prepared(decoder))
    assert not torch.equal(before, other(tokens, lengths, prepared(other)))
    other.load_state_dict(decoder.state_dict())
    for net in (decoder, other, copy.deepcopy(other), copy.deepcopy(other).float().double()):
        assert (net.output.weight is net.embedding.weight) == tied
    assert torch.equal(before, other(tokens, lengths, prepared(other)))
    recurrent = sum(each.numel() for each in decoder.recurrent.parameters())
    free = V * E * (1 if tied else 2) + V  # vectors and the output layer
    assert sum(each.numel() for each in decoder.parameters()) == free + recurrent + H * 5 + E * (5 + H)


@pytest.mark.parametrize("feeding", [False, True])
def test_narrow_weights_write_too(feeding: bool) -> None:
    wide = made("lstm", feeding=feeding)
    source, tokens = prepared(wide), np.random.default_rng(3).integers(V, size=(len(SOURCES), 3))
    expected, keys = together(wide, source, tokens), looked_at(wide, SOURCES)
    narrow = wide.bfloat16()
    writer = narrow.writer(
        narrow.look_back(keys[0].bfloat16(), torch.tensor(SOURCES), tuple(part.bfloat16() for part in keys[1]))
    )
    for step in range(3):
        scores = writer.step(tokens[:, step])
        np.testing.assert_allclose(scores, expected[:, step], atol=0.1)  # eight bits, through three steps
        assert writer.attended is not None and writer.attended.weights.shape == (len(SOURCES), max(SOURCES))


def test_what_is_no_attention_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="general"):
        made(attention="generl")
