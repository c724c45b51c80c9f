"""Tables with a row for each step become series; what would make another series of one is told with file and line."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from small_files import files_called, standard_input
from small_readers import refusal

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.long import read_series
from throughtime.data.series.steps import Steps
from throughtime.errors import DataError

HOW = Reading(id_column="id", time_column="time", target_column="label")
STEPS = Reading(id_column="id", time_column="time", target_column="label", per_step=True)
TABLE = "id,time,x,y,label\na,1,0.5,-1,walk\na,2,1.5,2e3,walk\nb,1,7,8,run\n"
written = files_called("a.csv")


def read(path: Path, how: Reading = HOW, *, targets: bool = True) -> list[Record]:
    return list(read_series(path, how, Problems(note=lambda _: None), targets=targets))


def notes_of(path: Path, how: Reading = HOW) -> list[str]:
    notes: list[str] = []
    list(read_series(path, how, Problems(note=notes.append), targets=True))
    return [note.removeprefix(f"{path}: ") for note in notes]


refused = partial(refusal, read)


def contents(records: list[Record]) -> list[list[list[float]]]:
    return [np.asarray(record.content).tolist() for record in records]


def test_rows_become_series(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE)
    records = read(path)
    assert contents(records) == [[[0.5, -1], [1.5, 2000]], [[7, 8]]]
    assert [record.target for record in records] == ["walk", "run"]
    assert [record.place for record in records] == [f"{path}: line 2 (series 'a')", f"{path}: line 4 (series 'b')"]
    assert np.asarray(records[0].content).dtype == np.float32
    columns = ("id", "time", "x", "y", "label")
    assert [record.original for record in records] == [Steps("a", columns, (2, 3), ()), Steps("b", columns, (4,), ())]
    assert notes_of(path) == ["series by 'id', steps by 'time', target 'label', features 'x', 'y'"]


@pytest.mark.parametrize("name", ["a.tsv", "a.csv.gz"])
def test_other_forms_of_tables(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, TABLE.replace(",", "\t") if name == "a.tsv" else TABLE, name)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert contents(read(path)) == contents(read(written(tmp_path, TABLE)))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, TABLE)
    assert contents(read(Path("-"))) == [[[0.5, -1], [1.5, 2000]], [[7, 8]]]


def test_a_label_for_each_step(tmp_path: Path) -> None:
    rows = "id,time,x,label\na,3,30,sit\na,1,10, walk \na,2,20,run\n"
    (record,) = read(written(tmp_path, rows), STEPS)
    assert record.target == ("walk", "run", "sit")
    assert contents([record]) == [[[10], [20], [30]]]


def test_rows_to_be_written_back_are_kept_in_the_order_of_the_steps(tmp_path: Path) -> None:
    rows = "id,x,time\na, 30,3\nb,1,1\na,10,1\n"
    first, second = read(written(tmp_path, rows), STEPS, targets=False)
    assert first.target is None
    assert first.original == Steps("a", ("id", "x", "time"), (4, 2), (("a", "10", "1"), ("a", " 30", "3")))
    assert isinstance(second.original, Steps) and second.original.id == "b"


def test_scattered_rows_are_gathered(tmp_path: Path) -> None:
    path = written(tmp_path, "id,time,x,label\na,1,1,u\nb,1,2,v\na,2,3,u\nb,2,4,v\n")
    assert contents(read(path)) == [[[1], [3]], [[2], [4]]]


def test_series_that_stand_together_are_handed_out_one_by_one(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE + "c,1,broken,0,run\n")
    stream = read_series(path, HOW, Problems(note=lambda _: None), targets=True)
    assert next(stream).target == "walk" and next(stream).target == "run"
    with pytest.raises(DataError, match="line 5"):
        next(stream)


def test_rows_out_of_order_are_sorted_and_it_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "id,time,x,label\na,2,2,u\na,10,10,u\na,1,1,u\nb,2,2,u\nb,1,1,u\n")
    assert contents(read(path)) == [[[1], [2], [10]], [[1], [2]]]
    assert notes_of(path)[1:] == [
        "rows of series 'a' are not in the order of time; they are sorted, as others may be",
    ]


@pytest.mark.parametrize(
    "times",
    [
        ["2024-01-31", "2024-02-01T00:00:01", "2024-02-01T00:00:02.5"],
        ["2024-01-01T12:00:00+02:00", "2024-01-01T11:00:00Z", "2024-01-01T12:30:00+01:00"],
        ["1e-3", "0.5", "10"],
        ["1700000000000000001", "1700000000000000002", "1700000000000000003"],
        ["-5", "0", "1.5"],
    ],
    ids=["dates", "zones", "numbers", "nanoseconds", "mixed numbers"],
)
def test_times(tmp_path: Path, times: list[str]) -> None:
    backwards = "".join(f"a,{time},{i},u\n" for i, time in reversed(list(enumerate(times))))
    path = written(tmp_path, "id,time,x,label\n" + backwards)
    assert contents(read(path)) == [[[0], [1], [2]]]


def test_without_an_id_the_table_is_one_series_in_the_order_of_its_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "x,label\n3,a\n1,b\n2,a\n")
    how = Reading(per_step=True)
    (record,) = read(path, how)
    assert contents([record]) == [[[3], [1], [2]]] and record.target == ("a", "b", "a")
    assert notes_of(path, how) == [
        "series by nothing (the table is one series), steps by the order of the lines, target 'label', features 'x'"
    ]


def test_a_table_without_names(tmp_path: Path) -> None:
    path = written(tmp_path, "1,0.5,0\n1,0.7,0\n2,0.9,1\n")
    records = read(path, Reading(id_column="1", target_column="3"))
    np.testing.assert_array_equal(records[0].content, np.float32([[0.5], [0.7]]))
    assert [record.target for record in records] == ["0", "1"]


def test_other_targets(tmp_path: Path) -> None:
    path = written(tmp_path, "id,x,label\na,1,2.5\na,1,2.50\n")
    (record,) = read(path, Reading(id_column="id", target_type="number"))
    assert record.target == 2.5
    path = written(tmp_path, 'id,x,label\na,1,"u, v"\na,1,"u,v"\n')
    (record,) = read(path, Reading(id_column="id", target_type="labels"))
    assert record.target == ("u", "v")


def test_predicting_needs_no_target_and_never_takes_it_for_a_feature(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE.replace("walk", ""))
    assert contents(read(path, targets=False)) == [[[0.5, -1], [1.5, 2000]], [[7, 8]]]
    path = written(tmp_path, "id,time,x,y\na,1,2,3\n")
    assert contents(read(path, targets=False)) == [[[2, 3]]]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("", "column 'x' is empty"),
        ("abc", "column 'x' holds 'abc', not a number"),
        ('"1,5"', "write a point for the decimal comma"),
        ("nan", "not a finite number"),
        ("-inf", "not a finite number"),
        ("1_000", "column 'x' holds '1_000', not a number"),
        ("1e300", "a number over 3e38"),
        ("1,2", "6 cells, where the first line has 5"),
    ],
)
def test_cells_that_are_no_numbers(tmp_path: Path, cell: str, words: str) -> None:
    message = refused(written(tmp_path, TABLE + f"c,1,1,1,run\nc,2,{cell},1,run\n"))
    assert "a.csv: line 6 (series 'c'): " in message and words in message


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a,1,0,u\na,2,0,v\n", "line 3 (series 'a'): column 'label' holds 'v', and 'u' in line 2, in one series"),
        ("a,1,0,\n", "line 2 (series 'a'): column 'label' is empty"),
        ("a,1,0,u\na,2,0,u\na,1.0,0,u\n", "line 4 (series 'a'): the time 1 again, as in line 2"),
        ("a,yesterday,0,u\n", "holds 'yesterday', neither a number nor an ISO date and time"),
        ("a,nan,0,u\n", "holds 'nan', neither a number nor an ISO date and time"),
        ("a,2024-01-01,0,u\na,7,0,u\n", "holds '7', a number, and a date without time zone further up"),
        ("a,2024-01-01,0,u\na,2024-01-02T00:00Z,0,u\n", "a date with time zone, and a date without time zone"),
        (",1,0,u\n", "line 2: no id in column 'id'"),
        ("", "has no rows under its header"),
    ],
)
def test_series_that_are_not_sound(tmp_path: Path, rows: str, words: str) -> None:
    assert words in refused(written(tmp_path, "id,time,x,label\n" + rows))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("id,when,x,label", "has no column 'time'"),
        ("id,time,x,class", "has no column 'label'"),
        ("id,time,label", "no column of numbers is left beside id, time, label"),
        ("id,time,x,x,label", "two columns are called 'x'"),
        (",id,time,x,label", "column 1 has no name"),
    ],
)
def test_columns_that_do_not_do(tmp_path: Path, header: str, words: str) -> None:
    message = refused(written(tmp_path, header + "\na,1,2,3,4\n"))
    assert words in message
    if "has no column" in words:
        assert "'id', " in message and "'x', " in message, "those there are"


def test_whole_files_that_do_not_do(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "no.csv")
    assert "is empty" in refused(written(tmp_path, ""))
    path = tmp_path / "b.csv"
    path.write_bytes(TABLE.encode() + b"c,1,1,1,caf\xe9\n")
    assert "line 5, byte offset" in refused(path) and "--encoding" in refused(path)
    assert "one column is asked for as two" in refused(
        written(tmp_path, TABLE), Reading(id_column="id", time_column="id", target_column="label")
    )
    assert "no column has a usual name for a target; say which of a, b" in refused(
        written(tmp_path, "a,b\n1,2\n"), Reading()
    )


def test_a_bad_row_takes_its_series_and_no_other(tmp_path: Path) -> None:
    rows = "id,time,x,label\na,1,1,u\na,2,,u\na,3,also bad,u\nb,1,1,u\n,1,1,u\nc,1,1,u\nc,1,1,u\n"
    for path in (written(tmp_path, rows), written(tmp_path, rows + "b,2,2,u\n", "scattered.csv")):
        problems = Problems(skip=True, note=lambda _: None)
        records = list(read_series(path, HOW, problems, targets=True))
        assert [getattr(record.original, "id", None) for record in records] == ["b"]
        assert [message.removeprefix(f"{path}: ").split(":")[0] for message in problems.skipped] == [
            "line 3 (series 'a')",
            "line 6",
            "line 8 (series 'c')",
        ]
