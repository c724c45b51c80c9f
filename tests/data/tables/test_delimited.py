"""Delimited text becomes rows; every bad row gets its one line, and none is lost or merged without a word."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_files import files_called
from small_readers import SmallReader, pairs_of

from throughtime.data.tables.table import Unnamed, read_table

written, tables = files_called("a.csv"), SmallReader(read_table)
read, pairs, message, skipped = tables.read, tables.pairs, tables.message, tables.skipped


def test_a_table_with_a_header(tmp_path: Path) -> None:
    records, notes = read(written(tmp_path, 'id,review,label\n1,"good, so good",pos\n2,"he said ""no""",neg\n'))
    assert pairs_of(records) == [
        ("good, so good", "pos"),
        ('he said "no"', "neg"),
    ]
    assert records[0].place == f"{tmp_path}/a.csv: line 2"
    assert records[0].original == {"id": "1", "review": "good, so good", "label": "pos"}
    assert list(records[0].original) == ["id", "review", "label"]  # type: ignore[call-overload]
    assert notes == ["a.csv: the text is column 'review', the target column 'label'"]


def test_columns_are_asked_for_by_name_or_number(tmp_path: Path) -> None:
    path = written(tmp_path, "text,plot,label,mood\na,b,c,d\n")
    assert read(path, text_column="plot", target_column="mood")[1] == []
    assert pairs(path, text_column="plot", target_column="mood") == [("b", "d")]
    assert pairs(path, text_column="plot") == [("b", "c")]
    assert pairs(path, text_column="2", target_column="4") == [("b", "d")]
    assert pairs(path, header=False)[0] == ("text", "plot")
    listed = "it has 'text', 'plot', 'label', 'mood': choose one with"
    assert (
        message(path, text_column="plto")
        == f"a.csv has no column 'plto' (did you mean 'plot'?); {listed} --text-column"
    )
    assert message(path, target_column="9") == f"a.csv has no column '9'; {listed} --target-column"
    same = "a.csv: the text and the target are both column 'text'; choose two different ones"
    assert message(path, target_column="text") == same


def test_missing_columns_list_those_there_are(tmp_path: Path) -> None:
    path = written(tmp_path, "text,mood,more\nfine,1,2\n")
    assert message(path, header=True) == (
        "a.csv has no column with a usual name for the target; it has 'text', 'mood', 'more': "
        "say which with --target-column"
    )
    assert pairs(path, header=True, targets=False) == [("fine", None)]
    wide = written(tmp_path, ",".join(f"c{i}" for i in range(30)) + "\n" + ",".join("x" * 30) + "\n")
    assert "'c19' and 10 more: say which with --text-column" in message(wide, header=True)


def test_without_targets_none_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "text,label\na,\nb,x\n")
    assert pairs(path, targets=False) == [("a", None), ("b", None)]
    assert read(path, targets=False)[0][1].original == {"text": "b", "label": "x"}
    assert pairs(path, targets=False, target_column="nowhere") == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("one long string\t0\nanother\t1\n", [("one long string", "0"), ("another", "1")]),
        (
            "Ivanov\tRussian\nSato\tJapanese\nPetrov\tRussian\n",
            [("Ivanov", "Russian"), ("Sato", "Japanese"), ("Petrov", "Russian")],
        ),
        ("great\ty\nbad\tn\nfine\ty\n", [("great", "y"), ("bad", "n"), ("fine", "y")]),
        ("w" * 60 + "\tpos\nbad\tneg\n", [("w" * 60, "pos"), ("bad", "neg")]),
    ],
)
def test_a_first_line_that_is_data_is_told(tmp_path: Path, content: str, found: list[tuple[str, str]]) -> None:
    path = written(tmp_path, content, "a.tsv")
    records, notes = read(path)
    assert pairs_of(records) == found
    assert notes == ["a.tsv: the first line is data and no header; the text is column '1', the target column '2'"]
    assert isinstance(records[0].original, Unnamed) and list(records[0].original) == ["1", "2"]
    assert pairs(path, header=False) == found and read(path, header=False)[1] == []
    swapped = [(target, text) for text, target in found]
    assert pairs(path, text_column="2", header=False) == swapped
    assert pairs(path, target_column="1", header=False) == swapped


@pytest.mark.parametrize("content", ["phrase_x,mood\ngood,pos\nbad,neg\n", "Sato,Japanese\nKim,Korean\n"])
def test_a_first_line_that_could_be_both_is_refused(tmp_path: Path, content: str) -> None:
    cells = ", ".join(map(repr, content.split("\n")[0].split(",")))
    assert message(written(tmp_path, content)) == (
        f"a.csv: whether the first line, {cells}, names the columns cannot be told: say it with --header or --no-header"
    )


def test_a_number_is_no_text(tmp_path: Path) -> None:
    assert message(written(tmp_path, "3,Wall St. bears,more\n4,Oil,less\n")) == (
        "a.csv: column 1 holds '3' in the first line, which is no text; "
        "of columns 1 to 3, choose with --text-column and --target-column"
    )


def test_one_column_is_enough_to_predict(tmp_path: Path) -> None:
    path = written(tmp_path, "so good\nso bad\n")
    assert pairs(path, targets=False) == [("so good", None), ("so bad", None)]
    assert pairs(written(tmp_path, "text\nso bad\n"), targets=False) == [("so bad", None)]
    one = "a.csv has one column in its first line, 'so good'; a text and a target are needed"
    assert message(written(tmp_path, "so good\n"), header=False) == one
    blank = written(tmp_path, "a b\n\nc\n\n")
    assert message(blank, targets=False) == "a.csv: line 2: is blank, where every line is a row"


