"""The prices are those of days of trading, in order, and nothing of the last months is learned from."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from throughtime.data.demos.stock import GROWN, daily_prices


def test_prices_are_of_weekdays_in_order_and_the_last_months_are_new(tmp_path: Path) -> None:
    (until,), valid = daily_prices(tmp_path)
    assert not valid and until.name == "share-until-2006.csv"
    old, new = (list(csv.DictReader(path.read_text("utf-8").splitlines())) for path in (until, tmp_path / GROWN))
    assert list(new[0]) == ["date", "open", "high", "low", "close", "volume"]
    days = [date.fromisoformat(row["date"]) for row in new]
    assert days == sorted(set(days)) and all(day.weekday() < 5 for day in days)
    assert (days[0], days[-1], len(days)) == (date(2004, 8, 19), date(2008, 10, 14), 1047)
    assert new[: len(old)] == old and old[-1]["date"] == "2006-12-29" and len(new) - len(old) == 450
    for row in new:
        low, high, *inside = (float(row[name]) for name in ("low", "high", "open", "close"))
        assert all(low - 0.011 <= price <= high + 0.011 for price in inside)
    assert new[0]["close"] == "100.34", "what the share closed at on its first day"
