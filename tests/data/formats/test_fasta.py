"""Sequences as FASTA writes them, in all its habits; what is no sequence is told with file and line."""

from __future__ import annotations

import bz2
import gzip
import re
from pathlib import Path

import pytest
from small_files import files_called
from small_readers import SmallReader

from throughtime.data.formats.fasta import read_fasta
from throughtime.data.reading import Problems, Reading
from throughtime.errors import DataError

written, fasta = files_called("a.fa"), SmallReader(read_fasta)
read, pairs, message, skipped = fasta.read, fasta.pairs, fasta.message, fasta.skipped


def test_sequences_over_several_lines(tmp_path: Path) -> None:
    path = written(tmp_path, ">one first of all\nACGT\nNNN-\n>sp|P1|X protein\nMKV*\n")
    records, notes = read(path, targets=False)
    assert [record.content for record in records] == ["ACGTNNN-", "MKV*"]
    assert [record.original for record in records] == ["one first of all", "sp|P1|X protein"]
    assert [record.place for record in records] == [f"{path}: line 1 (one)", f"{path}: line 4 (sp|P1|X)"]
    assert not notes and all(record.target is None for record in records)


def test_what_is_changed_is_said_once(tmp_path: Path) -> None:
    path = written(tmp_path, "; made by hand\r\n>a\r\nacgt acgt\r\n\r\nAC gt\r\n>b\r\nttt")
    records, notes = read(path, targets=False)
    assert [record.content for record in records] == ["ACGTACGTACGT", "TTT"]
    assert [note for note in notes if "Windows" not in note] == [
        "a.fa: blank lines and comments (;) are left out, the first in line 1",
        "a.fa: blanks between letters are left out, the first in line 3",
        "a.fa: small letters are read as capitals, the first in line 3",
    ]
    assert sum("Windows line ends" in note for note in notes) == 1


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_packed_files_and_the_label_in_the_name(tmp_path: Path, pack: object) -> None:
    packed = pack(b">a\nACGT\n")  # type: ignore[operator]
    path = written(tmp_path, packed, f"human.fna.{'gz' if pack is gzip.compress else 'bz2'}")
    assert pairs(path) == [("ACGT", "human")]


def test_a_very_long_sequence(tmp_path: Path) -> None:
    path = written(tmp_path, ">a\n" + "ACGT" * 500_000 + "\n" + "ACGTACGTAC\n" * 50_000)
    records, _ = read(path, targets=False)
    assert len(records[0].content) == 2_500_000


def test_bad_sequences_are_told_of_one_by_one(tmp_path: Path) -> None:
    path = written(tmp_path, ">a\nACGT\n>b\nAC\nA1GT\nA2\n>c\n>\n>\nGG\n>d\nÅÉ\n>e\nTT\n")
    good, bad = skipped(path, targets=False)
    assert good == [("ACGT", None), ("GG", None), ("TT", None)]
    assert [message.split(";")[0] for message in bad] == [
        "a.fa: line 3 (b): '1' in line 5 stands for no nucleotide or amino acid",
        "a.fa: line 7 (c): a header without a sequence under it",
        "a.fa: line 8: a header without a sequence under it",
        "a.fa: line 11 (d): 'Å' in line 12 stands for no nucleotide or amino acid",
    ]


def test_data_before_the_first_header(tmp_path: Path) -> None:
    good, bad = skipped(written(tmp_path, "ACGT\nACGT\n>a\nTT\n"), targets=False)
    assert good == [("TT", None)]
    assert bad == ["a.fa: line 1: data before the first header ('>id'): 'ACGT'; is it FASTA?"]


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
    assert re.search(words, message(written(tmp_path, content), targets=False))


def test_labels_that_fasta_has_not(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no label for each step"):
        list(read_fasta(tmp_path / "a.fa", Reading(per_step=True), Problems(), targets=True))
    with pytest.raises(DataError, match="standard input has not"):
        list(read_fasta(Path("-"), Reading(), Problems(), targets=True))
