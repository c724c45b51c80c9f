"""What ``fit forecast`` and its runs refuse or tell with an option named, and what comes of doing as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from advice_case import Case

START = datetime(2024, 1, 1)
BERLIN = ZoneInfo("Europe/Berlin")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
IN_DAYS, IN_MINUTES, WITH_OFFSET = "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M%z"


def stamped(times: Iterable[datetime], style: str, value: Callable[[int], object] = lambda n: n % 7, names: str = "",
            head: str = "t,x") -> str:  # fmt: skip
    """A table of a value at each time, of one series or of several."""
    stamps = [f"{time:{style}}" for time in times]
    rows = [f"{name},{stamp}" if name else stamp for name in names or [""] for stamp in stamps]
    head = f"shop,{head}" if names else head
    return "\n".join([head, *(f"{row},{value(number % len(stamps))}" for number, row in enumerate(rows))]) + "\n"


def every(step: timedelta, count: int = 60, start: datetime = START) -> list[datetime]:
    return [start + number * step for number in range(count)]


DAYS = stamped(every(DAY), IN_DAYS)
SHOPS = stamped(every(DAY), IN_DAYS, names="ab")
BESIDE = stamped(every(DAY), IN_DAYS, lambda n: f"{n % 7},{n % 5}", head="t,x,price")
TWO = BESIDE.replace("x,price", "p,q")
HOURS = stamped(every(HOUR), IN_MINUTES)
ROWS = "x\n" + "".join(f"{number % 5}\n" for number in range(60))
IN_ROWS = f"id,{','.join(map(str, range(1, 31)))}\n" + "".join(f"s{n}{',4,5,6' * 10}\n" for n in range(5))
NAMELESS = "5,7,6\n4,5,9\n"
HOLED = stamped([time for n, time in enumerate(every(DAY)) if n % 5 != 2], IN_DAYS)
ODD = stamped([START + (number * 61 + number * number % 47) * MINUTE for number in range(60)], IN_MINUTES)
OFFSETS = stamped([START.replace(tzinfo=BERLIN) + number * DAY for number in range(200)], WITH_OFFSET)
MIDNIGHTS = stamped(
    [(START.replace(tzinfo=BERLIN) + number * DAY).astimezone(UTC) for number in range(200)], WITH_OFFSET
)
LATE = stamped(every(HOUR, 4001), f"{IN_MINUTES}+01:00").replace("2024-01-01 03:00+01", "2024-01-01 04:00+02")
"""Times of which one has another offset, and is not among those that are looked at first."""
AUTUMN = [(datetime(2024, 10, 25, tzinfo=UTC) + number * HOUR).astimezone(BERLIN) for number in range(80)]
TYPED = stamped(every(DAY, 5), IN_DAYS, names="a").replace("shop", "place")
"""What stands on standard input."""

SMALL = "--hidden 4 --embedding 4 --layers 1"
FORECAST = f"fit forecast a.csv --out run --horizon 3 {SMALL}"
DIRECT = f"{FORECAST} --strategy direct"

of_days = partial(Case, {"a.csv": DAYS})
of_two = partial(Case, {"a.csv": TWO})
of_rows = partial(Case, {"a.csv": IN_ROWS})


def _read(text: str, says: str, then: str | None = None, reads: int | str = 1, more: str = "", **how: object) -> Case:
    return Case({"a.csv": text}, f"{FORECAST} {more}".rstrip(), says, then, reads, **how)  # type: ignore[arg-type]


FITTING: dict[str, Case] = {
    # how far is looked
    "a horizon that was not asked for": of_days(
        f"fit forecast a.csv --out run {SMALL}", "7 steps are looked ahead, a season; --horizon chooses", reads=1,
        told=True,
    ),
    "no season is known": _read(ROWS, "say how many steps one has with --season (24,168", told=True),
    "a season of letters": of_days(f"{FORECAST} --season x", "--season is a number of steps", "--season 7", 1),
    "a season as long as the series": of_days(
        f"{FORECAST} --season 60", "a --season of 60 steps is not shorter than the series, of up to 60", "--season 7", 1
    ),
    "the season before of none": of_days(
        f"{FORECAST} --season 1 --anchor season", "--anchor season needs a --season above 1", "--season 7", 1
    ),
    "the season before where none is known": _read(
        ROWS, "say how long one is with --season", "--season 5", more="--anchor season"
    ),
    "no steps ahead": of_days(f"{FORECAST} --horizon 0", "--horizon must be at least 1", "--horizon 1", 1),
    "a series that is too short": _read(
        stamped(every(DAY, 10), IN_DAYS), "10 steps are too few: 8 are needed to learn from beside the 3 held out for "
        "validation; give a shorter --horizon\n", "--horizon 2",
    ),
    "too much held out": of_days(
        f"{FORECAST} --folds 30", "beside the 90 held out for validation; give a shorter --horizon or fewer --folds\n",
        "--folds 2", 1,
    ),
    "one of the series is too short": _read(
        SHOPS + "c,2024-01-01,5\n", "(series 'c'): 1 step is too few: 8 are needed to learn from beside the 3 held out "
        "for validation; give longer series, or leave such series out with --skip-bad\n", "--skip-bad", 2,
    ),
    # the network
    "changes, and a mean": of_days(
        f"{FORECAST} --transform difference --anchor mean", "learns changes of the value before; leave --anchor out",
        reads=1, without="--anchor mean",
    ),
    "counts, and an anchor": of_days(
        f"{FORECAST} --likelihood negative-binomial --anchor last", "has no --anchor: leave it out", reads=1,
        without="--anchor last",
    ),
    "counts, and logarithms": of_days(
        f"{FORECAST} --likelihood negative-binomial --transform log", "has no --transform: leave it out", reads=1,
        without="--transform log",
    ),
    "counts that are none": _read(
        stamped(every(DAY), IN_DAYS, lambda n: n - 5), "a.csv: line 2 holds -5: --likelihood negative-binomial is for "
        "counts, which are whole and not negative; take student or gaussian", "--likelihood student",
        more="--likelihood negative-binomial",
    ),
    "logarithms of none": _read(
        DAYS, "a.csv: line 2 holds 0, which has no logarithm: leave --transform log out", more="--transform log",
        without="--transform log",
    ),
    "a likelihood of quantiles": of_days(
        f"{DIRECT} --likelihood gaussian", "the direct --strategy gives quantiles without a --likelihood: leave it out",
        reads=1, without="--likelihood gaussian",
    ),
    "step by step, and what is not known ahead": _read(
        BESIDE, "does not know price of the steps ahead: leave --past-columns out, or take --strategy direct",
        more="--target-column x --strategy recursive --past-columns price", without="--past-columns price",
    ),
    "a likelihood, and what is not known ahead": _read(
        BESIDE, "is for the recursive --strategy, which reads no --past-columns: leave one of them out",
        more="--target-column x --likelihood laplace --past-columns price", without="--likelihood laplace",
    ),
    "what is not known ahead": _read(
        BESIDE, "--past-columns or --strategy direct reads it up to the last step, --known-columns ahead", told=True,
        more="--target-column x",
    ),
    # how a table is laid out
    "which target": of_two(FORECAST, "say it with --target-column, and the others stand beside it", "--target-column p",
                           1),
    "which are series": of_two(FORECAST, "or if each of them is a series, say --wide columns", "--wide columns", 2),
    "no names": _read(NAMELESS, "--wide columns if each column is a series, --wide rows if each row is",
                      "--wide rows", "3 steps are too few"),
    "a target of columns": of_days(
        f"{FORECAST} --wide columns --target-column x", "so there is no --target-column: leave one of them out",
        reads=1, without="--wide columns",
    ),
    "an id of columns": of_two(
        f"{FORECAST} --wide columns --id-column p", "no room for --id-column: the columns are the series", reads=2,
        without="--id-column p",
    ),
    "what never changes beside columns": of_two(
        f"{FORECAST} --wide columns --static-columns p", "has no room for --static-columns", reads=2,
        without="--static-columns p",
    ),
    "what is known ahead of rows": of_rows(
        f"{FORECAST} --known-columns id", "no room for --known-columns, which have a value in each step", reads=5,
        without="--known-columns id",
    ),
    "times in rows": of_days(
        f"{FORECAST} --wide rows", "leave --wide out, or the column with --ignore-columns t", reads=1,
        without="--wide rows",
    ),
    "times in rows, left out": of_rows(
        f"{FORECAST} --wide rows --time-column id", "leave --wide out, or the column with --ignore-columns id",
        reads=5, without="--time-column id",
    ),
    "a column as two things": of_two(
        f"{FORECAST} --target-column p --known-columns p", "is taken as --target-column and asked for with "
        "--known-columns; a column can be one of them", reads=1, without="--known-columns p",
    ),
    "a time to forecast": of_days(
        f"{FORECAST} --target-column t", "is taken as time and asked for with --target-column", "--target-column x", 1
    ),
    "no such column": of_two(
        f"{FORECAST} --target-column p --known-columns r", "choose one with --known-columns", "--known-columns q", 1
    ),
    "which times": Case(
        {"a.csv": "a,b,x\n" + "".join(f"{day:%Y-%m-%d},{day + DAY:%Y-%m-%d},{day.day}\n" for day in every(DAY))},
        FORECAST, "say which has the time stamps with --time-column", "--time-column a", 1,
    ),
    # what is missing, and what stands where it should not
    "missing steps": _read(HOLED, "--fill forward or zero makes steps of them, or --frequency says", "--fill forward"),
    "missing steps, said otherwise": _read(
        stamped(every(7 * DAY), IN_DAYS), "or --frequency says what a step is", "--frequency week",
        more="--frequency day",
    ),
    "more missing than there is": _read(
        DAYS, "see whether a time is mistyped, or say what a step is with --frequency", "--frequency day",
        more="--frequency second --fill zero",
    ),
    "a missing value": _read(DAYS.replace("08,0", "08,"), "line 9: column 'x' is empty; --fill forward or zero goes on "
                             "with missing values\n", "--fill zero"),
    "a missing value beside": _read(
        BESIDE.replace("08,0,2", "08,0,"), "line 9: column 'price' is empty; --fill forward or zero goes on with "
        "missing values, or leave it out with --ignore-columns price\n", "--ignore-columns price",
        more="--target-column x",
    ),
    "a time again": _read(SHOPS.replace("shop", "where"), "which column tells them apart with --id-column where",
                          "--id-column where", 2),
    "an hour again": _read(stamped(AUTUMN, IN_MINUTES), "clocks were put back in that hour, say where with --time-zone",
                           "--time-zone Europe/Berlin"),
    # times
    "no pattern": _read(ODD, "follow no pattern: they are 26 minutes to 96 minutes apart, half of them 63 minutes at "
                        "most; round them to the steps they stand for, or say what a step is with --frequency",
                        "--frequency minute", "--fill forward or zero makes steps of them"),
    "a year that is mistyped": _read(DAYS + "3024-03-02,5\n", "they are 24 hours to 365,244 days apart"),
    "beside the pattern": _read(HOURS.replace("02 00:00", "02 00:20"), "2024-01-02 00:20:00, a Tuesday, lies beside "
                                "the pattern of the other times (a step is an hour): mend or leave out such times, or "
                                "say what a step is with --frequency", "--frequency '20 minutes'",
                                "--fill forward or zero makes steps of them"),
    "two grains": _read(
        stamped(every(DAY), IN_MINUTES, names="a") + stamped(every(HOUR), IN_MINUTES, names="b").partition("\n")[2],
        "learn them apart, or say what a step is in all with --frequency", "--frequency hour",
        "--fill forward or zero makes steps of them",
    ),
    "a frequency that is none": of_days(
        f"{FORECAST} --frequency x", "--frequency must be second, minute, hour, day", "--frequency day", 1
    ),
    "a number of dates": of_days(
        f"{FORECAST} --frequency 5", "--frequency 5 is for times that are numbers, and these are dates",
        "--frequency day", 1,
    ),
    "a zone of numbers": _read(
        "t,x\n" + "".join(f"{n},{n % 7}\n" for n in range(60)), "--time-zone UTC is for dates, and column 't' holds",
        more="--time-zone UTC", without="--time-zone UTC",
    ),
    "a zone of no times": _read(ROWS, "--time-zone UTC is for time stamps, of which there are none",
                                more="--time-zone UTC", without="--time-zone UTC"),
    "offsets that change": _read(OFFSETS, "name the time zone whose days and hours count, as --time-zone Europe/Berlin",
                                 "--time-zone Europe/Berlin"),
    "an offset that is another": _read(
        LATE, "line 5: column 't' holds '2024-01-01 04:00+02:00', and the offset +01:00 elsewhere; name the time zone "
        "whose days and hours count, as --time-zone Europe/Berlin", "--time-zone Europe/Berlin",
    ),
    "midnights elsewhere": _read(MIDNIGHTS, "say which with --time-zone Europe/Berlin", "--time-zone Europe/Berlin"),
    "an hour that never came": _read(
        stamped(every(HOUR, start=datetime(2024, 3, 30)), IN_MINUTES), "which no clock in Europe/Berlin has shown: "
        "clocks were put forward then; name another --time-zone", "--time-zone UTC", more="--time-zone Europe/Berlin",
    ),
    "a history alone": Case(
        {"a.csv": DAYS}, f"fit forecast --history a.csv --out run {SMALL}", "nothing goes on from the --history: name "
        "a file", "a.csv", 1, without="--history a.csv",
    ),
}  # fmt: skip
"""A fit."""


def _beside(new: str, learned: str = DAYS) -> dict[str, str | bytes]:
    return {"a.csv": learned, "b.csv": new}


LATER = stamped(every(DAY, 90), IN_DAYS)
used = partial(Case, _beside(LATER), before=FORECAST)
directly = partial(Case, _beside(LATER), before=DIRECT, reads=1)

USING: dict[str, Case] = {
    "further than was learned": directly(
        "forecast run b.csv --horizon 4", "the direct strategy looks 3 steps ahead, not 4: it has learned no more; "
        "give a --horizon up to 3, or learn with a longer one, or with fit --strategy recursive", "--horizon 3",
    ),
    "further than a step": directly(
        "evaluate run b.csv --horizon 2", "the direct strategy looks 1 step ahead, not 2", "--horizon 1",
        before=f"{DIRECT} --horizon 1",
    ),
    "no paths": directly(
        "forecast run b.csv --paths 5", "draws no --paths: leave it out, or learn with fit --strategy recursive",
        without="--paths 5",
    ),
    "no paths to score": directly(
        "evaluate run b.csv --paths 5", "the direct strategy draws no --paths: leave it out", without="--paths 5"
    ),
    "quantiles that were not learned": directly(
        "forecast run b.csv --quantiles 0.01", "from 0.05 to 0.95; ask for --quantiles between them", "--quantiles 0.1"
    ),
    "quantiles that are none": used(
        "forecast run b.csv --quantiles 10", "--quantiles are numbers between 0 and 1", "--quantiles 0.1", 1
    ),
    "too many draws": used("forecast run b.csv --draws 200000", "--draws must be at most 100,000", "--draws 20", 1),
    "too few draws": used("forecast run b.csv --draws 9", "--draws must be at least 10", "--draws 20", 1),
    "quantiles beside paths": used(
        "forecast run b.csv --paths 3 --quantiles 0.2,0.8", "--paths are written in place of quantiles",
        without="--quantiles 0.2,0.8", reads=1,
    ),
    "a picture of no kind": used(
        "forecast run b.csv --plot p.png", "--plot p.png: a picture ends in .svg", "--plot p.svg", 1
    ),
    "a picture of several": Case(
        _beside(SHOPS, SHOPS), "forecast run b.csv --plot p.svg", "there are 2 series to draw; name a page, ending in",
        "--plot p.html", 2, before=FORECAST,
    ),
    "a picture of what is typed": used(
        "forecast run - --plot p.svg", "answered as they come: leave --plot out", reads=1, without="--plot p.svg"
    ),
    "which of what is typed": Case(
        {"a.csv": SHOPS}, "forecast run -", "standard input has no column 'shop', which tells series apart; it has "
        "'place', 't', 'x': choose one with --id-column", "--id-column place", 1, before=FORECAST,
    ),
    "probabilities of numbers": used(
        "predict run b.csv --probabilities", "are for labels, and this run forecasts numbers, with --quantiles",
        reads=1, without="--probabilities",
    ),
    "no data": used("forecast run --history b.csv", "nothing to forecast: name a file", "b.csv", 1,
                    without="--history b.csv"),
    "no data to score": used("evaluate run --history a.csv", "nothing goes on from the --history: name a file",
                             "b.csv", 1, without="--history a.csv"),
    "too little to score": Case(
        _beside(stamped(every(DAY, 62), IN_DAYS)), "evaluate run b.csv", "no forecast of 3 steps can be scored: no "
        "series goes on so long, with values, after what is known of it; give longer series, or a smaller --horizon",
        "--horizon 2", 1, before=FORECAST,
    ),
    "one time alone": Case(
        _beside("t,x\n2024-01-01,5\n"), "forecast run b.csv", "one time alone tells no step; say what it is with "
        "--frequency", "--frequency day", 1, before=FORECAST,
    ),
    "other steps": Case(
        _beside(stamped(every(7 * DAY), IN_DAYS)), "forecast run b.csv", "b.csv: line 2: a step is a week, and in what "
        "was learned from a step is a day; learn from such series, or say with --frequency what a step is",
        "--frequency day", "--fill forward or zero makes steps of them", before=FORECAST,
    ),
    "missing steps": Case(_beside(HOLED), "forecast run b.csv", "--fill forward or zero makes steps", "--fill zero", 1,
                          before=FORECAST),
    "known too short": Case(
        {"a.csv": BESIDE}, "forecast run a.csv", "line 2: the covariates that are known ahead end too early: 3 of 3 "
        "steps are missing, the first at 2024-03-01; add rows with them and an empty value",
        before=f"{FORECAST} --target-column x --known-columns price",
    ),
}  # fmt: skip
"""What is done with a run."""
