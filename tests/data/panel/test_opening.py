"""Tables of series are opened however they are written: delimited text, JSON, Parquet, packed or through a pipe."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_files import files_called, standard_input
from small_panels import DAYS, read, refused, stamps_of, values_of

from throughtime.data.files import STANDARD
from throughtime.data.panel.options import PanelReading
from throughtime.data.panel.sheets.opening import open_sheet
from throughtime.data.reading import Problems
from throughtime.errors import UsageError

written = files_called("a.csv")
ONE = "date,value\n" + "".join(f"{day},{i}\n" for i, day in enumerate(DAYS))
TWO = "id,date,value\n" + "".join(f"{s},{day},{i}\n" for s in "ab" for i, day in enumerate(DAYS))


@pytest.mark.parametrize(
    ("table", "header"),
    [
        ("2024-01-01,5\n2024-01-02,6\n2024-01-03,x\n", False),
        ("date,sales\n2024-01-02,6\n2024-01-03,x\n2024-01-04,7\n", True),  # a fault is told of, not a doubt
        ("date,kind\n2024-01-02,a\n2024-01-03,b\n", True),
        ("5\n6\n", False),
        ("sales\n6\n7\n", True),
        ("a,2024-01-01,5\na,2024-01-02,6\n", False),
        ("country,1990,1991,1992\nx,1,2,3\ny,7,8,8\n", True),
        ("id,1,2,3\na,7,8,8\nb,7,9,8\n", True),
        ("a,1,2,3\nb,2,3,4\nc,3,4,5\n", False),
        ("id,2024-01-01,2024-01-02\na,7,8\nb,9,8\n", True),
    ],
)
def test_whether_the_first_line_names_the_columns(table: str, header: bool, tmp_path: Path) -> None:
    sheet = open_sheet(written(tmp_path, table), PanelReading(), Problems(note=print))
    assert sheet.header == header
    assert sheet.names == (table.split("\n")[0].split(",") if header else [str(i + 1) for i in range(len(sheet.names))])


def test_where_that_cannot_be_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\nc,d\ne,f\n")
    assert "--header" in refused(path) and "--no-header" in refused(path)
    assert open_sheet(path, PanelReading(header=False), Problems(note=print)).names == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (ONE.replace("\n", "\r\n").encode(), "a.csv"),
        (b"\xef\xbb\xbf" + ONE.encode(), "a.csv"),
        (gzip.compress(ONE.encode()), "a.csv.gz"),
        (ONE.replace(",", "\t").encode(), "a.tsv"),
        (ONE.replace(",", ";").encode(), "a.csv"),
        (ONE.split("\n", 1)[1].encode(), "a.csv"),
        ("".join(f'{{"date": "{d}", "value": {i}}}\n' for i, d in enumerate(DAYS)).encode(), "a.jsonl"),
    ],
    ids=["windows", "mark", "packed", "tabs", "semicolons", "no header", "json"],
)
def test_however_it_is_written(content: bytes, name: str, tmp_path: Path) -> None:
    panel = read(written(tmp_path, content, name))
    assert values_of(panel) == {"": list(range(28))}
    assert stamps_of(panel) == DAYS


def test_parquet(tmp_path: Path) -> None:
    days = pl.Series(DAYS * 2).str.to_date()
    frame = pl.DataFrame({"id": ["a"] * 28 + ["b"] * 28, "date": days, "y": np.arange(56.0), "k": ["u", "v"] * 28})
    frame.write_parquet(tmp_path / "a.parquet")
    panel = read(tmp_path / "a.parquet")
    assert values_of(panel) == {"a": list(range(28)), "b": list(range(28, 56))}
    assert (stamps_of(panel), panel.past) == (DAYS, ("k=u", "k=v"))
    frame.with_columns(y=pl.when(pl.col("y") == 30).then(None).otherwise("y")).write_parquet(tmp_path / "a.parquet")
    assert refused(tmp_path / "a.parquet").startswith("a.parquet: row 31 (series 'b'): column 'y' is empty")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, TWO)
    assert list(values_of(read(STANDARD))) == ["a", "b"]


def test_other_files(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.csv") == "no such file: no.csv"
    assert "is a folder" in refused(tmp_path)
    assert "is no table" in refused(written(tmp_path, b"\x89PNG\r\n\x1a\n00"))
    assert "XML or HTML" in refused(written(tmp_path, "<html><body>x</body></html>"))
    with pytest.raises(UsageError, match="unknown format 'xls'"):
        read(written(tmp_path, ONE), format="xls")


def test_several_files(tmp_path: Path) -> None:
    paths = (written(tmp_path, ONE, "rome.csv"), written(tmp_path, ONE, "oslo.csv"))
    assert list(values_of(read(paths))) == ["rome", "oslo"]
    paths = (written(tmp_path, TWO, "1.csv"), written(tmp_path, TWO, "2.csv"))
    assert "two files hold the series 'a'" in refused(paths)


def test_ten_thousand_series_seen_step_by_step(tmp_path: Path) -> None:
    rows = (f"s{s},{day},{s * 10 + i}\n" for i, day in enumerate(DAYS[:6]) for s in range(10_000))
    panel = read(written(tmp_path, "unique_id,ds,y\n" + "".join(rows)))
    assert len(panel.series) == 10_000
    assert np.stack([series.values[:, 0] for series in panel.series]).tolist() == [
        [s * 10 + i for i in range(6)] for s in range(10_000)
    ]
    assert panel.series[9_999].name == "s9999"
