"""The chances of keys are counts, and what they score is their likelihood."""

from __future__ import annotations

import math

import numpy as np
import pytest

from throughtime.tasks.rivals.keys import KeyChances

ROWS = np.concatenate(
    [
        np.zeros((1, 4), int),
        np.random.default_rng(0).integers(0, 2, (7, 4)),
        np.zeros((1, 4), int),
        np.eye(4, dtype=int),
    ]
)
LENGTHS = np.array([8, 5])


@pytest.mark.parametrize("looks_back", [False, True])
def test_chances_are_counts_and_their_score_is_the_likelihood(looks_back: bool) -> None:
    model = KeyChances.learn(ROWS, LENGTHS, looks_back=looks_back)
    pairs = [(place - 1, place) for place in range(len(ROWS)) if place not in (0, 8)]
    nats = 0.0
    for key in range(4):
        for sounded in (0, 1) if looks_back else (None,):
            after = [ROWS[now, key] for before, now in pairs if sounded in (None, ROWS[before, key])]
            chance = (sum(after) + 0.5) / (len(after) + 1)
            assert model.chances[sounded or 0, key] == pytest.approx(chance)
            nats -= sum(math.log(chance if sounds else 1 - chance) for sounds in after)
    assert model.nats(ROWS, LENGTHS) == pytest.approx(nats)


def test_it_is_made_again_from_what_was_kept() -> None:
    model = KeyChances.learn(ROWS, LENGTHS, looks_back=True, learned_from="all 11 frames")
    arrays, plain = model.to_parts()
    assert KeyChances.from_parts(arrays, plain).nats(ROWS, LENGTHS) == model.nats(ROWS, LENGTHS)
    assert model.title != KeyChances.learn(ROWS, LENGTHS, looks_back=False).title
    for wrong in (np.ones((1, 4)), np.full((3, 4), 0.5), np.full(4, 0.5)):
        with pytest.raises(ValueError, match="do not fit"):
            KeyChances.from_parts({"chances": wrong}, {})
