"""Forecasts are written in the shape of the table that they go on from, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from small_files import files_called
from small_panels import DAYS, read

from throughtime.data.panel.panel import Panel
from throughtime.data.panel.writing import rows_of_forecast, write_forecast, write_forecasts
from throughtime.errors import UsageError

written = files_called("a.csv")
TWO = "store,date,value\n" + "".join(f"{s},{day},{i}.5\n" for s in ("x", '"y, z"') for i, day in enumerate(DAYS))


def forecasts(panel: Panel, steps: int = 2, columns: int = 2) -> list[NDArray[np.float64]]:
    """Numbers that say where they belong: series.step, then target and column."""
    shape = (steps, len(panel.targets), columns)
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return [100.0 * n + places @ np.array([10, 1, 0.25]) for n in range(len(panel.series))]


def lines(panel: Panel, folder: Path, columns: list[str], name: str = "out.csv") -> list[list[str]]:
    write_forecast(panel, forecasts(panel, columns=len(columns)), columns, folder / name, print)
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t" if name.endswith(".tsv") else ","))


def test_a_row_for_each_step(tmp_path: Path) -> None:
    panel = read(written(tmp_path, TWO))
    expected = [
        ["store", "date", "median", "0.1"],
        ["x", "2024-01-29", "0.0", "0.25"],
        ["x", "2024-01-30", "10.0", "10.25"],
        ["y, z", "2024-01-29", "100.0", "100.25"],
        ["y, z", "2024-01-30", "110.0", "110.25"],
    ]
    assert lines(panel, tmp_path, ["median", "0.1"]) == expected
    assert lines(panel, tmp_path, ["median", "0.1"], "out.tsv") == expected


def test_several_targets(tmp_path: Path) -> None:
    table = "date,open,close\n" + "".join(f"{day},{i},{i}\n" for i, day in enumerate(DAYS))
    panel = read(written(tmp_path, table), target_column="close,open")
    assert lines(panel, tmp_path, ["median", "0.9"]) == [
        ["date", "close median", "close 0.9", "open median", "open 0.9"],
        ["2024-01-29", "0.0", "0.25", "1.0", "1.25"],
        ["2024-01-30", "10.0", "10.25", "11.0", "11.25"],
    ]


def test_a_series_without_times(tmp_path: Path) -> None:
    assert lines(read([1, 2, 3]), tmp_path, ["median"]) == [["step", "median"], ["1", "0.0"], ["2", "10.0"]]


def test_whole_numbers_as_times_stay_so() -> None:
    panel = read({"t": [10, 20, 30], "y": [1, 2, 3]})
    assert [row["t"] for row in rows_of_forecast(panel, forecasts(panel), ["median", "0.1"])] == [40, 50]


def test_a_series_in_each_column(tmp_path: Path) -> None:
    # One ends a day before the other.
    rows = [f"{day},{i},{i if i < 27 else ''}" for i, day in enumerate(DAYS)]
    panel = read(written(tmp_path, "date,a,b\n" + "\n".join(rows)), wide="columns")
    assert lines(panel, tmp_path, ["median", "0.1"]) == [
        ["date", "a median", "a 0.1", "b median", "b 0.1"],
        ["2024-01-28", "", "", "100.0", "100.25"],
        ["2024-01-29", "0.0", "0.25", "110.0", "110.25"],
        ["2024-01-30", "10.0", "10.25", "", ""],
    ]


def test_a_series_in_each_row(tmp_path: Path) -> None:
    panel = read(written(tmp_path, "V1,V2,V3,V4\nH1,1,2,3\nH2,4,5,\n"))
    assert lines(panel, tmp_path, ["median", "0.1"]) == [
        ["V1", "quantile", "1", "2"],
        ["H1", "median", "0.0", "10.0"],
        ["H1", "0.1", "0.25", "10.25"],
        ["H2", "median", "100.0", "110.0"],
        ["H2", "0.1", "100.25", "110.25"],
    ]
    assert lines(panel, tmp_path, ["path 1", "path 2"])[:3] == [
        ["V1", "path", "1", "2"],
        ["H1", "1", "0.0", "10.0"],
        ["H1", "2", "0.25", "10.25"],
    ]


def test_steps_of_rows_are_called_by_their_times(tmp_path: Path) -> None:
    panel = read(written(tmp_path, "country,1990,1991,1992\nx,1,2,3\ny,4,5,6\n"))
    assert lines(panel, tmp_path, ["median"])[0] == ["country", "quantile", "1993", "1994"]
    panel = read(written(tmp_path, "country,1990,1991,1992\nx,1,2,3\ny,4,5,\n"))
    assert lines(panel, tmp_path, ["median"])[0] == ["country", "quantile", "1", "2"]


def test_names_that_are_taken(tmp_path: Path) -> None:
    table = "median,date,value\n" + "".join(f"{s},{day},{i}\n" for s in "ab" for i, day in enumerate(DAYS))
    panel = read(written(tmp_path, table), id_column="median")
    assert lines(panel, tmp_path, ["median"])[0] == ["median", "date", "median_2"]


@pytest.mark.parametrize(
    ("values", "forecast", "shown"),
    [
        ([1, 2, 3], 2.123456789, 2.12346),
        ([1.25, 2, 3], 2.123456789, 2.12346),
        ([1, 2, 3], 123456.123456, 123456.12),
        ([0.12345678, 0.5, 0.25], 0.123456789123, 0.1234567891),
        ([1e12, 2e12, 3e12], 1234567890123.456, 1234567890123.46),
        ([0.001, 0.002, 0.003], 0.00123456789, 0.00123457),
        ([0, 0, 0], 0.0, 0.0),
    ],
)
def test_decimals_of_the_data_and_two_more_and_six_digits(values: list[float], forecast: float, shown: float) -> None:
    rows = rows_of_forecast(read(values), [np.array([[[forecast]]])], ["median"])
    assert [row["median"] for row in rows] == [shown]


def test_other_forms(tmp_path: Path) -> None:
    panel = read(written(tmp_path, TWO))
    expected = list(rows_of_forecast(panel, forecasts(panel), ["median", "0.1"]))
    assert expected[2] == {"store": "y, z", "date": "2024-01-29", "median": 100.0, "0.1": 100.25}
    write_forecast(panel, forecasts(panel), ["median", "0.1"], tmp_path / "out.jsonl", print)
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == expected
    write_forecast(panel, forecasts(panel), ["median", "0.1"], tmp_path / "out.parquet", print)
    assert pl.read_parquet(tmp_path / "out.parquet").to_dicts() == expected
    write_forecast(panel, forecasts(panel), ["median", "0.1"], tmp_path / "out.csv.gz", print)
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()).decode().startswith("store,date,median,0.1\nx,2024")
    with pytest.raises(UsageError, match="cannot be written to"):
        write_forecast(panel, forecasts(panel), ["median", "0.1"], tmp_path / "out.xlsx", print)


def test_what_is_written_can_be_read_again(tmp_path: Path) -> None:
    panel = read(written(tmp_path, TWO))
    write_forecast(panel, forecasts(panel, 5), ["median", "0.1"], tmp_path / "out.csv", print)
    again = read(tmp_path / "out.csv", target_column="median,0.1")
    assert [series.values.tolist() for series in again.series] == [each[:, 0].tolist() for each in forecasts(panel, 5)]


def test_nothing_is_half_written(tmp_path: Path) -> None:
    panel = read(written(tmp_path, TWO))
    (tmp_path / "out.csv").write_text("as it was")

    def parts() -> Iterator[tuple[Panel, list[NDArray[np.float64]], list[str]]]:
        yield panel, forecasts(panel), ["median", "0.1"]
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        write_forecasts(parts(), tmp_path / "out.csv", print)
    assert (tmp_path / "out.csv").read_text() == "as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "out.csv"]
