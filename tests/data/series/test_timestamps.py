"""Dates that can mean one thing only are read; others are refused with how to write them; none becomes a feature."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from throughtime.data.reading import Problems, Reading
from throughtime.data.series.long import read_series
from throughtime.data.series.timestamps import TimeColumn
from throughtime.errors import DataError


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        ("31.12.2024", datetime(2024, 12, 31)),
        ("1.2.2024 13:05", datetime(2024, 2, 1, 13, 5)),
        ("2024/3/4", datetime(2024, 3, 4)),
        ("2024/03/04 05:06:07", datetime(2024, 3, 4, 5, 6, 7)),
        ("2024-03", datetime(2024, 3, 1)),
        ("0:01:02", datetime(1970, 1, 1, 0, 1, 2)),
        ("00:01:02.5", datetime(1970, 1, 1, 0, 1, 2, 500_000)),
    ],
)
def test_dates_in_other_ways(cell: str, time: datetime) -> None:
    assert TimeColumn("t").read(cell) == time


@pytest.mark.parametrize("cell", ["12/31/2024", "31.13.2024", "1.2.24", "25:00:00", "May 2024"])
def test_what_may_mean_two_things_is_refused(cell: str) -> None:
    with pytest.raises(DataError, match="neither a number nor an ISO date and time; write 2024-12-31"):
        TimeColumn("t").read(cell)


ROWS = "".join(f"s{s};2024-05-0{t};{t + s};{'ab'[s]};\n" for s in range(2) for t in range(1, 4))


def series(path: Path, header: str, body: str = ROWS, **how: str) -> list[tuple[int, ...]]:
    path.write_text(header + "\n" + body)
    problems = Problems(note=lambda _: None)
    found = read_series(path, Reading(id_column="id", **how), problems, targets=True)  # type: ignore[arg-type]
    return [record.content.shape for record in found]  # type: ignore[union-attr]


def test_dates_are_no_features(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(DataError) as caught:
        series(path, "id;day;x;label;")
    assert "order the steps by it with --time-column day, or leave it out with --ignore-columns day" in str(
        caught.value
    )
    assert series(path, "id;day;x;label;", time_column="day") == series(path, "id;day;x;label;", ignore_columns="day")
    assert series(path, "id;day;x;label;", time_column="day") == [(3, 1), (3, 1)], "an empty last column is none"
    assert series(path, "id;day;x;label;", time_column="x", feature_columns="day") == [(3, 3), (3, 3)]


def test_numbers_with_signs_are_no_labels(tmp_path: Path) -> None:
    body = ROWS.replace("2024-05-0", "5%").replace("5%1", "5%").replace("5%2", "6%").replace("5%3", "7%")
    with pytest.raises(DataError, match=r"column 'share' holds '5%', not a number \(write the number alone: 5\)"):
        series(tmp_path / "a.csv", "id;share;x;label;", body)
