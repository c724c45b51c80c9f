"""How far back an input is felt is where the curves cross the threshold."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_results import curves, horizon, whole_text

from throughtime.insight.pictures.horizon import horizon_picture


def test_both_ways_of_measuring_are_curves_and_the_headline_has_the_reach() -> None:
    seen = horizon()
    picture = horizon_picture(seen)
    gradient, substitution, units = curves(picture)
    assert len(gradient) == 61 and len(substitution) == 7 and len(units) == 2
    assert gradient[0][1] == pytest.approx(substitution[0][1]), "both begin with all of the effect"
    per_step = (gradient[-1][1] - gradient[0][1]) / 60
    other = (substitution[-1][1] - substitution[0][1]) / 60
    assert other / per_step == pytest.approx(np.log(0.9) / np.log(0.8), abs=0.02)
    assert seen.reach_by_substitution == 40 and seen.reach_by_gradient == 20
    said = whole_text(picture)
    assert "when the input 40 steps back is another" in said and "By the gradient the reach is 20 steps" in said
    assert units[0][1] > units[1][1], "the most forgetful first"


def test_a_reach_to_the_first_step_is_said_to_be_the_farthest() -> None:
    seen = horizon(by_substitution=np.ones(7))
    assert "60 steps back is another, the farthest there is" in whole_text(horizon_picture(seen))


def test_one_step_and_no_effect_at_all_are_drawn() -> None:
    one = {"at": 0, "steps": np.array([0]), "by_gradient": np.ones(1), "positions": np.array([0])}
    one |= {"distances": np.array([0]), "by_substitution": np.ones(1), "units": {"h_l0": np.ones((1, 3))}}
    for changed in (one, {"by_gradient": np.zeros(61), "by_substitution": np.zeros(7)}):
        picture = horizon_picture(horizon(**changed))
        assert "nan" not in picture and "inf" not in picture


def test_of_a_long_text_three_times_what_is_felt_is_shown() -> None:
    steps, positions = np.arange(6001), np.arange(0, 6001, 10)
    long = {"at": 6000, "steps": steps, "by_gradient": 0.8 ** (6000.0 - steps), "positions": positions}
    long |= {"distances": 6000 - positions, "by_substitution": 0.9 ** (6000.0 - positions), "units": {}}
    picture = horizon_picture(horizon(**long))
    assert "Shown are 120 of 6,000 steps back" in whole_text(picture)
    gradient, substitution = curves(picture)
    assert len(gradient) == 121 and len(substitution) == 13
