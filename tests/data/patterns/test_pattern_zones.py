"""Days and trading hours are those of the clock on the wall, hours are hours, whatever is done to clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from throughtime.data.clocks.clock import Clock
from throughtime.data.clocks.zones import HOUR, Times
from throughtime.data.patterns.pattern import Pattern
from throughtime.errors import DataError


def told(cells: list[str], zone: str | None = None) -> tuple[Clock, Times, Pattern]:
    clock = Clock.told(cells, zone)
    ticks = clock.read(cells)
    return clock, ticks, Pattern.told(ticks, clock, None, "a.csv")


BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def midnights(count: int) -> list[datetime]:
    return [datetime(2023, 1, 1, tzinfo=BERLIN) + timedelta(days=day) for day in range(count)]


def test_a_day_is_one_on_the_wall_and_an_hour_is_an_hour() -> None:
    cells = [moment.isoformat() for moment in midnights(80)]  # up to March 21st, all at +01:00
    clock, ticks, pattern = told(cells, "Europe/Berlin")
    assert pattern.describe() == "a step is a day"
    assert clock.write(pattern.after(ticks, 7))[-3:] == [
        "2023-03-26T00:00:00+01:00", "2023-03-27T00:00:00+02:00", "2023-03-28T00:00:00+02:00"
    ]  # fmt: skip
    hours = [f"{datetime(2023, 10, 28, hour):%Y-%m-%d %H:%M}" for hour in range(24)]
    clock, ticks, pattern = told(hours, "Europe/Berlin")
    assert clock.write(pattern.after(ticks, 5))[1:] == [f"2023-10-29 0{hour}:00" for hour in (1, 2, 2, 3)]


def test_trading_hours_are_those_of_the_wall() -> None:
    opening = datetime(2023, 1, 2, 9, 30, tzinfo=NEW_YORK)
    moments = [
        opening + timedelta(days=day, minutes=30 * step) for day in range(365) if day % 7 < 5 for step in range(13)
    ]
    cells = [moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ") for moment in moments]
    clock, ticks, pattern = told(cells, "America/New_York")
    assert pattern.describe().startswith(
        "a step is one of 13 times of the day (09:30 to 15:30, 30 minutes apart) on Monday"
    )
    assert (np.diff(pattern.slots(ticks)) == 1).all()
    assert clock.write(pattern.after(ticks[: 13 * 50], 1)) == ["2023-03-13T13:30Z"]  # clocks were put forward on Sunday
    with pytest.raises(DataError, match=r"^a\.csv: its times follow the hours of .* --time-zone America/New_York"):
        told(cells)


def test_midnights_in_utc_ask_for_their_zone() -> None:
    cells = [f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}" for moment in midnights(400)]
    with pytest.raises(DataError, match="--time-zone Europe/Berlin, or another such"):
        told(cells)


def test_a_day_that_began_at_one_is_a_step_like_others() -> None:
    cells = [f"2017-10-{day:02d}" for day in range(1, 32)]
    clock, ticks, pattern = told(cells, "America/Sao_Paulo")
    assert np.diff(ticks).tolist()[13:15] == [24 * HOUR, 23 * HOUR]
    assert (np.diff(pattern.slots(ticks)) == 1).all() and (pattern.ticks(pattern.slots(ticks)) == ticks).all()
    assert clock.write(pattern.after(ticks[:14], 2)) == ["2017-10-15", "2017-10-16"]


@pytest.mark.parametrize("hours", [6, 8, 12])
def test_parts_of_a_day_are_those_of_the_wall_where_the_times_say_so(hours: int) -> None:
    first = datetime(2023, 1, 1, tzinfo=BERLIN)
    moments = [first + timedelta(hours=hours * step) for step in range(2000)]  # wall clock arithmetic
    cells = [f"{moment:%Y-%m-%d %H:%M}" for moment in moments]
    clock, ticks, pattern = told(cells, "Europe/Berlin")
    assert pattern.describe() == f"a step is {hours} hours" and (np.diff(pattern.slots(ticks)) == 1).all()
    assert clock.write(pattern.after(ticks[:-9], 9)) == cells[-9:]


def test_offsets_without_a_zone_are_a_clock_of_their_own() -> None:
    cells = [f"2024-01-{day:02d}T00:00+05:30" for day in range(1, 32)]
    clock, ticks, pattern = told(cells)
    assert (clock.zone, clock.place, pattern.describe()) == (None, "+05:30", "a step is a day")
    assert clock.write(pattern.after(ticks, 2)) == ["2024-02-01T00:00+05:30", "2024-02-02T00:00+05:30"]
