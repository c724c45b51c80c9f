"""Networks that vote: the mean of their probabilities, and what a search finds with it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from toy_decoder import END, Toy

from throughtime.decoding.beam import Beam, Written, search
from throughtime.decoding.decoder import Attended, Best, Decoder, Scores, Tokens, best_of
from throughtime.decoding.ensemble import Ensemble
from throughtime.decoding.sampling import Sampler, sample
from throughtime.models.encoder_decoder import EncoderDecoder
from throughtime.models.parts.inputs import TokenInput


class Fixed:
    """Says what it was made with, and notes what it is told."""

    def __init__(self, probabilities: Any, attended: Attended | None = None) -> None:
        with np.errstate(divide="ignore"):
            self.scores: Scores = np.log(np.array(probabilities, float))
        self.attended, self.read, self.selected = attended, list[Any](), list[Any]()

    def step(self, tokens: Tokens) -> Scores:
        self.read.append(tokens.tolist())
        return self.scores.copy()

    def best(self, tokens: Tokens, count: int) -> Best:
        return best_of(self.step(tokens), count)

    def select(self, rows: Tokens) -> None:
        self.selected.append(rows.tolist())
        self.scores = self.scores[rows]


ROWS = np.array([4, 5])


def test_the_mean_of_probabilities_decides() -> None:
    """By hand; the mean of logarithms, or their sum, would take token 1 of the first row."""
    three = [Fixed([[0.9, 0.05, 0.05], p]) for p in ([0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6])]
    three[1].scores[0], three[2].scores[0] = np.log([[0.05, 0.5, 0.45], [0.2, 0.5, 0.3]])
    voted = Ensemble(three)
    expected = [[1.15 / 3, 1.05 / 3, 0.8 / 3], [0.3, 0.3, 0.4]]
    np.testing.assert_allclose(np.exp(voted.step(ROWS)), expected, rtol=1e-12)
    best = voted.best(ROWS, 2)
    assert best.tokens[0].tolist() == [0, 1] and best.tokens[1, 0] == 2
    np.testing.assert_allclose(np.exp(best.scores), [[1.15 / 3, 1.05 / 3], [0.4, 0.3]], rtol=1e-12)
    assert voted.best(ROWS, 9).tokens.shape == (2, 3)
    assert [each.read for each in three] == [[[4, 5]] * 3] * 3


def test_a_token_that_all_refuse_has_no_probability_and_one_that_one_refuses_a_share() -> None:
    one, other = Fixed([[0.0, 0.0, 0.4, 0.6]] * 2), Fixed([[0.0, 0.8, 0.0, 0.2]] * 2)
    scores = Ensemble([one, other]).step(ROWS)
    assert scores[0, 0] == -np.inf and not np.isnan(scores).any()
    np.testing.assert_allclose(np.exp(scores), [[0.0, 0.4, 0.2, 0.4]] * 2, rtol=1e-12)
    assert Ensemble([one, one]).step(ROWS)[1, :2].tolist() == [-np.inf, -np.inf]


def test_probabilities_too_small_for_a_number_are_averaged_all_the_same() -> None:
    one, other = Fixed([[1.0, 1.0]]), Fixed([[1.0, 1.0]])
    one.scores, other.scores = np.array([[0.0, -2000.0]]), np.array([[0.0, -2001.0]])
    expected = -2000.0 + np.log((1 + np.exp(-1.0)) / 2)
    np.testing.assert_allclose(Ensemble([one, other]).step(ROWS[:1]), [[0.0, expected]], rtol=1e-12)


def test_one_alone_is_itself() -> None:
    first, most = np.array([1, 1, 1]), np.array([5, 4, 3])
    (alone, voted) = (
        search(decoder, first, Beam(width=3, n_best=3), end=END, most=most)
        for decoder in (Toy([3, 14, 15], attends=True), Ensemble([Toy([3, 14, 15], attends=True)]))
    )
    for texts, others in zip(alone, voted, strict=True):
        assert [text.tokens.tolist() for text in texts] == [text.tokens.tolist() for text in others]
        assert [text.score for text in texts] == pytest.approx([text.score for text in others], rel=1e-12)
        for text, other in zip(texts, others, strict=True):
            np.testing.assert_array_equal(text.attention, other.attention)


def test_all_go_on_with_the_same_rows() -> None:
    two = [Fixed([[0.9, 0.1], [0.2, 0.8]]), Fixed([[0.5, 0.5], [0.6, 0.4]])]
    voted = Ensemble(two)
    voted.select(np.array([1, 1, 0]))
    assert [each.selected for each in two] == [[[1, 1, 0]]] * 2
    np.testing.assert_allclose(np.exp(voted.step(ROWS)), [[0.4, 0.6], [0.4, 0.6], [0.7, 0.3]], rtol=1e-12)


def test_where_they_look_is_the_mean_and_nowhere_where_one_does_not_look() -> None:
    lengths = np.array([3, 2])
    looks = [
        np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]]),
        np.array([[0.3, 0.4, 0.3], [1.0, 0.0, 0.0]]),
    ]
    three: list[Decoder] = [Fixed([[1.0]] * 2, Attended(weights, lengths)) for weights in looks]
    found = Ensemble(three).attended
    assert found is not None and found.lengths.tolist() == [3, 2]
    np.testing.assert_allclose(found.weights, [[0.2, 0.3, 0.5], [0.75, 0.25, 0.0]], rtol=1e-12)
    assert Ensemble([*three, Fixed([[1.0]] * 2)]).attended is None


# -- real networks -----------------------------------------------------------------------------------------------------

SOURCES = [[3, 1, 4], [1, 5, 2, 6, 5], [3], [5, 8], [7, 0, 3, 2]]


def made(seed: int, **how: Any) -> EncoderDecoder:
    torch.manual_seed(seed)
    model = EncoderDecoder(TokenInput(9, 3), 4, hidden_size=5, embedding_size=3, **how).double().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3.0)
        nn.init.normal_(model.read.embedding.weight)  # type: ignore[arg-type,union-attr]
    return model


def sources(rows: list[list[int]]) -> dict[str, torch.Tensor]:
    padded = [[*row, *[7] * (max(map(len, rows)) - len(row))] for row in rows]
    return {"tokens": torch.tensor(padded), "lengths": torch.tensor([len(row) for row in rows])}


def voters(models: list[EncoderDecoder], rows: list[list[int]], banned: tuple[int, ...] = ()) -> Ensemble:
    with torch.no_grad():
        return Ensemble([model.decoder.writer(model.encode(sources(rows)), banned=banned) for model in models])


def passed(model: EncoderDecoder, source: list[int], text: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n + 1, V) after each beginning of a text, in one pass, and where each looks, (n + 1, S)."""
    looks = list[torch.Tensor]()
    hook = model.decoder.attention.register_forward_hook(lambda _, given, said: looks.append(said[1][0]))
    with torch.no_grad():
        before, lengths = torch.tensor([[END, *text]]), torch.tensor([len(text) + 1])
        p = model(before, lengths, model.encode(sources([source]))).softmax(1).numpy()
    hook.remove()
    return p, torch.cat(looks).numpy()


