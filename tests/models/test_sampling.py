"""Tokens are drawn as asked, from a generator of one's own."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from throughtime.errors import UsageError
from throughtime.models.sampling import Sampler

LOGITS = torch.log(torch.tensor([0.5, 0.05, 0.3, 0.15]))


def drawn(count: int = 2000, **how: float) -> Counter[int]:
    sampler = Sampler(seed=5, **how)  # type: ignore[arg-type]
    return Counter(sampler(LOGITS) for _ in range(count))


def test_frequencies_are_the_probabilities() -> None:
    counts = drawn(4000)
    for token, p in enumerate((0.5, 0.05, 0.3, 0.15)):
        assert abs(counts[token] / 4000 - p) < 0.03


def test_temperature() -> None:
    assert drawn(temperature=0.0) == {0: 2000}
    squared = torch.tensor([0.5, 0.05, 0.3, 0.15]) ** 2
    assert abs(drawn(4000, temperature=0.5)[0] / 4000 - float(squared[0] / squared.sum())) < 0.03
    assert drawn(temperature=100.0)[1] > 400


def test_top_k_and_top_p_keep_the_likeliest() -> None:
    assert set(drawn(top_k=2)) == {0, 2}
    assert set(drawn(top_p=0.8)) == {0, 2}
    assert set(drawn(top_p=0.81)) == {0, 2, 3}
    assert set(drawn(top_p=0.01)) == {0}
    assert set(drawn(top_k=3, top_p=0.6)) == {0, 2}
    assert set(drawn(top_k=99, top_p=1.0)) == {0, 1, 2, 3}


def test_banned_tokens_are_never_drawn() -> None:
    sampler = Sampler(banned=[0, 2], seed=1)
    assert {sampler(LOGITS) for _ in range(300)} == {1, 3}
    assert Sampler(banned=[0], temperature=0.0)(LOGITS) == 2


def test_a_seed_fixes_the_draw_and_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = Sampler(seed=3), Sampler(seed=3), Sampler(seed=4)
    draws = [[sampler(LOGITS) for _ in range(50)] for sampler in (first, again, other)]
    assert draws[0] == draws[1] != draws[2]
    unseeded = [[sampler(LOGITS) for _ in range(50)] for sampler in (Sampler(), Sampler())]
    assert unseeded[0] != unseeded[1]
    assert torch.equal(torch.get_rng_state(), before)


def test_the_logits_are_not_changed() -> None:
    logits = LOGITS.clone()
    Sampler(banned=[1], temperature=0.5, seed=0)(logits)
    assert torch.equal(logits, LOGITS)


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1.0}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}]
)
def test_values_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} must be"):
        Sampler(**wrong)  # type: ignore[arg-type]
