"""A table in memory with a row for each step is read as the same table in a file is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.in_memory.records import read_memory
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.long import read_series
from throughtime.data.series.steps import Steps
from throughtime.errors import DataError

HEAD = ("id", "t", "x", "z", "label")
ROWS: list[tuple[Any, ...]] = [
    ("b", 2, 0.1, 5, "up"),
    ("a", 1, 1e-9, 7, "down"),
    ("b", 1, 0.3, 6, "up"),
    ("a", 3, -2.5, 8, "down"),
]
HOW = Reading(id_column="id", time_column="t")


def columns(rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[i] for row in rows] for i, name in enumerate(HEAD)}


def polars(rows: list[tuple[Any, ...]]) -> Any:
    return pytest.importorskip("polars").DataFrame(columns(rows), strict=False)


class PandasLike:
    """What pandas has, as far as it is used."""

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self.columns = HEAD
        self.rows = [tuple(np.float64(cell) if isinstance(cell, float) else cell for cell in row) for row in rows]

    def itertuples(self, index: bool, name: None) -> Any:
        return iter(self.rows)


FORMS: dict[str, Callable[[list[tuple[Any, ...]]], Any]] = {
    "columns": columns,
    "arrays": lambda rows: {name: np.array(column) for name, column in columns(rows).items()},
    "dicts": lambda rows: [dict(zip(HEAD, row, strict=True)) for row in rows],
    "a generator": lambda rows: (dict(zip(HEAD, row, strict=True)) for row in rows),
    "polars": polars,
    "pandas": PandasLike,
}


def read(data: object, how: Reading = HOW, *, targets: bool = True) -> tuple[list[Record], list[str]]:
    notes: list[str] = []
    return list(read_memory(data, how, Problems(note=notes.append), targets=targets)), notes


def from_file(folder: Path, rows: list[tuple[Any, ...]], how: Reading) -> tuple[list[Record], list[str]]:
    path, notes = folder / "long.csv", list[str]()
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in (HEAD, *rows)]
    path.write_text("\n".join(lines) + "\n")
    return list(read_series(path, how, Problems(note=notes.append), targets=True)), notes


@pytest.mark.parametrize("how", [HOW, Reading(id_column="id", time_column="t", per_step=True), Reading(id_column="1")])
@pytest.mark.parametrize("form", FORMS)
def test_memory_is_as_a_file(form: str, how: Reading, tmp_path: Path) -> None:
    found, notes = read(FORMS[form](ROWS), how)
    wanted, told = from_file(tmp_path, ROWS, how)
    assert len(found) == len(wanted) == 2
    for one, other in zip(found, wanted, strict=True):
        assert np.array_equal(one.content, other.content) and one.target == other.target  # type: ignore[arg-type]
        assert isinstance(one.original, Steps) and isinstance(other.original, Steps)
        assert one.original.id == other.original.id
        assert one.original.lines == tuple(line - 1 for line in other.original.lines), "no line is a header's"
    file = f"{tmp_path / 'long.csv'}: "
    assert notes == [note.replace(file, "the data: ").replace("of the lines", "of the rows") for note in told]
    assert found[0].place == "row 1 of the data (series 'b')"


def test_without_targets_the_rows_are_kept_and_the_target_may_be_missing() -> None:
    there = {name: column for name, column in columns(ROWS).items() if name != "label"}
    found, notes = read(there, targets=False)
    assert notes[0] == "the data: series by 'id', steps by 't', target none, features 'x', 'z'"
    assert isinstance(found[0].original, Steps) and found[0].original.rows == (
        ("b", "1", "0.3", "6"),
        ("b", "2", "0.1", "5"),
    )
    assert [record.target for record in found] == [None, None]


@pytest.mark.parametrize(
    "times",
    [
        [datetime(2024, 1, 2, 3), datetime(2024, 1, 2, 1), datetime(2024, 1, 2, 2)],
        [date(2024, 1, 4), date(2024, 1, 2), date(2024, 1, 3)],
        np.array(["2024-01-04", "2024-01-02", "2024-01-03"], "datetime64[ns]"),
        np.array([3, 1, 2], np.int64),
        [3.5, 1.5, 2.5],
    ],
)
def test_times(times: Any) -> None:
    ((record,), _) = read({"t": times, "x": [3, 1, 2], "label": ["a"] * 3}, Reading(time_column="t"))
    assert np.asarray(record.content).ravel().tolist() == [1, 2, 3]


def test_truth_values_are_features_as_1_and_0_and_labels_as_they_are_written() -> None:
    data = {"t": [1, 2], "x": [True, np.False_], "label": [True, True]}
    ((record,), _) = read(data, Reading(time_column="t"))
    assert np.asarray(record.content).ravel().tolist() == [1, 0] and record.target == "true"


def changed(row: int, column: int, cell: object) -> list[tuple[Any, ...]]:
    cells = [list(each) for each in ROWS]
    cells[row][column] = cell
    return [tuple(each) for each in cells]


@pytest.mark.parametrize(
    ("row", "column", "cell"),
    [
        (1, 0, None),
        (2, 1, None),
        (2, 1, 2),
        (3, 2, float("nan")),
        (3, 2, None),
        (3, 2, "much"),
        (3, 2, 1e39),
        (2, 4, "down"),
        (2, 4, None),
    ],
)
def test_bad_rows_are_told_as_in_a_file(row: int, column: int, cell: object, tmp_path: Path) -> None:
    rows = changed(row, column, cell)
    with pytest.raises(DataError) as caught:
        read(FORMS["dicts"](rows))
    with pytest.raises(DataError) as wanted:
        in_file = changed(row, column, None if cell != cell else cell)
        from_file(tmp_path, in_file, HOW)
    place, _, what = str(wanted.value).removeprefix(f"{tmp_path / 'long.csv'}: ").partition(": ")
    line = int(place.split()[1])
    place = place.replace(f"line {line}", f"row {line - 1} of the data")
    for number in (2, 3):
        what = what.replace(f"in line {number}", f"in row {number - 1}")
    assert str(caught.value) == f"{place}: {what}"


@pytest.mark.parametrize(
    ("row", "column", "cell", "what"),
    [
        (1, 4, "d\ud83d", "column 'label' holds half of a surrogate pair (\\ud83d at character 2), which is no"),
        (1, 4, -100, "column 'label' is -100, which stands for no label; leave such rows out, or label them"),
        (1, 2, [1, 2], "column 'x' holds '[1, 2]', not a number"),
    ],
)
def test_what_no_file_can_hold(row: int, column: int, cell: object, what: str) -> None:
    with pytest.raises(DataError) as caught:
        read(FORMS["dicts"](changed(row, column, cell)))
    assert str(caught.value).startswith(f"row {row + 1} of the data (series 'a'): {what}")
    notes: list[str] = []
    problems = Problems(skip=True, note=notes.append)
    found = list(read_memory(FORMS["dicts"](changed(row, column, cell)), HOW, problems, targets=True))
    assert [record.place for record in found] == ["row 1 of the data (series 'b')"], "the whole series is out"
    assert len(problems.skipped) == 1


def test_rows_that_differ() -> None:
    rows: list[Any] = FORMS["dicts"](ROWS)
    with pytest.raises(DataError, match=r"row 2 of the data \(series 'a'\): 6 cells, where the first row has 5"):
        read([rows[0], {**rows[1], "more": 1}])
    with pytest.raises(DataError, match=r"row 2 of the data \(series 'a'\): column 'x' is empty"):
        read([rows[0], {name: cell for name, cell in rows[1].items() if name != "x"}])
    with pytest.raises(DataError, match="row 2 of the data: is int, not a dict as the first row"):
        read([rows[0], 7])


def test_columns_that_are_not_there() -> None:
    with pytest.raises(DataError, match="the data has no column 'nonsense'; it has 'id', 't', 'x', 'z', 'label'"):
        read(columns(ROWS), Reading(id_column="nonsense"))
