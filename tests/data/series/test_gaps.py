"""Missing values are filled as asked for, feature by feature, and it is written beside them where they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.gaps import filled
from throughtime.data.series.long import read_series
from throughtime.errors import DataError

NAN = float("nan")
COLUMNS = {"id_column": "id", "time_column": "time", "target_column": "label"}
ROWS = "id,time,x,y,label\na,3,,7,u\na,1,,NaN,u\na,2,4, ,u\na,5,NA,null,u\na,4,8,1,u\nb,1,5,,v\nb,2,6,n/a,v\n"
"""Out of order, gaps at the start, inside and at the end; y has no value in b."""


def read(folder: Path, rows: str = ROWS, **how: object) -> tuple[list[Record], list[str]]:
    (folder / "a.csv").write_text(rows)
    notes: list[str] = []
    records = list(
        read_series(folder / "a.csv", Reading(**COLUMNS, **how), Problems(note=notes.append), targets=True)  # type: ignore[arg-type]
    )
    return records, notes[1:]


@pytest.mark.parametrize(
    ("how", "x", "y"),
    [
        ("forward", [4, 4, 4, 8, 8], [7, 7, 7, 1, 1]),
        ("linear", [4, 4, 6, 8, 8], [7, 7, 7, 1, 1]),
        ("zero", [0, 4, 0, 8, 0], [0, 0, 7, 1, 0]),
    ],
)
def test_gaps_are_filled_in_the_order_of_time_and_marked(tmp_path: Path, how: str, x: list, y: list) -> None:  # type: ignore[type-arg]
    (first, second), _ = read(tmp_path, fill=how)
    content = np.asarray(first.content)
    assert content.dtype == np.float32
    assert content.T.tolist() == [x, y, [1, 0, 1, 0, 1], [1, 1, 0, 0, 1]]
    assert np.asarray(second.content).T.tolist() == [[5, 6], [0, 0], [0, 0], [1, 1]]


def test_what_was_filled_is_said_in_one_line_with_the_counts(tmp_path: Path) -> None:
    _, notes = read(tmp_path, fill="linear")
    assert len(notes) == 2 and "not in the order of time" in notes[0]
    assert notes[1] == (
        f"{tmp_path / 'a.csv'}: of 14 values 8 are missing and filled (linear): 'x' 3, 'y' 5 "
        "(0 in series without a single value: 'y' 1); each column has a second feature, 1 where it was missing"
    )


def test_masks_are_there_without_gaps_too_so_that_files_go_together(tmp_path: Path) -> None:
    (record,), notes = read(tmp_path, "id,time,x,label\na,1,2,u\na,2,3,u\n", fill="zero")
    assert np.asarray(record.content).tolist() == [[2, 0], [3, 0]]
    assert "none of 2 values is missing" in notes[-1]


@pytest.mark.parametrize("cell", ["", "  ", "nan", "NaN", "NA", "None"])
def test_without_the_option_gaps_are_refused_and_it_is_named(tmp_path: Path, cell: str) -> None:
    with pytest.raises(DataError, match=r"line 3 .*column 'x'.*--fill forward, linear or zero"):
        read(tmp_path, f"id,time,x,label\na,1,2,u\na,2,{cell},u\n")


@pytest.mark.parametrize("cell", ["high", "inf", "1_000", "1e300", "5%"])
def test_what_is_no_number_and_no_gap_is_refused_all_the_same(tmp_path: Path, cell: str) -> None:
    with pytest.raises(DataError, match=r"line 4 ") as caught:
        read(tmp_path, f"id,time,x,label\na,1,,u\na,2,3,u\na,3,{cell},u\n", fill="forward")
    assert "--fill" not in str(caught.value)


@pytest.mark.parametrize("how", ["forward", "linear", "zero"])
def test_filling_is_what_a_loop_over_the_steps_does(how: str) -> None:
    generator = np.random.default_rng(0)
    frames = generator.normal(size=(200, 6)).astype(np.float32)
    frames[generator.random(frames.shape) < np.array([0, 0.1, 0.5, 0.9, 0.99, 1])] = np.nan
    for values, found in zip(frames.T.tolist(), filled(frames, how).T.tolist(), strict=True):  # type: ignore[arg-type]
        np.testing.assert_allclose(found, by_steps(values, how), rtol=1e-5, atol=1e-7)


def by_steps(values: list[float], how: str) -> list[float]:
    known = [step for step, value in enumerate(values) if value == value]
    if not known or how == "zero":
        return [value if value == value else 0.0 for value in values]
    result: list[float] = []
    for step in range(len(values)):
        before = max((each for each in known if each <= step), default=known[0])
        after = min((each for each in known if each >= step), default=known[-1])
        share = (step - before) / (after - before) if how == "linear" and before < step < after else 0.0
        result.append(values[before] + share * (values[after] - values[before]))
    return result
