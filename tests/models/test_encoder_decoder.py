"""A sequence in, another out: what torch's own layers read, what the decoder starts from, and what is written."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from throughtime.decoding.beam import Beam, Written, search
from throughtime.decoding.sampling import Sampler, sample
from throughtime.errors import UnknownNameError
from throughtime.layers.attention import Memory
from throughtime.models.encoder_decoder import Bridge, EncoderDecoder
from throughtime.models.parts.attending_decoder import Source
from throughtime.models.parts.carries import parts_of
from throughtime.models.parts.cells import stack
from throughtime.models.parts.inputs import TokenInput
from throughtime.models.parts.row_states import enter

PLAIN: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
TAKEN: dict[tuple[str, str], dict[str, str]] = {
    ("lstm", "lstm"): {"h": "h", "c": "c"}, ("gru", "gru"): {"h": "h"}, ("rnn", "rnn"): {"h": "h"},
    ("lstm", "gru"): {"h": "h"}, ("gru", "lstm"): {"h": "h"}, ("rnn", "lstm"): {"h": "h"},
    ("lru", "lru"): {"re": "re", "im": "im"}, ("gru", "lru"): {"re": "h"}, ("lru", "lstm"): {"h": "h"},
    ("sru", "mingru"): {"h": "h"}, ("mingru", "sru"): {"c": "h"}, ("slstm", "slstm"): {"h": "h", "c": "c"},
    ("slstm", "lstm"): {"h": "h", "c": "c"}, ("lstm", "slstm"): {"h": "h", "c": "c"},
}  # fmt: skip
"""Cells of encoder and decoder -> the parts of the state that the decoder is begun with, and what each is made of."""
H, READ, END = 6, 9, 0
"""Units of a direction; tokens that are read; what ends a text, and comes before its first token."""
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
"""float64: the order of the sums is all that differs."""


def made(tokens: int = 6, *, dtype: torch.dtype = torch.float64, **how: Any) -> EncoderDecoder:
    """A network that says another thing of each source: with its first weights all tokens are about as likely."""
    torch.manual_seed(2)
    model = EncoderDecoder(TokenInput(READ, 4), tokens, hidden_size=H, embedding_size=4, **how).double().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3.0)
        for layer in (model.read.embedding, model.decoder.embedding, model.decoder.output):
            nn.init.normal_(layer.weight, std=1.5)  # type: ignore[arg-type]
    return model.to(dtype)


def batch(sources: Sequence[Sequence[int]]) -> dict[str, Tensor]:
    """Padded with a token like any other."""
    lengths = [len(source) for source in sources]
    tokens = torch.full((len(sources), max(lengths)), 7)
    for row, source in enumerate(sources):
        tokens[row, : len(source)] = torch.tensor(source)
    return {"tokens": tokens, "lengths": torch.tensor(lengths)}


def drawn(count: int, longest: int = 8) -> list[list[int]]:
    random = np.random.default_rng(6)
    return [random.integers(READ, size=random.integers(1, longest + 1)).tolist() for _ in range(count)]


SOURCES = drawn(64)


def encoded(model: EncoderDecoder, sources: Sequence[Sequence[int]]) -> Source:
    with torch.no_grad():
        return model.encode(batch(sources))


# -- reading, and what the decoder starts from -------------------------------------------------------------------------


def started(
    bridge: Bridge, taken: dict[str, str], state: dict[str, np.ndarray], layer: int, row: int
) -> dict[str, np.ndarray]:
    """What one layer of the decoder is begun with in one row, part by part, by hand."""
    parts = {}
    for number, (part, source) in enumerate(taken.items()):
        end = state[source]
        if bridge.kind == "projected" and source == "c" and "n" in state:
            end = end / state["n"]
        start = np.concatenate([end[layer * bridge.directions + way, row] for way in range(bridge.directions)])
        if bridge.kind == "projected":
            linear = bridge.projections[number * bridge.layers + layer]
            start = linear.weight.detach().numpy() @ start + linear.bias.detach().numpy()  # type: ignore[union-attr,operator]
            start = np.tanh(start) if part == "h" else start
        parts[part] = np.zeros_like(start) if bridge.kind == "zero" else start
    return parts


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", ["zero", "last", "projected"])
@pytest.mark.parametrize("cells", TAKEN, ids="-".join)
def test_each_layer_starts_from_its_own(cells: tuple[str, str], kind: str, bidirectional: bool, layers: int) -> None:
    torch.manual_seed(5)
    width = H * (1 + bidirectional)
    encoder = stack(cells[0], 4, H, layers, bidirectional=bidirectional)
    decoder = stack(cells[1], 4, width, layers)
    bridge = Bridge(encoder.double(), decoder.double(), kind).double()
    _, state = encoder(torch.randn(2, 5, 4, dtype=torch.float64), lengths=[5, 2])
    found = dict(zip(parts_of(decoder), bridge(state), strict=True))
    ends = dict(zip(parts_of(encoder), [state] if isinstance(state, Tensor) else state, strict=True))
    values = {part: end.detach().numpy() for part, end in ends.items()}
    taken = TAKEN[cells]
    if kind == "last":  # parts of one name are handed over whatever they are
        taken = {part: part for part in found if part in ends} | taken
    assert all(part.shape == (layers, 2, width) for part in found.values())
    for layer, row in itertools.product(range(layers), range(2)):
        told = started(bridge, taken, values, layer, row)
        for part, start in found.items():
            scale = 1.0 if part == "n" and kind != "zero" else 0.0
            np.testing.assert_allclose(
                start[layer, row].detach().numpy(), told.get(part, np.full(width, scale)), **CLOSE
            )
    one = torch.zeros(2, 1, 4, dtype=torch.float64)
    decoder(one, enter(tuple(found.values())))  # which takes it as it is
    count = layers * len(TAKEN[cells]) if kind == "projected" else 0
    assert sum(each.numel() for each in bridge.parameters()) == count * (width * width + width)


def test_a_bridge_that_is_none_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="projected"):
        made(bridge="project")


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", PLAIN)
def test_sources_are_read_as_torch_reads_each_alone(cell: str, bidirectional: bool) -> None:
    """Forward ends at the last step, backward at the first: of the top layer, that is seen in the steps themselves."""
    model = made(cell=cell, bidirectional=bidirectional, num_layers=2, bridge="last", attention="dot")
    plain = PLAIN[cell](4, H, 2, batch_first=True, bidirectional=bidirectional).double()
    plain.load_state_dict(model.recurrent.state_dict())
    sources = SOURCES[:5]
    found = encoded(model, sources)
    assert found.lengths.tolist() == [len(source) for source in sources] and found.memory is not None
    for row, source in enumerate(sources):
        y, state = plain(model.read.embedding.weight[source][None])
        torch.testing.assert_close(found.memory.values[row, 0, : len(source)], y[0], **CLOSE)
        ends = torch.cat([y[0, -1, :H], *([y[0, 0, H:]] if bidirectional else [])])
        torch.testing.assert_close(found.state[0][1, row], ends, **CLOSE)
        for part, told in zip(found.state, state if cell == "lstm" else (state,), strict=True):
            both = told[:, 0].reshape(2, -1)  # the directions of a layer stand side by side in torch too
            torch.testing.assert_close(part[:, row], both, **CLOSE)


@pytest.mark.parametrize("how", [{}, {"cell": "lstm", "num_layers": 2, "attention": "additive", "feeding": True}])
def test_a_pair_is_scored_as_if_it_were_alone(how: dict[str, Any]) -> None:
    model, sources, lengths = made(**how), SOURCES[:5], torch.tensor([3, 1, 4, 2, 4])
    before = torch.randint(6, (5, 4))
    rows = iter(model(before, lengths, model.encode(batch(sources))).split(lengths.tolist()))
    for row, source in enumerate(sources):
        alone = model(before[row : row + 1, : lengths[row]], lengths[row : row + 1], model.encode(batch([source])))
        torch.testing.assert_close(next(rows), alone, **CLOSE)


def test_the_loss_reaches_all_that_is_learned() -> None:
    model = made(cell="lstm", num_layers=2)
    logits = model(torch.randint(6, (5, 4)), torch.full((5,), 4), model.encode(batch(SOURCES[:5])))
    logits.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in model.parameters())


def test_options_reach_both_sides() -> None:
    how = {"cell": "gru", "num_layers": 2, "attention": "additive", "bridge": "last", "feeding": True, "dropout": 0.3}
    net = made(decoder_cell="lstm", bidirectional=False, tied=False, layer_norm=True, **how)
    encoder, decoder = net.recurrent, net.decoder
    assert (encoder.mode, decoder.recurrent.mode) == ("GRU", "LSTM") and net.bridge.kind == "last"
    assert (decoder.attention.kind, decoder.feeding, decoder.dropout.p) == ("additive", True, 0.3)
    assert decoder.output.weight is not decoder.embedding.weight
    for layers in (encoder, decoder.recurrent):
        assert (layers.hidden_size, layers.num_layers, layers.layer_norm) == (H, 2, True)
        assert (layers.bidirectional, layers.variational_dropout) == (False, 0.3)
    usual = made()
    assert usual.decoder.recurrent.mode == "GRU" and usual.decoder.recurrent.hidden_size == 2 * H
    assert usual.decoder.output.weight is usual.decoder.embedding.weight


def test_the_source_has_dropout_in_training_alone() -> None:
    model = made(cell="gru", num_layers=2, dropout=0.5).train()
    one, other = (model.encode(batch(SOURCES[:3])).state[0] for _ in range(2))
    assert not torch.equal(one, other)
    one, other = (model.eval().encode(batch(SOURCES[:3])).state[0] for _ in range(2))
    assert torch.equal(one, other)


# -- writing -----------------------------------------------------------------------------------------------------------


def passed(model: EncoderDecoder, source: Sequence[int], text: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Log-probabilities (n + 1, V) after each beginning of a text, in one pass; and where each looks, (n + 1, S)."""
    looks: list[Tensor] = []
    watched = model.decoder.attention if model.decoder.attends else nn.Identity()
    hook = watched.register_forward_hook(lambda _, given, said: looks.append(said[1][0]))
    with torch.no_grad():
        logits = model(torch.tensor([[END, *text]]), torch.tensor([len(text) + 1]), encoded(model, [source]))
    hook.remove()
    weights = torch.cat(looks).numpy() if looks else np.zeros((len(text) + 1, 0))
    return logits.log_softmax(1).numpy(), weights


