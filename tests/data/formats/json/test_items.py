"""JSON files hold rows in many ways; each is told, and read as the same table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from throughtime.data.formats.registry import format_of, read_records
from throughtime.data.reading import Problems, Reading
from throughtime.data.user_data import Given
from throughtime.errors import DataError

ROWS = [{"text": "so good", "label": "p"}, {"text": "so bad", "label": "n"}, {"text": "fine", "label": "p"}]
TEXTS, LABELS = [row["text"] for row in ROWS], [row["label"] for row in ROWS]
WAYS: dict[str, object] = {
    "array": ROWS,
    "under a key": {"data": ROWS},
    "under a key, with more": {"version": "1.0", "examples": ROWS, "meta": {"by": "us"}},
    "columns": {"text": TEXTS, "label": LABELS},
    "pandas": {"text": dict(zip("012", TEXTS, strict=True)), "label": dict(zip("012", LABELS, strict=True))},
    "pandas, index": dict(zip("012", ROWS, strict=True)),
    "pandas, split": {"columns": ["text", "label"], "index": [0, 1, 2], "data": [list(row.values()) for row in ROWS]},
    "pandas, table": {"schema": {"fields": []}, "data": [{"index": n, **row} for n, row in enumerate(ROWS)]},
    "lists under names": [["text", "label"], *(list(row.values()) for row in ROWS)],
}


def read(path: Path, how: Reading | None = None, *, targets: bool = True) -> list[tuple[object, object]]:
    found = read_records(Given((path,)), how or Reading(), Problems(note=lambda _: None), targets=targets)
    return [(record.content, record.target) for record in found]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt"])
def test_rows_of_every_way(tmp_path: Path, way: str, indent: int | None, name: str) -> None:
    (tmp_path / name).write_text(json.dumps(WAYS[way], indent=indent))
    assert read(tmp_path / name) == list(zip(TEXTS, LABELS, strict=True))


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_objects_one_after_the_other(tmp_path: Path, name: str) -> None:
    for indent in (None, 2):
        (tmp_path / name).write_text("\n".join(json.dumps(row, indent=indent) for row in ROWS))
        assert read(tmp_path / name) == list(zip(TEXTS, LABELS, strict=True))


def test_lists_without_names_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([list(row.values()) for row in ROWS]))
    found = read(tmp_path / "a.json", Reading(text_column="1", target_column="2"))
    assert found == list(zip(TEXTS, LABELS, strict=True))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1}', "holds no array of objects; give an array of objects"),
        ('{"text": ["a"], "label": ["b", "c"]}', "holds no array of objects"),
        ("[1, 2] [3]", "is no JSON (Extra data in line 1)"),
        ("[{]", "is no JSON"),
        ("7", "holds no array of objects"),
    ],
)
def test_what_holds_no_rows(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError) as caught:
        read(tmp_path / "a.json", Reading(format="json"))
    assert said in str(caught.value)


MARKED = [{"text": f"Ann Lee saw Rome{end}", "entities": [[0, 7, "PER"], [12, 16, "LOC"]]} for end in (".", "!")]
LABELLED = ("B-PER", "I-PER", "O", "B-LOC", "O")
MARKS: dict[str, list[object]] = {
    "spaCy": list(MARKED),
    "spaCy's pairs": [[row["text"], {"entities": row["entities"]}] for row in MARKED],
    "doccano": [{**row, "entities": [{"id": 1, "start_offset": a, "end_offset": b, "label": c}
                                     for a, b, c in row["entities"]]} for row in MARKED],
    "Label Studio, JSON-MIN": [{"text": row["text"], "label": [{"start": a, "end": b, "labels": [c]}
                                                              for a, b, c in row["entities"]]} for row in MARKED],
    "Prodigy": [{"text": row["text"], "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}], "answer": "accept",
                 "spans": [{"start": a, "end": b, "label": c} for a, b, c in row["entities"]]} for row in MARKED],
}  # type: ignore[attr-defined]  # fmt: skip


@pytest.mark.parametrize("way", MARKS)
def test_marks_in_arrays_and_lines(tmp_path: Path, way: str) -> None:
    for name, content in (
        ("a.json", json.dumps(MARKS[way])),
        ("b.json", json.dumps(MARKS[way], indent=1)),
        ("a.jsonl", "\n".join(map(json.dumps, MARKS[way]))),
    ):
        (tmp_path / name).write_text(content)
        how = Reading(per_step=True)
        assert format_of(tmp_path / name, how) == "spans"
        assert [target for _, target in read(tmp_path / name, how)] == [LABELLED, LABELLED]


def test_texts_are_cut_as_those_that_were_learned_from(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(MARKED))
    how = Reading(per_step=True)
    (first, _), *_ = read(tmp_path / "a.json", how)
    assert how.found.spans and first == ("Ann", "Lee", "saw", "Rome", ".")
    (tmp_path / "new.jsonl").write_text(json.dumps({"text": "Ann Lee saw Rome."}))
    (tmp_path / "new.csv").write_text("text\nAnn Lee saw Rome.\n")
    (tmp_path / "new.txt").write_text("Ann Lee saw Rome.\n")
    assert read(tmp_path / "new.jsonl", how, targets=False)[0] == (first, None)
    assert read(tmp_path / "new.csv", how, targets=False)[0] == (first, None)
    assert (
        read(tmp_path / "new.txt", Reading(per_step=True, format="lines", found=how.found), targets=False)[0][0]
        == first
    )
    assert read(tmp_path / "new.csv", Reading(per_step=True), targets=False)[0][0] == ("Ann", "Lee", "saw", "Rome.")


def test_the_words_are_written_beside_their_labels(tmp_path: Path) -> None:
    how = Reading(per_step=True)
    how.found.spans = True
    (tmp_path / "new.jsonl").write_text(json.dumps({"text": "Ann left."}))
    (tmp_path / "old.jsonl").write_text(json.dumps({"text": "Ann left.", "entities": []}))
    for name in ("new.jsonl", "old.jsonl"):
        found = read_records(Given((tmp_path / name,)), how, Problems(note=lambda _: None), targets=False)
        assert [record.original["tokens"] for record in found] == [["Ann", "left", "."]]  # type: ignore[index]


def test_what_annotators_turned_down_is_left_out(tmp_path: Path) -> None:
    rows = [
        {**row, "answer": answer, "_input_hash": 1}
        for row, answer in zip(ROWS, ("accept", "reject", "ignore"), strict=True)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read(tmp_path / "a.jsonl") == [("so good", "p")] and len(read(tmp_path / "a.jsonl", targets=False)) == 3
    marked = [{**row, "answer": answer} for row, answer in zip(MARKED, ("reject", "accept"), strict=True)]
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps({**row, "spans": row.pop("entities")}) for row in marked))
    assert len(read(tmp_path / "b.jsonl", Reading(per_step=True))) == 1
