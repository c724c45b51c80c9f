"""Series that are packed and read in windows are those that are read whole: features, labels, what is held out."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peak_memory import peak_memory
from small_series import LENGTHS, TINY, latched, table

import throughtime as tt
from throughtime.data.series.packed import PackedSeries
from throughtime.data.user_data import user_data
from throughtime.errors import DataError
from throughtime.tasks.tag.options import Config
from throughtime.tasks.tag.windows.reader import SeriesTagReader
from throughtime.tasks.tag.windows.series import Stretch, WindowedSeries
from throughtime.training.reporter import SilentReporter

BY_ID: dict[str, Any] = {"id_column": "id", "time_column": "time", "bidirectional": False}


def read(data: Any, notes: list[str] | None = None, *, tbptt: int | None = 5, valid: Any = None, **how: Any) -> Any:
    reader = SeriesTagReader(Config(**{**BY_ID, "tbptt": tbptt, **how}))
    said = [] if notes is None else notes
    return reader.read(user_data({"data": data, "valid": valid}), known=None, note=said.append)


def frames_of(series: WindowedSeries) -> list[list[Any]]:
    """The frames of each stretch, its windows put together."""
    records, count = series.records, iter(series.counts)
    found: list[list[Any]] = []
    at = 0
    for number in count:
        found.append(np.concatenate([records[at + n].content for n in range(number)]).tolist())
        at += number
    return found


def labels_of(series: WindowedSeries) -> list[str]:
    return [label for record in series.records for label in record.target]  # type: ignore[union-attr]


LEVELS = "id,time,side,x,flag,label\n" + "".join(
    f"{name},{n},{side},{n}.5,{n % 2 > 0},{'ab'[n % 3 > 0]}\n"
    for name, sides in (("p", "lllrrrl"), ("q", "l"), ("r", "uruuu"))
    for n, side in enumerate(sides)
)
"""A column whose labels are met one by one: r is met inside the second window of three, u in the last series."""


@pytest.mark.parametrize("tbptt", [1, 3, 50])
def test_what_a_run_keeps_is_the_same(tbptt: int, tmp_path: Path) -> None:
    (path := tmp_path / "a.csv").write_text(LEVELS)
    windows, whole = read(path, valid=path, tbptt=tbptt), read(path, valid=path, tbptt=None)
    kept, wanted = (json.loads(each.artifacts["inputs.json"]) for each in (windows, whole))
    for part in ("mean", "scale"):
        assert kept["features"].pop(part) == pytest.approx(wanted["features"].pop(part), rel=1e-9, abs=1e-12)
    assert kept == wanted
    for part, records in ((windows.train, whole.train.records), (windows.valid, whole.valid.records)):
        assert frames_of(part) == [record.content.tolist() for record in records]
        assert labels_of(part) == [label for record in records for label in record.target]
        assert part.scored == 13 and part.label_counts == whole.train.label_counts


def test_a_label_that_only_a_bad_series_has_is_a_feature_all_the_same(tmp_path: Path) -> None:
    (path := tmp_path / "a.csv").write_text(LEVELS.replace("r,4,u,4.5", "r,4,u,what"))
    prepared = read(path, valid=path, tbptt=2, skip_bad=True)
    assert len(prepared.train.stretches) == 2 and len(prepared.skipped) == 2, "learned from and validated on"
    assert prepared.inputs.found.levels == [["side", "l"], ["side", "r"], ["side", "u"]]
    assert {record.content.shape[1] for record in prepared.train.records} == {5}
    assert len(prepared.inputs.features.mean) == 5


def test_of_one_series_the_end_is_held_out(tmp_path: Path) -> None:
    path, notes = latched(tmp_path / "a.csv", {"p": 47}), list[str]()
    prepared = read(path, notes)
    (frames,) = (frames.tolist() for frames, _ in table(path).values())
    assert frames_of(prepared.train) == [frames[:42]] and frames_of(prepared.valid) == [frames[42:]]
    assert any("of the one series the last 10% of the time is held out for it (5 steps)" in note for note in notes)
    assert prepared.train.counts == [9] and prepared.valid.counts == [1]


def test_of_many_series_some_are_held_out_whatever_their_order(tmp_path: Path) -> None:
    lengths = {f"s{n}": 9 + n for n in range(20)}
    path, notes = latched(tmp_path / "a.csv", lengths), list[str]()
    prepared = read(path, notes)
    assert any("2 of 20 examples are held out for it, chosen by a hash of their content" in note for note in notes)
    train, valid = frames_of(prepared.train), frames_of(prepared.valid)
    assert sorted([*train, *valid]) == sorted(frames.tolist() for frames, _ in table(path).values())
    rows = path.read_text().splitlines()
    starts = [n for n, (one, two) in enumerate(pairwise(rows), 1) if one.split(",")[0] != two.split(",")[0]]
    parts = [rows[start:stop] for start, stop in pairwise([*starts, len(rows)])]
    path.write_text("\n".join([rows[0], *(row for part in reversed(parts) for row in part)]) + "\n")
    assert sorted(frames_of(read(path, tbptt=3).valid)) == sorted(valid)


def test_copies_and_labels_that_are_nearly_all_are_told_of(tmp_path: Path) -> None:
    data, valid = latched(tmp_path / "a.csv", LENGTHS, seed=3), latched(tmp_path / "b.csv", LENGTHS, seed=5)
    copy = data.read_text().replace("\np,", "\nx,").splitlines()[1 : LENGTHS["p"] + 1]
    rows = "\n".join([*valid.read_text().splitlines(), *copy]) + "\n"
    valid.write_text(rows.replace(",a\n", ",b\n").replace(",b\n", ",a\n", 3))
    notes: list[str] = []
    prepared = read(data, notes, valid=valid)
    assert any("1 of the 6 validation examples (16.7%) also stand in the training data" in note for note in notes)
    assert prepared.valid.label_counts == {"a": 3, "b": 70}
    assert any("95.9% of the steps to score have the label 'b'" in note for note in notes)


@pytest.mark.parametrize("change", [("\np,3,-0", "\np,3,-1"), (",a\n", ",b\n"), ("\np,22,", "\nz,22,")])
def test_whatever_changes_changes_the_key(change: tuple[str, str], tmp_path: Path) -> None:
    path = latched(tmp_path / "a.csv", LENGTHS)
    key, other = read(path, valid=path).train.content_key, read(path, valid=path, tbptt=2).train.content_key
    assert key == other, "windows are another matter"
    path.write_text(path.read_text().replace(*change, 1))
    assert read(path, valid=path).train.content_key != key


def test_how_a_label_is_composed_makes_no_other(tmp_path: Path) -> None:
    path, notes = latched(tmp_path / "a.csv", LENGTHS), list[str]()
    path.write_text(path.read_text().replace(",a\n", ",caf\u00e9\n").replace(",caf\u00e9\n", ",cafe\u0301\n", 5))
    prepared = read(path, notes, valid=path)
    assert prepared.inputs.targets.labels.names == ("b", "caf\u00e9")
    assert sum("is written with letters in one and in two parts" in note for note in notes) == 2, "of each part once"


def two_files(folder: Path) -> list[Path]:
    first = latched(folder / "a.csv", LENGTHS)
    (second := folder / "b.csv").write_text("id,time,x,label\nz,1,2,a\nz,2,2,b\n")
    return [first, second]


def test_files_of_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"b\.csv: line 2 \(series 'z'\): it has 1 numbers at each step, not 2"):
        read(two_files(tmp_path))
    prepared = read(two_files(tmp_path), skip_bad=True)
    assert len(prepared.skipped) == 1
    assert len(prepared.train.stretches) + len(prepared.valid.stretches) == len(LENGTHS)


def test_other_data_must_fit_a_run(tmp_path: Path) -> None:
    first, second = two_files(tmp_path)
    silent: Any = {"reporter": SilentReporter(), **TINY, "steps": 1, "tbptt": 5}
    run = tt.fit("tag", first, valid=first, out=tmp_path / "run", **silent)
    with pytest.raises(DataError, match="no column 'y', a feature of what was learned from"):
        run.evaluate(second, note=lambda _: None)
    sentences = [["so", "it", "is"]]
    with pytest.raises(DataError, match="it holds text, but the network reads 2 numbers at each step"):
        run.evaluate((sentences, [["a", "b", "a"]]), note=lambda _: None)
    with pytest.raises(DataError, match="it holds text, but the network reads 2 numbers at each step"):
        run.predict(sentences, note=lambda _: None)


def test_going_on_from_another_run_keeps_its_labels_and_scales(tmp_path: Path) -> None:
    silent: Any = {"reporter": SilentReporter(), **TINY, "steps": 1, "tbptt": 5}
    first = latched(tmp_path / "a.csv", LENGTHS)
    tt.fit("tag", first, valid=first, out=tmp_path / "run", **silent)
    other = latched(tmp_path / "b.csv", LENGTHS, seed=4)
    run = tt.fit("tag", other, valid=other, out=tmp_path / "next", init_from=tmp_path / "run", **silent)
    kept = [(tmp_path / name / "inputs.json").read_text() for name in ("run", "next")]
    assert kept[0] == kept[1] and run.status == "finished"
    other.write_text(other.read_text().replace(",a\n", ",new\n", 1))
    with pytest.raises(DataError, match="the run that is gone on with has no label 'new'"):
        tt.fit("tag", other, valid=other, out=tmp_path / "third", init_from=tmp_path / "run", **silent)


def test_windows_are_had_by_number() -> None:
    packed = PackedSeries()
    for steps in (5, 1, 4):
        packed.add(packed.begin(), np.arange(steps, dtype=np.float32)[:, None], np.arange(steps) % 2)
    stretches = [Stretch(0, 1, 5, "a"), Stretch(1, 0, 1, "b"), Stretch(2, 0, 4, "c")]
    records = WindowedSeries(packed, ("u", "v"), stretches, 3).records
    contents = [[1, 2, 3], [4], [0], [0, 1, 2], [3]]
    assert [np.ravel(record.content).tolist() for record in records] == contents
    assert [np.ravel(records[at].content).tolist() for at in range(-5, 5)] == contents * 2
    assert [record.target for record in records[:2]] == [("v", "u", "v"), ("u",)]
    assert records[3].place == "c, steps 1 to 3" and records[1].place == "a, steps 5 to 5"
    for place in (5, -6):
        with pytest.raises(IndexError):
            _ = records[place]


def test_reading_takes_the_same_room_whatever_the_length(tmp_path: Path) -> None:
    def peak(steps: int) -> int:
        rows = "".join(f"p,{n},{n % 7}.5,{'x' * 500},{'ab'[n % 2]}\n" for n in range(steps))
        (path := tmp_path / "a.csv").write_text(f"id,time,x,long,label\n{rows}")
        return peak_memory(lambda: read(path, tbptt=100, ignore_columns="long"))

    peak(100)
    assert peak(15_000) < 1.05 * peak(5_000), "5,000 rows are two of the blocks that a file is read in"