def told(model: EncoderDecoder, source: Sequence[int], text: Sequence[int], ended: bool = True) -> float:
    """Log-probability of a text, its end included where it has one."""
    whole = [*text, END] if ended else list(text)
    scores, _ = passed(model, source, text)
    return float(sum(scores[at, token] for at, token in enumerate(whole)))


def written(
    model: EncoderDecoder, sources: Sequence[Sequence[int]], beam: Beam, most: int = 8, banned: Sequence[int] = ()
) -> list[list[Written]]:
    writer = model.decoder.writer(encoded(model, sources), banned=banned)
    return search(writer, np.full(len(sources), END), beam, end=END, most=np.full(len(sources), most))


HOW: dict[str, dict[str, Any]] = {
    "gru": {},
    "lstm, fed": {"cell": "lstm", "num_layers": 2, "feeding": True, "attention": "additive"},
    "rnn to lstm": {"cell": "rnn", "decoder_cell": "lstm", "attention": "dot", "tied": False},
    "nothing looked at": {"attention": "none", "num_layers": 2},
    "lru in blocks": {"cell": "lru", "num_layers": 2, "pre_norm": True, "residual": True, "feed_forward": 9},
    "slstm to sru": {"cell": "slstm", "decoder_cell": "sru", "feed_forward": 9, "attention": "none"},
}
BEAMS = {
    "greedy": Beam(width=1),
    "4": Beam(width=4),
    "4 best": Beam(width=4, n_best=4, length_penalty=0.6),
    "coverage": Beam(width=4, n_best=2, coverage_penalty=0.4),
}


