"""What the calendar says of steps, against the standard library's dates."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest

from throughtime.data.clocks.clock import Clock
from throughtime.data.clocks.zones import HOUR, MINUTE
from throughtime.data.patterns.calendar import calendar_features, calendar_names, calendar_slot, slot_title
from throughtime.data.patterns.grids import DAY, EvenGrid, MonthGrid, WeekGrid
from throughtime.data.patterns.pattern import Pattern

CLOCK = Clock("date", None, "YYYY-MM-DD hh:mm")
EPOCH = datetime(1970, 1, 1)
MOMENTS = [datetime(2019, 12, 29, 5, 20) + timedelta(hours=7 * step) for step in range(6000)]
TICKS = np.array([(moment - EPOCH) // timedelta(microseconds=1) for moment in MOMENTS])
LEAP = [(datetime(2020, moment.month, moment.day) - datetime(2020, 1, 1)).days for moment in MOMENTS]
PHASES = {
    "minute of hour": [moment.minute / 60 for moment in MOMENTS],
    "hour of day": [(moment.hour * 60 + moment.minute) / 1440 for moment in MOMENTS],
    "day of week": [moment.weekday() / 7 for moment in MOMENTS],
    "day of month": [(moment.day - 1) / 31 for moment in MOMENTS],
    "day of year": [day / 366 for day in LEAP],
    "month of year": [(moment.month - 1) / 12 for moment in MOMENTS],
}
SLOTS = {
    "hour of the week": [moment.weekday() * 24 + moment.hour for moment in MOMENTS],
    "day of the year": LEAP,
    "week of the year": [day // 7 for day in LEAP],
    "month of the year": [moment.month - 1 for moment in MOMENTS],
}


@pytest.mark.parametrize(
    ("grid", "cycles", "title"),
    [
        (EvenGrid(5 * MINUTE), "minute of hour, hour of day, day of week, day of year", "hour of the week"),
        (EvenGrid(HOUR), "hour of day, day of week, day of year", "hour of the week"),
        (
            WeekGrid(tuple(hour * HOUR for hour in range(10, 17))),
            "hour of day, day of week, day of year",
            "hour of the week",
        ),
        (EvenGrid(DAY), "day of week, day of month, day of year", "day of the year"),
        (WeekGrid(tuple(day * DAY for day in range(5))), "day of week, day of month, day of year", "day of the year"),
        (EvenGrid(7 * DAY), "day of year", "week of the year"),
        (MonthGrid((DAY, 15 * DAY)), "day of year", "week of the year"),
        (MonthGrid((31 * DAY,)), "month of year", "month of the year"),
        (MonthGrid((DAY,), 3), "month of year", "month of the year"),
        (MonthGrid((DAY,), 12), "", None),
    ],
)
def test_each_grain_has_its_features(grid: EvenGrid | WeekGrid | MonthGrid, cycles: str, title: str | None) -> None:
    pattern = Pattern(grid, "date")
    names = [name for name in cycles.split(", ") if name]
    assert calendar_names(pattern) == tuple(f"{name} ({wave})" for name in names for wave in ("sine", "cosine"))
    features = calendar_features(TICKS, CLOCK, pattern)
    assert features.shape == (len(TICKS), 2 * len(names)) and features.dtype == np.float32
    for place, name in enumerate(names):
        expected = [(math.sin(2 * math.pi * phase), math.cos(2 * math.pi * phase)) for phase in PHASES[name]]
        assert np.abs(features[:, 2 * place : 2 * place + 2] - np.array(expected)).max() < 1e-6
    slots = calendar_slot(TICKS, CLOCK, pattern)
    assert slot_title(pattern) == title
    assert slots is None if title is None else slots is not None and slots.tolist() == SLOTS[title]


@pytest.mark.parametrize("clock", [Clock(), Clock("number")])
def test_numbers_have_no_calendar(clock: Clock) -> None:
    pattern = Pattern.told(np.arange(5), clock)
    assert calendar_names(pattern) == () and slot_title(pattern) is None
    assert calendar_features(np.arange(5), clock, pattern).shape == (5, 0)
    assert calendar_slot(np.arange(5), clock, pattern) is None


def test_the_calendar_is_that_of_the_wall() -> None:
    clock = Clock("date", "Asia/Tokyo", "YYYY-MM-DDThh:mmZ")
    ticks = clock.read(["2024-01-07T20:00Z"])  # Monday 5 o'clock in Tokyo
    slots = calendar_slot(ticks, clock, Pattern(EvenGrid(HOUR), "date", "Asia/Tokyo"))
    assert slots is not None and slots.tolist() == [5]


def test_a_date_has_its_slot_leap_year_or_not() -> None:
    clock = Clock("date", None, "YYYY-MM-DD")
    ticks = clock.read(["2023-03-01", "2024-03-01", "2024-02-29", "2023-12-31", "2024-12-31"])
    slots = calendar_slot(ticks, clock, Pattern(EvenGrid(DAY), "date"))
    assert slots is not None and slots.tolist() == [60, 60, 59, 365, 365]
