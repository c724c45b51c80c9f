"""Beam search finds what it says it finds, for each row as if that row were alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from toy_decoder import END, Toy, all_texts, score

from throughtime.decoding.beam import Beam, Written, search
from throughtime.decoding.sampling import Sampler, sample
from throughtime.errors import UsageError

STARTS = [3, 14, 15, 9, 26, 5, 35]
FIRST = 1


def found(
    starts: list[int], most: int = 6, attends: bool = False, vocabulary: int = 4, **how: Any
) -> list[list[Written]]:
    first, bound = np.full(len(starts), FIRST), np.full(len(starts), most)
    return search(Toy(starts, vocabulary, attends), first, Beam(**how), end=END, most=bound)


def plain(texts: list[list[Written]]) -> list[list[tuple[Any, ...]]]:
    return [[(text.tokens.tolist(), text.score, text.rank, text.ended) for text in row] for row in texts]


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("start", STARTS)
def test_a_beam_as_wide_as_all_texts_finds_the_best(start: int, length_penalty: float) -> None:
    beam = Beam(width=3**4, n_best=5, length_penalty=length_penalty)
    weighed = [(float(beam.rank(np.float64(score(start, FIRST, text)), len(text))), text) for text in all_texts(4)]
    expected = sorted(weighed, reverse=True)[:5]
    (texts,) = found([start], 4, width=3**4, n_best=5, length_penalty=length_penalty)
    assert [(*text.tokens.tolist(), END) for text in texts] == [text for _, text in expected]
    assert [text.rank for text in texts] == pytest.approx([rank for rank, _ in expected])
    assert all(text.ended for text in texts)


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_a_text_depends_on_no_row_beside_it_and_its_score_is_that_of_reading_it(width: int) -> None:
    together = found(STARTS, width=width, n_best=width)
    assert plain(together) == [row for start in STARTS for row in plain(found([start], width=width, n_best=width))]
    assert plain(together[::-1]) == plain(found(STARTS[::-1], width=width, n_best=width))
    for start, texts in zip(STARTS, together, strict=True):
        assert texts and [text.rank for text in texts] == sorted((text.rank for text in texts), reverse=True)
        assert len({tuple(text.tokens) for text in texts}) == len(texts)
        for text in texts:
            whole = (*text.tokens.tolist(), END) if text.ended else tuple(text.tokens.tolist())
            assert text.score == pytest.approx(score(start, FIRST, whole))


def test_a_beam_of_one_is_greedy() -> None:
    most = np.full(len(STARTS), 6)
    written: list[list[int]] = [[] for _ in STARTS]
    for step in sample(Toy(STARTS), np.full(len(STARTS), FIRST), Sampler(temperature=0.0), end=END, most=most):
        for row, token in zip(step.rows, step.tokens, strict=True):
            written[row].append(int(token))
    searched = [texts[0] for texts in found(STARTS, width=1)]
    assert [(*text.tokens.tolist(), *([END] if text.ended else [])) for text in searched] == [
        tuple(text) for text in written
    ]


def test_wider_beams_find_better_texts_on_the_whole() -> None:
    starts = list(range(100, 160))
    means = [np.mean([texts[0].rank for texts in found(starts, width=width)]) for width in (1, 2, 4, 16)]
    assert means[0] < means[1] < means[-1] and means[0] < means[2] < means[-1]


def test_rows_that_are_done_leave_and_each_has_its_own_bound() -> None:
    toy, bounds = Toy(STARTS), np.array([1, 2, 3, 4, 5, 6, 7])
    texts = search(toy, np.full(len(STARTS), FIRST), Beam(width=2), end=END, most=bounds)
    assert all(len(row[0].tokens) + row[0].ended <= bound for row, bound in zip(texts, bounds, strict=True))
    assert toy.steps[0] == len(STARTS) and toy.steps[-1] < 2 * len(STARTS)
    assert len(toy.steps) <= 7


def test_a_text_without_an_end_is_broken_off_and_said_so() -> None:
    class Endless(Toy):
        def scores(self, read: tuple[int, ...]) -> np.ndarray:
            scores = super().scores(read)
            scores[END] = -np.inf
            return scores

    (texts,) = search(Endless([3]), np.array([FIRST]), Beam(width=3, n_best=2), end=END, most=np.array([5]))
    assert [len(text.tokens) for text in texts] == [5, 5] and not any(text.ended for text in texts)
    assert texts[0].rank >= texts[1].rank


def test_attention_is_that_of_each_token() -> None:
    for start, texts in zip(STARTS, found(STARTS, attends=True, width=3, n_best=3), strict=True):
        for text in texts:
            toy, looks = Toy([start], attends=True), []
            for token in [FIRST, *text.tokens[: None if text.ended else -1]]:
                toy.step(np.array([token]))
                assert toy.attended is not None
                looks.append(toy.attended.weights[0])
            assert text.attention is not None
            np.testing.assert_array_equal(text.attention, looks)


def test_coverage_is_weighed_as_the_equation_says() -> None:
    beam = Beam(width=4, n_best=4, coverage_penalty=0.7, length_penalty=0.5)
    rows = found(STARTS, attends=True, width=4, n_best=4, coverage_penalty=0.7, length_penalty=0.5)
    for start, texts in zip(STARTS, rows, strict=True):
        for text in texts:
            assert text.attention is not None
            seen = text.attention.sum(0)[: 2 + start % 3]
            length = len(text.tokens) + text.ended
            expected = text.score / ((5 + length) / 6) ** 0.5 + 0.7 * np.log(np.minimum(seen, 1.0)).sum()
            assert text.rank == pytest.approx(expected)
    assert plain(rows) != plain(found(STARTS, attends=True, width=4, n_best=4, length_penalty=0.5))
    assert beam.rank(np.float64(-1.0), 7) == pytest.approx(-1.0 / 2**0.5)


def test_what_cannot_be_is_refused() -> None:
    for wrong, words in (
        ({"width": 0}, "width"),
        ({"width": 2, "n_best": 3}, "n_best"),
        ({"n_best": 0}, "n_best"),
        ({"length_penalty": -1.0}, "length_penalty"),
        ({"length_penalty": float("nan")}, "length_penalty"),
        ({"coverage_penalty": float("inf")}, "coverage_penalty"),
    ):
        with pytest.raises(UsageError, match=words):
            Beam(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="attention"):
        found([3], coverage_penalty=0.5)


def test_nothing_to_write_is_nothing() -> None:
    assert found([]) == []
