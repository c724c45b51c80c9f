"""Columns of words and labels become sentences; bad lines are named; the lines are kept as they stand."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from peak_memory import peak_memory
from small_files import files_called, standard_input
from small_readers import SmallReader, pairs_of

from throughtime.data.files import STANDARD
from throughtime.data.formats.conll import Sentence, read_conll
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record

written, conll = files_called("a.conll"), SmallReader(read_conll, per_step=True)
read, pairs, message, skipped = conll.read, conll.pairs, conll.message, conll.skipped


def lines(records: list[Record]) -> str:
    originals = [record.original for record in records]
    assert all(isinstance(original, Sentence) for original in originals)
    return "".join(line + "\n" for original in originals for line in original.lines)  # type: ignore[attr-defined]


def row(number: object, form: str = "a", upos: str = "X") -> str:
    return f"{number}\t{form}\t_\t{upos}\t_\t_\t0\troot\t_\t_\n"


TWO = [(("a", "fox"), ("DET", "NOUN")), (("go",), ("VERB",))]


@pytest.mark.parametrize(
    "content",
    [
        "a\tDET\nfox\tNOUN\n\ngo\tVERB\n",
        "a\tDET\nfox\tNOUN\n\ngo\tVERB",
        "\n\na\tDET\nfox\tNOUN\n\n\n  \n\t\ngo\tVERB\n\n\n",
        "a DET\nfox   NOUN \n\ngo\tVERB\n",
        "a\tDET\r\nfox\tNOUN\r\n\r\ngo\tVERB\r\n",
        "\ufeffa\tDET\nfox\tNOUN\n\ngo\tVERB\n",
        "-DOCSTART- X\n\na DET\nfox NOUN\n\n-DOCSTART- X\ngo VERB\n",
        "a DET\nfox NOUN\n-DOCSTART- X\ngo VERB\n",
        "# a comment in tabs\na\tDET\nfox\tNOUN\n\n# id = 3\ngo\tVERB\n",
        "# id = 3\na DET\nfox NOUN\n\n#begin document x\ngo VERB\n",
    ],
)
def test_words_and_labels(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, content)
    records, _ = read(path)
    assert pairs_of(records) == TWO
    plain = content.replace("\r\n", "\n").removeprefix("\ufeff")
    assert lines(records) == plain.removesuffix("\n") + "\n"
    assert pairs(path, targets=False) == [(words, None) for words, _ in TWO]


def test_places_are_those_of_the_first_word(tmp_path: Path) -> None:
    path = written(tmp_path, "-DOCSTART- X\n\n# x = y\na DET\n\n\ngo VERB\n")
    assert [record.place for record in read(path)[0]] == [f"{path}: line 4", f"{path}: line 7"]


def test_a_hash_is_a_word_where_it_has_a_label(tmp_path: Path) -> None:
    records, notes = read(written(tmp_path, "#\tX\n#tag\tY\n"))
    assert pairs_of(records) == [(("#", "#tag"), ("X", "Y"))] and notes == []
    _, notes = read(written(tmp_path, "# first\na\tX\n\n# second\nb\tX\n"))
    assert notes == ["a.conll: line 1 is kept as a comment, and others with #"]
    assert message(written(tmp_path, "a\tX\n#b\n")) == "a.conll: line 2: 1 column where 2 are needed, separated by tabs"


def test_columns_are_asked_for_by_number(tmp_path: Path) -> None:
    path = written(tmp_path, "a DT B-x O\nb NN I-x O\n")
    records, notes = read(path)
    assert records[0].target == ("O", "O")
    assert notes == ["a.conll: the words are column 1, the labels the last, column 4"]
    assert pairs(path, target_column="2", text_column="3") == [(("B-x", "I-x"), ("DT", "NN"))]
    assert (
        message(path, target_column="5")
        == "a.conll has no column '5'; it has 1, 2, 3, 4: choose one with --target-column"
    )
    assert (
        message(path, text_column="w") == "a.conll has no column 'w'; it has 1, 2, 3, 4: choose one with --text-column"
    )


def test_words_alone_are_enough_to_predict(tmp_path: Path) -> None:
    path = written(tmp_path, "a\nfox\n\ngo\n")
    assert pairs(path, targets=False) == [(("a", "fox"), None), (("go",), None)]
    assert message(path) == "a.conll: its lines have one column, 'a'; words and their labels are needed"
    assert message(written(tmp_path, "\n\n")) == "a.conll has no words in it"


def test_words_with_spaces_between_tabs(tmp_path: Path) -> None:
    assert pairs(written(tmp_path, "New York\tX\n")) == [(("New York",), ("X",))]
    assert pairs(written(tmp_path, "a\xa0b X\n")) == [(("a\xa0b",), ("X",))]


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("a\n", "1 column where 2 are needed, separated by tabs"),
        ("a\tX\tY\n", "3 columns where 2 are needed, separated by tabs"),
        ("\tX\n", "column 1, the word, is empty"),
        (" \tX\n", "column 1, the word, is empty"),
        ("a\t\n", "column 2, the label, is empty"),
    ],
)
def test_a_bad_line_spoils_its_sentence_alone(tmp_path: Path, bad: str, what: str) -> None:
    path = written(tmp_path, f"ok\tX\n\nb\tX\n{bad}c\tX\n\nok\tY\n")
    assert message(path) == f"a.conll: line 4: {what}"
    assert skipped(path) == ([(("ok",), ("X",)), (("ok",), ("Y",))], [f"a.conll: line 4: {what}"])


def test_labels_are_trimmed_and_it_is_told_once(tmp_path: Path) -> None:
    records, notes = read(written(tmp_path, "a\tX \nb\tX\nc\t X\n"))
    assert records[0].target == ("X", "X", "X")
    assert notes == ["a.conll: line 1: white space around labels is taken off, here and further on"]


UNIVERSAL = (
    "# newdoc\n# text = vámonos\n1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_\n"
    + row(1, "vamos", "VERB") + row(2, "nos", "PRON")
    + "2.1\tx\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n# text = a b\n" + row(1, "New York", "PROPN") + "\n"
)  # fmt: skip


def test_universal_dependencies(tmp_path: Path) -> None:
    path = written(tmp_path, UNIVERSAL, "a.conllu")
    records, notes = read(path)
    assert pairs_of(records) == [
        (("vamos", "nos"), ("VERB", "PRON")),
        (("New York",), ("PROPN",)),
    ]
    assert lines(records) == UNIVERSAL and notes == ["a.conllu: the labels are upos"]
    first = records[0].original
    assert isinstance(first, Sentence) and (first.tokens, first.others, first.target) == ((3, 4), (2, 5), 3)
    assert pairs(path, target_column="Form", text_column="upos")[1] == (("PROPN",), ("New York",))
    assert pairs(path, target_column="8")[0] == (("vamos", "nos"), ("root", "root"))
    assert pairs(path, target_column="xpos")[1][1] == ("_",)
    assert "it has id, form, lemma, upos" in message(path, target_column="pos")
    packed = written(tmp_path, gzip.compress(UNIVERSAL.encode()), "a.conllu.gz")
    assert pairs(packed) == pairs(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (row(1) + "2\tb\tX\n", "line 2: 3 columns where 10 are needed, separated by tabs"),
        (row(1).replace("\t", " "), "line 1: 1 column where 10 are needed, separated by tabs"),
        (row(1) + row(1), "line 2: word 1 where word 2 is due; does a blank line before a sentence lack?"),
        (row("x"), "line 1: 'x' is no number of a word (1), of a range (1-2) or of an empty node (1.1)"),
        (row(1, upos="_"), "line 1: upos is '_': the word has no such label"),
        (row(1, form=""), "line 1: column 2, the word, is empty"),
        (row(1) + "\n# a comment\n\n" + row(1), "line 3: a sentence without words"),
        ("\n" + row("1-2"), "line 1: a sentence without words"),
    ],
)
def test_bad_universal_dependencies(tmp_path: Path, content: str, what: str) -> None:
    assert message(written(tmp_path, content, "a.conllu")) == f"a.conllu: {what}"


def test_what_stands_behind_the_last_sentence_is_told_of(tmp_path: Path) -> None:
    records, notes = read(written(tmp_path, "a X\n\n-DOCSTART- X\n\n"))
    assert len(records) == 1 and notes == ["a.conll: line 3: what stands behind the last sentence is left out"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, UNIVERSAL)
    records, _ = read(STANDARD, suffix=".conllu")
    assert [record.place for record in records] == ["standard input: line 4", "standard input: line 9"]


@pytest.mark.parametrize(
    ("name", "sentences", "words"),
    [("wnut17/train.conll", 3394, 62730), ("ud_lines/dev.conllu", 1118, 21637), ("ud_lines/train.conllu", 3457, 64684)],
)
def test_real_files_come_back_whole(data_folder: Path, name: str, sentences: int, words: int) -> None:
    path = data_folder / name
    records, _ = read(path)
    assert len(records) == sentences and sum(len(record.content) for record in records) == words
    assert all(isinstance(record.target, tuple) and len(record.target) == len(record.content) for record in records)
    assert lines(records) == path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_memory_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "big.conllu"
    with path.open("w") as file:
        for _ in range(75_000):
            file.write("".join(row(number, "word" * 4) for number in range(1, 21)) + "\n")
    assert path.stat().st_size > 50e6

    def read_all() -> None:
        reader = read_conll(path, Reading(), Problems(note=lambda _: None), targets=True)
        assert sum(len(record.content) for record in reader) == 1_500_000

    assert peak_memory(read_all) < 12e6, "a few blocks of 1 MiB, not the file"