@pytest.mark.parametrize("banned", [(), (3,)])
@pytest.mark.parametrize("name", HOW)
def test_what_is_written_has_the_score_of_one_pass(name: str, banned: tuple[int, ...]) -> None:
    model, ends = made(**HOW[name]), set[bool]()
    for source, texts in zip(SOURCES[:12], written(model, SOURCES[:12], BEAMS["4 best"], 5, banned), strict=True):
        for text in texts:
            ends.add(text.ended)
            assert not set(banned) & set(text.tokens.tolist())
            assert text.score == pytest.approx(told(model, source, text.tokens.tolist(), text.ended), abs=1e-5)
            if model.decoder.attends:
                assert text.attention is not None
                _, looks = passed(model, source, text.tokens.tolist())
                looks = looks[: len(text.attention)]
                np.testing.assert_allclose(text.attention[:, : len(source)], looks, rtol=1e-5, atol=1e-6)
                assert not text.attention[:, len(source) :].any()
    assert True in ends


@pytest.mark.parametrize("name", HOW)
def test_what_is_drawn_has_the_score_of_one_pass_and_no_banned_token(name: str) -> None:
    model, sources = made(**HOW[name]), SOURCES[:12]
    writer, most = model.decoder.writer(encoded(model, sources), banned=[3, 5]), np.arange(12) % 6 + 1
    texts: list[list[int]] = [[] for _ in sources]
    first, sampler = np.full(12, END), Sampler(temperature=3.0)
    for step in sample(writer, first, sampler, seed=2, end=END, most=most):
        for row, token, score in zip(step.rows, step.tokens, step.scores, strict=True):
            scores, _ = passed(model, sources[row], texts[row])
            assert score == pytest.approx(scores[-1, token], abs=1e-5)
            texts[row].append(int(token))
    assert {token for text in texts for token in text} == {0, 1, 2, 4}
    assert all(text[-1] == END or len(text) == bound for text, bound in zip(texts, most, strict=True))


