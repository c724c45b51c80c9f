"""The weather is complete, a row for each day, and nothing of the last year is learned from."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from throughtime.data.demos.weather import GROWN, seattle_weather


def test_weather_has_each_day_once_and_the_last_year_is_new(tmp_path: Path) -> None:
    pytest.importorskip("vega_datasets")
    (until,), valid = seattle_weather(tmp_path)
    assert not valid and until.name == "seattle-until-2014.csv"
    old, new = (list(csv.DictReader(path.read_text("utf-8").splitlines())) for path in (until, tmp_path / GROWN))
    assert list(new[0]) == ["date", "precipitation", "temp_max", "temp_min", "wind", "weather"]
    days = [date.fromisoformat(row["date"]) for row in new]
    assert days == [date(2012, 1, 1) + timedelta(days=day) for day in range(1461)]
    assert new[: len(old)] == old and old[-1]["date"] == "2014-12-31" and len(new) - len(old) == 365
    assert all(-15 < float(row["temp_min"]) <= float(row["temp_max"]) < 40 for row in new)
    july = [float(row["temp_max"]) for row in new if row["date"][5:7] == "07"]
    assert sum(july) / len(july) == pytest.approx(26, abs=1.5), "warm in summer: degrees Celsius"
    assert not list(tmp_path.glob(".*")), "nothing half written is left"
