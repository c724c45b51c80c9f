"""Columns without usual names are told by what is in them; tables of another shape are refused with what to say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from throughtime.data.formats.table import read_table
from throughtime.data.reading import Problems, Reading
from throughtime.data.tables.header import weigh_first_row
from throughtime.errors import DataError

TEXTS = ["so good", "very bad", "all fine", "no way", "well done", "not that"]
ROWS = [f"{'pn'[n % 2]}|{text}" for n, text in enumerate(TEXTS)]


def read(folder: Path, *lines: str, targets: bool = True, **how: Any) -> list[tuple[object, object]]:
    (folder / "a.csv").write_text("\n".join(lines).replace("|", ",") + "\n")
    notes = Problems(note=lambda _: None)
    records = read_table(folder / "a.csv", Reading(**how), notes, targets=targets)
    return [(record.content, record.target) for record in records]


RIGHT = [(text, "pn"[n % 2]) for n, text in enumerate(TEXTS)]


@pytest.mark.parametrize(
    "lines",
    [
        ROWS,
        ["0|1", *ROWS],
        ["1|2", *ROWS],
        ["|0|1", *(f"{n}|{row}" for n, row in enumerate(ROWS))],
        ["Unnamed: 0|kind|said", *(f"{n}|{row}" for n, row in enumerate(ROWS))],
        ["v1|v2|||", *(f"{row}|||" for row in ROWS)],
        ["Class Index|Comment", *ROWS],
        ["kind|Title|when", *(f"{row}|2024-05-0{n}" for n, row in enumerate(ROWS, 1))],
    ],
)
def test_the_columns_of_texts_and_labels_are_found(tmp_path: Path, lines: list[str]) -> None:
    assert read(tmp_path, *lines) == RIGHT
    assert read(tmp_path, *lines, targets=False) == [(text, None) for text, _ in RIGHT]


def test_a_file_said_to_have_no_header_is_told_alike(tmp_path: Path) -> None:
    assert read(tmp_path, *ROWS, header=False, targets=False)[0] == ("so good", None)
    assert read(tmp_path, *ROWS, header=False, text_column="1", target_column="2")[0] == ("p", "so good")


def test_numbers_over_numbers_are_data() -> None:
    assert weigh_first_row([["1", "2"], ["3", "4"], ["5", "6"]]).decision is False


@pytest.mark.parametrize(
    ("lines", "how", "said"),
    [
        (["text", *TEXTS], {}, "a.csv has one column, 'text'; a text and a target are needed"),
        (["My survey|", "text|label", *ROWS], {}, "the first line holds 'My survey' alone, and the rows below have 2"),
        (["Sentence #|Word|Tag", "1|A|DT", "|dog|NN"], {"per_step": True}, "apart with --id-column 'Sentence #'"),
        (["Word|Tag", "A|DT", "dog|NN"], {"per_step": True}, "add a column that tells sentences apart"),
        (["x|y|kind", "1|2|a", "2|3|b", "4|3|a"], {"per_step": True}, "each row is a step; name the columns that tell"),
    ],
)  # fmt: skip
def test_tables_of_another_shape(tmp_path: Path, lines: list[str], how: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, *lines, **how)
    assert said in str(caught.value)


def test_several_columns_of_labels_are_asked_for(tmp_path: Path) -> None:
    lines = ["id|comment_text|toxic|insult", *(f"{n}|{text}|{n % 2}|{n % 2}" for n, text in enumerate(TEXTS))]
    with pytest.raises(DataError, match="no column with a usual name for the text; it has 'id', 'comment_text'"):
        read(tmp_path, *lines)
