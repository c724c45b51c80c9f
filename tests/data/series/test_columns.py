"""The columns of series beside id, time and target: words, numbers, truth values, labels, and those left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from throughtime.data.reading import Found, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.levels import widened
from throughtime.data.series.long import read_series
from throughtime.data.series.steps import Steps
from throughtime.errors import DataError, UsageError

TABLE = "id,side,on,x,label\na,left,True,1,p\na,right,False,2,p\nb,left,false,3,q\nb,up,true,4,q\n"


def read(
    folder: Path, content: str, *, targets: bool = True, found: Found | None = None, **how: object
) -> tuple[list[Record], list[str]]:
    (folder / "a.csv").write_text(content)
    notes: list[str] = []
    reading = Reading(**({"id_column": "id"} | how), found=found or Found())  # type: ignore[arg-type]
    records = list(read_series(folder / "a.csv", reading, Problems(note=notes.append), targets=targets))
    records = widened(records, reading.found)
    return records, [note.removeprefix(f"{folder / 'a.csv'}: ") for note in notes]


def contents(records: list[Record]) -> list[object]:
    return [np.asarray(record.content).tolist() for record in records]


def refused(folder: Path, content: str, kind: type[Exception] = DataError, **how: object) -> str:
    with pytest.raises(kind) as caught:
        read(folder, content, **how)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder / 'a.csv'}: ")


def test_labels_and_truth_values_are_features(tmp_path: Path) -> None:
    found = Found()
    records, notes = read(tmp_path, TABLE, found=found)
    assert contents(records) == [[[1, 1, 1, 0, 0], [0, 2, 0, 1, 0]], [[0, 3, 1, 0, 0], [1, 4, 0, 0, 1]]]
    assert notes == [
        "series by 'id', steps by the order of the lines, target 'label', features 'side', 'on', 'x'; "
        "'on': true is 1, false 0; 'side': labels, a feature for each of them (one-hot)"
    ]
    assert found.levels == [["side", "left"], ["side", "right"], ["side", "up"]] and found.flags == ["on"]


def test_what_was_learned_from_says_what_the_features_are(tmp_path: Path) -> None:
    found = Found()
    wanted = contents(read(tmp_path, TABLE, found=found)[0])
    kept = Found.from_mapping(found.to_mapping())
    assert contents(read(tmp_path, TABLE, found=kept)[0]) == wanted
    rows = [row.split(",") for row in TABLE.splitlines()]
    other = "".join(
        ",".join([row[3], "more" if n == 0 else "7", row[2], row[0], row[1]]) + "\n" for n, row in enumerate(rows)
    )
    records, notes = read(tmp_path, other, targets=False, found=kept)
    assert contents(records) == wanted, "columns in another order, one more, one less"
    assert notes[0].endswith("; left out: 'more'")
    records, notes = read(
        tmp_path, "id,side,on,x\na,down,True,1\na,under,True,1\na,up,True,1\n", targets=False, found=kept
    )
    assert contents(records) == [[[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 1]]]
    assert notes[1:] == [
        f"column 'side' holds {label!r}, which was not learned from: no feature says so" for label in ("down", "under")
    ]


def test_columns_are_chosen_or_left_out(tmp_path: Path) -> None:
    for how in ({"feature_columns": "x"}, {"ignore_columns": "side, on"}, {"ignore_columns": "2,3"}):
        records, notes = read(tmp_path, TABLE, **how)
        assert contents(records) == [[[1], [2]], [[3], [4]]]
        assert notes[0].endswith("features 'x'; left out: 'side', 'on'")
    assert contents(read(tmp_path, TABLE, feature_columns="x,on")[0]) == [[[1, 1], [2, 0]], [[3, 0], [4, 1]]]
    assert "no column 'z'; it has" in refused(tmp_path, TABLE, ignore_columns="z")
    assert "choose one with --feature-columns" in refused(tmp_path, TABLE, feature_columns="x,z")
    assert refused(tmp_path, TABLE, ignore_columns="id") == (
        "column 'id' is id, time, target or text, and cannot be anything else too"
    )
    assert "no column of numbers is left" in refused(tmp_path, TABLE, ignore_columns="side,on,x")
    assert "names nothing between two commas" in refused(tmp_path, TABLE, UsageError, feature_columns="x,,on")


def test_an_index_without_a_name_is_left_out(tmp_path: Path) -> None:
    for name in ("", "Unnamed: 0"):
        for first in ((0, 1, 2), (7, 3, 5)):
            rows = "".join(f"{n},{'aab'[i]},{i}.5,p\n" for i, n in enumerate(first))
            records, notes = read(tmp_path, f"{name},id,x,label\n{rows}")
            assert contents(records) == [[[0.5], [1.5]], [[2.5]]]
            assert notes[0].endswith(f"features 'x'; left out: {name!r}")
    assert contents(read(tmp_path, "Unnamed: 0,id,x,label\n2,a,1,p\n2,a,1,p\n")[0]) == [[[2, 1], [2, 1]]]
    assert refused(tmp_path, ",id,x,label\n2,a,1,p\n2,a,1,p\n") == (
        "column 1 has no name, and does not number the rows; give it one, or leave it out with --ignore-columns 1"
    )
    assert refused(tmp_path, ",,id,x,label\n1,2,a,1,p\n") == "two columns have no name; give them names"


def test_what_is_neither(tmp_path: Path) -> None:
    assert refused(tmp_path, TABLE + "b,,true,4,q\n") == "line 6 (series 'b'): column 'side' is empty"
    many = "id,on,label\n" + "a,true,p\n" * 1001
    assert refused(tmp_path, many + "a,maybe,p\n") == (
        "line 1003 (series 'a'): column 'on' holds 'maybe', neither true nor false"
    )
    assert "column 'x' holds 'high', not a number" in refused(tmp_path, TABLE + "b,up,true,high,q\n")
    names = "id,name,label\n" + "".join(f"a,n{n},p\n" for n in range(101))
    assert refused(tmp_path, names) == (
        "line 102 (series 'a'): column 'name' holds more than 100 different labels, too many to be features: leave it "
        "out with --ignore-columns name"
    )


WORDS = "Sentence #,Word,POS,Tag\nS 1,Jo,N,B-x\n,left,V,O\nS 2,Go,V,O\n,on,,O\n"


def test_a_word_in_each_row(tmp_path: Path) -> None:
    how = {"id_column": "Sentence #", "per_step": True}
    records, notes = read(tmp_path, WORDS, **how)
    assert [(record.content, record.target) for record in records] == [
        (("Jo", "left"), ("B-x", "O")),
        (("Go", "on"), ("O", "O")),
    ]
    assert notes == [
        "sentences by 'Sentence #', steps by the order of the lines, target 'Tag', words 'Word'; left out: 'POS'",
        "line 3 has no 'Sentence #': it is that of the row above",
    ]
    records, _ = read(tmp_path, WORDS.replace(",,O", ",P,O"), targets=False, text_column="POS", **how)
    assert records[0].content == ("N", "V")
    original = records[0].original
    assert isinstance(original, Steps) and original.rows == (("S 1", "Jo", "N", "B-x"), ("", "left", "V", "O"))
    assert refused(tmp_path, WORDS, text_column="POS", **how) == "line 5 (series 'S 2'): column 'POS' is empty"
    assert "no id in column" in refused(tmp_path, WORDS.replace("S 1", ""), **how)
    assert "words have no feature_columns" in refused(
        tmp_path, WORDS, UsageError, text_column="Word", feature_columns="POS", **how
    )


def test_words_without_gaps_in_any_order(tmp_path: Path) -> None:
    rows = "id,n,token,label\nb,1,Go,O\na,2,left,O\na,1,Jo,X\n"
    records, _ = read(tmp_path, rows, time_column="n", per_step=True)
    assert [(record.content, record.target) for record in records] == [(("Go",), ("O",)), (("Jo", "left"), ("X", "O"))]
    records, _ = read(tmp_path, "id,text,label\na,so,p\na,good,p\n", text_column="text")
    assert [(record.content, record.target) for record in records] == [(("so", "good"), "p")]


def test_numbers_called_tokens_are_numbers(tmp_path: Path) -> None:
    records, _ = read(tmp_path, "id,tokens,label\na,1,x\na,2,y\n", per_step=True)
    assert contents(records) == [[[1], [2]]]


def test_the_target_is_that_of_what_was_learned_from(tmp_path: Path) -> None:
    table = "id,x,y,state\na,1,2,p\na,3,4,p\nb,5,6,q\nb,7,8,q\n"
    found = Found()
    read(tmp_path, table, found=found, target_column="state")
    assert (found.target, found.features) == ("state", ["x", "y"])
    found.fixed = True
    without = "id,x,y\na,1,2\na,3,4\n"
    records, notes = read(tmp_path, without, targets=False, found=found)
    assert contents(records) == [[[1, 2], [3, 4]]], "y is a feature, and no target for its name's sake"
    assert notes == ["series by 'id', steps by the order of the lines, target none, features 'x', 'y'"]
    assert refused(tmp_path, without, found=found).startswith("no column has a usual name for a target")
    records, _ = read(tmp_path, "id,state,y,x\na,p,2,1\nb,q,4,3\n", found=found)
    assert contents(records) == [[[1, 2]], [[3, 4]]] and [each.target for each in records] == ["p", "q"]
    assert refused(tmp_path, "id,x,z,state\na,1,2,p\n", found=found).endswith(
        "has no column 'y', a feature of what was learned from; it has 'id', 'x', 'z', 'state': name its columns alike"
    )
