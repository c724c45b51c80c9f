"""Any path becomes records: the format by the name, by the options, or as asked for."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_files import standard_input
from small_readers import pairs_of

from throughtime.data.formats.file_loader import FileLoader
from throughtime.data.formats.registry import FORMATS, format_of, read_records
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.errors import DataError, UnknownNameError, UsageError

STEPS = Reading(per_step=True)
SERIES = Reading(id_column="id", time_column="t", target_column="y")


def read(*paths: Path, how: Reading | None = None, targets: bool = True, **more: Any) -> list[Record]:
    problems = Problems(note=lambda line: None)
    return list(read_records(Given(paths), how or Reading(), problems, targets=targets, **more))


@pytest.mark.parametrize(
    ("name", "how", "form"),
    [
        ("a.csv", Reading(), "csv"),
        ("a.CSV.xz", Reading(), "csv"),
        ("a.tab", Reading(), "tsv"),
        ("a.ndjson", Reading(), "jsonl"),
        ("a.parquet", Reading(), "parquet"),
        ("a.csv", SERIES, "series"),
        ("a.tsv", Reading(time_column="t"), "series"),
        ("a.conllu", Reading(), "conllu"),
        ("a.conll", STEPS, "conll"),
        ("a.bio.gz", STEPS, "conll"),
        ("a.txt", STEPS, "conll"),
        ("a.fasta.gz", Reading(), "fasta"),
        ("-", Reading(), "lines"),
        ("-", STEPS, "conll"),
    ],
)
def test_the_name_and_the_options_tell_the_format(name: str, how: Reading, form: str) -> None:
    assert format_of(Path(name), how) == form
    assert form in FORMATS


@pytest.mark.parametrize(("name", "form"), [("a.npz", "arrays"), ("a.wav", "folder"), ("a.txt", "folder")])
def test_other_files_must_be_there_to_be_told(tmp_path: Path, name: str, form: str) -> None:
    with pytest.raises(DataError, match=r"no such file: .*a\."):
        format_of(tmp_path / name, Reading())
    (tmp_path / name).touch()
    assert format_of(tmp_path / name, Reading()) == form


def test_a_folder_is_one_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    assert format_of(tmp_path / "a.csv", Reading()) == "folder"


def test_a_name_that_tells_nothing_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "a.dat").touch()
    with pytest.raises(DataError, match=r"a\.dat: neither its name nor its lines tell .* \.csv .* --format"):
        read(tmp_path / "a.dat")


def fill(folder: Path) -> None:
    (folder / "a.csv").write_text("text,label\nx y,p\n")
    (folder / "a.tsv").write_text("text\tlabel\nx y\tp\n")
    (folder / "a.jsonl").write_text('{"text": "x y", "label": "p"}\n')
    (folder / "a.fasta").write_text(">p\nACGT\n")
    (folder / "texts" / "p").mkdir(parents=True)
    (folder / "texts" / "p" / "1.txt").write_text("x y")
    (folder / "a.conll").write_text("x\tP\ny\tQ\n")
    (folder / "a.conllu").write_text("1\tx\tx\tP\t_\t_\t0\t_\t_\t_\n2\ty\ty\tQ\t_\t_\t0\t_\t_\t_\n")
    (folder / "long.csv").write_text("id,t,x,y\nu,0,5,p\nu,1,6,p\n")
    np.savez(folder / "a.npz", frames=np.ones((2, 3)), label=np.array("p"))


@pytest.mark.parametrize(
    ("name", "how", "content", "target"),
    [
        ("a.csv", Reading(), "x y", "p"),
        ("a.tsv", Reading(), "x y", "p"),
        ("a.jsonl", Reading(), "x y", "p"),
        ("a.fasta", Reading(), "ACGT", "a"),
        ("texts", Reading(), "x y", "p"),
        ("a.conll", STEPS, ("x", "y"), ("P", "Q")),
        ("a.conllu", STEPS, ("x", "y"), ("P", "Q")),
        ("long.csv", SERIES, [[5.0], [6.0]], "p"),
        ("a.npz", Reading(), [[1.0] * 3] * 2, "p"),
    ],
)
def test_each_format_gives_its_records(tmp_path: Path, name: str, how: Reading, content: Any, target: Any) -> None:
    fill(tmp_path)
    (record,) = read(tmp_path / name, how=how)
    found = record.content.tolist() if isinstance(record.content, np.ndarray) else record.content
    assert (found, record.target) == (content, target)
    assert name in record.place


def test_files_are_read_one_after_the_other_whatever_they_are(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(b"text\tlabel\nz\tq\n"))
    records = read(tmp_path / "b.tsv.gz", tmp_path / "a.csv", tmp_path / "a.jsonl")
    assert pairs_of(records) == [("z", "q"), ("x y", "p"), ("x y", "p")]


def test_the_format_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_text("text;label\nx y;p\n".replace(";", "\t"))
    assert read(tmp_path / "a.dat", form="tsv")[0].target == "p"
    with pytest.raises(UnknownNameError, match="did you mean 'conllu'"):
        read(tmp_path / "a.dat", form="conlu")


def test_data_in_memory_needs_no_format() -> None:
    records = list(read_records(Given(memory=[("a b", "x")]), Reading(), Problems(), targets=True))
    assert pairs_of(records) == [("a b", "x")]


def test_lines_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def given(how: Reading, **more: Any) -> list[Record]:
        standard_input(monkeypatch, "a  b\n \nc\n")
        return list(read_records(Given((Path("-"),)), how, more.pop("problems", Problems()), form="lines", **more))

    with pytest.raises(DataError, match="standard input: line 2: the line is empty"):
        given(Reading(), targets=False)
    problems = Problems(skip=True)
    records = given(Reading(), targets=False, problems=problems)
    assert pairs_of(records) == [("a  b", None), ("c", None)]
    assert [record.place for record in records] == ["standard input: line 1", "standard input: line 3"]
    assert len(problems.skipped) == 1
    words = given(STEPS, targets=False, problems=Problems(skip=True))
    assert [record.content for record in words] == [("a", "b"), ("c",)]
    with pytest.raises(UsageError, match="lines of text have no labels"):
        given(Reading(), targets=True)


def test_one_loader_serves_all_files_of_a_call(tmp_path: Path) -> None:
    for width, name in ((2, "a"), (3, "b")):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "1.npy", np.ones((4, width), np.float32))
    with pytest.raises(DataError, match=r"3 features a step, .* has 2"):
        read(tmp_path / "a", tmp_path / "b", targets=False)
    load = FileLoader(Reading(), print, width=3)
    with pytest.raises(DataError, match="2 features a step"):
        read(tmp_path / "a", targets=False, load=load)


def test_a_table_of_files_reads_them(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("hello there")
    (tmp_path / "a.csv").write_text("path,label\n1.txt,p\n")
    (record,) = read(tmp_path / "a.csv", how=Reading(file_column="path"))
    assert (record.content, record.target) == ("hello there", "p")
