"""Predictions stand beside what was read, in its form and order; a file is there whole or not at all."""

from __future__ import annotations

import bz2
import datetime
import gzip
import io
import json
import lzma
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from small_files import files_called

from throughtime.data.formats.conll import read_conll
from throughtime.data.formats.writers import open_writer
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.tables.table import Unnamed, read_table
from throughtime.errors import DataError, UsageError

QUIET = Problems(note=lambda _: None)
PREDICTED = {"predicted": "pos", "probability": 0.75}
written = files_called("a.csv")


def write(
    out: Path, like: str, *records: Record, predicted: Mapping[str, object] = PREDICTED, **how: object
) -> list[str]:
    notes: list[str] = []
    with open_writer(out, like, notes.append, **how) as writer:  # type: ignore[arg-type]
        for record in records:
            writer.write(record, predicted)
    return notes


def again(path: Path, out: Path, predicted: Mapping[str, object] = PREDICTED, **how: object) -> str:
    """Read a table and write it with predictions."""
    write(out, path.suffix, *read_table(path, Reading(), QUIET, targets=False), predicted=predicted, **how)
    return out.read_bytes().decode()


def row(**cells: object) -> Record:
    return Record("content", None, "a.csv: line 2", cells)


def test_a_table_keeps_its_columns(tmp_path: Path) -> None:
    path = written(tmp_path, 'id,text,label\n1,"a, ""b""\nc",\n2,ü \U0001f642,x\n')
    assert again(path, tmp_path / "out.csv") == (
        'id,text,label,predicted,probability\n1,"a, ""b""\nc",,pos,0.75\n2,ü \U0001f642,x,pos,0.75\n'
    )
    assert again(written(tmp_path, "text\t5\"\n\"a\t1\n", "a.tsv"), tmp_path / "out.tsv") == (
        'text\t5"\tpredicted\tprobability\n"a\t1\tpos\t0.75\n'
    )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []


def test_a_table_without_header_is_written_without(tmp_path: Path) -> None:
    path = written(tmp_path, "so good\t1\nso bad\t0\n", "a.tsv")
    assert again(path, tmp_path / "out.tsv") == "so good\t1\tpos\t0.75\nso bad\t0\tpos\t0.75\n"
    assert json.loads(again(path, tmp_path / "o.jsonl").splitlines()[0]) == {"1": "so good", "2": "1", **PREDICTED}


def test_what_has_no_columns_becomes_a_table_with_the_column_file(tmp_path: Path) -> None:
    def lines(original: object) -> list[str]:
        write(tmp_path / "o.csv", ".csv", Record("so good", None, "a.rec: line 2", original))
        return (tmp_path / "o.csv").read_text().splitlines()

    assert lines("dir/1.wav") == ["file,predicted,probability", "dir/1.wav,pos,0.75"]
    assert lines(None) == ["file,predicted,probability", "a.rec: line 2,pos,0.75"], "a reader that keeps nothing"


def test_the_form_is_that_of_the_suffix_or_of_what_was_read(tmp_path: Path) -> None:
    path = written(tmp_path, "text\tlabel\na, b\tx\n", "a.tsv")
    assert again(path, tmp_path / "o.csv") == 'text,label,predicted,probability\n"a, b",x,pos,0.75\n'
    assert again(path, tmp_path / "o") == "text\tlabel\tpredicted\tprobability\na, b\tx\tpos\t0.75\n"
    with pytest.raises(UsageError, match=r"predictions cannot be written to .*o.xlsx; known are .csv, .tsv"):
        again(path, tmp_path / "o.xlsx")


@pytest.mark.parametrize(
    ("suffix", "unpack"), [(".gz", gzip.decompress), (".bz2", bz2.decompress), (".xz", lzma.decompress)]
)
def test_packed(tmp_path: Path, suffix: str, unpack: object) -> None:
    out = tmp_path / f"o.csv{suffix}"
    write(out, ".csv", row(text="ü"))
    assert unpack(out.read_bytes()).decode() == "text,predicted,probability\nü,pos,0.75\n"  # type: ignore[operator]


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    notes = write(tmp_path / "o.csv", ".csv", row(text="a", predicted="x", predicted_2="y"))
    assert (tmp_path / "o.csv").read_text() == "text,predicted,predicted_2,predicted_3,probability\na,x,y,pos,0.75\n"
    assert notes == ["there is a column 'predicted' already; the prediction's is 'predicted_3'"]
    with pytest.raises(DataError, match="line 2: has a field 'predicted', where the prediction is to stand"):
        write(tmp_path / "o.jsonl", ".jsonl", row(text="a"), row(text="b", predicted="x"))


