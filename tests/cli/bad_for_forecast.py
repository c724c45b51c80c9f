"""Data that ``throughtime fit forecast`` and its runs must refuse."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date, timedelta

from bad_data import Bad, raw

DAYS = [str(date(2024, 1, 1) + timedelta(days=day)) for day in range(90)]
ONE = "date,sold\n" + "".join(f"{DAYS[n]},{10 + n % 7}\n" for n in range(30))
"""One series: day n of January stands in line n + 1."""
MANY = "shop,date,sold\n" + "".join(f"{shop},{DAYS[n]},{n % 7}\n" for shop in "abc" for n in range(30))
"""Three series: that of b begins in line 32."""
COLUMNS = "date,s1,s2,s3\n" + "".join(f"{DAYS[n]},{n % 7},{n % 5},{n % 3}\n" for n in range(30))
ROWS = f"id,{','.join(map(str, range(1, 31)))}\n" + "".join(f"r{n}{',4,5,6' * 10}\n" for n in range(5))
COUNTS = ("--likelihood=negative-binomial",)


def one(old: str = "", new: str = "") -> Callable[[], object]:
    assert old in ONE
    return raw("t.csv", ONE.replace(old, new, 1).encode())


def many(old: str, new: str) -> Callable[[], object]:
    assert old in MANY
    return raw("t.csv", MANY.replace(old, new, 1).encode())


def wide(text: str, old: str, new: str) -> Callable[[], object]:
    assert old in text
    return raw("t.csv", text.replace(old, new, 1).encode())


CASES: dict[str, Bad] = {
    # files that are none
    "an empty file": Bad(raw("t.csv", b""), "t.csv", ("t.csv is empty",)),
    "a header alone": Bad(raw("t.csv", b"date,sold\n"), "t.csv", ("t.csv has no rows under its header",)),
    "one line": Bad(raw("t.csv", b"2024-01-01,5\n"), "t.csv", ("one time alone tells no step", "--frequency")),
    "one line of a day": Bad(
        raw("t.csv", b"2024-01-01,5\n"), "t.csv", ("1 step is too few: 8 are needed",), ("--frequency=day",)
    ),
    "binary junk": Bad(raw("t.csv", bytes(range(256)) * 9), "t.csv", ("t.csv: line 2, byte offset 128", "--encoding")),
    "zero bytes": Bad(raw("t.csv", b"\x00\x01\x02" * 99), "t.csv", ("t.csv: line 1 holds a character NUL",)),
    "a picture": Bad(raw("t.csv", b"\x89PNG\r\n\x1a\n" + b"so" * 99), "t.csv", ("t.csv is no table",)),
    "a page": Bad(raw("t.csv", b"<html><body><p>so</p></body></html>\n"), "t.csv", ("t.csv is marked up",)),
    "broken gz": Bad(raw("t.csv.gz", gzip.compress(ONE.encode())[:-9]), "t.csv.gz", ("t.csv.gz is no whole .gz",)),
    "no gz": Bad(raw("t.csv.gz", ONE.encode()), "t.csv.gz", ("t.csv.gz is not packed",)),
    "no such file": Bad(one(), "u.csv", ("no such file: u.csv",)),
    "no such format": Bad(one(), "t.csv", ("unknown format 'cvs'", "did you mean 'csv'"), ("--format=cvs",)),
    # columns
    "no such target": Bad(
        one(), "t.csv", ("no column 'bought'", "'date', 'sold'", "--target-column"), ("--target-column=bought",)
    ),
    "no such id": Bad(one(), "t.csv", ("no column 'shop'", "'date', 'sold'", "--id-column"), ("--id-column=shop",)),
    "no such time": Bad(one(), "t.csv", ("no column 'day'", "--time-column"), ("--time-column=day",)),
    "no numbers": Bad(
        raw("t.csv", b"date,sold\n" + b"2024-01-01,so\n" * 9), "t.csv", ("no column of numbers is left", "'date'")
    ),
    "two columns of one name": Bad(wide(COLUMNS, "s2", "s1"), "t.csv", ("two columns are called 's1'; rename one",)),
    "which target": Bad(
        wide(COLUMNS, "s1,s2,s3", "x,y1,z"), "t.csv", ("'x', 'y1', 'z'", "--target-column", "--wide columns")
    ),
    # cells
    "text in a value column": Bad(
        many("b,2024-01-08,0", "b,2024-01-08,lots"), "t.csv",
        ("t.csv: line 39 (series 'b')", "column 'sold' holds 'lots', not a number"), skips=1,
    ),
    "no number at all": Bad(one("08,10", "08,inf"), "t.csv", ("t.csv: line 9", "'sold' holds 'inf'", "finite")),
    "too large for its square": Bad(one("08,10", "08,1e300"), "t.csv", ("t.csv: line 2", "1e+300", "larger units")),
    "a missing value": Bad(
        many("b,2024-01-08,0", "b,2024-01-08,"), "t.csv",
        ("t.csv: line 39 (series 'b')", "column 'sold' is empty", "--fill forward or zero"), skips=1,
    ),
    "a missing cell": Bad(
        one("2024-01-08,10", "2024-01-08"), "t.csv", ("t.csv: line 9: 1 cell, where the first line has 2",)
    ),
    "one cell more": Bad(one("08,10", "08,10,10"), "t.csv", ("t.csv: line 9: 3 cells, where the first line has 2",)),
    "no id": Bad(many("b,2024-01-08", ",2024-01-08"), "t.csv", ("t.csv: line 39: no id in column 'shop'",)),
    # times
    "duplicate times": Bad(one("01-08", "01-07"), "t.csv", ("t.csv: line 9: the time 2024-01-07 again, as in line 8",)),
    "duplicate times of a series": Bad(
        many("b,2024-01-08", "b,2024-01-07"), "t.csv",
        ("t.csv: line 39 (series 'b')", "the time 2024-01-07 again, as in line 38"), skips=1,
    ),
    "no day": Bad(
        many("b,2024-01-08", "b,2024-01-38"), "t.csv",
        ("t.csv: line 39 (series 'b')", "column 'date' holds '2024-01-38'", "write 2024-12-31"), skips=1,
    ),
    "no time": Bad(one("2024-01-08", ""), "t.csv", ("t.csv: line 9", "column 'date'")),
    "irregular times": Bad(
        raw("t.csv", ("t,x\n" + "".join(f"{n * n},{n}\n" for n in range(30))).encode()), "t.csv",
        ("its times follow no pattern: they are 1 to 57 apart", "--frequency"),
    ),
    "a time off the grid": Bad(
        many("b,2024-01-08", "b,2024-01-08 05:17"), "t.csv",
        ("t.csv: line 32 (series 'b')", "2024-01-08 05:17:00, a Monday, lies beside the pattern", "a step is a day"),
        skips=1,
    ),
    "missing steps": Bad(
        many("".join(f"b,{DAYS[n]},{n % 7}\n" for n in range(9, 14)), ""), "t.csv",
        ("t.csv: line 40 (series 'b'): the step of 2024-01-10 is missing", "5 of 30", "--fill forward or zero"),
        skips=1,
    ),
    # wide tables
    "a bad cell in a column": Bad(
        wide(COLUMNS, "2024-01-08,0,2", "2024-01-08,0,so"), "t.csv", ("t.csv: line 9 (series 's2')", "'so'"), skips=1
    ),
    "no value in a column": Bad(
        wide(COLUMNS, "2024-01-08,0,2", "2024-01-08,0,"), "t.csv",
        ("t.csv: line 9 (series 's2')", "a value is missing", "--fill forward or zero"), skips=1,
    ),
    "a bad cell in a row": Bad(
        wide(ROWS, "r2,4,5", "r2,4,so"), "t.csv", ("t.csv: line 4 (series 'r2')", "column '2' holds 'so'"), skips=1
    ),
    "an id again": Bad(
        wide(ROWS, "r2,", "r1,"), "t.csv", ("t.csv: line 4 (series 'r1')", "the id 'r1' again"), skips=1
    ),
    "no id in a row": Bad(wide(ROWS, "r2,", ","), "t.csv", ("t.csv: line 4: no id in this row",), skips=1),
    # what is asked for
    "no steps ahead": Bad(one(), "t.csv", ("--horizon must be at least 1, not 0",), ("--horizon=0",)),
    "too short for the horizon": Bad(
        one(), "t.csv", ("30 steps are too few", "the 25 held out", "give a shorter --horizon"), ("--horizon=25",)
    ),
    "a series that is too short": Bad(
        many("c,2024-01-01", "d,2024-01-01"), "t.csv",
        ("t.csv: line 62 (series 'd'): 1 step is too few: 8 are needed", "--skip-bad"), skips=1,
    ),
    "no series that is long enough": Bad(
        raw("t.csv", b"shop,date,sold\na,2024-01-01,1\na,2024-01-02,2\nb,2024-01-01,3\nb,2024-01-02,5\n"), "t.csv",
        ("no series is long enough to learn from",), ("--skip-bad",),
    ),
    "counts below 0": Bad(one("08,10", "08,-1"), "t.csv", ("t.csv: line 2 holds -1", "not negative"), COUNTS),
    "half counts": Bad(
        many("b,2024-01-08,0", "b,2024-01-08,0.5"), "t.csv", ("(series 'b') holds 0.5", "whole"), COUNTS
    ),
    "a logarithm of 0": Bad(
        one("08,10", "08,0"), "t.csv", ("t.csv: line 2 holds 0", "logarithm"), ("--transform=log",)
    ),
    "a logarithm of 0 in what is held out": Bad(
        one("30,11", "30,0"), "t.csv", ("t.csv: line 2 holds 0", "logarithm"), ("--transform=log",)
    ),
    "no such zone": Bad(
        one(), "t.csv", ("unknown time zone 'Europe/Berlim'", "Berlin"), ("--time-zone=Europe/Berlim",)
    ),
}  # fmt: skip
