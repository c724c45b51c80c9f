"""Pictures of forecasts: curves and bands are where their numbers are, and the times are those of the data."""

from __future__ import annotations

import datetime
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from throughtime.errors import ShapeError
from throughtime.tasks.forecast.drawing.chart import LEAST, MOST, marked
from throughtime.tasks.forecast.drawing.pictures import MOST_PATHS, forecast_chart, page, paths_chart
from throughtime.training.pages.drawing import TEXT, TRAIN, VALIDATION, width_of

SVG = "{http://www.w3.org/2000/svg}"
DAYS = [f"2024-05-{day:02}" for day in range(1, 32)]
SEEN = np.linspace(0.0, 20.0, 21)  # one more each day
AHEAD = np.array([20.0, 30.0, 10.0])
SPREAD = np.array([1.0, 2.0, 3.0])[:, None]
Point = tuple[float, float]


def chart(levels: tuple[float, ...] = (0.1, 0.5, 0.9), **more: object) -> str:
    quantiles = AHEAD[:, None] + SPREAD * (np.array(levels) - 0.5) * 10
    return forecast_chart("tea", DAYS[:21], SEEN, DAYS[21:24], levels, quantiles, **more)  # type: ignore[arg-type]


def texts(picture: str) -> dict[str, Point]:
    found = ElementTree.fromstring(picture).iter(f"{SVG}text")
    return {each.text or "": (float(each.get("x", "")), float(each.get("y", ""))) for each in found}


def points(element: ElementTree.Element) -> list[Point]:
    x_and_y = [tuple(map(float, point.split(","))) for point in element.get("points", "").split()]
    return [(x, y) for x, y in x_and_y]


def lines(picture: str, colour: str) -> list[list[Point]]:
    """The curves in a colour; what is no curve has two points on one height or above each other."""
    found = [
        points(each) for each in ElementTree.fromstring(picture).iter(f"{SVG}polyline") if each.get("stroke") == colour
    ]
    return [each for each in found if len(each) > 2]


def areas(picture: str) -> list[list[Point]]:
    return [points(each) for each in ElementTree.fromstring(picture).iter(f"{SVG}polygon")]


def dots(picture: str) -> list[Point]:
    found = ElementTree.fromstring(picture).iter(f"{SVG}circle")
    return [(float(each.get("cx", "")), float(each.get("cy", ""))) for each in found]


def values(picture: str, curve: list[Point]) -> list[float]:
    """The numbers that heights stand for, by two of the axis."""
    where = texts(picture)
    (low, at_low), (high, at_high) = ((float(name), where[name][1]) for name in ("0", "20"))
    return [low + (y - at_low) / (at_high - at_low) * (high - low) for _, y in curve]


def test_curves_and_bands_are_where_their_numbers_are() -> None:
    picture = chart(actual=np.array([21.0, 22.0, 23.0]), rival=np.array([19.0, 18.0, 17.0]), height=400)
    history, came = lines(picture, TEXT)
    (median,), (naive,), (band,) = lines(picture, VALIDATION), lines(picture, TRAIN), areas(picture)
    assert values(picture, history) == pytest.approx(SEEN[-15:], abs=0.1)
    assert values(picture, median) == pytest.approx([20, 20, 30, 10], abs=0.1)  # from the last value on
    assert values(picture, naive) == pytest.approx([20, 19, 18, 17], abs=0.1)
    assert values(picture, came) == pytest.approx([20, 21, 22, 23], abs=0.1)
    assert values(picture, band) == pytest.approx([20, 24, 38, 22, -2, 22, 16, 20], abs=0.1)
    assert [x for x, _ in median] == [x for x, _ in came] == [x for x, _ in band[:4]]
    assert median[0] == history[-1]
    steps = [b[0] - a[0] for a, b in pairwise([*history, *median[1:]])]
    assert steps == pytest.approx([steps[0]] * len(steps), abs=0.02)
    assert dots(picture)[:3] == came[1:], "what came is marked"


def test_the_legend_says_what_is_there_and_nothing_else() -> None:
    assert {"tea", "history", "80 % interval", "median"} <= texts(chart()).keys()
    assert not {"what came", "naive forecast"} & texts(chart()).keys()
    more = texts(chart(actual=AHEAD, rival=AHEAD))
    assert {"what came", "naive forecast"} <= more.keys()


