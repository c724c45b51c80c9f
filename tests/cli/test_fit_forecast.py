"""``throughtime fit forecast``: tables as they come are read alike, and what a run refuses leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import math
from pathlib import Path
from types import SimpleNamespace

import pytest
from bad_for_forecast import COLUMNS, DAYS, MANY, ONE, ROWS
from small_runs import Refused, output, rows_of, shown_by_fit

LINES = [line.split(",") for line in ONE.splitlines()]


def lines(text: str) -> bytes:
    """Lines with a place for a day and one for a value, of the series."""
    return "".join(text.format(*line, number=n) for n, line in enumerate(LINES[1:])).encode()


ALIKE: dict[str, tuple[str, bytes]] = {
    "Windows line ends": ("t.csv", ONE.replace("\n", "\r\n").encode()),
    "old line ends": ("t.csv", ONE.replace("\n", "\r").encode()),
    "no line end at the end": ("t.csv", ONE[:-1].encode()),
    "a byte order mark": ("t.csv", b"\xef\xbb\xbf" + ONE.encode()),
    "UTF-16": ("t.csv", ONE.encode("utf-16")),
    "packed": ("t.csv.gz", gzip.compress(ONE.encode())),
    "tabs": ("t.tsv", ONE.replace(",", "\t").encode()),
    "semicolons and decimal commas": ("t.csv", b"date;sold\n" + lines("{};{},0\n")),
    "German dates": ("t.csv", b"date,sold\n" + lines("{0[8]}{0[9]}.{0[5]}{0[6]}.2024,{1}\n")),
    "the last day first": ("t.csv", "\n".join(["date,sold", *ONE.splitlines()[:0:-1]]).encode()),
    "a column of row numbers": ("t.csv", b",date,sold\n" + lines("{number},{0},{1}\n")),
    "JSON lines": ("t.jsonl", lines('{{"date": "{}", "sold": {}}}\n')),
}  # fmt: skip
"""Name and content of files that hold one series, written in other ways."""


def forecast(capsys: pytest.CaptureFixture[str], name: str, content: bytes, *options: str) -> list[dict[str, str]]:
    """Learn a file for two steps, and forecast it: the rows of the table."""
    Path(name).write_bytes(content)
    shown_by_fit(capsys, "forecast", name, "--overwrite", *options)
    return rows_of(output(capsys, "forecast", "run", name))


@pytest.mark.parametrize("how", ALIKE)
def test_a_table_may_be_written_in_other_ways(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = forecast(capsys, "plain.csv", ONE.encode())
    found = forecast(capsys, *ALIKE[how])
    values = [{name: row[name] for name in ("median", "0.1", "0.9")} for row in found]
    assert values == [{name: row[name] for name in ("median", "0.1", "0.9")} for row in expected]
    days = ["31.01.2024", "01.02.2024", "02.02.2024"] if how == "German dates" else DAYS[30:33]
    assert [row["date"] for row in found] == days


@pytest.mark.parametrize("separator", [",", ";"])
def test_ids_may_be_any_text(separator: str, capsys: pytest.CaptureFixture[str]) -> None:
    ids = {"a": "🍎 & 梨", "b": '"a, b"', "c": "é́"}
    head, *lines = MANY.splitlines()
    table = "\n".join([head, *(ids[line[0]] + line[1:] for line in lines)])
    found = forecast(capsys, "t.csv", (table if separator == "," else table.replace(",", ";")).encode())
    assert [row["shop"] for row in found[::3]] == ["🍎 & 梨", "a, b" if separator == "," else "a; b", "é́"]


@pytest.mark.parametrize(
    ("values", "middle", "most"),
    [
        ([7.0] * 30, 7.0, 0.1),
        ([0.0] * 30, 0.0, 1.0),
        ([-3e-9] * 30, -3e-9, 1e-10),
        ([1e12 + n % 7 for n in range(50)], 1e12, 1e6),
        ([n % 7 * 1e12 for n in range(50)], 3e12, 7e12),
    ],
    ids=["constant", "all zero", "small", "large and nearly constant", "large"],
)
@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_values_of_any_size(
    values: list[float], middle: float, most: float, strategy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = "x\n" + "".join(f"{value!r}\n" for value in values)
    for row in forecast(capsys, "t.csv", table.encode(), "--strategy", strategy):
        low, median, high = (float(row[name]) for name in ("0.1", "median", "0.9"))
        assert math.isfinite(low) and low <= median <= high and math.isfinite(high)
        assert abs(median - middle) <= most


def test_one_series_of_fifty_points_without_anything_else(capsys: pytest.CaptureFixture[str]) -> None:
    found = forecast(capsys, "t.csv", "".join(f"{n % 7}\n" for n in range(50)).encode(), "--season", "7")
    assert list(found[0]) == ["step", "median", "0.1", "0.9"] and len(found) == 3


@pytest.mark.parametrize(("table", "options"), [(COLUMNS, []), (ROWS, []), (ROWS.partition("\n")[2], ["--wide=rows"])])
def test_wide_tables_are_written_as_they_are(
    table: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = forecast(capsys, "t.csv", table.encode(), *options)
    if table == COLUMNS:
        assert [row["date"] for row in found] == DAYS[30:33] and "s3 0.9" in found[0]
    else:
        assert len(found) == 5 * 3 and {next(iter(row.values())) for row in found} == {f"r{n}" for n in range(5)}


BESIDE = "date,sold,price\n" + "".join(f"{DAYS[n]},{n % 7 if n < 30 else ''},{n % 5}\n" for n in range(33))
REFUSED: dict[str, tuple[bytes, tuple[str, ...], tuple[str, ...]]] = {
    "known ahead too short": (
        BESIDE.rpartition("2024-02-02")[0].encode(), (),
        ("new.csv: line 2: the covariates that are known ahead end too early", "1 of 3 steps is missing", "2024-02-02"),
    ),
    "known ahead too short for a longer horizon": (
        BESIDE.encode(), ("--horizon", "5"), ("2 of 5 steps are missing, the first at 2024-02-03",)
    ),
    "no covariate": (ONE.encode(), (), ("new.csv has no column 'price', which was learned from", "'date', 'sold'")),
    "no target": (BESIDE.replace("sold", "bought").encode(), (), ("no column 'sold', which was learned from",)),
    "numbers for dates": (
        b"date,sold,price\n" + lines("{number},{1},1\n"), (),
        ("steps had dates in what was learned from", "numbers in column 'date'"),
    ),
    "months for days": (
        b"date,sold,price\n" + b"".join(b"%d-%02d-01,5,1\n" % (2000 + n // 12, n % 12 + 1) for n in range(40)), (),
        ("new.csv: line 2: a step is a month, and in what was learned from a step is a day",),
    ),
    "text in a value": (BESIDE.replace("08,0,2", "08,lots,2").encode(), (), ("new.csv: line 9", "'lots'")),
    "a time again": (
        BESIDE.replace("01-08", "01-07").encode(), (), ("line 9: the time 2024-01-07 again, as in line 8",)
    ),
    "binary junk": (bytes(range(256)) * 9, (), ("new.csv: line 2, byte offset 128",)),
    "nothing": (b"", (), ("new.csv is empty",)),
    "what is known ahead": (BESIDE.encode(), ("--known-columns", "price"), ("No such option: --known-columns",)),
}  # fmt: skip
"""Content of a file, options, and what is said of it by a run that has learned sales with prices."""


@pytest.fixture(scope="module")
def with_prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has hardly learned sales, with prices that are known ahead."""
    from throughtime import fit

    folder = tmp_path_factory.mktemp("with_prices")
    (folder / "t.csv").write_text(BESIDE)
    fit("forecast", folder / "t.csv", out=folder / "run", hidden=4, embedding=4, layers=1, steps=2, horizon=3,
        known_columns="price", rival=False, device="cpu")  # fmt: skip
    return folder / "run"


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_run_refuses_leaves_what_was_there(name: str, with_prices: Path, refused: Refused) -> None:
    content, options, words = REFUSED[name]
    Path("new.csv").write_bytes(content)
    Path("out.csv").write_text("what was there")
    line = refused("forecast", with_prices, "new.csv", "--out", "out.csv", *options)
    assert all(word in line for word in words), line
    assert Path("out.csv").read_text() == "what was there"
    assert sorted(path.name for path in Path().iterdir()) == ["new.csv", "out.csv"]


