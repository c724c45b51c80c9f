"""Stamps are read as the standard library reads them, and written as they were."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import numpy as np
import pytest

from throughtime.data.clocks.stamps import read_stamps, write_stamps
from throughtime.data.clocks.styles import (
    fine_enough,
    finest,
    months_first,
    offset_in,
    padded,
    style_of,
    without_offset,
)
from throughtime.data.clocks.zones import HOUR, MINUTE

EPOCH = datetime(1970, 1, 1)
FORMATS = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYY-MM-DD hh:mm": "%Y-%m-%d %H:%M",
    "YYYY-MM-DDThh:mm:ss": "%Y-%m-%dT%H:%M:%S",
    "YYYY-MM-DD hh:mm:ss.ffffff": "%Y-%m-%d %H:%M:%S.%f",
    "DD.MM.YYYY hh:mm:ss": "%d.%m.%Y %H:%M:%S",
    "YYYY/MM/DD": "%Y/%m/%d",
    "MM/DD/YYYY hh:mm": "%m/%d/%Y %H:%M",
    "DD/MM/YYYY": "%d/%m/%Y",
    "YYYY-MM": "%Y-%m",
    "YYYYMMDD": "%Y%m%d",
    "YYYYMMDDhhmm": "%Y%m%d%H%M",
}


@pytest.mark.parametrize("style", FORMATS)
def test_stamps_are_read_and_written_as_the_standard_library_does(style: str) -> None:
    chance = random.Random(style)
    moments = [datetime(1000, 1, 1) + timedelta(seconds=chance.uniform(0, 2.8e11)) for _ in range(500)]
    moments += [datetime(2024, 2, 29), datetime(2000, 2, 29, 23, 59, 59), datetime(1900, 2, 28), datetime(9999, 12, 31)]
    texts = [f"{moment:{FORMATS[style]}}" for moment in moments]
    kept = [datetime.strptime(text, FORMATS[style]) for text in texts]
    times, good = read_stamps(texts, style)
    assert good.all()
    assert times.tolist() == [(moment - EPOCH) // timedelta(microseconds=1) for moment in kept]
    assert list(write_stamps(times, style, times * 0)) == texts


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "2024-04-31", "0000-01-01", "2024-1-01",
        "2024-01-1", "2024-01-011", "2024-01-01 ", " 2024-01-1", "2024/01/01", "２０２４-01-01", "2024-01-0a", "",
    ],
)  # fmt: skip
def test_what_is_no_stamp_of_the_style_is_told(text: str) -> None:
    _, good = read_stamps(["2024-01-01", text, "2024-01-02"], "YYYY-MM-DD")
    assert good.tolist() == [True, False, True]


@pytest.mark.parametrize(
    "text", ["2024-01-01 24:00:00", "2024-01-01 23:60:00", "2024-01-01 23:00:60", "2024-01-01T23:00:00"]
)
def test_what_is_no_time_of_the_day_is_told(text: str) -> None:
    assert not read_stamps([text], "YYYY-MM-DD hh:mm:ss")[1].any()


def test_offsets_are_taken_off() -> None:
    texts = ["1970-01-01T12:00+02:00", "1970-01-01T12:00-03:30"]
    times, good = read_stamps(texts, "YYYY-MM-DDThh:mm±hh:mm")
    assert good.all() and (times / HOUR).tolist() == [10, 15.5]
    assert list(write_stamps(times + np.array([2 * HOUR, -210 * MINUTE]), "YYYY-MM-DDThh:mm±hh:mm",
                             np.array([2 * HOUR, -210 * MINUTE]))) == texts  # fmt: skip
    times, good = read_stamps(texts, "YYYY-MM-DDThh:mm+02:00")
    assert good.tolist() == [True, False] and times[0] == 10 * HOUR


def test_fractions_finer_than_microseconds_must_be_zero() -> None:
    times, good = read_stamps(["1970-01-01 00:00:00.123456000", "1970-01-01 00:00:00.123456001"],
                              "YYYY-MM-DD hh:mm:ss.fffffffff")  # fmt: skip
    assert good.tolist() == [True, False] and times[0] == 123_456


def test_many_stamps_are_read_block_by_block() -> None:
    texts = [str(day) for day in np.arange(np.datetime64("1600-01-01"), np.datetime64("2100-01-01"))]
    times, good = read_stamps(texts, "YYYY-MM-DD")
    assert len(texts) > 1 << 17 and good.all()
    assert (np.diff(times) == 24 * HOUR).all() and times[0] == np.datetime64("1600-01-01", "us").astype(int)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("2024-05-01", "YYYY-MM-DD"),
        ("2024-05", "YYYY-MM"),
        ("2024Q2", "YYYYQq"),
        ("2024-Q2", "YYYY-Qq"),
        ("1.5.2024 9:30", "D.M.YYYY h:mm"),
        ("01.05.2024", "DD.MM.YYYY"),
        ("2024/5/1", "YYYY/M/D"),
        ("5/1/2024", "M/D/YYYY"),
        ("20240501", "YYYYMMDD"),
        ("2024-05-01T12", "YYYY-MM-DDThh"),
        ("2024-05-01T12:30:05.25Z", "YYYY-MM-DDThh:mm:ss.ffZ"),
        ("2024-05-01 12:30 +0200", "YYYY-MM-DD hh:mm +0200"),
        ("12:30", "hh:mm"),
        ("May 2024", None),
        ("2024-05-01 ", None),
        ("2024-05-0112:30", None),
        ("5", None),
        ("", None),
        ("1/1/1", None),
    ],
)
def test_styles(text: str, style: str | None) -> None:
    assert style_of(text) == style


def test_parts_of_styles() -> None:
    assert padded("5/1/2024 7:00") == ("05/01/2024 07:00", "MM/DD/YYYY hh:mm")
    assert finest({"YYYY-MM-DD", "YYYY-MM-DD hh:mm:ss"}) == "YYYY-MM-DD hh:mm:ss"
    assert offset_in("YYYY-MM-DD hh:mm +0200") == "+0200"
    assert without_offset("YYYY-MM-DD hh:mm +0200") == "YYYY-MM-DD hh:mm "
    assert months_first(["1/2/2024", "3/4/2024"]) is None
    assert months_first(["13/2/2024", "3/14/2024"]) is None
    assert months_first(["13/2/2024", "3/4/2024"]) is False


def test_a_style_says_all_of_a_time() -> None:
    assert fine_enough("YYYY-MM-DD hh", np.array([HOUR])) == "YYYY-MM-DD hh"
    assert fine_enough("YYYY-MM-DD hh+01:00", np.array([30 * MINUTE])) == "YYYY-MM-DD hh:mm+01:00"
    assert fine_enough("YYYY-MM-DD", np.array([0, 1_000_000])) == "YYYY-MM-DD hh:mm:ss"
