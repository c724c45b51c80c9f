"""Patterns are told from times, go on as a calendar does, and what lies beside them is refused."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.clocks.clock import Clock
from throughtime.data.clocks.zones import HOUR, MINUTE
from throughtime.data.panel.panel import Ticks
from throughtime.data.patterns.grids import DAY, EvenGrid, WeekGrid
from throughtime.data.patterns.pattern import Pattern, patterns_of
from throughtime.errors import DataError, UsageError


def every(first: str, after: str, step: str) -> list[str]:
    count, unit = int("".join(filter(str.isdigit, step)) or 1), "".join(filter(str.isalpha, step))
    texts = np.arange(np.datetime64(first), np.datetime64(after), np.timedelta64(count, unit)).astype(str).tolist()  # type: ignore[call-overload]
    return [text.replace("T", " ") for text in texts]


DAYS = every("2022-01-01", "2024-01-01", "D")
BUSINESS = [day for day in DAYS if datetime.fromisoformat(day).weekday() < 5]
HOURS = every("2023-01-02T00:00", "2023-03-01T00:00", "60m")
FIVE = every("2023-01-02T00:00", "2023-04-01T00:00", "5m")
MONTHS = every("2020-01", "2024-01", "M")
ENDS = [str(np.datetime64(month) + 1 - np.timedelta64(1, "D")) for month in np.array(MONTHS, "datetime64[M]")]


def trading(text: str, first: str = "10:00", last: str = "16:00") -> bool:
    return datetime.fromisoformat(text).weekday() < 5 and first <= text[11:] <= last


def weekday(text: str, *days: int) -> bool:
    return datetime.fromisoformat(text).weekday() in days


def told(cells: list[str], zone: str | None = None, frequency: str | None = None) -> tuple[Clock, Ticks, Pattern]:
    clock = Clock.told(cells, zone)
    ticks = np.sort(clock.read(cells))
    return clock, ticks, Pattern.told(ticks, clock, frequency, "a.csv")


CASES: dict[str, tuple[list[str], str, list[str], tuple[int, ...]]] = {
    "hours": (HOURS, "an hour", ["2023-03-01 00:00", "2023-03-01 01:00"], (24, 168)),
    "30 minutes": (FIVE[::6], "30 minutes", ["2023-04-01 00:00", "2023-04-01 00:30"], (48, 336)),
    "days": (DAYS, "a day", ["2024-01-01", "2024-01-02"], (7, 365)),
    "without leap days": ([day for day in every("2019-01-01", "2025-01-01", "D") if day[5:] != "02-29"], "a day",
                          ["2025-01-01"], (7, 365)),
    "business days": (BUSINESS, "a business day", ["2024-01-01", "2024-01-02"], (5,)),
    "three business days": (["2024-01-05", "2024-01-08", "2024-01-09"], "a business day", ["2024-01-10"], (5,)),
    "Sunday to Thursday": ([day for day in DAYS if weekday(day, 6, 0, 1, 2, 3)],
                           "one of 5 days of the week (Sunday to Thursday)", ["2024-01-01"], (5,)),
    "some days": ([day for day in DAYS if weekday(day, 0, 2, 4)],
                  "one of 3 days of the week (Monday, Wednesday and Friday)", ["2024-01-01", "2024-01-03"], (3,)),
    "weeks": (DAYS[2::7], "a week", ["2024-01-01", "2024-01-08"], (52,)),
    "two weeks": (DAYS[2::14], "2 weeks", ["2024-01-01", "2024-01-15"], (26,)),
    "four weeks": (DAYS[2::28], "4 weeks", ["2024-01-01", "2024-01-29"], (13,)),
    "trading": (list(filter(trading, HOURS)), "one of 7 hours (10:00 to 16:00) on Monday to Friday",
                ["2023-03-01 10:00", "2023-03-01 11:00"], (7, 35)),
    "three days of trading": (list(filter(trading, HOURS))[21:42],
                              "one of 7 hours (10:00 to 16:00) on Monday to Friday", ["2023-01-10 10:00"], (7, 35)),
    "no nights": ([text for text in FIVE if "06:00" <= text[11:] < "20:00"],
                  "one of 168 times of the day (06:00 to 19:55, 5 minutes apart) every day",
                  ["2023-04-01 06:00", "2023-04-01 06:05"], (168, 1176)),
    "no nights, two days": ([text for text in FIVE if "06:00" <= text[11:] < "20:00"][: 2 * 168],
                            "one of 168 times of the day (06:00 to 19:55, 5 minutes apart) every day",
                            ["2023-01-04 06:00"], (168, 1176)),
    "two slots of the week": ([text for text in HOURS if (weekday(text, 0) and text.endswith("09:00"))
                               or (weekday(text, 2) and text.endswith("15:00"))],
                              "one of 2 days of the week (Monday and Wednesday)",
                              ["2023-03-01 15:00", "2023-03-06 09:00"], (2,)),
    "months": (MONTHS, "a month", ["2024-01", "2024-02"], (12,)),
    "two months": (MONTHS[:2], "a month", ["2020-03"], (12,)),
    "the 15th": ([month + "-15" for month in MONTHS], "a month, on its 15th day", ["2024-01-15"], (12,)),
    "month ends": (ENDS, "a month, on its last day", ["2024-01-31", "2024-02-29", "2024-03-31"], (12,)),
    "three month ends": (["2023-04-30", "2023-05-31", "2023-06-30"], "a month, on its last day", ["2023-07-31"], (12,)),
    "day 30": ([month + ("-28" if month.endswith("-02") else "-30") for month in MONTHS[12:]],
               "a month, on its 30th day", ["2024-01-30", "2024-02-29", "2024-03-30"], (12,)),
    "quarters": (MONTHS[::3], "a quarter", ["2024-01", "2024-04"], (4,)),
    "quarter ends": (["2023-06-30", "2023-09-30"], "a quarter, on its last day", ["2023-12-31"], (4,)),
    "years": (ENDS[11::12], "a year, on its last day", ["2024-12-31"], ()),
    "half years": (MONTHS[::6], "6 months", ["2024-01", "2024-07"], (2,)),
    "half months": (sorted([*ENDS, *(month + "-15" for month in MONTHS)]),
                    "one of 2 slots of a month (15, the last day)",
                    ["2024-01-15", "2024-01-31", "2024-02-15", "2024-02-29"], (2, 24)),
    "1st and 15th": (sorted(month + day for month in MONTHS for day in ("-01", "-15")),
                     "one of 2 slots of a month (1, 15)", ["2024-01-01", "2024-01-15", "2024-02-01"], (2, 24)),
    "third Fridays": ([day for day in DAYS if weekday(day, 4) and 15 <= int(day[8:]) <= 21],
                      "a month, on its third Friday", ["2024-01-19", "2024-02-16"], (12,)),
    "last business days": (["2023-03-31", "2023-04-28", "2023-05-31", "2023-06-30", "2023-07-31", "2023-08-31"],
                           "a month, on its last business day", ["2023-09-29", "2023-10-31"], (12,)),
    "numbers": (["5", "10", "15", "20"], "5, in numbers", ["25", "30"], ()),
    "years as numbers": (["1949", "1950", "1951"], "1, in numbers", ["1952", "1953"], ()),
    "dates as numbers": (["20240227", "20240228", "20240229"], "a day", ["20240301", "20240302"], (7, 365)),
    "two days": (["2024-02-28", "2024-02-29"], "a day", ["2024-03-01"], (7, 365)),
    "30 days": (["2024-01-01", "2024-01-31"], "30 days", ["2024-03-01"], (12,)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_patterns(case: str) -> None:
    cells, words, following, seasons = CASES[case]
    clock, ticks, pattern = told(cells)
    assert pattern.describe() == f"a step is {words}"
    assert clock.write(pattern.after(ticks, len(following))) == following
    assert pattern.seasons(clock) == seasons
    slots = pattern.slots(ticks)
    assert (pattern.ticks(slots) == ticks).all()
    missing = slots[-1] - slots[0] + 1 - len(slots)
    assert missing == (2 if case == "without leap days" else 0)
    assert Pattern.from_mapping(json.loads(json.dumps(pattern.to_mapping()))) == pattern


@pytest.mark.parametrize(
    ("case", "share"),
    [("business days", 0.04), ("business days", 0.12), ("business days", 0.3), ("trading", 0.1), ("weeks", 0.1),
     ("hours", 0.2), ("days", 0.5)],
)  # fmt: skip
def test_missing_steps_change_no_pattern_and_are_counted(case: str, share: float) -> None:
    cells, words, following, _ = CASES[case]
    gone = np.random.default_rng(1).choice(np.arange(1, len(cells) - 1), int(share * len(cells)), replace=False)
    clock, ticks, pattern = told(np.delete(np.array(cells), gone).tolist())
    assert pattern.describe() == f"a step is {words}"
    slots = pattern.slots(ticks)
    assert slots[-1] - slots[0] + 1 - len(slots) == len(gone)
    assert clock.write(pattern.after(ticks, len(following))) == following


def test_few_times_with_holes_are_days_and_no_week_of_their_own() -> None:
    assert told(["2019-11-15", "2019-11-16", "2019-11-21", "2019-11-22"])[2].describe() == "a step is a day"


def test_a_time_of_the_day_that_was_seen_once_is_one_of_an_even_row() -> None:
    cells = [text for text in FIVE if "06:00" <= text[11:] < "20:00"][: 2 * 168]
    _, _, pattern = told([text for text in cells if text[8:] not in ("02 08:30", "03 19:55")])
    assert "168 times of the day (06:00 to 19:55" in pattern.describe()


def test_holidays_and_half_days_of_an_exchange() -> None:
    cells = [text for text in FIVE if trading(text, "09:30", "15:55")]
    cells = [text for text in cells if text[:10] not in ("2023-01-16", "2023-02-20")]
    cells = [text for text in cells if not (text[:10] == "2023-03-03" and text[11:] >= "13:00")]
    clock, ticks, pattern = told(cells)
    assert pattern.describe().endswith(
        "one of 78 times of the day (09:30 to 15:55, 5 minutes apart) on Monday to Friday"
    )
    assert np.diff(pattern.slots(ticks)).max() == 1 + 78
    assert clock.write(pattern.after(ticks[: 78 * 4], 1)) == ["2023-01-06 09:30"]


def test_the_stock_and_the_temperatures_of_the_shared_data() -> None:
    folder = Path(__file__).parents[4] / "shared" / "data" / "series"
    if not folder.exists():
        pytest.skip("the shared data is not here")
    lines = (folder / "stock-daily.csv").read_text().splitlines()[1:]
    clock, ticks, pattern = told([line.split(",")[0] for line in lines])
    assert (pattern.describe(), len(ticks)) == ("a step is a business day", 506)
    assert clock.write(pattern.after(ticks, 3)) == ["2017-02-17", "2017-02-20", "2017-02-21"]
    lines = (folder / "daily-min-temperatures.csv").read_text().splitlines()[1:]
    _, ticks, pattern = told([line.split(",")[0].strip('"') for line in lines])
    slots = pattern.slots(ticks)
    assert pattern.describe() == "a step is a day" and slots[-1] - slots[0] + 1 - len(slots) == 2


def jittered() -> list[str]:
    moves = np.random.default_rng(0).integers(-3, 4, 1440)
    times = np.datetime64("2024-01-01T00:01:00") + 60 * np.arange(1440) + moves
    return [str(each) for each in times]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([*HOURS[:500], "2023-01-05 10:17"], "2023-01-05 10:17:00, a Thursday, lies beside the pattern of the other "
         "times (a step is an hour)"),
        ([*BUSINESS, "2022-05-07"], "2022-05-07, a Saturday, lies beside the pattern of the other times (a step is "
         "a business day)"),
        ([*filter(trading, HOURS), "2023-01-07 11:00"], "2023-01-07 11:00:00, a Saturday, lies beside"),
        ([*MONTHS[:24], "2022-01-08"], "2022-01-08, a Saturday, lies beside the pattern of the other times (a step "
         "is a month)"),
        ([str(5 * step) for step in range(40)] + ["203"], "203 lies beside the pattern of the other times (a step is"),
        (jittered(), "its times follow no pattern: they are 54 seconds to 66 seconds apart, half of them 60 seconds at "
         "most; round them to the steps they stand for, or say what a step is with --frequency"),
        (["2024-01-01 00:00", "2024-01-01 07:13", "2024-01-09 11:40"], "7.22 hours to 8.19 days apart"),
        (["0", "5", "12", "15", "20"], "3 to 7 apart, half of them 5 at most"),
        (["2024-01-01"], "one time alone tells no step; say what it is with --frequency"),
    ],
)  # fmt: skip
def test_what_lies_in_no_pattern_is_refused(cells: list[str], words: str) -> None:
    with pytest.raises(DataError) as refused:
        told(cells)
    assert str(refused.value).startswith("a.csv: ") and words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_slots_of_other_times_are_refused_one_by_one() -> None:
    clock, _, pattern = told(BUSINESS)
    with pytest.raises(DataError, match="2024-01-06, a Saturday, lies beside"):
        pattern.slots(clock.read(["2024-01-05", "2024-01-06", "2024-01-07"]))


def test_holidays_move_the_day_of_a_week_or_month() -> None:
    thursdays = [day for day in DAYS if weekday(day, 3)]
    thursdays[46] = "2022-11-23"  # the day before Thanksgiving's eve
    clock, ticks, pattern = told(thursdays)
    assert pattern.describe() == "a step is a week, but for holidays" and (np.diff(pattern.slots(ticks)) == 1).all()
    assert clock.write(pattern.after(ticks, 2)) == ["2024-01-04", "2024-01-11"]
    ends = [*CASES["last business days"][0], "2023-09-28", "2023-10-31"]
    clock, ticks, pattern = told(ends)
    assert pattern.describe() == "a step is a month, on its last business day"
    assert (np.diff(pattern.slots(ticks)) == 1).all()
    assert clock.write(pattern.after(ticks[:-1], 2)) == ["2023-10-31", "2023-11-30"]
    with pytest.raises(DataError, match=r"^2023-08-31, a Thursday, lies beside"):  # two times of one step
        pattern.slots(clock.read(["2023-08-30", "2023-08-31"]))


@pytest.mark.parametrize(
    ("cells", "frequency", "words", "missing"),
    [
        (BUSINESS, "day", "a day", 206),
        (BUSINESS[:3], "business day", "a business day", 0),
        (HOURS[::2], "hour", "an hour", 695),
        (["2024-01-15"], "month", "a month, on its 15th day", 0),
        (["2024-01-31", "2024-07-31"], "M", "a month, on its last day", 5),
        (["2024-01-31"], "quarter", "a quarter, on the last day of January, April, July and October", 0),
        (["2024-06-30"], "year", "a year, on the last day of June", 0),
        (["2024-04-22"], "month", "a month, on its 22nd day", 0),
        (["2024-04-11"], "month", "a month, on its 11th day", 0),
        (["2020-01-01", "2023-01-01"], "Y", "a year", 2),
        (["2024-01-03"], "W-WED", "a week", 0),
        (["1", "7"], "3", "3, in numbers", 1),
        (["1949", "1950"], "year", "a year", 0),
    ],
)
def test_a_frequency_that_is_named_holds(cells: list[str], frequency: str, words: str, missing: int) -> None:
    _, ticks, pattern = told(cells, None, frequency)
    slots = pattern.slots(ticks)
    assert pattern.describe() == f"a step is {words}" and slots[-1] - slots[0] + 1 - len(slots) == missing


def test_a_frequency_against_the_times_is_refused() -> None:
    with pytest.raises(DataError, match=r"^a\.csv: 2022-01-0\d, a \w+, lies beside the .* \(a step is a week\)"):
        told(DAYS, None, "week")
    with pytest.raises(UsageError, match="frequency 5 is for times that are numbers, and these are dates"):
        told(DAYS, None, "5")


def test_rows_have_the_seasons_of_a_frequency_that_is_named() -> None:
    assert Pattern.told(np.arange(5), Clock()).describe() == "a step is a row"
    assert Pattern.told(np.arange(5), Clock()).seasons(Clock()) == ()
    for frequency, seasons in {"hour": (24, 168), "business day": (5,), "month": (12,), "year": ()}.items():
        pattern = Pattern.told(np.arange(5), Clock(), frequency)
        assert pattern.seasons(Clock()) == seasons and pattern.after(np.arange(5), 2).tolist() == [5, 6]
        assert Pattern.from_mapping(json.loads(json.dumps(pattern.to_mapping()))) == pattern


def panel(*series: list[str], frequency: str | None = None) -> list[str]:
    clock = Clock.told(series[0])
    ticks = [clock.read(cells) for cells in series]
    return [
        each.describe() for each in patterns_of(ticks, clock, frequency, [f"series {n}" for n in range(len(ticks))])
    ]


def test_a_short_series_takes_the_pattern_of_the_others() -> None:
    assert panel(["2022-03-04"], BUSINESS, ["2022-03-04", "2022-03-07"]) == ["a step is a business day"] * 3
    assert panel(ENDS, ["2022-03-31"], ["2022-02-28", "2022-03-31"]) == ["a step is a month, on its last day"] * 3
    assert panel(MONTHS, ["2022-03-15"], ["2022-03-15", "2022-04-15"])[1:] == ["a step is a month, on its 15th day"] * 2
    assert panel(HOURS, ["2023-01-03 00:20", "2023-01-03 01:20"], ["2023-01-03 00:20"]) == ["a step is an hour"] * 3
    assert panel(["2024-01-07"], ["2024-01-07", "2024-01-08"]) == ["a step is a day"] * 2
    with pytest.raises(DataError, match=r"^series 1: 2023-01-03 01:30:00, a Tuesday, lies beside"):
        panel(HOURS, ["2023-01-03 00:20", "2023-01-03 01:30"])
    with pytest.raises(DataError, match=r"^series 0: one time alone tells no step"):
        panel(["2024-01-07"], ["2024-01-09"])


def test_series_of_one_grain_may_differ() -> None:
    assert panel(DAYS, BUSINESS) == ["a step is a day", "a step is a business day"]
    assert panel(HOURS, list(filter(trading, HOURS)))[1].startswith("a step is one of 7 hours")
    assert panel(DAYS[2::7], DAYS[4::7]) == ["a step is a week"] * 2
    # Sold on some days only: days with holes, not steps of their own.
    some = sorted(np.random.default_rng(0).choice(DAYS, 90, replace=False).tolist())
    assert panel(DAYS, some, ["2022-03-01", "2022-03-03", "2022-03-05"]) == ["a step is a day"] * 3


def test_series_of_different_grain_are_refused() -> None:
    words = r"^series 1: a step is a month, and in series 0 a step is a day; learn them apart, or say what a step is"
    with pytest.raises(DataError, match=words):
        panel(DAYS, [month + "-01" for month in MONTHS[:30]])
    assert panel(DAYS, [month + "-01" for month in MONTHS[24:36]], frequency="day") == ["a step is a day"] * 2


def test_patterns_of_rows() -> None:
    assert [pattern.describe() for pattern in patterns_of([np.arange(3), np.arange(1)], Clock())] == [
        "a step is a row"
    ] * 2
    assert patterns_of([], Clock()) == []


def test_grains() -> None:
    hours = WeekGrid(tuple(day * DAY + hour * HOUR for day in range(5) for hour in range(10, 17)))
    assert Pattern(hours, "date").grain == HOUR and Pattern(EvenGrid(5 * MINUTE), "date").grain == 5 * MINUTE


@pytest.mark.alone
def test_ten_thousand_series_and_a_long_one_are_told_at_once() -> None:
    clock = Clock("date", None, "YYYY-MM-DD")
    chance = np.random.default_rng(0)
    days = clock.read(BUSINESS)
    panel = [np.delete(days, chance.choice(np.arange(1, 500), 10, replace=False)) for _ in range(10_000)]
    start = time.process_time()
    assert {pattern.describe() for pattern in patterns_of(panel, clock)} == {"a step is a business day"}
    minutes = np.arange(1_500_000) * MINUTE
    holes = np.delete(minutes, chance.choice(np.arange(1, 1_400_000), 10_000, replace=False))
    assert Pattern.told(holes, clock).describe() == "a step is a minute"
    assert time.process_time() - start < 5  # half a second where nothing else runs
