"""The n-gram model: its probabilities sum to one, and are those of the formula computed the long way round."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from throughtime.tasks.rivals.ngram import CHUNK, NGram

RANDOM = np.random.default_rng(3)
TEXTS = {
    "a word that repeats": np.array([0, *(1, 2, 3, 1, 2, 4) * 9, 0, 2, 2, 1]),
    "two tokens": np.array([0, 1]),
    "one token again and again": np.full(30, 2),
    "at random": RANDOM.integers(0, 5, 300),
    "few of many": (RANDOM.integers(0, 30, 150) ** 2) // 30,
}


@cache
def count(text: tuple[int, ...], gram: tuple[int, ...], order: int) -> int:
    """How often a gram of the full length stands in the text, or after how many different tokens a shorter one."""
    places = [at for at in range(len(text) - len(gram) + 1) if text[at : at + len(gram)] == gram]
    return len(places) if len(gram) == order else len({text[at - 1] for at in places if at > 0})


@cache
def discount(text: tuple[int, ...], length: int, order: int) -> float:
    grams = {text[at : at + length] for at in range(len(text) - length + 1)}
    counts = [count(text, gram, order) for gram in grams]
    once, twice = counts.count(1), counts.count(2)
    return min(0.9, once / (once + 2 * twice)) if once else 0.5


def by_hand(tokens: list[int], vocabulary: int, order: int, context: list[int], token: int) -> float:
    """Interpolated Kneser-Ney, each count taken from the text itself."""
    text, order = tuple(tokens), min(order, len(tokens))
    found = 1 / vocabulary
    for length in range(1, order + 1):
        h = context[len(context) - length + 1 :] if length > 1 else []
        if len(h) < length - 1:
            break
        counts = {w: count(text, (*h, w), order) for w in range(vocabulary)}
        total, kinds, d = sum(counts.values()), sum(each > 0 for each in counts.values()), discount(text, length, order)
        if total:
            found = (max(counts[token] - d, 0) + d * kinds * found) / total
    return found


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("order", [1, 2, 4])
def test_each_probability_is_that_of_the_formula(name: str, order: int) -> None:
    text, vocabulary = TEXTS[name], int(TEXTS[name].max()) + 2
    model = NGram.learn(text, vocabulary, order)
    for context in ([], [1], [2, 1], [0, 1, 2], [1, 2, 3, 1], [1, vocabulary - 1, 2]):
        given = [model.probabilities(np.array([*context, token]))[-1] for token in range(vocabulary)]
        wanted = [by_hand(text.tolist(), vocabulary, order, context, token) for token in range(vocabulary)]
        np.testing.assert_allclose(given, wanted, rtol=1e-12)
        assert sum(given) == pytest.approx(1, abs=1e-12) and min(given) > 0


def test_bits_are_those_of_all_tokens_but_the_first() -> None:
    text, new = TEXTS["at random"], RANDOM.integers(0, 6, 40)
    model = NGram.learn(text, 7, 3)
    wanted = sum(
        -np.log(by_hand(text.tolist(), 7, 3, new[max(0, at - 2) : at].tolist(), int(new[at]))) for at in range(1, 40)
    )
    assert model.nats(new) == pytest.approx(wanted, rel=1e-12)
    assert model.nats(new[:1]) == 0


def test_pieces_of_a_long_text_score_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model, new = NGram.learn(TEXTS["at random"], 5, 4), RANDOM.integers(0, 5, 100)
    whole = model.nats(new)
    monkeypatch.setattr("throughtime.tasks.rivals.ngram.CHUNK", 7)
    assert CHUNK > 100 and model.nats(new) == pytest.approx(whole, rel=1e-12)


def test_order_helps_where_there_is_order() -> None:
    text = np.tile([0, 1, 2, 1, 3], 60)
    bits = [NGram.learn(text, 4, order).nats(text) / np.log(2) / (len(text) - 1) for order in (1, 2, 3)]
    assert bits[0] > 1.5 and bits[1] < 0.7 and bits[2] < 0.1


def test_it_is_made_again_from_what_is_kept() -> None:
    model, new = NGram.learn(TEXTS["few of many"], 60, 3, "words"), RANDOM.integers(0, 60, 50)
    arrays, plain = model.to_parts()
    again = NGram.from_parts(arrays, plain)
    assert (again.probabilities(new) == model.probabilities(new)).all()
    assert model.title == "an n-gram model of 3 words"
    assert NGram.learn(new, 60, 1, "words").title == "how often each of the words occurs"


@pytest.mark.parametrize("change", ["short", "unsorted", "beyond", "none", "missing"])
def test_damaged_counts_are_refused(change: str) -> None:
    arrays, plain = NGram.learn(TEXTS["at random"], 5, 2).to_parts()
    damaged: dict[str, Any] = {
        "short": {**arrays, "counts2": arrays["counts2"][1:]},
        "unsorted": {**arrays, "keys2": arrays["keys2"][::-1]},
        "beyond": {**arrays, "keys1": arrays["keys1"] + 9},
        "none": {},
        "missing": {"keys1": arrays["keys1"], "other": arrays["keys1"]},
    }
    with pytest.raises((ValueError, KeyError)):
        NGram.from_parts(damaged[change], plain)
