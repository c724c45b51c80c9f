"""Tokens are drawn as asked, for each row as if that row were alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from toy_decoder import END, Toy, score

from throughtime.decoding.sampling import Sampler, sample
from throughtime.errors import UsageError

P = np.array([0.5, 0.05, 0.3, 0.15])
SCORES = np.log(P)[None]


def drawn(count: int = 4000, scores: np.ndarray = SCORES, **how: Any) -> Counter[int]:
    """Draw at evenly spread numbers, which gives each token its share."""
    uniform = (np.arange(count) + 0.5) / count
    return Counter(Sampler(**how)(np.repeat(scores, count, 0), uniform).tolist())


def test_shares_are_the_probabilities() -> None:
    counts = drawn()
    assert [counts[token] / 4000 for token in range(4)] == pytest.approx(P, abs=1e-3)
    assert drawn(scores=SCORES + 17.0) == counts, "a constant of the row changes nothing"
    assert drawn(scores=SCORES.astype(np.float32))[0] == 2000


def test_temperature() -> None:
    assert drawn(temperature=0.0) == {0: 4000}
    assert drawn(temperature=0.5)[0] / 4000 == pytest.approx(0.25 / (P**2).sum(), abs=1e-3)
    assert drawn(temperature=100.0)[1] > 900
    assert Sampler(temperature=0.0)(SCORES).tolist() == [0]
    assert drawn(temperature=1e-6) == {0: 4000}


def test_top_k_and_top_p_keep_the_likeliest() -> None:
    assert set(drawn(top_k=2)) == {0, 2}
    assert drawn(top_k=2)[0] / 4000 == pytest.approx(0.5 / 0.8, abs=1e-3)
    assert set(drawn(top_p=0.79)) == {0, 2}
    assert set(drawn(top_p=0.81)) == {0, 2, 3}
    assert set(drawn(top_p=0.01)) == {0}
    assert set(drawn(top_k=3, top_p=0.6)) == {0, 2}
    assert set(drawn(top_k=99, top_p=1.0)) == {0, 1, 2, 3}
    assert drawn(scores=np.zeros((1, 4)), top_k=1) == {0: 4000}, "of equal ones the first"


def test_no_token_without_probability_is_drawn_at_the_ends_of_the_numbers() -> None:
    least, most = 0.0, np.nextafter(1.0, 0.0)
    scores = np.log(
        np.array([[0.0, 0.1, 0.7, 0.2, 0.0]]), where=[[False, True, True, True, False]], out=np.full((1, 5), -np.inf)
    )
    for how in ({}, {"top_k": 4}, {"top_p": 1.0}, {"temperature": 1.7}):
        sampler = Sampler(**how)  # type: ignore[arg-type]
        assert sampler(scores, np.array([least])).tolist() in ([1], [2])
        assert sampler(scores, np.array([most])).tolist() in ([1], [3])
    many = np.log(np.random.default_rng(0).dirichlet(np.ones(1000), 50))
    assert (Sampler()(many, np.full(50, most)) == 999).all()


def texts(starts: list[int], rows: list[int] | None = None, most: int = 8, **how: Any) -> list[list[int]]:
    sampler, numbers = Sampler(**how), None if rows is None else np.array(rows)
    steps = sample(
        Toy(starts),
        np.ones(len(starts), np.int64),
        sampler,
        seed=5,
        rows=numbers,
        end=END,
        most=np.full(len(starts), most),
    )
    written: list[list[int]] = [[] for _ in starts]
    scores = np.zeros(len(starts))
    for step in steps:
        for row, token, nats in zip(step.rows, step.tokens, step.scores, strict=True):
            written[row].append(int(token))
            scores[row] += nats
    assert scores.tolist() == pytest.approx(
        [score(start, 1, tuple(text)) for start, text in zip(starts, written, strict=True)]
    )
    return written


@pytest.mark.parametrize("how", [{}, {"temperature": 0.0}, {"top_k": 2}, {"top_p": 0.7, "temperature": 1.3}])
def test_a_text_depends_on_no_row_beside_it(how: dict[str, Any]) -> None:
    starts, rows = [3, 14, 15, 9, 26, 5], [10, 2, 7, 2**40, 0, 99]
    together = texts(starts, rows, **how)
    assert together == [text for start, row in zip(starts, rows, strict=True) for text in texts([start], [row], **how)]
    assert together[::-1] == texts(starts[::-1], rows[::-1], **how)
    assert all(text[-1] == END or len(text) == 8 for text in together)
    assert all(END not in text[:-1] for text in together)


def test_rows_that_look_alike_are_drawn_apart() -> None:
    assert len({tuple(text) for text in texts([3] * 30)}) > 5


def test_a_seed_fixes_the_draw() -> None:
    def first(seed: int | None) -> list[int]:
        steps = sample(Toy([3]), np.array([1]), Sampler(), seed=seed, most=np.array([40]))
        return [int(step.tokens[0]) for step in steps]

    assert first(3) == first(3) != first(4)
    assert first(None) != first(None)
    assert first(-1) != first(1)


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1.0}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}]
)
def test_values_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} must be"):
        Sampler(**wrong)  # type: ignore[arg-type]
