"""A network that is too sure, or not sure enough, is found out by one number."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from throughtime.tasks.forecast.scoring.calibration import best_spread, spread_by
from throughtime.tasks.forecast.scoring.measures import LEVELS

NORMAL = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


@pytest.mark.parametrize("sigma", [0.7, 1.0, 1.6, 3.0])
def test_it_finds_how_much_wider_the_truth_is(sigma: float) -> None:
    came = 5 + sigma * np.random.default_rng(1).normal(size=(3000, 2, 1))
    said = np.broadcast_to(5 + NORMAL, (3000, 2, 1, 19))
    assert best_spread(came, said, np.ones((3000, 1))) == pytest.approx(sigma, rel=0.08)


def test_it_is_no_more_than_four_and_one_where_nothing_can_be_compared() -> None:
    said = np.broadcast_to(NORMAL, (50, 1, 1, 19))
    assert best_spread(np.full((50, 1, 1), 99.0), said, np.ones((50, 1))) == 4.0
    assert best_spread(np.full((50, 1, 1), np.nan), said, np.ones((50, 1))) == 1.0
    assert best_spread(np.zeros((50, 1, 1)), said, np.zeros((50, 1))) == 1.0


def test_a_row_weighs_by_its_own_change() -> None:
    came = np.array([[[2.0]], [[200.0]]])
    said = np.stack([NORMAL, 100 * NORMAL])[:, None, None]
    first, both = (best_spread(came[:rows], said[:rows], np.array([[1.0], [100.0]])[:rows]) for rows in (1, 2))
    assert first == both
    assert best_spread(np.array([[[2.0]], [[0.0]]]), said, np.array([[1.0], [np.nan]])) == first


def test_medians_stay() -> None:
    said = np.random.default_rng(2).normal(size=(4, 3, 2, 19)).cumsum(-1)
    assert (spread_by(said, 2.5)[..., 9] == said[..., 9]).all()
    assert np.diff(spread_by(said, 2.5), axis=-1) == pytest.approx(2.5 * np.diff(said, axis=-1))
