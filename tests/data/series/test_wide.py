"""A row of numbers and a label is a series where the columns say so, or where it is asked for; else it is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.formats.registry import read_records
from throughtime.data.formats.table import read_table
from throughtime.data.in_memory.records import read_memory
from throughtime.data.reading import Found, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.wide import names_columns
from throughtime.data.user_data import Given
from throughtime.errors import DataError, UsageError

LONG = [[(7 * row + step) % 13 / 4 for step in range(16)] for row in range(6)]
"""Six series of 16 steps."""


def read(
    folder: Path, content: str, name: str = "a.csv", *, targets: bool = True, found: Found | None = None, **how: object
) -> tuple[list[Record], list[str]]:
    (folder / name).write_text(content)
    notes: list[str] = []
    reading = Reading(found=found or Found(), **how)  # type: ignore[arg-type]
    records = list(read_table(folder / name, reading, Problems(note=notes.append), targets=targets))
    return records, [note.removeprefix(f"{folder / name}: ") for note in notes]


def refused(folder: Path, content: str, kind: type[Exception] = DataError, **how: object) -> str:
    with pytest.raises(kind) as caught:
        read(folder, content, **how)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder / 'a.csv'}")


def rows(*, label: str = "first", sign: str = ",", head: list[str] | None = None) -> str:
    lines = [] if head is None else [sign.join(head)]
    for number, values in enumerate(LONG):
        cells, mark = [str(value) for value in values], str(number % 2 + 1)
        lines.append(sign.join([mark, *cells] if label == "first" else [*cells, mark] if label == "last" else cells))
    return "\n".join(lines) + "\n"


def check(records: list[Record], labelled: bool = True) -> None:
    assert [np.asarray(record.content)[:, 0].tolist() for record in records] == LONG
    assert [record.target for record in records] == (["1", "2"] * 3 if labelled else [None] * 6)


STEPS = [f"t{number}" for number in range(16)]


@pytest.mark.parametrize("sign", [",", "\t"])
@pytest.mark.parametrize("label", ["first", "last"])
@pytest.mark.parametrize("names", [None, STEPS, list(map(str, range(16))), [f"value_{n}" for n in range(1, 17)]])
def test_forms(tmp_path: Path, sign: str, label: str, names: list[str] | None) -> None:
    head = names and (["label", *names] if label == "first" else [*names, "label"])
    records, notes = read(tmp_path, rows(label=label, sign=sign, head=head), "a.csv" if sign == "," else "a.tsv")
    check(records)
    assert len(notes) == 1 and notes[0].startswith("each row is a series of one feature, 16 steps (")
    assert notes[0].endswith(f"the target column {('label' if names else '1' if label == 'first' else '17')!r}; "
                             "--no-wide reads it otherwise")  # fmt: skip


def test_json_lines_and_tables_in_memory(tmp_path: Path) -> None:
    columns = {name: [values[step] for values in LONG] for step, name in enumerate(STEPS)}
    columns |= {"label": [row % 2 + 1 for row in range(6)]}
    table = [dict(zip(columns, each, strict=True)) for each in zip(*columns.values(), strict=True)]
    check(read(tmp_path, "".join(f"{row}\n".replace("'", '"') for row in table), "a.jsonl")[0])
    for data in (table, columns, (LONG, ["1", "2"] * 3), [(values, f"{n % 2 + 1}") for n, values in enumerate(LONG)]):
        check(list(read_memory(data, Reading(), Problems(note=lambda _: None), targets=True)))
    arrays = (np.array(LONG), np.array([1, 2] * 3))
    check(list(read_memory(arrays, Reading(wide=True), Problems(note=lambda _: None), targets=True)))


def test_what_was_learned_from_says_where_the_values_are(tmp_path: Path) -> None:
    for label in ("first", "last"):
        found = Found()
        read(tmp_path, rows(label=label), found=found)
        kept = Found.from_mapping(found.to_mapping())
        check(read(tmp_path, rows(label=label), found=kept)[0])
        check(read(tmp_path, rows(label=label), targets=False, found=kept)[0], labelled=False)
        check(read(tmp_path, rows(label="none"), targets=False, found=kept)[0], labelled=False)
        with pytest.raises(DataError, match="has 3 columns; 16 values in each row were learned from"):
            read(tmp_path, "1,2,3\n", targets=False, found=kept)
    found = Found()
    read(tmp_path, rows(head=["label", *STEPS]), found=found)
    kept = Found.from_mapping(found.to_mapping())
    other = [",".join([*STEPS[::-1], "id"])] + [",".join([*map(str, values[::-1]), "7"]) for values in LONG]
    check(read(tmp_path, "\n".join(other) + "\n", targets=False, found=kept)[0], labelled=False)


def test_few_numbers_may_be_anything(tmp_path: Path) -> None:
    iris = "sepal,petal,species\n" + "".join(f"{n}.5,{n}.25,{'ab'[n % 2]}\n" for n in range(8))
    message = refused(tmp_path, iris)
    assert message.startswith(
        " is a table of numbers, 'sepal' to 'petal' beside the target 'species': if each row is a"
    )
    assert all(
        option in message
        for option in ("--wide", "--id-column", "--time-column", "--no-wide and which with --text-column")
    )
    assert refused(tmp_path, iris, text_column="sepal") == message, "digits are no words"
    assert refused(tmp_path, iris.partition("\n")[2]).startswith(" is a table of numbers, '1' to '2'")
    records, notes = read(tmp_path, iris, wide=True)
    assert np.asarray(records[1].content).tolist() == [[1.5], [1.25]] and records[1].target == "b"
    assert notes == ["each row is a series of one feature, 2 steps (as asked for), the target column 'species'"]
    records, _ = read(tmp_path, iris, wide=False, text_column="sepal", target_column="species")
    assert records[1].content == "1.5"
    with pytest.raises(UsageError, match="they have no --text-column"):
        read(tmp_path, iris, wide=True, text_column="sepal")


def test_texts_beside_numbers_are_texts(tmp_path: Path) -> None:
    for head in ("id,text,label", "id,comment,score", "text,label"):
        body = "".join(",".join([str(n), f"so {n}", f"{n % 2}"][-head.count(",") - 1 :]) + "\n" for n in range(9))
        assert read(tmp_path, f"{head}\n{body}")[0][1].content == "so 1"
    assert read(tmp_path, "text,label\n0110,1\n1001,0\n")[0][1].content == "1001"
    assert "feature_columns is for series" in refused(tmp_path, "text,label\na,1\n", UsageError, feature_columns="text")
    assert "--wide takes" not in refused(tmp_path, "text,kind,label\na,b,1\n", wide=True)


def test_columns_that_are_left_out(tmp_path: Path) -> None:
    head = ["", "label", *STEPS]
    body = "".join(f"{n},{n % 2 + 1},{','.join(map(str, values))}\n" for n, values in enumerate(LONG))
    check(read(tmp_path, ",".join(head) + "\n" + body)[0])
    head[0] = "age"
    check(read(tmp_path, ",".join(head) + "\n" + body, ignore_columns="age")[0])
    records, _ = read(tmp_path, ",".join(head) + "\n" + body, feature_columns="t0,t1,t2")
    assert [np.asarray(record.content)[:, 0].tolist() for record in records] == [values[:3] for values in LONG]
    assert "is a table of numbers" in refused(tmp_path, ",".join(head) + "\n" + body)


def test_missing_and_bad_values(tmp_path: Path) -> None:
    head = "label,t0,t1,t2\n"
    records, notes = read(tmp_path, head + "a,1,2,3\nb,4,,\na,5,6,NaN\n")
    assert [np.asarray(record.content)[:, 0].tolist() for record in records] == [[1, 2, 3], [4], [5, 6]]
    assert notes[1:] == ["line 3: values are missing at the end of the row: the series is shorter, as others may be"]
    for bad, what in (
        (
            "b,4,,6",
            ": line 3: column 't1' holds no value, and later ones do: fill gaps inside series, or write a row for "
            "each step, where --fill does so",
        ),
        ("b,,,", ": line 3: holds no value"),
        ("b,1,2", ": line 3: 3 cells where the header has 4; fill shorter series up with NaN at their end"),
        (",1,2,3", ": line 3: column 'label' is empty"),
    ):
        assert refused(tmp_path, head + f"a,1,2,3\n{bad}\na,1,2,3\nb,1,2,3\n") == what
    late = head + "a,1,2,3\n" * 300 + "b,1,high,2\n"
    assert refused(tmp_path, late) == ": line 302: column 't1' holds 'high', not a number"


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ("label,t0,t1", "a,1,2", True),
        ("a,0.5,1.5", "b,1,2", False),
        ("0,1,2,label", "3,4,5,a", True),
        ("1,2,3", "", True),
    ],
)
def test_headers(first: str, second: str, named: bool) -> None:
    assert names_columns(first.split(","), second.split(",")) is named


def test_numbers_between_blanks(tmp_path: Path) -> None:
    """The UCR archive's older files: a label, then values, any number of blanks between."""
    values = [[n % 2 + 1, *(n + step / 8 for step in range(20))] for n in range(6)]
    path = tmp_path / "Beef_TRAIN.txt"
    path.write_text("".join("  " + "   ".join(f"{value:.7e}" for value in row) + "\n" for row in values))
    notes: list[str] = []
    how = Reading()
    records = list(read_records(Given((path,)), how, Problems(note=notes.append), targets=True))
    assert [np.asarray(record.content)[:, 0].tolist() for record in records] == [row[1:] for row in values]
    assert [record.target for record in records] == ["1.0000000e+00", "2.0000000e+00"] * 3
    assert any("cells are separated by spaces" in note for note in notes)
    assert any("20 steps (20 values in a row), the target column '1'" in note for note in notes)
    how.found.fixed = True
    path.write_text("  ".join(map(str, values[3][1:])) + "\n")
    (record,) = read_records(Given((path,)), how, Problems(note=notes.append), targets=False)
    assert np.asarray(record.content)[:, 0].tolist() == values[3][1:], "one line alone, without a label"


def test_a_learned_value_is_no_target(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("kind,x,y\n" + "".join(f"{'ab'[n % 2]},{n}.5,{n}.25\n" for n in range(8)))
    how = Reading(wide=True, target_column="kind")
    assert len(list(read_records(Given((path,)), how, Problems(note=lambda _: None), targets=True))) == 8
    path.write_text("x,y\n0.5,0.25\n")
    later = Reading(wide=True, found=replace(how.found, fixed=True))
    (record,) = read_records(Given((path,)), later, Problems(note=lambda _: None), targets=False)
    assert np.asarray(record.content).tolist() == [[0.5], [0.25]]
    with pytest.raises(DataError, match="no column of targets is left beside the 2 values"):
        list(read_records(Given((path,)), later, Problems(note=lambda _: None), targets=True))
