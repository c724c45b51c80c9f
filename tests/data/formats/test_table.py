"""Tables become records; what a cell holds is checked, and every bad row gets its one line."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from peak_memory import peak_memory
from small_files import files_called, standard_input
from small_readers import SmallReader, pairs_of

from throughtime.data.files import STANDARD
from throughtime.data.formats.table import read_table
from throughtime.data.reading import Problems, Reading
from throughtime.errors import DataError, UsageError

written, tables = files_called("a.csv"), SmallReader(read_table)
read, pairs, message, skipped = tables.read, tables.pairs, tables.message, tables.skipped


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, "text,label\na,1\n")
    (record,), notes = read(STANDARD, suffix=".csv")
    assert record.place == "standard input: line 2" and notes[0].startswith("standard input: the text is")
    with pytest.raises(DataError, match=r"Parquet cannot be read from standard input"):
        read(STANDARD, suffix=".parquet")
    with pytest.raises(DataError, match=r"standard input is no table that can be read; known are .csv, .tsv"):
        read(STANDARD)


def test_labels_are_trimmed_and_it_is_told_once(tmp_path: Path) -> None:
    records, notes = read(written(tmp_path, "text,label\na, x\nb,x \n"))
    assert [record.target for record in records] == ["x", "x"]
    assert notes[1:] == ["a.csv: line 2: white space around labels is taken off, here and further on"]


def test_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, "text,score\na,1\nb, -2.5e3 \n")
    assert pairs(path, target_type="number") == [("a", 1.0), ("b", -2500.0)]
    bad = {
        "nan": "holds 'nan' (str), not a finite number",
        "inf": "holds 'inf' (str), not a finite number",
        "many": "holds 'many', not a number",
        "1_000": "holds '1_000', not a number",
        '"3,5"': "holds '3,5', not a number (write a point for the decimal comma)",
        "": "is empty",
    }
    for cell, what in bad.items():
        said = message(written(tmp_path, f"text,score\na,{cell}\n"), target_type="number")
        assert said == f"a.csv: line 2: column 'score' {what}"


def test_several_labels(tmp_path: Path) -> None:
    path = written(tmp_path, 'text,labels\na,"x, y,x"\nb,\nc,z\n')
    assert pairs(path, target_type="labels") == [("a", ("x", "y")), ("b", ()), ("c", ("z",))]
    assert pairs(written(tmp_path, "text,labels\na,x|y\n"), target_type="labels", label_separator="|") == [
        ("a", ("x", "y"))
    ]
    path = written(tmp_path, 'text,labels\na,"x,,y"\n')
    assert message(path, target_type="labels") == "a.csv: line 2: column 'labels' has an empty label in 'x,,y' (str)"


def test_files_that_cells_name(tmp_path: Path) -> None:
    def load(path: Path) -> str:
        if path.name == "broken.wav":
            raise DataError(f"{path} is broken")
        return f"<{path.relative_to(tmp_path)}>"

    path = written(tmp_path, "clip,label\nsounds/a.wav,1\nbroken.wav,2\n,3\n")
    assert skipped(path, file_column="clip", load=load) == (
        [("<sounds/a.wav>", "1")],
        ["a.csv: line 3: broken.wav is broken", "a.csv: line 4: column 'clip' is empty"],
    )
    with pytest.raises(UsageError, match="give both"):
        read(path, file_column="clip")
    with pytest.raises(UsageError, match="--text-column or --file-column, not both"):
        read(path, file_column="clip", text_column="clip", load=load)


def lines(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def test_json_lines(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": "a\nb", "label": 3}, {"text": "\U0001f642", "label": True, "more": [1]}]
    records, notes = read(written(tmp_path, lines(*rows), "a.jsonl"))
    assert pairs_of(records) == [("a\nb", "3"), ("\U0001f642", "true")]
    assert [record.original for record in records] == rows
    assert notes == ["a.jsonl: the text is column 'text', the target column 'label'"]
    several = written(tmp_path, lines({"text": "a", "labels": ["x", "y"]}, {"text": "b", "labels": "z, x"}), "a.ndjson")
    assert pairs(several, target_type="labels") == [("a", ("x", "y")), ("b", ("z", "x"))]
    number = written(tmp_path, lines({"text": "a", "score": 2}), "a.jsonl")
    assert pairs(number, target_type="number") == [("a", 2.0)]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ('{"text": "b"', "no JSON (Expecting ',' delimiter at character 13); one object a line is needed"),
        ("[1]", "holds a list, not an object; one object a line is needed"),
        ("3", "holds a number, not an object; one object a line is needed"),
        ({"text": 7, "label": "x"}, "column 'text' holds 7 (int), not text"),
        ({"text": None, "label": "x"}, "column 'text' is empty"),
        ({"text": "", "label": "x"}, "column 'text' is empty"),
        ({"text": "b", "label": None}, "column 'label' is empty"),
        (
            {"text": "b", "label": ["x", "y"]},
            "column 'label' holds a list of 2 labels, ['x', 'y']; any number of labels is learned with --target-type "
            "labels",
        ),
        ({"text": "b"}, "no field 'label'; there are 'text'"),
        (
            r'{"text": "\ud800", "label": "x"}',
            r"holds half of a surrogate pair (\ud800 to \udfff), which is no character",
        ),
        ("[" * 100_000, "no JSON that can be read: it is nested too deeply"),
    ],
)
def test_bad_json_lines(tmp_path: Path, row: object, what: str) -> None:
    good = {"text": "a", "label": "x"}
    path = written(tmp_path, lines(good, row, good), "a.jsonl")
    assert message(path) == f"a.jsonl: line 2: {what}"
    assert skipped(path) == ([("a", "x")] * 2, [f"a.jsonl: line 2: {what}"])


def test_json_lines_need_the_columns(tmp_path: Path) -> None:
    path = written(tmp_path, lines({"body_of": "a", "label": "x"}), "a.jsonl")
    assert message(path) == (
        "a.jsonl has no column with a usual name for the text; it has 'body_of', 'label': say which with --text-column"
    )
    blank = written(tmp_path, lines({"text": "a", "label": "x"}, "", {"text": "b", "label": "y"}), "a.jsonl")
    assert read(blank)[1][-1] == "a.jsonl: line 2 is blank; blank lines are left out, here and further on"
    assert message(written(tmp_path, "\n", "a.jsonl")) == "a.jsonl has no rows"


STEPS: list[tuple[Mapping[str, object], str]] = [
    ({"tokens": ["a"], "tags": ["X", "Y"]}, "1 steps in 'tokens', but 2 labels in 'tags'"),
    ({"tokens": [], "tags": []}, "column 'tokens' is empty"),
    ({"tokens": ["a", ""], "tags": ["X", "Y"]}, "column 'tokens': item 2 is empty"),
    ({"tokens": ["a"], "tags": [[3]]}, "column 'tags': item 1 is [3] (list), not a label"),
    ({"tokens": ["a"], "tags": [None]}, "column 'tags': item 1 is empty"),
    ({"tokens": [3], "tags": ["X"]}, "column 'tokens': item 1 is 3 (int), not text"),
    (
        {"tokens": ["a", "##b"], "tags": [3, -100]},
        "column 'tags': item 2 is -100, which stands for no label; each step needs one: take out the tokens that have "
        "none (marks of a tokenizer, pieces of words) or give them a label",
    ),
    ({"tokens": ["a"], "tags": [" "]}, "column 'tags': item 1 is empty"),
    ({"tokens": 5, "tags": ["X"]}, "column 'tokens' holds 5 (int), not a list of texts"),
]


def test_a_label_for_each_step(tmp_path: Path) -> None:
    path = written(tmp_path, lines({"tokens": ["New York", "is"], "ner_tags": ["B-loc", "O"]}), "a.jsonl")
    assert pairs(path, per_step=True) == [(("New York", "is"), ("B-loc", "O"))]
    assert pairs(path, per_step=True, targets=False) == [(("New York", "is"), None)]
    path = written(tmp_path, "text,tags\na  red fox,D A N\n")
    assert pairs(path, per_step=True) == [(("a", "red", "fox"), ("D", "A", "N"))]
    for row, what in STEPS:
        path = written(tmp_path, lines(row), "a.jsonl")
        assert message(path, per_step=True) == f"a.jsonl: line 1: {what}"


def test_numbers_are_labels_of_steps(tmp_path: Path) -> None:
    rows = {"tokens": ["Jo", "is", "it"], "ner_tags": [1, 0, True]}
    path = written(tmp_path, lines(rows), "a.jsonl")
    assert pairs(path, per_step=True) == [(("Jo", "is", "it"), ("1", "0", "true"))]


@pytest.mark.parametrize(
    ("tokens", "tags"),
    [
        ("['Jo', \"isn't\"]", "['B-x', 'O']"),
        ('["Jo", "isn\'t"]', '["B-x", "O"]'),
        ("['Jo' \"isn't\"]", "['B-x' 'O']"),
        ("['Jo'\n \"isn't\"]", "('B-x', 'O')"),
    ],
)
def test_lists_that_were_written_as_text(tmp_path: Path, tokens: str, tags: str) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("tokens", "tags"), (tokens, tags), ("so [ it ]", "O X O O")])
    notes: list[str] = []
    problems, how = Problems(note=notes.append), Reading(per_step=True)
    records = list(read_table(path, how, problems, targets=True))
    assert [(record.content, record.target) for record in records] == [
        (("Jo", "isn't"), ("B-x", "O")),
        (("so", "[", "it", "]"), ("O", "X", "O", "O")),
    ]
    assert [note for note in notes if note.startswith("column")] == [
        f"column {column!r} holds lists that are written as text; they are read as lists"
        for column in ("tokens", "tags")
    ]


def test_lists_of_labels_that_were_written_as_text(tmp_path: Path) -> None:
    path = written(tmp_path, "text,label\na,\"['sad', 'odd']\"\nb,[]\nc,sad\nd,[3]\n")
    records, notes = read(path, target_type="labels")
    assert [record.target for record in records] == [("sad", "odd"), (), ("sad",), ("3",)]
    assert notes[-1] == "column 'label' holds lists that are written as text; they are read as lists"


def test_parquet(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    path = tmp_path / "a.parquet"
    frame = polars.DataFrame({"id": range(25_000), "text": [f"t{i}" for i in range(25_000)], "label": [0, 1] * 12_500})
    frame.write_parquet(path, row_group_size=7_000)
    records, notes = read(path)
    assert [record.content for record in records] == frame["text"].to_list()
    assert (records[1].target, records[1].place) == ("1", f"{path}: row 2")
    assert records[24_999].original == {"id": 24_999, "text": "t24999", "label": 1}
    assert notes == ["a.parquet: the text is column 'text', the target column 'label'"]
    polars.DataFrame({"tokens": [["a", "b"], ["c"]], "tags": [["X", "Y"], ["X", "Y"]]}).write_parquet(path)
    assert message(path, per_step=True) == "a.parquet: row 2: 1 steps in 'tokens', but 2 labels in 'tags'"
    assert pairs(path, per_step=True, targets=False)[1] == (("c",), None)
    polars.DataFrame({"text": ["a", None], "label": ["x", "y"]}).write_parquet(path)
    assert message(path) == "a.parquet: row 2: column 'text' is empty"
    path.write_bytes(path.read_bytes()[:-9])
    assert message(path).startswith("a.parquet is no whole Parquet file (")
    assert message(written(tmp_path, b"text,label\n", "b.parquet")) == "b.parquet is no Parquet file"
    assert message(tmp_path / "no.parquet") == "no such file: no.parquet"


def test_parquet_needs_polars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(UsageError, match=r"reading .*a.parquet needs polars: pip install 'throughtime\[parquet\]'"):
        read(tmp_path / "a.parquet")


def test_movie_reviews(data_folder: Path) -> None:
    records, notes = read(data_folder / "sst2" / "train.tsv")
    assert len(records) == 6920 and {record.target for record in records} == {"0", "1"}
    assert len(notes) == 1


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_memory_stays_small(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"big{suffix}"
    row = {".csv": "{0},{1}\n", ".tsv": "{0}\t{1}\n", ".jsonl": '{{"text": "{0}", "label": "{1}"}}\n'}[suffix]
    with path.open("w") as file:
        file.write("" if suffix == ".jsonl" else row.format("text", "label"))
        file.writelines(row.format("word " * 100, index % 5) for index in range(100_000))
    assert path.stat().st_size > 50e6

    def read_all() -> None:
        reader = read_table(path, Reading(), Problems(note=lambda _: None), targets=True)
        assert sum(len(record.content) for record in reader) == 50_000_000

    assert peak_memory(read_all) < 12e6, "a few blocks of 1 MiB, not the file"
