"""Charts have round numbers at their edges, and curves where the values are."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughtime.training.pages.charts import (
    MANY,
    Curve,
    draw_curves,
    line_chart,
    linear,
    logarithmic,
    name_ends,
    ticks,
)
from throughtime.training.pages.drawing import TRAIN, VALIDATION, Drawing, width_of

SVG = "{http://www.w3.org/2000/svg}"
COLOURED = 1.8
"""Width of the lines that are curves; those of the grid are finer."""


def curve(steps: list[float], values: list[float], **more: object) -> Curve:
    return Curve(steps=steps, values=values, **{"colour": TRAIN, "label": "training", **more})  # type: ignore[arg-type]


def texts(picture: str) -> dict[str, tuple[float, float]]:
    """The texts of a chart, and where they are."""
    found = ElementTree.fromstring(picture).iter(f"{SVG}text")
    return {each.text or "": (float(each.get("x", "")), float(each.get("y", ""))) for each in found}


def lines(picture: str, colour: str = TRAIN) -> list[list[tuple[float, float]]]:
    """The points of the curves in a colour; the legend's line has two."""
    found = [each for each in ElementTree.fromstring(picture).iter(f"{SVG}polyline") if each.get("stroke") == colour]
    read = [[tuple(map(float, point.split(","))) for point in each.get("points", "").split()] for each in found]
    return [[(x, y) for x, y in points] for points in read]


@given(st.floats(-1e3, 1e3), st.floats(1e-6, 1e7), st.integers(2, 9), st.booleans())
def test_ticks_are_round_few_and_even(low: float, length: float, most: int, whole: bool) -> None:
    high = low + length
    numbers, written = ticks(low, high, most, whole=whole)
    assert len(numbers) == len(written) <= most + 1 and len(set(written)) == len(written)
    assert all(low - length * 1e-6 <= each <= high + length * 1e-6 for each in numbers)
    for number, words in zip(numbers, written, strict=True):
        assert float(words.replace(",", "")) == pytest.approx(number, rel=1e-5, abs=length * 1e-4)
    if whole:
        assert all(each == round(each) for each in numbers)
    else:
        assert len(numbers) >= 1


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.0, 1.0, 5, "0.0 0.2 0.4 0.6 0.8 1.0"),
        (0.0, 1.3, 5, "0.0 0.5 1.0"),
        (0.0, 0.0082, 4, "0.0000 0.0025 0.0050 0.0075"),
        (0.45, 0.55, 5, "0.46 0.48 0.50 0.52 0.54"),
        (0.0, 3e-7, 3, "0 1e-07 2e-07 3e-07"),
        (10.0, 40_000.0, 8, "5,000 10,000 15,000 20,000 25,000 30,000 35,000 40,000"),
        (-30.0, 12.0, 4, "-20 0"),
        (1.0, 1.000001, 2, "1 1.0000005 1.000001"),
    ],
)
def test_how_ticks_are_written(low: float, high: float, most: int, expected: str) -> None:
    assert " ".join(ticks(low, high, most)[1]) == expected


def test_steps_are_whole_numbers() -> None:
    assert ticks(0.9, 2.1, 8, whole=True)[1] == ["1", "2"]
    assert ticks(0.0, 20.0, 8, whole=True)[1] == ["0", "5", "10", "15", "20"]


def test_curves_are_where_their_values_are() -> None:
    picture = line_chart("loss", [curve([0, 50, 100], [1.0, 3.0, 2.0])], 200)
    where, (points, _legend) = texts(picture), lines(picture)
    assert where.keys() >= {"loss", "step", "training", "0", "100"}
    assert points[0][0] == pytest.approx(where["0"][0]) and points[2][0] == pytest.approx(where["100"][0])
    assert points[1][0] == pytest.approx((points[0][0] + points[2][0]) / 2, abs=0.02)
    scale = {value: where[f"{value:.0f}"][1] for value in (1.0, 2.0, 3.0)}
    assert [y for _, y in points] == pytest.approx([scale[1.0], scale[3.0], scale[2.0]], abs=0.02)
    assert scale[3.0] < scale[2.0] < scale[1.0], "large is high"


def test_a_scale_can_begin_with_zero() -> None:
    picture = line_chart("rate", [curve([1, 9], [0.004, 0.008], label="")], 140, from_zero=True)
    (points,) = lines(picture)
    zero = texts(picture)["0.000"][1]
    assert zero - points[0][1] == pytest.approx((zero - points[1][1]) / 2, abs=0.02)