def test_json_lines_keep_their_fields(tmp_path: Path) -> None:
    rows = [{"n": 1, "text": "ü\n\U0001f642", "more": {"a": [1.5, None]}}, {"text": "b"}]
    path = written(tmp_path, "".join(json.dumps(each) + "\n" for each in rows), "a.jsonl")
    lines = again(path, tmp_path / "o.jsonl").splitlines()
    assert [json.loads(line) for line in lines] == [{**each, **PREDICTED} for each in rows]
    assert list(json.loads(lines[0])) == ["n", "text", "more", "predicted", "probability"]
    assert "ü\\n\U0001f642" in lines[0]


def test_values_of_every_kind(tmp_path: Path) -> None:
    day = datetime.date(2026, 1, 2)
    values = {"many": ("x", "y"), "shares": {"x": 0.5}, "none": None, "true": True, "day": day, "n": 3, "pair": [1, 2]}
    write(tmp_path / "o.csv", ".csv", row(text="a"), predicted=values, separator="|")
    assert (tmp_path / "o.csv").read_text().splitlines()[1] == 'a,x|y,"{""x"": 0.5}",,true,2026-01-02,3,"[1, 2]"'
    write(tmp_path / "o.jsonl", ".jsonl", row(x=np.float32(0.5)), predicted={**values, "array": np.ones(2)})
    found = json.loads((tmp_path / "o.jsonl").read_text())
    assert found == {"x": 0.5, **values, "many": ["x", "y"], "day": "2026-01-02", "array": [1.0, 1.0]}


@pytest.mark.parametrize(
    ("name", "records", "what"),
    [
        (
            "o.tsv",
            [row(text="a\tb")],
            "a.csv: line 2: a cell holds a tab or a line end, which a .tsv cannot hold; write .csv",
        ),
        ("o.csv", [row(text=["a b", "c"])], "a.csv: line 2: an item holds ' ', which separates items; write .jsonl"),
        (
            "o.csv",
            [row(a="1"), row(a="1", b="2")],
            "a.csv: line 2: has fields that the first row has not, 'b'; write .jsonl",
        ),
        ("o.jsonl", [row(a=b"x")], "a.csv: line 2: bytes cannot be written as JSON"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, name: str, records: list[Record], what: str) -> None:
    (tmp_path / name).write_text("before")
    with pytest.raises(DataError) as caught:
        write(tmp_path / name, "", *records, separator=" ")
    assert str(caught.value) == what
    assert (tmp_path / name).read_text() == "before" and len(list(tmp_path.iterdir())) == 1


def test_a_field_that_lacks_is_an_empty_cell(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", ".csv", row(a="1", b="2"), row(b="3"), predicted={"p": "x"})
    assert (tmp_path / "o.csv").read_text() == "a,b,p\n1,2,x\n,3,x\n"


def test_cells_with_line_ends_come_back(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", ".csv", row(text="a\rb", label="c\nd"))
    assert (tmp_path / "o.csv").read_bytes().decode().splitlines(keepends=True)[1:] == [
        '"a\r',
        'b","c\n',
        'd","pos","0.75"\n',
    ]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, DataError])
@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz"])
def test_nothing_half_written(tmp_path: Path, error: type[BaseException], name: str) -> None:
    (tmp_path / name).write_text("before")
    with pytest.raises(error), open_writer(tmp_path / name, ".csv", print) as writer:
        writer.write(row(text="a"), PREDICTED)
        assert (tmp_path / f".{name}.part").exists()
        raise error
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "before"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    untouched = "what was there before is untouched"
    with pytest.raises(DataError, match=rf"cannot write .*no/o.csv: No such file or directory; {untouched}"):
        write(tmp_path / "no" / "o.csv", ".csv", row(text="a"))
    (tmp_path / "o.csv").mkdir()
    with pytest.raises(DataError, match=rf"cannot write .*o.csv: Is a directory; {untouched}"):
        write(tmp_path / "o.csv", ".csv", row(text="a"))
    assert [path.name for path in tmp_path.iterdir()] == ["o.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to stand for a full disk")
@pytest.mark.parametrize("rows", [1, 10_000])
def test_a_full_disk(tmp_path: Path, rows: int) -> None:
    (tmp_path / ".o.csv.part").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"cannot write .*o.csv: No space left on device"):
        write(tmp_path / "o.csv", ".csv", *[row(text="a" * 100)] * rows)
    assert list(tmp_path.iterdir()) == []


def test_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    write(Path("-"), ".csv", row(text="ü"))
    assert raw.getvalue().decode() == "text,predicted,probability\nü,pos,0.75\n" and not raw.closed
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    write(Path("-"), ".jsonl", row(text="ü"), predicted={})
    assert sys.stdout.getvalue() == '{"text": "ü"}\n'  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="Parquet cannot be written to standard output; name a file"):
        write(Path("-"), ".parquet", row(text="a"))


