"""What stands beside a content, groups, right sequences and whole pictures: from tables and from memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from throughtime.data.formats.registry import read_records
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Sequences
from throughtime.data.user_data import Given
from throughtime.errors import DataError, UsageError

ASK = Reading(
    target_type="sequences", target_column="answer", text_column="context", beside_columns=(("question", "asked"),),
    group_column="page",
)  # fmt: skip
ROW = {"context": "It rains.", "asked": "Does it rain?", "answer": "yes", "page": "p1"}


def read(given: Any, how: Reading = ASK, *, targets: bool = True) -> list[Record]:
    source = Given((given,)) if isinstance(given, Path) else Given(memory=given)
    return list(read_records(source, how, Problems(note=lambda _: None), targets=targets))


def files(folder: Path) -> list[Path]:
    """The row in every form that has named columns."""
    (folder / "a.csv").write_text(",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n")
    (folder / "a.tsv").write_text("\t".join(ROW) + "\n" + "\t".join(ROW.values()) + "\n")
    (folder / "a.jsonl").write_text(json.dumps(ROW) + "\n")
    polars = pytest.importorskip("polars")
    polars.DataFrame([ROW]).write_parquet(folder / "a.parquet")
    return [folder / f"a.{form}" for form in ("csv", "tsv", "jsonl", "parquet")]


def test_every_form_with_columns_gives_the_same_record(tmp_path: Path) -> None:
    for given in [*files(tmp_path), [ROW], {name: [cell] for name, cell in ROW.items()}]:
        (record,) = read(given)
        assert record.content == "It rains." and record.target == Sequences(("yes",)), given
        assert dict(record.beside) == {"question": "Does it rain?"} and record.group == "p1", given


def test_without_targets_the_question_is_still_needed(tmp_path: Path) -> None:
    (record,) = read([{name: cell for name, cell in ROW.items() if name != "answer"}], targets=False)
    assert record.target is None and dict(record.beside) == {"question": "Does it rain?"}
    with pytest.raises(DataError, match=r"the data has no column 'asked'.*choose one with --question-column"):
        read([{"context": "It rains.", "page": "p1"}], targets=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"asked": " "}, "row 1 of the data: column 'asked' is empty"),
        ({"page": ""}, "row 1 of the data: column 'page' is empty"),
        ({"answer": None}, "row 1 of the data: column 'answer' is empty"),
        ({"answer": ["yes", ""]}, "row 1 of the data: column 'answer': item 2 is empty"),
        ({"answer": 3}, r"row 1 of the data: column 'answer' holds 3 \(int\), not text"),
    ],
)
def test_an_empty_cell_beside_is_told_with_its_column(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read([{**ROW, **change}])


def test_a_list_is_several_right_sequences() -> None:
    (record,) = read([{**ROW, "answer": ["yes", "it does"]}])
    assert record.target == Sequences(("yes", "it does"))


def test_frames_stand_beside_a_text() -> None:
    (record,) = read([{**ROW, "asked": np.ones((3, 2))}])
    question = record.beside["question"]
    assert isinstance(question, np.ndarray) and question.shape == (3, 2) and question.dtype == np.float32


@pytest.mark.parametrize(
    ("name", "how", "message"),
    [
        ("a.fasta", ASK, "is read as fasta, which has no columns 'asked', 'page'; give a table"),
        ("a.npz", Reading(group_column="page"), "is read as arrays, which has no columns 'page'"),
        ("a.fasta", Reading(target_type="sequences"), "is read as fasta, which has no sequences as targets"),
    ],
)
def test_a_form_without_columns_is_refused(tmp_path: Path, name: str, how: Reading, message: str) -> None:
    (tmp_path / name).write_text(">a x\nACGT\n")
    with pytest.raises(UsageError, match=message):
        read(tmp_path / name, how)


WHOLE = Reading(image_steps="none")


def test_a_picture_stays_whole_where_it_has_no_steps(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    pixels = {name: np.arange(size * 5, dtype=np.uint8).reshape(size, 5) for name, size in {"a": 4, "b": 9}.items()}
    for name, picture in pixels.items():
        (tmp_path / name).mkdir()
        image.fromarray(picture).save(tmp_path / name / "1.png")
    for record, picture in zip(read(tmp_path, WHOLE), pixels.values(), strict=True):
        assert np.allclose(record.content, picture[..., None] / 255), "sizes may differ"
    (tmp_path / "t.csv").write_text("file,label\na/1.png,x\n")
    for colour, channels in ((False, 1), (True, 3)):
        how = Reading(image_steps="none", colour=colour, file_column="file")
        (record,) = read(tmp_path / "t.csv", how)
        assert record.content.shape == (4, 5, channels)  # type: ignore[union-attr]


def test_pictures_in_memory() -> None:
    grey = np.full((2, 4, 5), 51, np.uint8)
    records = read((grey, ["x", "y"]), WHOLE)
    assert [each.content.shape for each in records] == [(4, 5, 1)] * 2  # type: ignore[union-attr]
    assert np.allclose(records[0].content, 0.2)
    (record,) = read([(np.zeros((4, 5, 3)), "x")], WHOLE)
    assert record.content.shape == (4, 5, 3)  # type: ignore[union-attr]
    with pytest.raises(DataError, match=r"X has shape \(2, 4\), not \(N, H, W, C\)"):
        read((np.zeros((2, 4)), ["x", "y"]), WHOLE)
    spoilt = np.zeros((4, 5, 3))
    spoilt[1, 2, 0] = np.nan
    with pytest.raises(DataError, match="row 2, column 3, channel 1 is nan, not a finite number"):
        read([(spoilt, "x")], WHOLE)
