"""The record of a run: rows, events, and the cut at a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from throughtime.errors import CheckpointError, TrainingError
from throughtime.training.metrics import MetricsWriter, read_metrics
from throughtime.training.reporter import StepReport, Summary


def report(step: int) -> StepReport:
    return StepReport(
        step=step,
        total_steps=7,
        epoch=step / 4,
        tokens=step * 10,
        loss=1.5,
        metrics={"bits_per_character": 2.0, "perplexity": 4.5},
        learning_rate=0.1,
        gradient_norm=0.7,
        tokens_per_second=100.0,
        seconds=3.0,
        progress=step / 7,
    )


def write(folder: Path, first: int, last: int, *, log_every: int = 1, start_step: int = 0) -> None:
    with MetricsWriter(folder, log_every=log_every, start_step=start_step) as writer:
        for step in range(first, last + 1):
            writer.stepped(report(step))
            if step % 3 == 0:
                writer.validated({"step": step, "epoch": step / 4, "bits_per_character": 1.9, "best": 1.0})
                writer.sampled('sämple\n"x"', step)
        writer.finished(Summary(status="finished", step=last, tokens=1, seconds=1.0, path=folder))


def test_rows_have_the_names_of_the_field(tmp_path: Path) -> None:
    write(tmp_path, 1, 3)
    rows = read_metrics(tmp_path)
    assert [(row["kind"], row["step"]) for row in rows] == [
        ("train", 1), ("train", 2), ("train", 3), ("validation", 3), ("sample", 3),
    ]  # fmt: skip
    names = "kind step epoch tokens loss bits_per_character perplexity learning_rate gradient_norm"
    assert list(rows[0]) == [*names.split(), "tokens_per_second", "seconds"]
    assert rows[-1]["text"] == 'sämple\n"x"'


def test_rows_of_training_come_now_and_then_the_first_and_the_last_always(tmp_path: Path) -> None:
    write(tmp_path, 1, 7, log_every=3)
    assert [row["step"] for row in read_metrics(tmp_path) if row["kind"] == "train"] == [1, 3, 6, 7]


def test_a_resumed_record_is_cut_back_to_the_checkpoint(tmp_path: Path) -> None:
    write(tmp_path, 1, 7)
    whole = read_metrics(tmp_path)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "train", "st')  # a kill in the middle of a line
    assert read_metrics(tmp_path) == whole
    write(tmp_path, 5, 7, start_step=4)
    assert read_metrics(tmp_path) == whole
    write(tmp_path, 1, 2)
    assert [row["step"] for row in read_metrics(tmp_path)] == [1, 2], "a new run starts a new record"


def test_tensorboard_sees_the_same(tmp_path: Path) -> None:
    write(tmp_path, 1, 4)
    write(tmp_path, 3, 6, start_step=2)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert {"train/loss", "train/bits_per_character", "validation/bits_per_character"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("train/loss")] == [1, 2, 3, 4, 5, 6]


def test_numbers_are_json(tmp_path: Path) -> None:
    write(tmp_path, 1, 1)
    assert json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[0])["loss"] == 1.5


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"kind": "train"}'])
def test_a_damaged_record_is_named_and_left_alone(tmp_path: Path, line: str) -> None:
    (tmp_path / "metrics.jsonl").write_text(line + "\n")
    with pytest.raises(CheckpointError, match=r"metrics.jsonl is not a file of JSON lines"):
        MetricsWriter(tmp_path, log_every=1, start_step=3)
    assert (tmp_path / "metrics.jsonl").read_text() == line + "\n"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot write"):
        MetricsWriter(tmp_path / "no", log_every=1, start_step=0)