def plain(texts: list[list[Written]]) -> list[list[tuple[list[int], bool]]]:
    return [[(text.tokens.tolist(), text.ended) for text in row] for row in texts]


@cache
def alone(name: str, beam: str, dtype: torch.dtype) -> list[list[Written]]:
    model = made(dtype=dtype, **HOW[name])
    return [written(model, [source], BEAMS[beam])[0] for source in SOURCES]


@pytest.mark.parametrize("size", [2, 7, 64])
@pytest.mark.parametrize("beam", BEAMS)
@pytest.mark.parametrize("name", ["gru", "lstm, fed"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_a_text_depends_on_no_source_beside_it(dtype: torch.dtype, name: str, beam: str, size: int) -> None:
    """Bit for bit its tokens; products of other sizes add up in another order, so that scores differ in their last bits
    and, of float32, two texts within 1e-5 of each other could change places: none of these do."""
    expected, model = alone(name, beam, dtype), made(dtype=dtype, **HOW[name])
    assert len({tuple(texts[0].tokens) for texts in expected}) > 8 and len({len(row[0].tokens) for row in expected}) > 3
    orders = [np.arange(64), np.arange(64)[::-1], np.random.default_rng(size).permutation(64)]
    for order in orders:
        for rows in np.split(order, range(size, 64, size)):
            found = written(model, [SOURCES[row] for row in rows], BEAMS[beam])
            assert plain(found) == plain([expected[row] for row in rows])
            for texts, row in zip(found, rows, strict=True):
                for text, one in zip(texts, expected[row], strict=True):
                    assert (text.score, text.rank) == pytest.approx((one.score, one.rank), abs=1e-5)


@pytest.mark.parametrize("name", HOW)
def test_a_beam_of_one_takes_the_likeliest_at_each_step(name: str) -> None:
    model = made(**HOW[name])
    for source, (text,) in zip(SOURCES, written(model, SOURCES, BEAMS["greedy"]), strict=True):
        tokens: list[int] = []
        while len(tokens) < 8 and END not in tokens:
            tokens.append(int(passed(model, source, tokens)[0][-1].argmax()))
        assert [*text.tokens.tolist(), *([END] if text.ended else [])] == tokens


PENALTIES = [{}, {"length_penalty": 0.0}, {"length_penalty": 0.7, "coverage_penalty": 0.8}]


@pytest.mark.parametrize("beam", PENALTIES, ids=str)
@pytest.mark.parametrize("name", ["gru", "lstm, fed", "rnn to lstm"])
def test_a_beam_as_wide_as_all_texts_finds_the_best(name: str, beam: dict[str, float]) -> None:
    """All texts of three tokens that end within four, each read in one pass; an end must be among the best K too."""
    model, wide = made(4, **HOW[name]), Beam(width=4**4, n_best=6, **beam)
    texts = [text for length in range(4) for text in itertools.product((1, 2, 3), repeat=length)]
    for source, found in zip(SOURCES[:4], written(model, SOURCES[:4], wide, 4), strict=True):
        ranks: dict[tuple[int, ...], float] = {}
        for text in texts:
            seen = passed(model, source, text)[1].sum(0)
            coverage = np.log(np.minimum(seen, 1.0)).sum() * beam.get("coverage_penalty", 0.0)
            penalty = ((5 + len(text) + 1) / 6) ** beam.get("length_penalty", 1.0)
            ranks[text] = told(model, source, text) / penalty + coverage
        best = sorted(texts, key=lambda text: -ranks[text])[:6]
        assert [tuple(text.tokens.tolist()) for text in found] == best
        assert [text.rank for text in found] == pytest.approx([ranks[text] for text in best], abs=1e-5)


def test_a_search_gathers_the_memory_once_for_each_source_that_leaves_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered, select = list[int](), Memory.select

    def spy(memory: Memory, rows: Tensor) -> Memory:
        gathered.append(len(memory.keys) - len(rows))
        return select(memory, rows)

    monkeypatch.setattr(Memory, "select", spy)
    model = made()
    lengths = {len(texts[0].tokens) for texts in written(model, SOURCES[:12], Beam(width=4), 12)}
    assert len(lengths) > 3 and gathered and all(left > 0 for left in gathered) and sum(gathered) < 12
