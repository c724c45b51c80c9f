"""Wall clocks against the standard library's, hour by hour, over years in which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from throughtime.data.clocks.zones import HOUR, instants, is_offset, offset_of, unclear, wall, zone_named
from throughtime.errors import UsageError

ZONES = ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize("zone", ZONES)
def test_the_wall_clock_shows_what_zoneinfo_says(zone: str) -> None:
    first = datetime(2016, 1, 1, tzinfo=UTC)
    moments = [first + timedelta(minutes=30 * step) for step in range(3 * 365 * 48)]
    ticks = np.array([microseconds(moment) for moment in moments])
    shown = np.array([microseconds(moment.astimezone(ZoneInfo(zone))) for moment in moments])
    assert (wall(ticks, zone) == shown).all()
    # Back again: the fold says which of two it was, and nothing else is in doubt.
    later = np.array([bool(moment.astimezone(ZoneInfo(zone)).fold) for moment in moments])
    assert (instants(shown, zone, later) == ticks).all()
    never, twice = unclear(shown, zone)
    assert not never.any()
    expected = {time for time, count in zip(*np.unique(shown, return_counts=True), strict=True) if count == 2}
    assert set(shown[twice].tolist()) == expected
    assert bool(expected) == (zone != "UTC")


@pytest.mark.parametrize("zone", ZONES)
def test_hours_that_were_left_out_are_told(zone: str) -> None:
    first = datetime(2016, 1, 1)
    shown = np.array([microseconds(first + timedelta(minutes=30 * step)) for step in range(3 * 365 * 48)])
    never, _ = unclear(shown, zone)
    real = set(wall(np.arange(shown[0] - 15 * HOUR, shown[-1] + 15 * HOUR, HOUR // 2), zone).tolist())
    assert (never == np.array([time not in real for time in shown.tolist()])).all()
    assert never.any() == (zone != "UTC")


def test_a_time_that_was_left_out_is_an_hour_later() -> None:
    shown = np.array([microseconds(datetime(2017, 10, 15))])  # midnight of that day never was in Sao Paulo
    assert wall(instants(shown, "America/Sao_Paulo"), "America/Sao_Paulo") - shown == HOUR


def test_far_years_are_asked_for_one_by_one() -> None:
    ticks = np.array([microseconds(datetime(1892, 1, 1)), microseconds(datetime(2150, 7, 1))])
    ahead = (wall(ticks, "Europe/Berlin") - ticks).tolist()
    assert ahead == [(53 * 60 + 28) * 1_000_000, 2 * HOUR]  # local mean time; summer


def test_fixed_offsets() -> None:
    assert [offset_of(text) // (HOUR // 2) for text in ("+01:00", "-0330", "+05", "Z")] == [2, -7, 10, 0]
    assert is_offset("+01:00") and is_offset("Z") and not is_offset("Europe/Berlin")
    assert instants(np.array([5 * HOUR]), "+02:00").tolist() == [3 * HOUR]
    assert wall(np.array([5 * HOUR]), "-02:00").tolist() == [3 * HOUR]


def test_nothing_stays_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert len(wall(none, "Europe/Berlin")) == len(instants(none, "Europe/Berlin")) == 0


def test_a_machine_without_time_zones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.data.clocks.zones.available_timezones", set[str])
    with pytest.raises(UsageError, match="knows no time zones, so not 'Nowhere/Here' either; pip install tzdata"):
        zone_named("Nowhere/Here")


@pytest.mark.parametrize("name", ["Europe/Berln", "../etc/passwd", "", "Nowhere"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="unknown time zone"):
        zone_named(name)
