"""Labels in lists, labels that stand for none, and texts that are numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from throughtime.data.formats.table import read_table
from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.lists import is_number_list
from throughtime.data.tables.values import as_float
from throughtime.errors import DataError, UsageError


def read(folder: Path, *lines: str, **how: Any) -> tuple[list[object], list[str]]:
    (folder / "a.csv").write_text("\n".join(["text|label", *lines]) + "\n")
    notes: list[str] = []
    found = read_table(folder / "a.csv", Reading(separator="|", **how), Problems(note=notes.append), targets=True)
    return [record.target for record in found], notes


def test_a_list_of_one_label_is_that_label(tmp_path: Path) -> None:
    targets, notes = read(tmp_path, "so good|['pos']", 'so bad|[""neg""]'.replace('""', "'"), "[sic] fine|pos")
    assert targets == ["pos", "neg", "pos"]
    assert "column 'label' holds lists of one label; it is taken out of them" in notes
    for cell in ("['a', 'b']", "[]"):
        with pytest.raises(DataError, match=r"line 2: column 'label' holds a list of .*--target-type labels"):
            read(tmp_path, f"so good|{cell}")
    assert read(tmp_path, "so good|['a', 'b']", target_type="labels")[0] == [("a", "b")]


def test_a_label_that_seems_to_be_none_is_told_of(tmp_path: Path) -> None:
    targets, notes = read(tmp_path, "so good|NA", "so bad|x", "fine|NA")
    assert targets == ["NA", "x", "NA"]
    assert sum("'NA' is a label like others; if it stands for none, leave the rows out" in note for note in notes) == 1


def test_lists_of_numbers_are_no_texts(tmp_path: Path) -> None:
    for cell in ("[0.5, 1, 2]", "0.5 1.5 2.5", "[ 1 2 3 ]"):
        with pytest.raises(UsageError, match=r"column 'text' holds lists of numbers.*--id-column.*--wide"):
            read(tmp_path, *[f"{cell}|x"] * 5)
    for cell in ("17 4 99", "1.5 litres", "[1] as cited"):
        assert read(tmp_path, *[f"{cell}|x"] * 5)[0] == ["x"] * 5
    assert read(tmp_path, "so good|x", *["[1, 2]|x"] * 5)[0] == ["x"] * 6
    assert not is_number_list("")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("1,500", "(write thousands without commas, 1500, or a decimal comma as a point)"),
        ("1,234,567.5", "(write thousands without commas, 1234567.5,"),
        ("1,5", "(write a point for the decimal comma)"),
        ("1.500,25", "(write the number alone: 1500.25)"),
        ("15 %", "(write the number alone: 15)"),
        ("$2.50", "(write the number alone: 2.50)"),
    ],
)
def test_numbers_written_otherwise_are_shown_as_they_should_be(cell: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        as_float(cell, "x")
    assert said in str(caught.value)