def test_the_place_where_the_forecast_begins_is_marked() -> None:
    picture = chart()
    assert "forecast after 2024-05-21" in texts(picture)
    begin = lines(picture, VALIDATION)[0][0][0]
    upright = [points(each) for each in ElementTree.fromstring(picture).iter(f"{SVG}polyline")]
    assert [line for line in upright if line[0][0] == line[1][0] == begin and len(line) == 2]


def test_levels_in_any_order_are_the_same_picture_and_wider_intervals_are_lighter() -> None:
    levels = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
    picture = chart(levels)
    assert picture == chart(levels[::-1])
    assert {"95 %", "80 %", "50 % interval"} <= texts(picture).keys()
    tops = [max(values(picture, area)) for area in areas(picture)]
    assert tops == sorted(tops, reverse=True) and len(tops) == 3
    boxes = [each for each in ElementTree.fromstring(picture).iter(f"{SVG}rect")]
    shades = [float(each.get("fill-opacity", "")) for each in boxes]
    one = 1 - float(ElementTree.fromstring(picture).find(f"{SVG}polygon").get("fill-opacity", ""))  # type: ignore[union-attr]
    assert shades == pytest.approx([1 - one, 1 - one**2, 1 - one**3], abs=0.02), "as they lie over each other"


def test_of_many_intervals_the_legend_names_the_first_and_the_last() -> None:
    picture = chart(tuple(round(0.05 * k, 2) for k in range(1, 20)))
    assert len(areas(picture)) == 9
    assert {"90 %", "10 % interval"} <= texts(picture).keys() and "50 %" not in texts(picture)


def test_a_level_without_counterpart_is_a_line() -> None:
    picture = chart((0.9, 0.5))
    assert not areas(picture) and len(lines(picture, VALIDATION)) == 2
    assert "quantile 0.9" in texts(picture)


def test_gaps_stay_gaps() -> None:
    seen = SEEN.copy()
    seen[[10, 12, 20]] = np.nan, np.inf, np.nan
    picture = forecast_chart("tea", DAYS[:21], seen, DAYS[21:24], (0.5,), AHEAD[:, None])
    assert [len(each) for each in lines(picture, TEXT)] == [4, 7]
    assert len(dots(picture)) == 1, "a single day between two gaps"
    (median,) = lines(picture, VALIDATION)
    assert median[0][1] == median[1][1], "no last value to go on from"
    assert "nan" not in picture and "inf" not in picture


@pytest.mark.parametrize(
    ("length", "ahead", "shown"), [(1000, 1, LEAST), (1000, 48, 240), (3000, 200, MOST), (2, 48, 2)]
)
def test_of_a_long_history_the_end_is_drawn(length: int, ahead: int, shown: int) -> None:
    times = [str(step) for step in range(length + ahead)]
    rng = np.random.default_rng(0)
    forecast = rng.normal(size=(ahead, 1))
    picture = forecast_chart("tea", times[:length], rng.normal(size=length), times[length:], (0.5,), forecast)
    drawn = [points(each) for each in ElementTree.fromstring(picture).iter(f"{SVG}polyline")]
    assert shown in [len(each) for each in drawn]


def test_one_value_is_enough() -> None:
    picture = forecast_chart("tea", ["1"], np.array([5.0]), ["2"], (0.1, 0.5, 0.9), np.array([[4.0, 5.0, 6.0]]))
    assert len(dots(picture)) == 1 and len(areas(picture)) == 1


@pytest.mark.parametrize("scale", [0.0, 1e12, 1e-9])
def test_any_size_of_numbers(scale: float) -> None:
    picture = forecast_chart("tea", DAYS[:21], SEEN * scale, DAYS[21:24], (0.1, 0.9), np.outer(AHEAD, [1, 2]) * scale)
    places = [y for each in (*lines(picture, TEXT), *areas(picture)) for _, y in each]
    assert all(0 < y < 220 for y in places)


HOURS = [(datetime.datetime(2024, 3, 1) + datetime.timedelta(hours=hour)).isoformat(" ") for hour in range(240)]
GERMAN = [(datetime.date(2023, 1, 1) + datetime.timedelta(days=day)).strftime("%d.%m.%Y") for day in range(500)]
QUARTERS = [f"{year} Q{quarter}" for year in range(2000, 2010) for quarter in range(1, 5)]


