"""Steps of series in order: sorted, none twice, in the slots of their pattern, gaps filled or refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from small_files import files_called
from small_panels import DAYS, notes_of, read, refused, skipped, stamps_of, values_of

written = files_called("a.csv")


def table(stamps: list[str], header: str = "date,value") -> str:
    return header + "\n" + "".join(f"{stamp},{i}\n" for i, stamp in enumerate(stamps))


def without(*places: int) -> list[str]:
    return [day for i, day in enumerate(DAYS) if i not in places]


def days(count: int, start: str = "2020-01-01") -> list[str]:
    return [str(np.datetime64(start) + i) for i in range(count)]


def test_rows_are_sorted_and_that_is_said(tmp_path: Path) -> None:
    rows = [f"{s},{day},{i}" for i, day in enumerate(DAYS) for s in "ab"]
    np.random.default_rng(0).shuffle(rows)
    path = written(tmp_path, "id,date,value\n" + "\n".join(rows))
    panel = read(path)
    assert values_of(panel) == {"a": list(range(28)), "b": list(range(28))}
    assert stamps_of(panel, 1) == DAYS
    assert notes_of(path).count("are not in the order of time; they are sorted, as others may be") == 1
    assert "order of time" not in notes_of(written(tmp_path, table(DAYS)))


def test_what_stands_beside_is_sorted_too(tmp_path: Path) -> None:
    rows = [f"{day},{i},{10 * i},{-i}" for i, day in enumerate(DAYS)][::-1]
    panel = read(written(tmp_path, "date,value,x,z\n" + "\n".join(rows)), known_columns="z")
    series = panel.series[0]
    assert (series.past[:, 0] == 10 * series.values[:, 0]).all()
    assert (series.known[:, 0] == -series.values[:, 0]).all()


def test_a_time_that_comes_twice(tmp_path: Path) -> None:
    again = "a.csv: line 30: the time 2024-01-05 again, as in line 6; "
    assert refused(written(tmp_path, table([*DAYS, DAYS[4]]))) == again + "each step of a series has its own"
    rows = [f"{day},{i},{i}" for i, day in enumerate([*DAYS, DAYS[4]])]
    message = refused(written(tmp_path, "date,value,x\n" + "\n".join(rows)))
    assert message.startswith(f"{again}if the table holds several")
    assert message.endswith("say which column tells them apart with --id-column")
    rows = [f"{s},{day},{i}" for s in "ab" for i, day in enumerate([*DAYS, DAYS[4]])]
    message = refused(written(tmp_path, "id,date,value\n" + "\n".join(rows)))
    assert message == (
        "a.csv: line 30 (series 'a'): the time 2024-01-05 again, as in line 6; each step of a series has its own"
    )


def test_a_column_that_may_tell_series_apart_is_named(tmp_path: Path) -> None:
    rows = [f"{day},{city},{i}" for i, day in enumerate(DAYS) for city in ("Rome", "Oslo")]
    assert refused(written(tmp_path, "date,city,temp\n" + "\n".join(rows))).endswith("with --id-column city")


def test_the_hour_that_comes_twice_in_autumn(tmp_path: Path) -> None:
    start = datetime(2023, 10, 28)
    walls = [start + timedelta(hours=i) for i in range(72)]
    walls.insert(27, walls[26])  # 2023-10-29 02:00 in Berlin
    path = written(tmp_path, table([str(each) for each in walls], "time,load"))
    message = refused(path)
    assert "line 29: the time 2023-10-29 02:00:00 again, as in line 28" in message
    assert "if clocks were put back in that hour, say where with --time-zone" in message
    panel = read(path, time_zone="Europe/Berlin")
    assert values_of(panel) == {"": list(range(73))}
    assert set(np.diff(panel.series[0].ticks).tolist()) == {3_600_000_000}


def test_clocks_are_put_back_for_each_series(tmp_path: Path) -> None:
    walls = [datetime(2023, 10, 28) + timedelta(hours=i) for i in range(72)]
    walls.insert(27, walls[26])
    rows = [f"{s},{each},{i}" for i, each in enumerate(walls) for s in "abc"]
    path = written(tmp_path, "id,time,load\n" + "\n".join(rows))
    panel = read(path, time_zone="Europe/Berlin")
    assert values_of(panel) == {s: list(range(73)) for s in "abc"}
    assert all((np.diff(series.ticks) == 3_600_000_000).all() for series in panel.series)
    never = "2023-03-26 02:30:00"  # clocks were put forward
    path = written(tmp_path, "id,time,load\n" + "\n".join([*rows, f"b,{never},5"]))
    message = refused(path, time_zone="Europe/Berlin")
    assert message.startswith(f"a.csv: line 221 (series 'b'): column 'time' holds {never}")
    panel, bad = skipped(path, time_zone="Europe/Berlin")
    assert values_of(panel) == {s: list(range(73)) for s in "ac"}
    assert bad == [message]


def test_no_hint_at_time_zones_elsewhere(tmp_path: Path) -> None:
    assert "--time-zone" not in refused(written(tmp_path, table([*DAYS, DAYS[27]])))


def test_a_few_missing_steps_are_holidays(tmp_path: Path) -> None:
    stamps = days(100)
    path = written(tmp_path, table([day for i, day in enumerate(stamps) if i not in (30, 31, 50)]))
    panel = read(path)
    assert len(panel.series[0]) == 97
    assert "3 steps of the pattern are missing, few enough to be holidays" in notes_of(path)
    assert panel.clock.write(panel.series[0].future(1)) == ["2020-04-10"]


def test_business_days(tmp_path: Path) -> None:
    weekdays = (date(2024, 1, 1) + timedelta(days=i) for i in range(1000))
    stamps = [str(day) for day in islice((day for day in weekdays if day.weekday() < 5), 60)]
    panel = read(written(tmp_path, table(stamps)))
    assert panel.clock.write(panel.series[0].future(2)) == ["2024-03-25", "2024-03-26"]
    path = written(tmp_path, table([*stamps[:-1], "2024-03-25"]))  # Friday 22 is a holiday
    assert "1 step of the pattern is missing, and taken as a holiday" in notes_of(path)


def test_more_missing_steps_are_refused(tmp_path: Path) -> None:
    message = refused(written(tmp_path, table(without(4, 9, 10))))
    assert message.startswith(
        "a.csv: line 5: the step of 2024-01-05 is missing behind this one, and 3 of 28 in all (a step is a day)"
    )
    assert "--fill forward" in message and "--frequency" in message
    rows = [f"{s},{day},{i}" for s in "ab" for i, day in enumerate(DAYS) if s == "a" or i not in (4, 9, 10)]
    panel, bad = skipped(written(tmp_path, "id,date,value\n" + "\n".join(rows)))
    assert list(values_of(panel)) == ["a"]
    assert len(bad) == 1 and bad[0].startswith("a.csv: line 33 (series 'b'): the step of 2024-01-05 is missing")


def test_missing_steps_are_made_without_values(tmp_path: Path) -> None:
    rows = [f"{day},{i},{10 * i},{-i}" for i, day in enumerate(DAYS) if i not in (4, 9, 10)]
    path = written(tmp_path, "date,value,x,z\n" + "\n".join(rows))
    panel = read(path, fill="linear", known_columns="z")
    series = panel.series[0]
    assert stamps_of(panel) == DAYS
    assert np.flatnonzero(np.isnan(series.values[:, 0])).tolist() == [4, 9, 10]
    assert series.past[:, 0].tolist() == pytest.approx([10 * i for i in range(28)])
    assert series.known[:, 0].tolist() == pytest.approx([-i for i in range(28)])
    assert read(path, fill="forward", known_columns="z").series[0].past[[4, 9, 10], 0].tolist() == [30, 80, 80]
    assert read(path, fill="zero", known_columns="z").series[0].past[[4, 9, 10], 0].tolist() == [0, 0, 0]
    said = notes_of(path, fill="linear", known_columns="z")
    assert "3 missing steps are made, without values" in said
    assert "6 missing values of what stands beside are filled (linear)" in said


def test_even_few_missing_steps_are_made_where_that_is_asked_for(tmp_path: Path) -> None:
    stamps = days(100)
    path = written(tmp_path, table([day for i, day in enumerate(stamps) if i != 30]))
    assert len(read(path, fill="forward").series[0]) == 100


def test_what_is_known_ahead_goes_on_behind_made_steps(tmp_path: Path) -> None:
    rows = [f"{day},{i if i < 20 else ''},{i % 3}" for i, day in enumerate(DAYS) if i not in (4, 5, 22)]
    series = read(written(tmp_path, "date,value,z\n" + "\n".join(rows)), fill="forward", known_columns="z").series[0]
    assert (len(series), len(series.known)) == (20, 28)
    assert series.known[20:, 0].tolist() == [2, 0, 0, 2, 0, 1, 2, 0]


def test_a_missing_value_is_refused_or_stays_unknown(tmp_path: Path) -> None:
    path = written(tmp_path, table(DAYS).replace("01-05,4\n", "01-05,NA\n"))
    message = refused(path)
    assert message.startswith("a.csv: line 6: column 'value' is empty")
    assert "--fill forward or zero" in message
    assert np.flatnonzero(np.isnan(read(path, fill="zero").series[0].values[:, 0])).tolist() == [4]
    assert "1 missing value of 'value' stays so, and is left out of all measures" in notes_of(path, fill="zero")


@pytest.mark.parametrize("role", ["past_columns", "known_columns"])
def test_a_missing_value_beside_is_refused_or_filled(role: str, tmp_path: Path) -> None:
    rows = [f"{day},{i},{i * 1e12 if i != 4 else ''},{'uv'[i % 2] if i != 6 else ''}" for i, day in enumerate(DAYS)]
    path = written(tmp_path, "date,value,x,k\n" + "\n".join(rows))
    assert refused(path, **{role: "x,k"}) == (
        "a.csv: line 6: column 'x' is empty; --fill forward or zero goes on with missing values, or leave it out with "
        "--ignore-columns x"
    )
    assert refused(path, **{role: "k"}, ignore_columns="x").startswith("a.csv: line 8: column 'k' is empty")
    series = read(path, fill="forward", **{role: "x,k"}).series[0]
    block = series.past if role == "past_columns" else series.known
    assert block[3:8].tolist() == [[3e12, 0, 1], [pytest.approx(3e12), 1, 0], [5e12, 0, 1], [6e12, 0, 1], [7e12, 0, 1]]


def test_what_never_changes_is_refused_or_zero_where_it_is_missing(tmp_path: Path) -> None:
    rows = [f"{s},{day},{i},{size}" for s, size in (("a", "5"), ("b", "")) for i, day in enumerate(DAYS)]
    path = written(tmp_path, "id,date,value,size\n" + "\n".join(rows))
    assert refused(path).startswith("a.csv: line 30 (series 'b'): column 'size' is empty")
    assert [series.static.tolist() for series in read(path, fill="forward").series] == [[5], [0]]


def test_stamps_beside_the_steps_are_refused(tmp_path: Path) -> None:
    stamps = [f"{day} 12:00" for day in days(60)]
    stamps[20] = stamps[20].replace("12:00", "12:07")
    message = refused(written(tmp_path, table(stamps)))
    assert message.startswith("a.csv: ") and "2020-01-21" in message
    assert "12:07" in refused(written(tmp_path, table(stamps)), fill="forward")


def test_a_mistyped_year_does_not_fill_the_memory(tmp_path: Path) -> None:
    stamps = [*(f"2024-01-01 {hour:02d}:{minute:02d}" for hour in range(2) for minute in range(60)), "2924-01-01 00:00"]
    message = refused(written(tmp_path, table(stamps)), fill="forward", frequency="minute")
    assert message.startswith("a.csv: line 2: 473,") and "see whether a time is mistyped" in message


def test_series_without_a_value(tmp_path: Path) -> None:
    rows = [f"{s},{day},{i if s == 'a' else ''}" for s in "ab" for i, day in enumerate(DAYS)]
    path = written(tmp_path, "id,date,value\n" + "\n".join(rows))
    assert refused(path) == "a.csv: line 30 (series 'b'): no value in column 'value'; a series has one at least"
    panel, bad = skipped(path)
    assert (list(values_of(panel)), len(bad)) == (["a"], 1)


def test_a_short_series_takes_the_pattern_of_others(tmp_path: Path) -> None:
    rows = [f"a,{day},{i}" for i, day in enumerate(DAYS)] + ["b,2024-01-09,1"]
    panel = read(written(tmp_path, "id,date,value\n" + "\n".join(rows)))
    assert panel.clock.write(panel.series[1].future(1)) == ["2024-01-10"]


def test_series_of_two_grains(tmp_path: Path) -> None:
    rows = [f"a,{day} 00:00,{i}" for i, day in enumerate(days(40))]
    rows += [f"b,{datetime(2024, 1, 1) + timedelta(hours=i)},{i}" for i in range(40)]
    path = written(tmp_path, "id,date,value\n" + "\n".join(rows))
    message = refused(path)
    assert "(series 'a')" in message and "(series 'b')" in message
    assert message.count("a.csv: line 42 (series 'b')") + message.count("a.csv: line 2 (series 'a')") == 2
    assert len(read(path, frequency="hour", fill="forward").series[0]) == 39 * 24 + 1
    panel, bad = skipped(path)
    assert len(panel.series) == 1 and len(bad) == 1
