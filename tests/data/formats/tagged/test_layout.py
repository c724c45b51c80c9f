"""Which column holds the words, and which the labels, is told from the lines, said, and can be chosen."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from throughtime.data.files import STANDARD
from throughtime.data.formats.tagged.conll import Sentence, read_conll
from throughtime.data.reading import Found, Problems, Reading
from throughtime.errors import DataError


def read(
    path: Path, content: str, targets: bool = True, **how: object
) -> tuple[list[tuple[object, object]], list[str]]:
    notes: list[str] = []
    if path != STANDARD:
        path = path / "a.conll"
        path.write_text(content)
    reading = Reading(per_step=True, **how)  # type: ignore[arg-type]
    records = list(read_conll(path, reading, Problems(note=notes.append), targets=targets))
    originals = [record.original for record in records]
    assert "".join(f"{line}\n" for each in originals if isinstance(each, Sentence) for line in each.lines) == content
    return [(record.content, record.target) for record in records], [note.partition("a.conll: ")[2] for note in notes]


def refused(path: Path, content: str, **how: object) -> str:
    with pytest.raises(DataError) as caught:
        read(path, content, **how)
    return str(caught.value).partition("a.conll: ")[2]


def numbered(*sentences: str, start: int = 1, sign: str = "\t") -> str:
    """Lines of sentences: a number before each, and the columns that are joined by / behind it."""
    return "".join(
        "".join(f"{number}/{word}\n".replace("/", sign) for number, word in enumerate(each.split(), start)) + "\n"
        for each in sentences
    )


PAIR = [(("Jo", "left"), ("X", "Y")), (("Go",), ("Y",))]
COUNTED = "the words are column 2 (column 1 counts them)"


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("sign", ["\t", " ", "   "])
def test_a_column_that_counts_is_no_word(tmp_path: Path, start: int, sign: str) -> None:
    content = numbered("Jo/X left/Y", "Go/Y", start=start, sign=sign)
    assert read(tmp_path, content) == (PAIR, [f"{COUNTED}, the labels the last, column 3"])
    assert read(tmp_path, content, targets=False)[1] == [COUNTED]
    words, notes = read(tmp_path, content, text_column="1", target_column="3")
    assert words[0] == (tuple(f"{start + n}" for n in range(2)), ("X", "Y")) and notes == []


def test_numbers_that_go_on_from_sentence_to_sentence(tmp_path: Path) -> None:
    content = "1\tJo\tX\n2\tleft\tY\n\n3\tGo\tY\n"
    assert read(tmp_path, content) == (PAIR, [f"{COUNTED}, the labels the last, column 3"])


def test_numbers_that_are_words(tmp_path: Path) -> None:
    for content in (
        "1\tX\t_\n\n1\tY\t_\n",
        "3\ta\tX\n4\tb\tY\n",
        "1\ta\tX\n3\tb\tY\n",
        "1\ta\tX\n2\tb\tY\n\nGo\ta\tY\n",
    ):
        assert read(tmp_path, content)[1] == ["the words are column 1, the labels the last, column 3"], content


def test_a_number_and_a_word_are_not_enough(tmp_path: Path) -> None:
    content = numbered("Jo left", "Go")
    assert "the first, as in '1\\tJo', counts words: labels are needed" in refused(tmp_path, content)
    assert read(tmp_path, content, targets=False) == ([(words, None) for words, _ in PAIR], [COUNTED])
    assert read(tmp_path, content, text_column="1", target_column="2")[0][1] == (("1",), ("Go",))


def test_a_missing_blank_line_is_named(tmp_path: Path) -> None:
    content = numbered("Jo/X left/Y", "Go/Y") + "1\tSo\tX\n1\tgo\tX\n"
    problems = Problems(skip=True, note=lambda _: None)
    (path := tmp_path / "a.conll").write_text(numbered(*["Jo/X left/Y"] * 120) + "1\tSo\tX\n1\tgo\tX\n")
    assert len(list(read_conll(path, Reading(), problems, targets=True))) == 120
    assert problems.skipped == [
        f"{path}: line 362: word 1 where word 2 is due; does a blank line before a sentence lack?"
    ]
    assert "the words are column 1" in read(tmp_path, content)[1][0], "so early it is no column that counts"


def test_germeval(tmp_path: Path) -> None:
    content = "#\tnews, 2010-01-01\n" + numbered("Jo/B-PER/O left/O/O", "Uni/B-ORG/O Bonn/I-ORG/B-LOC")
    records, notes = read(tmp_path, content)
    assert records == [(("Jo", "left"), ("B-PER", "O")), (("Uni", "Bonn"), ("B-ORG", "I-ORG"))]
    assert notes[0] == (
        f"{COUNTED}, the labels column 3 (column 4 holds those inside them, as GermEval has it); "
        "--target-column chooses another"
    )
    assert [target for _, target in read(tmp_path, content, target_column="4")[0]] == [("O", "O"), ("O", "B-LOC")]
    spaced = "# id one two\n" + numbered("Jo/B-PER/O left/O/O", sign=" ")
    assert read(tmp_path, spaced)[0] == records[:1], "a comment may have as many columns"


def test_conll_x(tmp_path: Path) -> None:
    content = numbered("Jo/jo/N/NNP/_/2/sbj/_/_ left/leave/V/VBD/_/0/root/_/_")
    records, notes = read(tmp_path, content)
    assert records == [(("Jo", "left"), ("N", "V"))]
    assert notes == [f"{COUNTED}, the labels column 4 (the layout is that of CoNLL-X); --target-column chooses another"]
    coarse = content.replace("\tN\t", "\t_\t").replace("\tV\t", "\t_\t")
    assert read(tmp_path, coarse)[0] == [(("Jo", "left"), ("NNP", "VBD"))]
    assert read(tmp_path, content, target_column="8")[0] == [(("Jo", "left"), ("sbj", "root"))]


def test_conll_2009_has_as_many_columns_as_predicates(tmp_path: Path) -> None:
    left = "left/leave/leave/VBD/VBD/_/_/0/0/root/root/Y/leave.01"
    jo = "Jo/jo/jo/NNP/NNP/_/_/2/2/sbj/sbj/_/_"
    content = numbered(f"{jo}/A0 {left}/_", "Go/go/go/VB/VB/_/_/0/0/root/root/_/_")
    records, notes = read(tmp_path, content)
    assert records == [(("Jo", "left"), ("NNP", "VBD")), (("Go",), ("VB",))]
    assert notes == [
        f"{COUNTED}, the labels column 5 (the layout is that of CoNLL-2009); --target-column chooses another"
    ]
    assert "line 2: 14 columns where 15 are needed" in refused(
        tmp_path, content.replace("leave.01\t_", "leave.01") * 50
    )


def test_sentences_with_other_columns_need_a_choice(tmp_path: Path) -> None:
    content = numbered("Jo/N/x left/V/x", "Go/V")
    assert "say which holds the labels with --target-column and its number" in refused(tmp_path, content)
    assert read(tmp_path, content, target_column="3")[0] == [(("Jo", "left"), ("N", "V")), (("Go",), ("V",))]


def test_a_document_and_its_part_before_the_number(tmp_path: Path) -> None:
    content = "#begin document (a); part 0\n" + "".join(f"a 0 {n} w{n} N (x)\n" for n in range(3)) + "\n"
    records, notes = read(tmp_path, content)
    assert records == [(("w0", "w1", "w2"), ("(x)",) * 3)]
    assert notes[0] == "the words are column 4 (column 3 counts them), the labels the last, column 6"


def test_columns_of_nothing_behind_the_labels(tmp_path: Path) -> None:
    records, notes = read(tmp_path, numbered("Jo/X/_/_ left/Y/_/_"))
    assert records == [PAIR[0]]
    assert notes == [f"{COUNTED}, the labels column 3, behind it is nothing but _"]


def test_documents_of_conll_2003(tmp_path: Path) -> None:
    content = "-DOCSTART- -X- -X- O\n\nJo NNP B-NP B-PER\nleft VBD B-VP O\n\n-DOCSTART- -X- -X- O\n\nGo VB B-VP O\n"
    records, notes = read(tmp_path, content)
    assert records == [(("Jo", "left"), ("B-PER", "O")), (("Go",), ("O",))]
    assert notes == ["the words are column 1, the labels the last, column 4"]


def test_what_was_learned_from_tells_where_one_word_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for counted, words in ((True, ("Go",)), (None, ("1",))):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1\tGo\n")))
        records, _ = read(STANDARD, "1\tGo\n", targets=False, found=Found(counted=counted, fixed=True))
        assert records == [(words, None)]


def test_that_words_are_counted_is_kept(tmp_path: Path) -> None:
    found = Found()
    read(tmp_path, numbered("Jo/X left/Y"), found=found)
    assert found.counted and Found.from_mapping(found.to_mapping()) == Found(counted=True, fixed=True)
    read(tmp_path, "Jo\tX\n", found=found)
    assert found.counted is False