@pytest.mark.parametrize(
    ("stamps", "most", "expected"),
    [
        (HOURS, 5, ["2024-03-02 00:00:00", "2024-03-04 00:00:00", "2024-03-06 00:00:00"]),
        (GERMAN, 6, ["01.02.2023", "01.05.2023", "01.08.2023"]),
        (QUARTERS, 5, ["2001 Q1", "2003 Q1", "2005 Q1"]),
        ([str(step) for step in range(990, 1040)], 5, ["990", "1000", "1010"]),
        (["a", "b", "c", "d"], 4, ["b", "c", "d"]),
        (["noon", "7"], 4, ["noon", "7"]),
        (["5"], 4, ["5"]),
    ],
)
def test_times_that_are_named_begin_a_year_a_month_or_a_day(stamps: list[str], most: int, expected: list[str]) -> None:
    places = marked(stamps, most)
    assert [stamps[place] for place in places][: len(expected)] == expected
    assert len(places) <= most + 1


@pytest.mark.parametrize("stamps", [HOURS, GERMAN, QUARTERS, DAYS], ids=["hours", "days", "quarters", "short"])
def test_names_of_times_are_those_of_the_data_and_do_not_overlap(stamps: list[str]) -> None:
    rng = np.random.default_rng(0)
    picture = forecast_chart(
        "tea", stamps[:-9], rng.normal(size=len(stamps) - 9), stamps[-9:], (0.5,), np.zeros((9, 1))
    )
    named = {name: place[0] for name, place in texts(picture).items() if name in stamps}
    assert 2 <= len(named) <= 10
    edges = sorted((x - width_of(name) / 2, x + width_of(name) / 2) for name, x in named.items())
    assert all(left[1] < right[0] for left, right in pairwise(edges)) and edges[0][0] >= 0 and edges[-1][1] <= 648


def test_paths_are_lines_as_many_as_can_be_seen() -> None:
    paths = np.array([[1.0, 5.0, 9.0], [3.0, 2.0, 1.0]])
    picture = paths_chart("tea", DAYS[:21], SEEN, DAYS[21:24], paths, actual=AHEAD)
    assert [values(picture, each) for each in lines(picture, VALIDATION)] == [
        pytest.approx([20, *path], abs=0.2) for path in paths
    ]
    assert "2 drawn paths" in texts(picture)
    many = paths_chart("tea", DAYS[:21], SEEN, DAYS[21:24], np.tile(paths, (600, 1)))
    assert len(lines(many, VALIDATION)) == MOST_PATHS and "50 of 1,200 drawn paths" in texts(many)


def test_a_name_that_is_code_stays_text_and_a_long_one_stays_inside() -> None:
    picture = forecast_chart("<b>&" * 60, DAYS[:21], SEEN, DAYS[21:24], (0.5,), AHEAD[:, None])
    name = next(each for each in texts(picture) if each.startswith("<b>&"))
    assert name.endswith("…") and width_of(name, 12) < 648


def test_a_page_needs_nothing_but_itself() -> None:
    whole = page([("tea & more", chart()), ("milk", chart())], "may <come>")
    assert whole.count("<svg") == whole.count("<figure") == 2
    assert "<h1>may &lt;come&gt;</h1>" in whole and 'aria-label="tea &amp; more"' in whole
    assert not [word for word in ("<script", "<link", "src=", "url(") if word in whole]
    assert "prefers-color-scheme: dark" in whole


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quantiles": np.zeros((3, 2))}, r"quantiles must be \(3, 1\), not \(3, 2\)"),
        ({"values": np.zeros(20)}, "a value for each of 21 times"),
        ({"ahead": [], "quantiles": np.zeros((0, 1))}, "a step ahead"),
        ({"actual": np.zeros(4)}, r"actual must be \(3,\), not \(4,\)"),
        ({"rival": np.zeros((3, 1))}, r"rival must be \(3,\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changed: dict[str, object], words: str) -> None:
    given = {"times": DAYS[:21], "values": SEEN, "ahead": DAYS[21:24], "levels": (0.5,), "quantiles": AHEAD[:, None]}
    with pytest.raises(ShapeError, match=words):
        forecast_chart("tea", **{**given, **changed})  # type: ignore[arg-type]
