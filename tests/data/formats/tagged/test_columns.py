"""Lines that are no words, other separators, labels before words, and sentences that are no columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_files import files_called
from small_readers import SmallReader, pairs_of

from throughtime.data.formats.evidence.by_lines import format_by_lines
from throughtime.data.formats.tagged.columns import cells_of, is_heading
from throughtime.data.formats.tagged.conll import Sentence, read_conll

written, conll = files_called("a.conll"), SmallReader(read_conll, per_step=True)
read, pairs, message = conll.read, conll.pairs, conll.message
TWO = [(("New", "is"), ("B-x", "O")), (("Los",), ("B-x",))]


@pytest.mark.parametrize(
    "line",
    ["Word POS Chunk NE", "token\tlabel", "word,tag", '"Word";"Tag"', "TOKEN NER", "words ner_tags", "# Word Tag",
     "form upos", "Token IOB2"],
)  # fmt: skip
def test_a_line_may_name_the_columns(tmp_path: Path, line: str) -> None:
    assert is_heading(line)
    separator = next(each for each in "\t,; " if each in line.strip("# "))
    for blank in ("", "\n"):
        body = "New B-x\nis O\n\nLos B-x\n".replace(" ", separator)
        if len(cells_of(line.removeprefix("# "), separator)) != 2:
            continue
        records, notes = read(written(tmp_path, f"{line}\n{blank}{body}"))
        assert pairs_of(records) == TWO
        assert notes == [f"a.conll: line 1 names the columns and is no word: {line}"]
        first = records[0].original
        assert isinstance(first, Sentence) and first.lines[0] == line, "it is written back"


@pytest.mark.parametrize("line", ["Word NN", "Words O", "The DT", "word", "Form B-x", "wording tag", ""])
def test_words_are_no_names_of_columns(line: str) -> None:
    assert not is_heading(line)


def test_comments_may_have_as_many_cells_as_words(tmp_path: Path) -> None:
    content = "# id 1\tdomain=en\nNew _ _ B-x\nis _ _ O\n\n# id 2\tdomain=en\nLos _ _ B-x\n"
    records, notes = read(written(tmp_path, content))
    assert pairs_of(records) == TWO
    assert "a.conll: line 1 is kept as a comment, and others with #" in notes


@pytest.mark.parametrize("separator", [",", ";"])
def test_commas_and_semicolons_between_columns(tmp_path: Path, separator: str) -> None:
    path = written(tmp_path, f'New{separator}B-x\n"{separator}"{separator}O\n\nLos{separator}B-x\n', "a.csv")
    assert format_by_lines(path.read_text().splitlines(), per_step=True) == "conll"
    records, _ = read(path)
    assert pairs_of(records) == [(("New", separator), ("B-x", "O")), (("Los",), ("B-x",))]
    assert records[0].original.separator == separator  # type: ignore[attr-defined]
    assert pairs(path, targets=False)[0] == (("New", separator), None)


def test_names_of_several_words_between_tabs_are_columns() -> None:
    lines = ["New York\tB-x", "is\tO", "", "Los\xa0Angeles\tB-x"]
    assert format_by_lines(lines, per_step=True) == "conll"
    assert format_by_lines(["so good\tO O", "so bad\tO X"], per_step=True) is None


def test_an_empty_last_column_is_none(tmp_path: Path) -> None:
    records, notes = read(written(tmp_path, "New\tB-x\t\nis\tO\t\n\nLos\tB-x\t\n"))
    assert pairs_of(records) == TWO
    assert notes == ["a.conll: the words are column 1, the labels column 2, behind it is nothing"]


def test_labels_may_stand_before_words(tmp_path: Path) -> None:
    path = written(tmp_path, "B-x New\nO is\n\nB-x Los\n")
    records, notes = read(path)
    assert pairs_of(records) == TWO
    assert notes == [
        "a.conll: the words are column 2, labels column 1, which holds B- and I- labels (--text-column 1 says "
        "otherwise)"
    ]
    assert pairs(path, targets=False) == [(words, None) for words, _ in TWO]
    assert pairs(path, text_column="1")[0] == (("B-x", "O"), ("New", "is"))


def test_sentences_are_no_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "The/DT dog/NN barks/VBZ ./.\nGo/VB !/.\nA/DT cat/NN sat/VBD\n")
    assert "are sentences, each word with its tag behind it (The/DT); write a word and its label" in message(path)
    assert "have 2 to 5 words and are no columns" in message(written(tmp_path, "a b c\nd e\nf g h i j\n"))


def test_one_long_sentence_is_told_of(tmp_path: Path) -> None:
    _, notes = read(written(tmp_path, "a X\n" * 60))
    assert notes == ["a.conll: all 60 lines are one sentence; a blank line ends a sentence"]
