"""Files of kinds that are not read are named, with the step that makes them readable; texts like them are read."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from throughtime.data.formats.evidence.foreign import foreign_bytes, foreign_lines
from throughtime.data.formats.evidence.tables import table_by_lines
from throughtime.data.formats.registry import format_of
from throughtime.data.reading import Reading
from throughtime.errors import DataError


def archive(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return held.getvalue()


def tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as packed:
        packed.addfile(tarfile.TarInfo("a.csv"))
    return held.getvalue()


STUDIO = [{"id": 1, "data": {"text": "so good"}, "annotations": [{"result": []}]}]
FILES: dict[str, tuple[bytes, str]] = {
    "a.h5": (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file; in Python, save its table with to_csv"),
    "a.csv": (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file"),
    "a.pkl": (b"\x80\x04\x95abc", "a pickle, which may hold code"),
    "a.rds": (gzip.compress(b"X\n\0\0\0\x03"), "data of R; save it with write.csv"),
    "a.rda": (gzip.compress(b"RDX3\nX\n\0\0"), "data of R"),
    "a.orc": (b"ORC\x08\0\0", "an ORC file; save it as Parquet"),
    "a.arrow": (b"\xff\xff\xff\xff\x10\x01\0\0", "an Arrow stream; save it as Parquet"),
    "a.csv.zst": (b"\x28\xb5\x2f\xfd\x04\0", "packed by Zstandard, which is not read; unpack it (zstd -d)"),
    "a.tgz": (tar(), "a tar archive; unpack it"),
    "a.csv.gz": (tar(), "a tar archive; unpack it"),
    "a.xlsx": (archive("xl/workbook.xml"), "an Excel workbook; save its sheet as CSV"),
    "a.pt": (archive("model/data.pkl"), "a file of PyTorch (torch.save)"),
    "a.zip": (archive("a.csv"), "a ZIP archive; unpack it"),
    "a.txt": (b"{\\rtf1 so good}", "rich text (RTF); save it as plain text"),
    "a.arff": (b"% iris\n\n@RELATION iris\n@ATTRIBUTE x NUMERIC\n", "an ARFF file (Weka); save it as CSV"),
    "b.txt": (b"#made by us\n@problemName X\n@timeStamps false\n@data\n1,2:a\n", "a .ts file (sktime, UEA archive)"),
    "a.ann": (b"T1\tPER 0 5\tPeter\nT2\tLOC 10 14;16 18\tRome\n", "annotations of brat; convert them"),
    "a.json": (json.dumps(STUDIO, indent=1).encode(), "Label Studio's JSON with all annotations; export it as CSV"),
    "b.json": (json.dumps(STUDIO).encode(), "Label Studio's JSON"),
    "a.ipynb": (b'{"cells": [], "nbformat": 4}', "a notebook; save its data as CSV"),
    "a.xml": (b'<?xml version="1.0"?>\n<reviews>\n', "marked up (XML or HTML)"),
    "a.xls": (b"<html><table><tr><td>so</td></tr></table>", "marked up (XML or HTML)"),
    "a.yaml": (b"- text: so good\n  label: pos\n- text: bad\n  label: neg\n", "YAML; save it as JSON lines"),
    "a.svm": (b"1 1:0.5 7:2\n-1 2:1e-3 9:4\n", "a file of sparse features (LIBSVM)"),
    "sst.txt": (b"(3 (2 It) (4 (3 works) (2 .)))\n(1 (2 No) (2 .))\n", "a file of trees"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    content, said = FILES[name]
    (tmp_path / name).write_bytes(content)
    for per_step in (False, True):
        with pytest.raises(DataError) as caught:
            format_of(tmp_path / name, Reading(per_step=per_step))
        assert f"{tmp_path / name} is {said}" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "ORCID,text,label\n1,so good,pos\n"),
        ("a.csv", "<b>so good</b>,pos\n<i>bad</i>,neg\n"),
        ("a.csv", "FEA1,so good\nRDX,bad\n"),
        ("a.csv", "@user so good,pos\n@relations are bad,neg\n"),
        ("a.tsv", "T1\tso good\nT2\tbad\n"),
    ],
)
def test_texts_that_begin_alike_are_read(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert format_of(tmp_path / name, Reading()) == name[2:]


def test_nothing_is_told_of_nothing() -> None:
    assert foreign_bytes(b"") is None and foreign_lines(["", "# x"]) is None


LABELS = [f"{'pn'[n % 2]};so {n}, good" for n in range(8)]


@pytest.mark.parametrize(
    ("lines", "form"),
    [
        (["v1;v2", *LABELS], "csv"),
        (LABELS, "csv"),
        (["text,label", '"so, good",pos'], "csv"),
        (['"text","label"', '"1","so","pos"', '"2","no","neg"'], "csv"),
        (["# by me", "review|stars", "so good|5"], "csv"),
        (["1,0.5,0.25", "2,0.5,0.125"], "csv"),
        (["so good\t1", "bad\t0"], "tsv"),
        (["Well, so good.", "No, so bad.", "Yes, it is."], None),
        (["one text", "another"], None),
        (["text,label"], None),
    ],
)
def test_tables_are_told_by_their_lines(lines: list[str], form: str | None) -> None:
    assert table_by_lines(lines, Reading()) == form


def test_columns_that_were_asked_for_are_evidence() -> None:
    lines = ["series;t;x", "a;1;up", "a;2;down"]
    assert table_by_lines(lines, Reading()) is None
    assert table_by_lines(lines, Reading(id_column="series", time_column="t")) == "csv"
