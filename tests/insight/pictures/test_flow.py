"""Curves of the gradient are what is left of it, by steps back, and the headline says it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from made_up_results import curves, elements, flow, spectrum, texts, whole_text

from throughtime.insight.pictures.flow import flow_picture, relative_flow, spectrum_picture


def test_what_is_left_is_against_the_nearest_step_and_by_steps_back() -> None:
    left = relative_flow(flow())
    assert list(left) == ["c_l0", "h_l0"]
    for track, factor in (("h_l0", 0.8), ("c_l0", 0.95)):
        steps, values = left[track]
        assert steps.tolist() == list(range(41))
        np.testing.assert_allclose(values, factor**steps, rtol=1e-12)


def test_a_backward_direction_goes_the_other_way() -> None:
    steps = np.arange(10)
    norms = {"h_l0": 0.5 ** np.abs(4.0 - steps), "h_l0_reverse": 0.9 ** np.abs(4.0 - steps)}
    left = relative_flow(flow(at=4, steps=steps, norms=norms))
    assert left["h_l0"][0].tolist() == [0, 1, 2, 3, 4]
    assert left["h_l0_reverse"][0].tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_allclose(left["h_l0_reverse"][1], 0.9 ** np.arange(6.0))


def test_curves_fall_as_their_numbers_do() -> None:
    picture = flow_picture(flow())
    (c, h), words = curves(picture), texts(picture)
    assert {"c", "h", "steps back", "1% left"} <= set(words)
    for points, factor in ((c, 0.95), (h, 0.8)):
        drops = [later[1] - earlier[1] for earlier, later in pairwise(points)]
        assert drops == pytest.approx([drops[0]] * 40, abs=0.02), "a straight line"
        assert drops[0] / (h[1][1] - h[0][1]) == pytest.approx(math.log(factor) / math.log(0.8), abs=0.02)
    assert [each.get("stroke-dasharray") for each in elements(picture, "polyline") if each.get("stroke-width") == "2.2"]
    assert f"{0.95**40:.0%} is left 40 steps back; half of it is gone after 14" in whole_text(picture)


@pytest.mark.parametrize(
    ("norms", "says"),
    [
        ({"h_l0": 1.1 ** (40.0 - np.arange(41))}, "The gradient grows: after 40 steps back it is 45.3 times"),
        ({"h_l0": np.r_[np.zeros(40), 1.0]}, "nothing is left 40 steps back"),
        ({"h_l0": 0.6 ** (40.0 - np.arange(41))}, "less than a millionth is left"),
        ({"h_l0": np.zeros(41)}, "nothing is left"),
        ({"h_l0": np.ones(41)}, "all is left 40 steps back; half of it is still there"),
    ],
)
def test_the_headline_says_what_became_of_it(norms: dict[str, np.ndarray], says: str) -> None:
    picture = flow_picture(flow(norms=norms))
    assert says in whole_text(picture) and "nan" not in picture and "inf" not in picture


def test_one_step_is_drawn() -> None:
    one = flow(at=0, steps=np.array([0]), norms={"h_l0": np.array([2.0])}, inputs=np.ones(1))
    picture = flow_picture(one)
    assert "There is one step" in whole_text(picture) and picture.count("<circle") == 1


def test_the_spectrum_is_on_both_sides_of_one() -> None:
    picture = spectrum_picture(spectrum())
    fading, growing = curves(picture)
    assert fading[-1][1] > fading[0][1] and growing[-1][1] < growing[0][1]
    said = whole_text(picture)
    assert f"{1.2**20:.2g} times as large after 20 steps: it explodes" in said
    assert "Not at rest within its tolerance: layer 1" in said


def test_of_a_long_text_so_much_is_shown_as_something_is_left_of() -> None:
    steps = np.arange(2001)
    picture = flow_picture(flow(at=2000, steps=steps, norms={"h_l0": 0.5 ** (2000.0 - steps)}, inputs=np.ones(2001)))
    assert "Shown are 40 of 2,000 steps back" in whole_text(picture)
    (points,) = curves(picture)
    assert len(points) == 41