@pytest.mark.parametrize("values", [[0.5], [0.0], [-3.0], [7.0, 7.0, 7.0], [1e-9, 2e-9], [1e8, 3e8], []])
def test_any_values_make_a_chart_inside_the_picture(values: list[float]) -> None:
    picture = line_chart("x", [curve(list(range(1, len(values) + 1)), values)], 200)
    assert "nan" not in picture and "inf" not in picture
    for points in lines(picture):
        assert all(0 <= x <= 648 and 0 <= y <= 200 for x, y in points)
    assert ElementTree.fromstring(picture).get("viewBox") == "0 0 648 200"
    assert picture.count("<circle") == (len(values) == 1), "one point makes no line, so it is a dot"


def test_points_are_marked_where_there_is_room() -> None:
    held_out = {"colour": VALIDATION, "label": "validation", "dots": True}
    few = line_chart("x", [curve([1, 2, 3], [1, 2, 3], **held_out)], 200)
    many = line_chart("x", [curve(list(range(500)), list(range(500)), **held_out)], 200)
    assert few.count("<circle") == 3 + 1 and many.count("<circle") == 1, "the legend has one, too"


def test_of_many_points_those_that_can_be_told_apart_are_drawn() -> None:
    size = 10 * MANY
    values = [math.sin(step / 3000) + (step == 7777) * 9 for step in range(size)]
    picture = line_chart("x", [curve(list(range(size)), values)], 200)
    points, _legend = lines(picture)
    assert len(points) < 4 * 648
    assert points == sorted(points, key=lambda point: point[0]), "in their order"
    spike = min(points, key=lambda point: point[1])
    assert spike[1] < min(y for x, y in points if abs(x - spike[0]) > 3) - 50, "a spike of one step is not lost"


def test_the_same_curves_are_the_same_chart() -> None:
    curves = [curve([1, 2], [1.0, 0.5]), curve([1, 2], [0.25, 2.0], colour=VALIDATION, label="held out <&>")]
    picture = line_chart("a <&>", curves, 200)
    assert line_chart("a <&>", curves, 200) == picture
    assert {"a <&>", "held out <&>"} <= texts(picture).keys()
    assert not re.search(r"#0[1-4]0", picture)


def test_the_legend_does_not_overlap() -> None:
    curves = [curve([1, 2], [1.0, 0.5], label="some"), curve([1, 2], [2.0, 1.0], label="others", colour=VALIDATION)]
    where = texts(line_chart("x", curves, 200))
    assert where["some"][0] + width_of("some") < where["others"][0] - 24
    assert where["others"][0] + width_of("others") <= 648


def test_a_logarithmic_scale_multiplies_and_has_powers_of_ten() -> None:
    scale = logarithmic((3e-6, 0.7), 9)
    assert list(zip(scale.numbers, scale.written, strict=True)) == [
        (pytest.approx(10.0**power), words)
        for power, words in zip(range(-6, 1), ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "0.01", "0.1", "1"], strict=True)
    ]
    assert scale.share(1e-3) == pytest.approx(0.5) and scale.share(0.0) == 0.0 and scale.share(1.0) == 1.0
    assert logarithmic((1e-40, 1.0), 5).numbers == pytest.approx([1e-36, 1e-27, 1e-18, 1e-9, 1.0])
    assert logarithmic((2.0, 3.0), 5).numbers == [1.0, 10.0]


def test_a_curve_on_a_logarithmic_scale_falls_evenly_where_each_step_divides() -> None:
    drawing, decay = Drawing(200, 100), [0.1**step for step in range(5)]
    scales = {"across": linear((0.0, 4.0), 4), "up": logarithmic((1e-4, 1.0), 5)}
    (end,) = draw_curves(drawing, (50, 10), (100, 80), [curve([0, 1, 2, 3, 4], decay)], **scales)
    (points,) = lines(drawing.svg())
    assert points == [(50 + 25 * step, 10 + 20 * step) for step in range(5)] and end == points[-1]


def test_names_at_the_ends_of_curves_stand_below_each_other_and_inside() -> None:
    curves = [curve([0, 1], [0, 1], label=name) for name in ("a", "", "b", "c", "d")]
    drawing = Drawing(100, 100)
    name_ends(drawing, 80, curves, [(70, 95), (70, 0), (70, 96), (70, 20), (70, 97)], (10, 90))
    where = {words: y for words, (_, y) in texts(drawing.svg()).items()}
    assert where.keys() == {"a", "b", "c", "d"}
    assert where["c"] == 20 and where["a"] < where["b"] < where["d"] == 90
    assert where["b"] - where["a"] >= 12 and where["d"] - where["b"] >= 12
