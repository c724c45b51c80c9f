"""Sequences as FASTA writes them, in all its habits; what is no sequence is told with file and line."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pytest

from throughtime.data.formats.fasta import read_fasta
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import DataError


def read(path: Path, content: bytes | str = "", **more: bool) -> tuple[list[Record], list[str]]:
    if content:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    notes: list[str] = []
    records = list(read_fasta(path, Reading(), Problems(note=notes.append), targets=more.get("targets", False)))
    return records, notes


def skipped(path: Path, content: str) -> tuple[list[object], list[str]]:
    path.write_text(content)
    problems = Problems(skip=True, note=lambda _: None)
    records = list(read_fasta(path, Reading(), problems, targets=False))
    return [record.content for record in records], problems.skipped


def test_sequences_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    records, notes = read(path, ">one first of all\nACGT\nNNN-\n>sp|P1|X protein\nMKV*\n")
    assert [record.content for record in records] == ["ACGTNNN-", "MKV*"]
    assert [record.original for record in records] == ["one first of all", "sp|P1|X protein"]
    assert [record.place for record in records] == [f"{path}: line 1 (one)", f"{path}: line 4 (sp|P1|X)"]
    assert not notes and all(record.target is None for record in records)


def test_what_is_changed_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    records, notes = read(path, "; made by hand\r\n>a\r\nacgt acgt\r\n\r\nAC gt\r\n>b\r\nttt")
    assert [record.content for record in records] == ["ACGTACGTACGT", "TTT"]
    assert [note.removeprefix(f"{path}") for note in notes if "Windows" not in note] == [
        ": blank lines and comments (;) are left out, the first in line 1",
        ": blanks between letters are left out, the first in line 3",
        ": small letters are read as capitals, the first in line 3",
    ]
    assert sum("Windows line ends" in note for note in notes) == 1


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_packed_files_and_the_label_in_the_name(tmp_path: Path, pack: object) -> None:
    path = tmp_path / f"human.fna.{'gz' if pack is gzip.compress else 'bz2'}"
    records, _ = read(path, pack(b">a\nACGT\n"), targets=True)  # type: ignore[operator]
    assert [(record.content, record.target) for record in records] == [("ACGT", "human")]


def test_a_very_long_sequence(tmp_path: Path) -> None:
    records, _ = read(tmp_path / "a.fa", ">a\n" + "ACGT" * 500_000 + "\n" + "ACGTACGTAC\n" * 50_000)
    assert len(records[0].content) == 2_500_000


def test_bad_sequences_are_told_of_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    good, bad = skipped(path, ">a\nACGT\n>b\nAC\nA1GT\nA2\n>c\n>\n>\nGG\n>d\nÅÉ\n>e\nTT\n")
    assert good == ["ACGT", "GG", "TT"]
    assert [message.removeprefix(f"{path}: ").split(";")[0] for message in bad] == [
        "line 3 (b): '1' in line 5 stands for no nucleotide or amino acid",
        "line 7 (c): a header without a sequence under it",
        "line 8: a header without a sequence under it",
        "line 11 (d): 'Å' in line 12 stands for no nucleotide or amino acid",
    ]


def test_data_before_the_first_header(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    good, bad = skipped(path, "ACGT\nACGT\n>a\nTT\n")
    assert good == ["TT"]
    assert bad == [f"{path}: line 1: data before the first header ('>id'): 'ACGT'; is it FASTA?"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("@read\nACGT\n+\nIIII\n", "line 1: data before the first header.*it looks like FASTQ"),
        ("; nothing but a comment\n", "no sequence in it; each begins with a line '>id'"),
        (b">a\n\xff\xfe\n", "line 2, byte offset 3.*--encoding"),
        (b"\x1f\x8b\x08", "is no whole .*file"),
    ],
)
def test_what_is_no_fasta(tmp_path: Path, content: bytes | str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read(tmp_path / "a.fa", content)
    assert str(tmp_path / "a.fa") in str(caught.value)


def test_labels_that_fasta_has_not(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no label for each step"):
        list(read_fasta(tmp_path / "a.fa", Reading(per_step=True), Problems(), targets=True))
    with pytest.raises(DataError, match="standard input has not"):
        list(read_fasta(Path("-"), Reading(), Problems(), targets=True))
