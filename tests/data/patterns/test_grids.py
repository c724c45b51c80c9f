"""Grids against each step counted by hand."""

from __future__ import annotations

import calendar
from datetime import date

import numpy as np
import pytest

from throughtime.data.clocks.zones import HOUR
from throughtime.data.patterns.grids import DAY, EvenGrid, Grid, MonthGrid, Rule, WeekGrid

START = np.datetime64("2019-01-01", "us").astype(np.int64)
HOURS = START + np.arange(6 * 366 * 24) * HOUR
"""Each hour of six years, two of them leap years."""


def slots_of(grid: Grid) -> list[date]:
    numbers, there = grid.numbers(HOURS)
    assert (np.diff(numbers[there]) == 1).all(), "the next slot has the next number"
    assert (grid.times(numbers[there]) == HOURS[there]).all()
    # Between two slots the number is that of the one before.
    before = np.maximum.accumulate(np.where(there, numbers, numbers[there][0] - 1))
    assert (numbers == before).all()
    return [date.fromisoformat(str(day)) for day in HOURS[there].astype("datetime64[us]").astype("datetime64[D]")]


DAYS = [
    date.fromordinal(number) for number in range(date(2019, 1, 1).toordinal(), date(2019, 1, 1).toordinal() + 6 * 366)
]


def last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


@pytest.mark.parametrize(
    ("slots", "which"),
    [
        ((0, 1, 2, 3, 4), lambda day: day.weekday() < 5),
        ((0, 2, 4), lambda day: day.weekday() in (0, 2, 4)),
        ((6,), lambda day: day.weekday() == 6),
    ],
)
def test_days_of_weeks(slots: tuple[int, ...], which: object) -> None:
    grid = WeekGrid(tuple(day * DAY for day in slots))
    assert slots_of(grid) == [day for day in DAYS if which(day)]  # type: ignore[operator]


def test_hours_of_trading() -> None:
    grid = WeekGrid(tuple(day * DAY + hour * HOUR for day in range(5) for hour in range(10, 17)))
    assert slots_of(grid) == [day for day in DAYS if day.weekday() < 5 for _ in range(7)]


@pytest.mark.parametrize(
    ("days", "months", "phase", "rule", "which"),
    [
        ((1,), 1, 0, "day", lambda day: day.day == 1),
        ((15,), 1, 0, "day", lambda day: day.day == 15),
        ((30,), 1, 0, "day", lambda day: day.day == min(30, last(day))),
        ((31,), 1, 0, "day", lambda day: day.day == last(day)),
        ((31,), 3, 2, "day", lambda day: day.day == last(day) and day.month % 3 == 0),
        ((29,), 12, 1, "day", lambda day: day.month == 2 and day.day == last(day)),
        ((1, 15), 1, 0, "day", lambda day: day.day in (1, 15)),
        ((15, 31), 1, 0, "day", lambda day: day.day in (15, last(day))),
        ((7 * 2 + 4,), 1, 0, "weekday", lambda day: day.weekday() == 4 and 15 <= day.day <= 21),
        ((0,), 1, 0, "weekday", lambda day: day.weekday() == 0 and day.day <= 7),
        ((3,), 1, 0, "last weekday", lambda day: day.weekday() == 3 and day.day > last(day) - 7),
    ],
)
def test_days_of_months(days: tuple[int, ...], months: int, phase: int, rule: Rule, which: object) -> None:
    grid = MonthGrid(tuple(day * DAY for day in days), months, phase, rule)
    assert slots_of(grid) == [day for day in DAYS if which(day)]  # type: ignore[operator]


@pytest.mark.parametrize("rule", ["first business day", "last business day"])
def test_business_days_of_months(rule: Rule) -> None:
    grid = MonthGrid((0,), rule=rule)
    found = grid.times(np.arange(49 * 12, 54 * 12)).astype("datetime64[us]").astype("datetime64[D]").tolist()
    choose = min if rule.startswith("first") else max
    months = [[day for day in DAYS if (day.year, day.month) == (year, month) and day.weekday() < 5]
              for year in range(2019, 2024) for month in range(1, 13)]  # fmt: skip
    assert found == [choose(days) for days in months]
    # A holiday may move it by some days, in its month.
    numbers, there = grid.numbers(grid.times(np.arange(3)) + np.array([0, -2 if choose is max else 2, 9]) * DAY)
    assert there.tolist() == [True, True, False] and numbers[:2].tolist() == [0, 1]


def test_even_steps() -> None:
    assert slots_of(EvenGrid(7 * DAY, int(START % (7 * DAY)))) == DAYS[::7]
    numbers, there = EvenGrid(3, 1).numbers(np.array([-2, 0, 1, 5]))
    assert numbers.tolist() == [-1, -1, 0, 1] and there.tolist() == [True, False, True, False]


def test_a_holiday_moves_the_day_of_a_week() -> None:
    grid = EvenGrid(7 * DAY, 0, shift=3 * DAY)
    numbers, there = grid.numbers(np.array([0, 6, 14, 18, 20]) * DAY + np.array([0, 0, 0, 0, HOUR]))
    assert numbers.tolist() == [0, 1, 2, 3, 3] and there.tolist() == [True, True, True, True, False]
    numbers, there = grid.numbers(np.array([4, 3]) * DAY)
    assert numbers.tolist() == [1, 0] and there.all()
