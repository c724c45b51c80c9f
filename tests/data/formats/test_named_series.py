"""Series in JSON lines, JSON arrays and Parquet are read as those in CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.formats.registry import format_of, read_records
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.errors import DataError

ROWS: list[dict[str, Any]] = [
    {"id": f"s{n // 3}", "t": 2 - n % 3, "x": n + 0.1, "on": n % 2 == 0, "side": "lr"[n % 2], "label": "ab"[n // 3 % 2]}
    for n in range(12)
]
HOW = {"id_column": "id", "time_column": "t"}


def read(path: Path, *, skip: bool = False, **how: Any) -> tuple[list[Record], list[str], list[str]]:
    notes: list[str] = []
    problems = Problems(skip=skip, note=notes.append)
    records = list(read_records(Given((path,)), Reading(**{**HOW, **how}), problems, targets=True))
    return records, [note.replace(f"{path.parent}/", "") for note in notes], problems.skipped


def files(folder: Path) -> dict[str, Path]:
    import polars

    paths = {form: folder / f"a.{form}" for form in ("csv", "jsonl", "json", "parquet")}
    lines = [",".join(str(cell) for cell in row.values()) for row in ROWS]
    paths["csv"].write_text("\n".join([",".join(ROWS[0]), *lines]) + "\n")
    paths["jsonl"].write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    paths["json"].write_text(json.dumps(ROWS))
    polars.DataFrame(ROWS).write_parquet(paths["parquet"])
    return paths


def test_all_forms_are_read_alike(tmp_path: Path) -> None:
    paths = files(tmp_path)
    wanted, notes, _ = read(paths["csv"])
    assert [(record.target, np.asarray(record.content).shape) for record in wanted] == [
        ("a", (3, 4)),
        ("b", (3, 4)),
    ] * 2
    for form, path in paths.items():
        assert format_of(path, Reading(**HOW)) == "series"
        records, told, _ = read(path)
        assert [record.target for record in records] == [record.target for record in wanted], form
        for record, right in zip(records, wanted, strict=True):
            assert np.array_equal(np.asarray(record.content), np.asarray(right.content)), form
        assert [note.replace(f"a.{form}", "a.csv") for note in told] == notes, form
    assert np.asarray(wanted[0].content)[:, 0].tolist() == pytest.approx([2.1, 1.1, 0.1]), "in the order of time"


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [*ROWS[:4], {**ROWS[4], "x": "high"}, *ROWS[5:], {**ROWS[0], "t": 9, "x": None}]
    path.write_text("\n" + "".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match=r"a\.jsonl: line 6 \(series 's1'\): column 'x' holds 'high', not a number"):
        read(path)
    records, _, skipped = read(path, skip=True)
    assert len(records) == 2 and "line 14 (series 's0'): column 'x' is empty" in skipped[1]


def test_a_gap_is_a_key_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        {"id": 1, "t": 0, "label": "a"},
        {"id": 1, "t": 1, "x": 2.0, "label": "a"},
        {"id": 1, "t": 2, "x": None, "label": "a"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (record,), notes, _ = read(path, fill="zero")
    assert np.asarray(record.content).tolist() == [[0, 1], [2, 0], [0, 1]]
    assert "of 3 values 2 are missing and filled (zero): 'x' 2" in notes[-1]


def test_words_in_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"sentence": n // 2, "word": f"w{n}", "tag": "AB"[n % 2]} for n in range(4)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    records, _, _ = read(path, per_step=True, id_column="sentence", time_column=None)
    assert [(record.content, record.target) for record in records] == [
        (("w0", "w1"), ("A", "B")),
        (("w2", "w3"), ("A", "B")),
    ]