@pytest.mark.parametrize(
    ("options", "bad", "words"),
    [
        (["--transform", "log"], "0", "the value of 2024-01-08 is 0, which has no logarithm"),
        (["--likelihood", "negative-binomial"], "-1", "the value of 2024-01-08 is -1, which is no count"),
        (["--likelihood", "negative-binomial"], "0.5", "the value of 2024-01-08 is 0.5, which is no count"),
    ],
)
def test_values_of_another_kind_than_was_learned(
    options: list[str], bad: str, words: str, refused: Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("t.csv").write_text(ONE)
    shown_by_fit(capsys, "forecast", "t.csv", *options)
    Path("new.csv").write_text("shop," + ONE.replace("08,10", f"08,{bad}").replace("\n2024", "\nz,2024"))
    assert words in refused("forecast", "run", "new.csv", "--id-column", "shop", "--out", "out.csv")
    assert not Path("out.csv").exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "standard input is empty"),
        ("when,what\n1,2\n", "the first line does not name 'sold', which was learned from"),
        (ONE.replace("08,10", "08,lots"), "line 9 of standard input: column 'sold' holds 'lots'"),
        (ONE.replace("01-08", "01-07"), "line 9 of standard input: the time 2024-01-07 again, as in line 8 of"),
        (ONE.replace("2024-01-08,10", "2024-01-08"), "standard input: line 9: 1 cell, where the first line has 2"),
    ],
)
def test_a_bad_row_of_standard_input_is_named(
    typed: str, words: str, refused: Refused, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("t.csv").write_text(ONE)
    shown_by_fit(capsys, "forecast", "t.csv", "--context", "2", "--season", "1")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(typed.encode())))
    assert words in refused("forecast", "run", "-", "--out", "out.csv")
    assert not Path("out.csv").exists()