def test_parquet(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    path = tmp_path / "a.parquet"
    frame = polars.DataFrame(
        {"n": range(25_000), "text": ["a", "b"] * 12_500, "day": [datetime.date(2026, 1, 2)] * 25_000}
    )
    frame.write_parquet(path)
    again_ = tmp_path / "o.parquet"
    write(again_, ".parquet", *read_table(path, Reading(), QUIET, targets=False))
    found = polars.read_parquet(again_)
    assert found.columns == ["n", "text", "day", "predicted", "probability"]
    assert found.select("n", "text", "day").equals(frame) and set(found["probability"]) == {0.75}


def test_other_things_than_tables(tmp_path: Path) -> None:
    records = [Record("x", None, "sounds/a.wav", "sounds/a.wav"), Record("x", None, "row 2 of the data")]
    write(tmp_path / "o.csv", ".csv", *records)
    assert (tmp_path / "o.csv").read_text().splitlines()[1:] == ["sounds/a.wav,pos,0.75", "row 2 of the data,pos,0.75"]
    assert isinstance(Unnamed({"1": "a"}), dict)


SENTENCES = "-DOCSTART- X\n\na DET\nfox NOUN \n\n\ngo VERB\n\n"
UNIVERSAL = (
    "# text = vámonos\n1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_\n1\tvamos\tir\tVERB\t_\t_\t0\troot\t_\t_\n"
    "2\tnos\tyo\tPRON\t_\t_\t1\tobj\t_\t_\n2.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
)


def conll_again(path: Path, out: Path, **how: object) -> str:
    with open_writer(out, path.suffix, print, **how) as writer:  # type: ignore[arg-type]
        for record in read_conll(path, Reading(per_step=True), QUIET, targets=False):
            writer.write(record, {"predicted": tuple(word.upper() for word in record.content)})  # type: ignore[union-attr]
    return out.read_bytes().decode()


def test_conll_gets_a_column(tmp_path: Path) -> None:
    assert conll_again(written(tmp_path, SENTENCES, "a.conll"), tmp_path / "o.conll") == (
        "-DOCSTART- X\n\na DET A\nfox NOUN  FOX\n\n\ngo VERB GO\n\n"
    )
    assert conll_again(written(tmp_path, "a\r\n\r\nb", "a.bio"), tmp_path / "o") == "a A\n\nb B\n"


def test_universal_dependencies_get_a_column_or_keep_their_form(tmp_path: Path) -> None:
    path = written(tmp_path, UNIVERSAL, "a.conllu")
    more = conll_again(path, tmp_path / "o.conllu").splitlines()
    assert [line.split("\t")[10:] for line in more] == [[], ["_"], ["VAMOS"], ["NOS"], ["_"], []]
    assert "".join("\t".join(line.split("\t")[:10]) + "\n" for line in more) == UNIVERSAL
    replaced = conll_again(path, tmp_path / "o.conllu", replace=True)
    assert replaced == UNIVERSAL.replace("VERB", "VAMOS").replace("PRON", "NOS")
    assert [record.target for record in read_conll(tmp_path / "o.conllu", Reading(), QUIET, targets=True)] == [
        ("VAMOS", "NOS")
    ]


def test_what_conll_cannot_hold(tmp_path: Path) -> None:
    (record,) = read_conll(written(tmp_path, "a X\nb Y\n", "a.conll"), Reading(), QUIET, targets=True)
    with pytest.raises(DataError, match=r"line 1: 'predicted' has 1 items for 2 words"):
        write(tmp_path / "o.conll", "", record, predicted={"predicted": ("x",)})
    with pytest.raises(DataError, match=r"line 1: 'predicted' has an item with white space in it"):
        write(tmp_path / "o.conll", "", record, predicted={"predicted": ("x", "y z")})
    with pytest.raises(UsageError, match="what was read are no lines of CoNLL"):
        write(tmp_path / "o.conll", "", row(text="a"))
    with pytest.raises(UsageError, match="one prediction can replace one column of CoNLL-U"):
        write(tmp_path / "o.conll", "", record, predicted={"predicted": ("x", "y")}, replace=True)
    write(tmp_path / "o.jsonl", "", record, predicted={"predicted": ("x", "y")})
    assert json.loads((tmp_path / "o.jsonl").read_text()) == {
        "tokens": ["a", "b"],
        "tags": ["X", "Y"],
        "predicted": ["x", "y"],
    }


@pytest.mark.parametrize("name", ["wnut17/dev.conll", "ud_lines/dev.conllu"])
def test_real_files_come_back_whole_but_for_the_column(data_folder: Path, tmp_path: Path, name: str) -> None:
    path = data_folder / name
    before = path.read_text(encoding="utf-8").splitlines()
    after = conll_again(path, tmp_path / path.name).splitlines()
    added = sum(a != b for a, b in zip(before, after, strict=True))
    assert added == sum(bool(line.strip()) and not line.startswith("# ") for line in before)
    assert [
        line.rpartition("\t")[0] if line != old else line for old, line in zip(before, after, strict=True)
    ] == before
