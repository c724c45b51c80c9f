"""What was seen while it learned is curves over the steps."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from throughtime.training.pages.watched import watch_charts

POINTS = re.compile(r'<polyline points="([^"]+)" fill="none" stroke="(var\(--c[^"]+)"')


def row(step: int, left: float, opened: float) -> dict[str, Any]:
    flow = {"h_l0": {"1": 0.5, "10": 0.1}, "c_l0": {"1": left, "10": left**10}}
    return {"kind": "watch", "step": step, "flow": flow, "gates": {"f_l0": {"open": opened, "shut": 0.1, "mean": 0.5}}}


ROWS = [row(1, 0.5, 0.2), row(100, 0.8, 0.4), row(200, 0.9, 0.8)]


def curves(page: str) -> list[list[tuple[float, float]]]:
    found = [points for points, _ in POINTS.findall(page)]
    return [[(float(x), float(y)) for x, y in (each.split(",") for each in points.split())] for points in found]


def test_what_is_left_of_the_gradient_is_told_of_the_memory_at_each_distance() -> None:
    page = watch_charts(ROWS)
    assert page.count("<figure") == 2
    assert "c, layer 0" in page and "h, layer 0" not in page
    one, ten, opened, shut = curves(page)
    assert [x for x, _ in one] == [x for x, _ in ten] and len(one) == 3
    rise = [(later[1] - earlier[1]) for earlier, later in ((one[0], one[2]), (ten[0], ten[2]))]
    assert rise[1] / rise[0] == pytest.approx(10, abs=0.1), "a logarithm"
    assert one[2][1] - one[0][1] == pytest.approx(
        (one[1][1] - one[0][1]) * math.log(0.9 / 0.5) / math.log(0.8 / 0.5), abs=0.05
    )
    assert opened[0][1] - opened[2][1] == pytest.approx(0.6 * 200, abs=0.05) and shut[0][1] == shut[2][1]


def test_one_look_and_nothing_left_are_drawn_and_no_row_is_nothing() -> None:
    assert watch_charts([]) == "" and watch_charts([{"kind": "watch", "step": 1}]) == ""
    single = watch_charts([{"kind": "watch", "step": 1, "flow": {"h_l0": {"1": 0.0}}}])
    assert "<circle" in single and "nan" not in single and "inf" not in single


def test_a_layer_that_reads_both_ways_has_a_chart_for_each() -> None:
    flow = {"h_l0": {"1": 0.5}, "h_l0_reverse": {"1": 0.4}}
    assert watch_charts([{"kind": "watch", "step": 1, "flow": flow}]).count("<figure") == 2
