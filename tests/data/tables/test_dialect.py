"""How a table is written is told from its first lines: separators, quotes, decimal commas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from throughtime.data.formats.table import read_table
from throughtime.data.reading import Problems, Reading
from throughtime.data.series.long import read_series
from throughtime.data.tables.delimited import read_rows
from throughtime.data.tables.dialect import told_dialect
from throughtime.errors import DataError, UsageError


def rows(folder: Path, content: str, name: str = "a.csv", **how: Any) -> tuple[list[list[str]], list[str]]:
    (folder / name).write_text(content)
    notes: list[str] = []
    found = read_rows(folder / name, Reading(**how), Problems(note=notes.append), tabs=name.endswith(".tsv"))
    return [cells for _, cells in found], [note.replace(f"{folder}/", "") for note in notes]


@pytest.mark.parametrize(
    ("content", "name", "first", "said"),
    [
        ("text;label\nso good, so good;pos\nbad;neg\n", "a.csv", ["text", "label"], "separated by semicolons"),
        ("text\tlabel\nso good, yes\tpos\nbad\tneg\n", "a.csv", ["text", "label"], "separated by tabs"),
        ("text|label\nso good|pos\n", "a.csv", ["text", "label"], "separated by pipes"),
        ("text,label\ngood,pos\nbad; so bad,neg\n", "a.csv", ["text", "label"], None),
        ('text,label\n"a;b",x;y\n', "a.csv", ["text", "label"], None),
        ("text\nso good; yes\nbad\n", "a.csv", ["text"], None),
        ("1,5;2,25;a\n3,0;4,5;b\n", "a.csv", ["1,5", "2,25", "a"], "separated by semicolons"),
        ("sep=;\ntext;label\ngood;pos\n", "a.csv", ["text", "label"], "its first line says what separates"),
        ("sep=|\ntext|label\ngood|pos\n", "a.tsv", ["text", "label"], "its first line says what separates"),
        ("text,label\na b,x\n", "a.tsv", ["text", "label"], "separated by commas"),
    ],
)
def test_the_separator_is_told(tmp_path: Path, content: str, name: str, first: list[str], said: str | None) -> None:
    found, notes = rows(tmp_path, content, name)
    assert [cell.replace(".", ",") if cell[0].isdigit() else cell for cell in found[0]] == first
    notes = [note for note in notes if "decimal points" not in note]
    assert [said in note for note in notes] == ([True] if said else []), notes


def test_the_separator_can_be_said(tmp_path: Path) -> None:
    content = "a;b,c\nd;e,f\n"
    assert rows(tmp_path, content, separator=";") == ([["a", "b,c"], ["d", "e,f"]], [])
    assert rows(tmp_path, content, separator="comma") == ([["a;b", "c"], ["d;e", "f"]], [])
    assert rows(tmp_path, "a\tb\n", separator=r"\t")[0] == rows(tmp_path, "a\tb\n", separator="tab")[0] == [["a", "b"]]
    with pytest.raises(UsageError, match="separator must be one character, or one of comma, tab, semicolon, pipe"):
        rows(tmp_path, content, separator=";;")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('text\tlabel\n"one\ntwo"\tpos\n"so"\tneg\n', [["text", "label"], ["one\ntwo", "pos"], ["so", "neg"]]),
        ('text\tlabel\n"a\tb"\tpos\n', [["text", "label"], ["a\tb", "pos"]]),
        ('text\tlabel\n"said ""no"""\tpos\nfine\tneg\n', [["text", "label"], ['said "no"', "pos"], ["fine", "neg"]]),
        ('"text"\t"label"\n"a"\t"x"\n"b"\t"y"\n', [["text", "label"], ["a", "x"], ["b", "y"]]),
    ],
)  # fmt: skip
def test_quotes_around_cells_are_told_in_tabs_too(tmp_path: Path, content: str, found: list[list[str]]) -> None:
    cells, notes = rows(tmp_path, content, "a.tsv")
    assert cells == found and "a.tsv: cells in double quotes are taken out of them" in notes


@pytest.mark.parametrize("cell", ['"open', '"whole"', '6" pipe', '"', '""'])
def test_quotes_that_are_text_stay(tmp_path: Path, cell: str) -> None:
    content = f"text\tlabel\n{cell}\tpos\nplain\tneg\n"
    assert rows(tmp_path, content, "a.tsv")[0] == [["text", "label"], [cell, "pos"], ["plain", "neg"]]


def test_decimal_commas_are_numbers(tmp_path: Path) -> None:
    lines = "id;t;x;label\n" + "".join(f"{n};{t};{n},{t}5;{'ab'[n % 2]}\n" for n in range(4) for t in range(3))
    (tmp_path / "s.csv").write_text(lines)
    how = Reading(id_column="id", time_column="t")
    records = list(read_series(tmp_path / "s.csv", how, Problems(note=lambda _: None), targets=True))
    assert [record.content[:, 0].tolist() for record in records[:2]] == [  # type: ignore[index]
        pytest.approx([0.05, 0.15, 0.25]), pytest.approx([1.05, 1.15, 1.25])
    ]  # fmt: skip
    (tmp_path / "n.csv").write_text("text;score\nso good, so;4,5\nbad;1,25\n")
    how = Reading(target_type="number")
    found = read_table(tmp_path / "n.csv", how, Problems(note=lambda _: None), targets=True)
    assert [(record.content, record.target) for record in found] == [("so good, so", 4.5), ("bad", 1.25)]


def test_points_part_thousands_beside_decimal_commas(tmp_path: Path) -> None:
    found, notes = rows(tmp_path, "text;score\na;1.500,25\nb;2.500\nc;-7,5\n")
    assert [row[1] for row in found] == ["score", "1500.25", "2500", "-7.5"]
    assert "a.csv: commas in numbers are read as decimal points, as in 1.500,25" in notes
    assert rows(tmp_path, "text;score\na;1.500\nb;2.5\n")[0][1:] == [["a", "1.500"], ["b", "2.5"]]


def test_text_with_commas_is_no_number(tmp_path: Path) -> None:
    assert rows(tmp_path, "text;label\n1,5;a\nso, so;b\n")[0][1] == ["1,5", "a"]


def test_places_count_the_line_that_says_the_separator(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;\ntext;label\ngood;pos\n;neg\n")
    with pytest.raises(DataError, match="line 4: column 'text' is empty"):
        list(read_table(tmp_path / "a.csv", Reading(), Problems(note=lambda _: None), targets=True))


def test_nothing_is_told_of_nothing() -> None:
    assert told_dialect([], ",", None, "a.csv", print).separator == ","
