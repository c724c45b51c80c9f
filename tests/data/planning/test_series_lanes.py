"""Lanes of series: every window once, those of a series in one lane and in order, without a break."""

from __future__ import annotations

import random

import pytest

from throughtime.data.planning.series_lanes import SeriesLanes, plan_series_lanes

COUNTS = {
    "one": [7], "as many as rows": [5, 2, 9], "fewer than rows": [4, 4], "many": [*range(1, 40)], "alike": [3] * 17,
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("rows", [1, 3, 8])
@pytest.mark.parametrize("epoch", [None, 0, 5])
def test_every_window_once_in_its_lane_and_in_order(name: str, rows: int, epoch: int | None) -> None:
    windows = COUNTS[name]
    plan = plan_series_lanes(windows, rows=rows, epoch=epoch)
    read: dict[int, list[tuple[int, int, int]]] = {series: [] for series in range(len(windows))}
    before = rows
    for step, turn in enumerate(plan):
        assert 0 < len(turn.series) == len(turn.windows) <= before, "lanes that are through are the last rows"
        assert turn.begins == [window == 0 for window in turn.windows]
        before = len(turn.series)
        for row, (series, window) in enumerate(zip(*turn, strict=True)):
            read[series].append((step, row, window))
    for series, turns in read.items():
        steps, lanes, numbers = zip(*turns, strict=True)
        assert numbers == tuple(range(windows[series])), "each once, in order"
        assert len(set(lanes)) == 1 and steps == tuple(range(steps[0], steps[0] + len(steps))), "without a break"


def test_the_lanes_are_about_as_long_as_each_other() -> None:
    """No lane is longer than a third more than need be (Graham 1969, the longest first)."""
    draw = random.Random(1)
    for _ in range(50):
        windows = [draw.randrange(1, 60) for _ in range(draw.randrange(1, 40))]
        rows = draw.randrange(1, 9)
        least = max(-(-sum(windows) // rows), max(windows))
        assert len(plan_series_lanes(windows, rows=rows, epoch=3)) <= 4 / 3 * least + 1


def order_of(plan: SeriesLanes) -> list[list[int]]:
    return [turn.series for turn in plan]


def test_epochs_have_as_many_steps_in_another_order() -> None:
    plans = [plan_series_lanes(COUNTS["many"], rows=4, seed=2, epoch=epoch) for epoch in range(4)]
    assert len({len(plan) for plan in plans}) == 1
    assert len({str(order_of(plan)) for plan in plans}) == 4
    assert order_of(plans[1]) == order_of(plan_series_lanes(COUNTS["many"], rows=4, seed=2, epoch=1))
    assert order_of(plans[1]) != order_of(plan_series_lanes(COUNTS["many"], rows=4, seed=3, epoch=1))


def test_without_an_epoch_the_longest_come_first() -> None:
    plan = plan_series_lanes([2, 5, 3, 1], rows=2)
    assert [(turn.series, turn.windows) for turn in plan] == [
        ([1, 2], [0, 0]), ([1, 2], [1, 1]), ([1, 2], [2, 2]), ([1, 0], [3, 0]), ([1, 0], [4, 1]), ([3], [0]),
    ]  # fmt: skip


@pytest.mark.parametrize("step", [-1, 6])
def test_steps_that_are_not_there(step: int) -> None:
    with pytest.raises(IndexError, match=f"step {step} of a plan of 6 steps"):
        _ = plan_series_lanes([2, 5, 3, 1], rows=2)[step]
