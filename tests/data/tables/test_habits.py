"""What programs add to their tables: comments, names of rows, separators at line ends, backslashes, headers again."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.formats.table import read_table
from throughtime.data.reading import Problems, Reading
from throughtime.data.series.long import read_series
from throughtime.errors import DataError

TWO = [("so good, really", "pos"), ("bad", "neg")]
PLAIN = "so good really,pos\nbad,neg\n"


def read(folder: Path, content: str, name: str = "a.csv") -> tuple[list[tuple[object, object]], str]:
    (folder / name).write_text(content)
    notes: list[str] = []
    found = list(read_table(folder / name, Reading(), Problems(note=notes.append), targets=True))
    return [(record.content, record.target) for record in found], " | ".join(notes).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ('# by me\n# 2024-05-01\ntext,label\n"so good, really",pos\nbad,neg\n', "a.csv", "comments (#) before the"),
        ('text,label\n1,"so good, really",pos\n2,bad,neg\n', "a.csv", "taken as their name, as R has it"),
        ("text\tlabel\nfirst\tso good, really\tpos\nsecond\tbad\tneg\n", "a.tsv", "as R has it"),
        ('"text"\t"label"\n"1"\t"so good, really"\t"pos"\n"2"\t"bad"\t"neg"\n', "a.tsv", "as R has it"),
        ('"text","label"\n"a","so good, really","pos"\n"b","bad","neg"\n', "a.csv", "as R has it"),
        ('text,label\n"so good, really",pos,\nbad,neg,\n', "a.csv", "ends with an empty cell too many"),
        ('text, label\n"so good, really", "pos"\n"bad", "neg"\n', "a.csv", "behind a space are taken out"),
        ('text,label\n"so good, really",pos\nbad,neg\ntext,label\n', "a.csv", "line 4 is the header again"),
        ('\ufeff# by me\ntext;label\nso good, really;pos\nbad;neg\n', "a.csv", "separated by semicolons"),
    ],
)  # fmt: skip
def test_what_is_no_cell_is_left_out_and_said(tmp_path: Path, content: str, name: str, said: str) -> None:
    found, notes = read(tmp_path, content, name)
    assert found == TWO and said in notes


def test_backslashes_before_quotes(tmp_path: Path) -> None:
    found, notes = read(tmp_path, 'text,label\n"say \\"no\\", C:\\new",pos\n"bad \\\\",neg\n')
    assert found == [('say "no", C:\\new', "pos"), ("bad \\\\", "neg")] and "a backslash before a quote" in notes


def test_a_header_may_begin_with_a_hash(tmp_path: Path) -> None:
    found, notes = read(tmp_path, "#,text,label\n1,so good,pos\n2,bad,neg\n")
    assert found == [("so good", "pos"), ("bad", "neg")] and "comments" not in notes


def test_a_comma_too_many_in_a_text_stays_a_fault(tmp_path: Path) -> None:
    for content in ("text,label\nso, good,pos\nbad,neg\n", "text,label\nso, good,pos\nso, bad,neg\n"):
        with pytest.raises(DataError, match="line 2: 3 cells where the header has 2; write a cell that holds a comma"):
            read(tmp_path, content)


def test_data_may_repeat_its_first_row(tmp_path: Path) -> None:
    found, _ = read(tmp_path, "so good\tpos\nbad so\tneg\nso good\tpos\n", "a.tsv")
    assert len(found) == 3


def test_quoted_line_ends_do_not_hide_a_separator(tmp_path: Path) -> None:
    rows = [f'"so good,\nline {n}";{"pn"[n % 2]}' for n in range(700)]
    found, notes = read(tmp_path, "\n".join(["text;label", *rows, ""]))
    assert len(found) == 700 and "cells are separated by semicolons" in notes


def test_series_are_tidied_alike(tmp_path: Path) -> None:
    body = "".join(f"{3 * s + t + 1},s{s},{t},{t + s},{'ab'[s]}\n" for s in range(2) for t in range(3))
    how = Reading(id_column="id", time_column="t")
    (tmp_path / "s.csv").write_text(f"# device 7\nid,t,x,label\n{body}")
    records = list(read_series(tmp_path / "s.csv", how, Problems(note=lambda _: None), targets=True))
    assert [(record.content.shape, record.target) for record in records] == [((3, 1), "a"), ((3, 1), "b")]  # type: ignore[union-attr]
    unnamed = [row.partition(",")[2] for row in body.splitlines()]
    (tmp_path / "s.csv").write_text("\n".join(["id,t,x,label", *unnamed, "id,t,x,label", ""]))
    again = list(read_series(tmp_path / "s.csv", how, Problems(note=lambda _: None), targets=True))
    assert [record.target for record in again] == ["a", "b"]