def voted(models: list[EncoderDecoder], source: list[int], text: tuple[int, ...]) -> tuple[float, np.ndarray]:
    """Log-probability of a text and its end, and the mean of where it looks."""
    each = [passed(model, source, text) for model in models]
    p, whole = np.mean([p for p, _ in each], 0), [*text, END]
    return float(np.log(p[range(len(whole)), whole]).sum()), np.mean([looks for _, looks in each], 0)


MODELS = [made(1), made(5, cell="lstm", num_layers=2, attention="additive", feeding=True)]


def found(rows: list[list[int]], beam: Beam, most: int = 4, banned: tuple[int, ...] = ()) -> list[list[Written]]:
    bound = np.full(len(rows), most)
    return search(voters(MODELS, rows, banned), np.full(len(rows), END), beam, end=END, most=bound)


@pytest.mark.parametrize("banned", [(), (2,)])
@pytest.mark.parametrize("penalties", [{}, {"length_penalty": 0.5, "coverage_penalty": 0.6}], ids=["plain", "coverage"])
def test_a_beam_as_wide_as_all_texts_finds_the_best_of_the_mean(
    penalties: dict[str, float], banned: tuple[int, ...]
) -> None:
    """All texts that end within four tokens; each network reads each of them in one pass."""
    beam = Beam(width=4**4, n_best=5, **penalties)
    words = [word for word in (1, 2, 3) if word not in banned]
    texts = [text for length in range(4) for text in itertools.product(words, repeat=length)]
    differ = 0
    for source, best in zip(SOURCES, found(SOURCES, beam, banned=banned), strict=True):
        ranks = dict[tuple[int, ...], float]()
        for text in texts:
            score, looks = voted(MODELS, source, text)
            coverage = float(np.log(np.minimum(looks.sum(0), 1.0)).sum())
            ranks[text] = float(beam.rank(np.float64(score), len(text) + 1, coverage))
        told = sorted(texts, key=lambda text: -ranks[text])[:5]
        assert [tuple(text.tokens.tolist()) for text in best] == told
        assert [text.rank for text in best] == pytest.approx([ranks[text] for text in told], abs=1e-5)
        for text in best:
            score, looks = voted(MODELS, source, tuple(text.tokens.tolist()))
            assert text.score == pytest.approx(score, abs=1e-5)
            assert text.attention is not None
            np.testing.assert_allclose(text.attention[:, : len(source)], looks, rtol=1e-5, atol=1e-6)
        alone = [max(texts, key=lambda text: voted([model], source, text)[0]) for model in MODELS]
        differ += alone[0] != alone[1]
    assert differ, "two networks that always agree show nothing"


@pytest.mark.parametrize("width", [1, 3])
def test_what_is_voted_for_depends_on_no_source_beside_it(width: int) -> None:
    beam = Beam(width=width, n_best=width)
    together = found(SOURCES, beam, 8)
    for row, source in enumerate(SOURCES):
        for texts in (found([source], beam, 8)[0], found(SOURCES[::-1], beam, 8)[::-1][row]):
            assert [text.tokens.tolist() for text in texts] == [text.tokens.tolist() for text in together[row]]
            assert [text.score for text in texts] == pytest.approx([text.score for text in together[row]], abs=1e-5)


def test_what_is_drawn_has_the_mean_of_the_probabilities() -> None:
    texts: list[list[int]] = [[] for _ in SOURCES]
    first, most = np.full(len(SOURCES), END), np.array([1, 5, 2, 4, 3])
    for step in sample(voters(MODELS, SOURCES), first, Sampler(), seed=3, end=END, most=most):
        for row, token, score in zip(step.rows, step.tokens, step.scores, strict=True):
            p = np.mean([passed(model, SOURCES[row], tuple(texts[row]))[0][-1] for model in MODELS], 0)
            assert np.exp(score) == pytest.approx(p[token], abs=1e-6)
            texts[row].append(int(token))
    assert len({len(text) for text in texts}) > 1


def test_a_network_that_looks_at_nothing_votes_too() -> None:
    voted = voters([MODELS[0], made(2, attention="none")], SOURCES)
    assert np.exp(voted.step(np.full(len(SOURCES), END))).sum(1) == pytest.approx(1.0, abs=1e-6)
    assert voted.attended is None
