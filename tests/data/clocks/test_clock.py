"""Times of series: told from their cells, read, and written as they were; what is no time is refused in one line."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from throughtime.data.clocks.cells import StampError
from throughtime.data.clocks.clock import Clock
from throughtime.data.clocks.zones import HOUR
from throughtime.errors import DataError, UsageError

BERLIN = ZoneInfo("Europe/Berlin")


def stamp(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


@pytest.mark.parametrize(
    ("cells", "style", "ticks"),
    [
        (["2024-01-31", "2024-02-01"], "YYYY-MM-DD", ["2024-01-31", "2024-02-01"]),
        (["1949-01", "1949-02"], "YYYY-MM", ["1949-01-01", "1949-02-01"]),
        (["2024Q1", "2024Q4"], "YYYYQq", ["2024-01-01", "2024-10-01"]),
        (["2024-W05", "2024-W06"], "YYYY-MM-DD", ["2024-01-29", "2024-02-05"]),
        (["31.1.2024 9:30", "1.2.2024 10:30"], "D.M.YYYY h:mm", ["2024-01-31T09:30", "2024-02-01T10:30"]),
        (["1/31/2024", "2/1/2024"], "M/D/YYYY", ["2024-01-31", "2024-02-01"]),
        (["31/01/2024", "01/02/2024"], "DD/MM/YYYY", ["2024-01-31", "2024-02-01"]),
        (["2024-01-01T12:00Z", "2024-01-01T13:00+00:00"], "YYYY-MM-DDThh:mmZ", ["2024-01-01T12", "2024-01-01T13"]),
        (["2024-01-01 12:00+01:00"], "YYYY-MM-DD hh:mm+01:00", ["2024-01-01T11"]),
        (["2024-01-01", "2024-01-01 12:00:00"], "YYYY-MM-DD hh:mm:ss", ["2024-01-01", "2024-01-01T12"]),
        (["20240131", "20240201"], "YYYYMMDD", ["2024-01-31", "2024-02-01"]),
        ([20240131.0, 20240201.0], "YYYYMMDD", ["2024-01-31", "2024-02-01"]),
        ([202401, 202402], "YYYYMM", ["2024-01-01", "2024-02-01"]),
        ([2024013122, 2024013123], "YYYYMMDDhh", ["2024-01-31T22", "2024-01-31T23"]),
        ([date(2024, 1, 31), date(2024, 2, 1)], "YYYY-MM-DD", ["2024-01-31", "2024-02-01"]),
        ([datetime(2024, 1, 31, 6)], "YYYY-MM-DDThh:mm:ss", ["2024-01-31T06"]),
        (np.array(["2024-01-31T06"], "datetime64[ns]"), "YYYY-MM-DDThh:mm:ss", ["2024-01-31T06"]),
        (
            [datetime(2024, 1, 31, 6, tzinfo=timezone(timedelta(hours=2)))],
            "YYYY-MM-DDThh:mm:ss+02:00",
            ["2024-01-31T04"],
        ),
        (["12:30", "12:35"], "hh:mm", ["1970-01-01T12:30", "1970-01-01T12:35"]),
    ],
)
def test_dates(cells: Any, style: str, ticks: list[str]) -> None:
    clock = Clock.told(cells)
    assert (clock.kind, clock.style) == ("date", style)
    assert clock.read(cells).tolist() == [stamp(text) for text in ticks]
    assert clock.read(clock.write(clock.read(cells))).tolist() == [stamp(text) for text in ticks]
    assert Clock.from_mapping(json.loads(json.dumps(clock.to_mapping()))) == clock


@pytest.mark.parametrize(
    "cells", [["2024-01-31", "2024-02-01"], ["1949-01"], ["2024Q1"], ["31.1.2024 9:30"], ["1/31/2024"], ["20240131"]]
)
def test_what_is_read_is_written_again(cells: list[str]) -> None:
    clock = Clock.told(cells)
    assert clock.write(clock.read(cells)) == cells


@pytest.mark.parametrize(
    ("cells", "ticks"),
    [
        (["1949", "1950"], [1949, 1950]),
        ([" 5", "10.0", "-15"], [5, 10, -15]),
        (np.array([1.0, 2.0]), [1, 2]),
        ([1700000000, 1700003600], [1700000000, 1700003600]),
        (list(range(20240101, 20240180)), list(range(20240101, 20240180))),  # most are no dates
        (list(range(202401, 202431)), list(range(202401, 202431))),
        ([12345678, 12345679], [12345678, 12345679]),
    ],
)
def test_numbers(cells: Any, ticks: list[int]) -> None:
    clock = Clock.told(cells)
    assert (clock.kind, clock.place) == ("number", None)
    assert clock.read(cells).tolist() == ticks and clock.write(clock.read(cells)) == [str(tick) for tick in ticks]


def test_no_times_are_counted() -> None:
    assert Clock().read(["", "", ""]).tolist() == [0, 1, 2] and Clock().describe() == "no times"


@pytest.mark.parametrize(
    ("cells", "index", "words"),
    [
        (["2024-01-01", "soon"], 1, "holds 'soon', neither a number nor an ISO date and time"),
        (["2024-01-01", "2024-02-30"], 1, "holds '2024-02-30', neither"),
        (["2024-01-01", ""], 1, "holds no time here"),
        (["2024-01-01", None], 1, "holds no time here"),
        (np.array(["2024-01-01", "NaT"], "datetime64[D]"), 1, "holds no time here"),
        (["1", "2.5"], 1, "holds '2.5'; times that are numbers must be whole numbers"),
        ([1.0, float("nan")], 1, "holds no time here"),
        (["1", "1_000"], 1, "holds '1_000'"),
        (["1", str(10**30)], 1, "too large"),
        (["2024-01-01", "7"], 1, "holds '7', a number"),
        (["2024-01-01T10:00", "2024-01-01T10:00Z"], 0, "a date without time zone, and a date with"),
        (["2024-01-01T10:00+01:00", "2024-07-01T10:00+02:00"], 1, "offsets +01:00, +02:00: name the time zone whose "
         "days and hours count, as --time-zone Europe/Berlin"),
        (["2024-01-01T10:00-05:00", "2024-07-01T10:00-04:00"], 1, "--time-zone America/New_York"),
        (["2024-01-01T10:00+01:00", "2024-01-02T10:00+09:00"], 1, "--time-zone UTC"),
        ([*(f"202401{day:02d}" for day in range(1, 32)), "20240199"], 31, "holds 20240199, which is no date"),
        (["1/2/2024", "3/4/2024"], 0, "nothing tells whether the month or the day is first"),
        (["13/2/2024", "2/13/2024"], 0, "nothing tells whether the month or the day is first"),
        (["2024-01-01 00:00:00.0000001"], 0, "finer than a microsecond"),
        ([datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)], 1, "unlike those further up"),
        ([datetime(2024, 1, 1), 5], 1, "dates further up"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(cells: Any, index: int, words: str) -> None:
    with pytest.raises(StampError) as refused:
        clock = Clock.told(cells, None, "when")
        clock.read(cells, "when")
    assert words in str(refused.value) and "'when'" in str(refused.value) and "\n" not in str(refused.value)
    assert refused.value.index == index


def test_a_bad_cell_that_was_not_looked_at_is_found_when_all_are_read() -> None:
    cells = [f"{year:04d}-01-01" for year in range(1, 5001)]
    cells[2501] = "2501"
    clock = Clock.told(cells)
    with pytest.raises(StampError, match="holds '2501', a number, and a date without time zone") as refused:
        clock.read(cells)
    assert refused.value.index == 2501
    cells[-1] = "never"
    with pytest.raises(StampError) as refused:
        Clock.told(cells)
    assert refused.value.index == 4999


def test_a_style_that_is_known_decides_which_day_is_meant() -> None:
    known = Clock.told(["31/1/2024"])
    clock = Clock.told(["1/2/2024"], None, "t", known)
    assert clock.read(["1/2/2024"]).tolist() == [stamp("2024-02-01")]


@pytest.mark.parametrize("cells", [[], np.array([], "datetime64[D]")])
def test_no_cells_are_no_column(cells: Any) -> None:
    with pytest.raises(DataError, match="'when' holds no times"):
        Clock.told(cells, None, "when")


def test_a_zone_is_for_dates() -> None:
    with pytest.raises(UsageError, match="time-zone Europe/Berlin is for dates, and column 'n' holds numbers, as 1"):
        Clock.told(["1", "2"], "Europe/Berlin", "n")
    with pytest.raises(UsageError, match="unknown time zone 'Europe/Berln': did you mean 'Europe/Berlin'"):
        Clock.told(["2024-01-01"], "Europe/Berln")


HOURS = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(366 * 24)]
INSTANTS = [stamp("2024-01-01") + hour * HOUR for hour in range(366 * 24)]


@pytest.mark.parametrize("form", ["wall", "offset", "UTC", "objects"])
def test_a_year_in_a_zone_is_read_and_written_hour_by_hour(form: str) -> None:
    cells: list[Any] = [moment.astimezone(BERLIN) for moment in HOURS]
    if form == "wall":
        cells = [f"{moment:%Y-%m-%d %H:%M}" for moment in cells]
    elif form != "objects":
        cells = [
            moment.isoformat() if form == "offset" else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}" for moment in cells
        ]
    clock = Clock.told(cells, None if form == "objects" else "Europe/Berlin")
    assert clock.zone == "Europe/Berlin"
    ticks = clock.read(cells)
    assert ticks.tolist() == INSTANTS
    written = clock.write(ticks)
    assert written == ([moment.astimezone(BERLIN).isoformat() for moment in HOURS] if form == "objects" else cells)
    shown = [moment.astimezone(BERLIN).replace(tzinfo=None) for moment in HOURS]
    assert clock.local(ticks).tolist() == shown


@pytest.mark.parametrize(
    ("cells", "hours"),
    [
        (["01:30", "02:30", "02:30", "03:30"], [-1, 0, 1, 2]),
        (["03:30", "02:30", "02:30", "01:30"], [2, 1, 0, -1]),  # the newest first
        (["01:00", "02:00", "02:30", "02:00", "02:30", "03:00"], [-1.5, -0.5, 0, 0.5, 1, 1.5]),
        (["01:00", "02:30", "02:00", "03:00"], [-1.5, 0, 0.5, 1.5]),  # back once: the hour has begun again
        (["01:00", "02:30", "03:00"], [-1.5, 0, 1.5]),
    ],
)
def test_the_hour_that_comes_twice_is_told_by_order(cells: list[str], hours: list[float]) -> None:
    clock = Clock("date", "Europe/Berlin", "YYYY-MM-DD hh:mm")
    ticks = clock.read([f"2024-10-27 {cell}" for cell in cells])
    assert ((ticks - stamp("2024-10-27T00:30")) / HOUR).tolist() == hours


def test_the_order_is_that_of_each_series() -> None:
    clock = Clock("date", "Europe/Berlin", "YYYY-MM-DD hh:mm")
    cells = ["2024-10-27 02:00"] * 4
    ticks = clock.read(cells, "t", np.array([0, 1, 0, 1]))
    assert ((ticks - stamp("2024-10-27T00:00")) // HOUR).tolist() == [0, 0, 1, 1]


def test_an_hour_that_was_left_out_is_refused_and_a_day_is_not() -> None:
    clock = Clock("date", "Europe/Berlin", "YYYY-MM-DD hh:mm")
    with pytest.raises(
        StampError, match="holds 2024-03-31 02:30:00, which no clock in Europe/Berlin has shown"
    ) as refused:
        clock.read(["2024-03-31 01:30", "2024-03-31 02:30"])
    assert refused.value.index == 1
    days = Clock("date", "America/Sao_Paulo", "YYYY-MM-DD")  # where a day began at 1 o'clock
    assert days.write(days.read(["2017-10-14", "2017-10-15", "2017-10-16"])) == [
        "2017-10-14",
        "2017-10-15",
        "2017-10-16",
    ]


def test_another_offset_than_the_others_is_refused_where_no_zone_is_named() -> None:
    clock = Clock.told(["2024-01-01T00:00+01:00"])
    with pytest.raises(StampError, match="and the offset \\+01:00 elsewhere; name the time zone"):
        clock.read(["2024-07-01T00:00+02:00"])


def test_what_a_clock_says_of_itself() -> None:
    assert Clock.told(["20240131"]).describe() == "numbers read as dates, YYYYMMDD"
    assert Clock.told(["1949"]).describe() == "whole numbers"
    assert Clock.told(["2024-01-01"], "UTC").describe() == "dates, YYYY-MM-DD, in the time zone UTC"


def test_finer_times_are_written_whole() -> None:
    clock = Clock.told(["2024-01-01 05", "2024-01-01 06"])
    assert clock.write(np.array([stamp("2024-01-01T06:15")])) == ["2024-01-01 06:15"]


@pytest.mark.alone
def test_a_million_stamps_are_read_in_a_second_or_two() -> None:
    cells = np.arange(np.datetime64("2021-01-01T00:00"), np.datetime64("2023-11-08T00:00")).astype(str).tolist()
    start = time.process_time()
    ticks = Clock.told(cells).read(cells)
    assert time.process_time() - start < 4  # half a second where nothing else runs
    assert len(ticks) == 1_499_040 and (np.diff(ticks) == 60_000_000).all()