def test_header_oddities(tmp_path: Path) -> None:
    assert message(written(tmp_path, "text,label,text\na,b,c\n")) == "a.csv: two columns are called 'text'; rename one"
    records, notes = read(written(tmp_path, "text,label,,\na,b,,\n"))
    assert records[0].original == {"text": "a", "label": "b", "3": "", "4": ""}
    assert "a.csv: columns without a name are called by their number" in notes
    assert read(written(tmp_path, ",text,label\n0,a,b\n"))[0][0].original == {"": "0", "text": "a", "label": "b"}
    assert pairs(written(tmp_path, "Text,LABEL\na,b\n")) == [("a", "b")]
    assert message(written(tmp_path, "\n\n")) == "a.csv has no rows"
    assert pairs(written(tmp_path, "text,label\n")) == []


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("a", "line 3: 1 cell where the header has 2"),
        ("a,b,c", "line 3: 3 cells where the header has 2; write a cell that holds a comma in double quotes"),
        (",b", "line 3: column 'text' is empty"),
        ("  ,b", "line 3: column 'text' is empty"),
        ("a,", "line 3: column 'label' is empty"),
        (
            '"a" b,c',
            "line 3: a quoted cell goes on behind its closing quote in line 3; "
            "write a quote inside a quoted cell twice",
        ),
    ],
)
def test_bad_rows(tmp_path: Path, row: str, what: str) -> None:
    path = written(tmp_path, f"text,label\nfirst,1\n{row}\nlast,2\n")
    assert message(path) == f"a.csv: {what}"
    assert skipped(path) == ([("first", "1"), ("last", "2")], [f"a.csv: {what}"])


def test_a_quote_never_closed_swallows_no_rows(tmp_path: Path) -> None:
    path = written(tmp_path, 'text,label\na,1\n"b,2\nc,3\nd,4\n')
    never = "a.csv: line 3: a quote that opens here is never closed; write a quote inside a quoted cell twice"
    assert message(path) == never
    assert skipped(path) == ([("a", "1"), ("c", "3"), ("d", "4")], [never])
    path = written(tmp_path, 'text,label\n"b,2\nc,3\n"d",4\ne,5\n')
    twice = "write a quote inside a quoted cell twice"
    behind = f"a.csv: line 2: a quoted cell goes on behind its closing quote in line 4; {twice}"
    assert skipped(path) == ([("c", "3"), ("d", "4"), ("e", "5")], [behind])


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'text,label\n"one\ntwo\n\nthree",1\n\nlast,2\n')
    records, notes = read(path)
    assert [(record.content, record.place) for record in records] == [
        ("one\ntwo\n\nthree", f"{path}: line 2"),
        ("last", f"{path}: line 7"),
    ]
    assert notes[1:] == [
        "a.csv: quoted cells hold line ends, the first in lines 2 to 5",
        "a.csv: line 6 is blank; blank lines are left out, here and further on",
    ]


def test_tabs_have_no_quotes(tmp_path: Path) -> None:
    path = written(tmp_path, 'text\tlabel\n"open\t1\n"whole"\t2\nsize 5"\t3\n', "a.tsv")
    records, notes = read(path)
    assert pairs_of(records) == [
        ('"open', "1"),
        ('"whole"', "2"),
        ('size 5"', "3"),
    ]
    assert notes[1:] == ["a.tsv: line 3 has a cell in quotes; in a tab-separated file quotes are text as all else"]
    assert message(written(tmp_path, "text\tlabel\na\n", "a.tab")) == "a.tab: line 2: 1 cell where the header has 2"


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1, max_size=5))
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    plain = [(text, label) for text, label in rows if text.strip() and label.strip() and "\r" not in text + label]
    plain = [(text, label) for text, label in plain if not any("\ud800" <= c <= "\udfff" for c in text + label)]
    plain = [(text, label) for text, label in plain if "\0" not in text + label]  # no file of text holds that
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([("text", "label"), *plain])
    path = written(tmp_path_factory.mktemp("csv"), file.getvalue())
    assert pairs(path) == [(text, label.strip()) for text, label in plain]


def test_oddities_of_files(tmp_path: Path) -> None:
    rows = "text,label\r\nüb \U0001f642,1\nx,2\r\ny,3"
    assert pairs(written(tmp_path, b"\xef\xbb\xbf" + rows.encode())) == [("üb \U0001f642", "1"), ("x", "2"), ("y", "3")]
    assert pairs(written(tmp_path, gzip.compress(rows.encode()), "a.csv.gz"))[2] == ("y", "3")
    assert pairs(written(tmp_path, rows.replace(",", "\t").encode("utf-16"), "a.tsv"), encoding="utf-16")[1] == (
        "x",
        "2",
    )
    for row in ("x" * 1_000_000 + ",1", '"' + "x" * 1_000_000 + '",1'):
        assert pairs(written(tmp_path, f"text,label\n{row}\n"))[0] == ("x" * 1_000_000, "1")
    assert message(written(tmp_path, b"text,label\na,1\n\xff,2\n")).startswith(
        "a.csv: line 3, byte offset 15: byte 0xff"
    )
