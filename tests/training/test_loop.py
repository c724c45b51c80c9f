"""The loop with a job that is neither text nor recurrent: what it does, in which order, and where it stops."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from left_behind import tensors_of
from torch import nn

from throughtime.errors import CheckpointError, TrainingError
from throughtime.training.checkpoint import read_checkpoint, read_tensors
from throughtime.training.job import State, StepResult
from throughtime.training.loop import Trainer
from throughtime.training.options import TrainingOptions
from throughtime.training.reporter import RunInfo, SilentReporter, StepReport, Summary


class Job:
    """Pull two numbers to zero; each validation score is given."""

    name, criterion, counted = "toy", "error", "points"

    def __init__(self, scores: list[float] | None = None, *, key: str = "data") -> None:
        torch.manual_seed(0)
        self.module = nn.Linear(2, 1)
        self.steps_per_epoch, self.content_key = 4, key
        self.details: Mapping[str, object] = {"size": 2}
        self.scores = iter(scores) if scores is not None else None
        self.states: list[State] = []
        self.at_step: Callable[[int], None] = lambda step: None

    def step(self, step: int, state: State) -> StepResult:
        self.at_step(step)
        self.states.append(state)
        x = torch.randn(6, 2)
        carried = state[0] if state else torch.zeros(())
        loss = self.module(x).square().sum() + 0 * carried
        return StepResult(loss, (self.module.weight.sum() + carried,), 6, 6)

    def metrics(self, loss: float) -> dict[str, float]:
        return {"bits": loss / math.log(2)}

    def validate(self) -> dict[str, float]:
        score = self.module.weight.square().sum().item() if self.scores is None else next(self.scores)
        return {"loss": score, "error": score}

    def sample(self, step: int) -> str:
        return f"sample {step}"

    def start_from(self, folder: Path) -> None:
        raise AssertionError("the loop does not start from other runs")

    def pictures(self) -> Mapping[str, str]:
        return {}


class Recorder(SilentReporter):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.infos: list[RunInfo] = []
        self.steps: list[StepReport] = []
        self.validations: list[dict[str, float]] = []
        self.samples: list[tuple[str, int]] = []
        self.summaries: list[Summary] = []
        self.events: list[str] = []

    def started(self, info: RunInfo) -> None:
        self.infos.append(info)

    def stepped(self, report: StepReport) -> None:
        self.steps.append(report)
        self.events.append(f"step {report.step}")

    def validated(self, metrics: Mapping[str, float]) -> None:
        self.validations.append(dict(metrics))
        self.events.append("validation")

    def sampled(self, text: str, step: int) -> None:
        self.samples.append((text, step))
        self.events.append("sample")

    def checkpointed(self, path: Path) -> None:
        self.events.append("checkpoint")

    def finished(self, summary: Summary) -> None:
        self.summaries.append(summary)
        self.events.append("end")


def trainer(folder: Path, job: Job, max_minutes: float | None = None, **options: Any) -> Trainer:
    chosen = TrainingOptions.from_mapping({"checkpoint_every": 1000.0, "sample_every": 0, "warmup": 0, **options})
    return Trainer(job, chosen, folder, device=torch.device("cpu"), max_minutes=max_minutes)


def train(folder: Path, job: Job | None = None, **options: Any) -> tuple[Recorder, Summary]:
    recorder, job = Recorder(), job or Job()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return recorder, trainer(folder, job, **options).train(recorder)


def test_the_order_of_a_step(tmp_path: Path) -> None:
    recorder, summary = train(tmp_path, steps=3, validate_every=2, sample_every=2)
    assert recorder.events == (
        [
            "step 1",
            "step 2",
            "validation",
            "sample",
            "checkpoint",
            "step 3",
            "validation",
            "sample",
            "checkpoint",
            "checkpoint",
            "end",
        ]
    )
    assert summary.status == "finished" and summary.step == 3 and summary.tokens == 18
    assert recorder.samples == [("sample 2", 2), ("sample 3", 3)]
    assert recorder.infos[0].total_steps == 3 and recorder.infos[0].parameters == 3
    assert recorder.infos[0].details == {"size": 2}


def test_epochs_make_steps(tmp_path: Path) -> None:
    recorder, summary = train(tmp_path, epochs=1.6)
    assert summary.step == 7
    assert [row["step"] for row in recorder.validations] == [4, 7]
    assert recorder.steps[5].epoch == 1.5


def test_the_loss_of_a_step_is_per_token_and_the_norm_is_before_clipping(tmp_path: Path) -> None:
    job = Job()
    recorder, _ = train(tmp_path, job, steps=1, clip=1e-4, learning_rate=0.5)
    fresh = Job()
    torch.manual_seed(1)
    loss = fresh.module(torch.randn(6, 2)).square().sum() / 6
    loss.backward()
    norm = math.sqrt(sum(float(p.grad.square().sum()) for p in fresh.module.parameters() if p.grad is not None))
    assert recorder.steps[0].loss == pytest.approx(loss.item())
    assert recorder.steps[0].metrics["bits"] == pytest.approx(loss.item() / math.log(2))
    assert recorder.steps[0].gradient_norm == pytest.approx(norm)
    total = math.sqrt(sum(float(p.grad.square().sum()) for p in job.module.parameters() if p.grad is not None))
    assert total == pytest.approx(1e-4, rel=1e-3)


def test_state_is_carried_and_detached(tmp_path: Path) -> None:
    job = Job()
    train(tmp_path, job, steps=3)
    assert job.states[0] == ()
    assert [state[0].requires_grad for state in job.states[1:]] == [False, False]
    assert job.states[2][0] != job.states[1][0]


def test_the_best_weights_are_kept(tmp_path: Path) -> None:
    recorder, summary = train(tmp_path, Job([3.0, 1.0, 2.0]), steps=3, validate_every=1)
    assert [row["best"] for row in recorder.validations] == [1, 1, 0]
    assert summary.best["step"] == 2 and summary.best["error"] == 1.0
    kept = tensors_of(tmp_path)
    train(tmp_path, Job([3.0, 1.0]), steps=2, validate_every=1, schedule="constant")
    last = {name.removeprefix("weights/"): value for name, value in tensors_of(tmp_path, "trainer.safetensors").items()}
    assert kept != {name: last[name] for name in kept}, "the last weights differ from the best"


def test_it_stops_early(tmp_path: Path) -> None:
    recorder, summary = train(tmp_path, Job([3.0, 1.0, 2.0, 1.0, 5.0]), steps=99, validate_every=1, patience=3)
    assert summary.status == "stopped early" and summary.step == 5
    assert len(recorder.validations) == 5


def test_it_stops_when_time_is_up_and_scores_what_it_has(tmp_path: Path) -> None:
    recorder, summary = train(tmp_path, epochs=1e6, max_minutes=0.02)
    assert summary.status == "out of time" and 0 < summary.step < 4e6
    assert recorder.validations[-1]["step"] == summary.step
    assert (tmp_path / "model.safetensors").exists()
    rates = [report.learning_rate for report in recorder.steps]
    assert rates[0] > 1.9e-3 and rates[-1] < 5e-4, "the schedule follows the clock"


def test_an_interrupt_saves_and_the_rest_is_the_same(tmp_path: Path) -> None:
    (whole := tmp_path / "whole").mkdir()
    (parts := tmp_path / "parts").mkdir()
    train(whole, steps=8, validate_every=3)
    job = Job()
    job.at_step = lambda step: os.kill(os.getpid(), signal.SIGINT) if step == 4 else None
    recorder, summary = train(parts, job, steps=8, validate_every=3)
    assert summary.status == "interrupted" and summary.step == 5
    assert recorder.events[-2:] == ["checkpoint", "end"]
    assert read_checkpoint(parts / "trainer.safetensors").position.status == "interrupted"

    with torch.random.fork_rng():
        resumed = trainer(parts, Job(), steps=8, validate_every=3)
        resumed.resume()
        assert resumed.position.step == 5
        resumed.train(SilentReporter())
    assert tensors_of(parts) == tensors_of(whole)
    assert tensors_of(parts, "trainer.safetensors") == tensors_of(whole, "trainer.safetensors")


def test_interrupted_before_any_validation_there_is_a_model_all_the_same(tmp_path: Path) -> None:
    job = Job()
    job.at_step = lambda step: os.kill(os.getpid(), signal.SIGINT)
    _, summary = train(tmp_path, job, steps=8)
    assert summary.status == "interrupted" and summary.best == {}
    last = tensors_of(tmp_path, "trainer.safetensors")
    assert all(last[f"weights/{name}"] == value for name, value in tensors_of(tmp_path).items())


def test_checkpoints_come_by_the_clock(tmp_path: Path) -> None:
    often, _ = train(tmp_path, steps=4, checkpoint_every=0.0)
    seldom, _ = train(tmp_path, steps=4)
    assert often.events.count("checkpoint") == 5 and seldom.events.count("checkpoint") == 2


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(tmp_path: Path, value: float) -> None:
    job = Job()

    def spoil(step: int) -> None:
        if step == 6:
            with torch.no_grad():
                job.module.bias.fill_(value)

    job.at_step = spoil
    with pytest.raises(TrainingError) as caught:
        train(tmp_path, job, steps=8, checkpoint_every=0.0)
    message = str(caught.value)
    assert "at step 7" in message and "trainer.safetensors" in message and "learning_rate below" in message
    assert "\n" not in message
    assert read_checkpoint(tmp_path / "trainer.safetensors").position.step == 6
    for name in ("model.safetensors", "trainer.safetensors"):
        tensors = read_tensors(tmp_path / name)[0].values()
        assert all(torch.isfinite(tensor.float()).all() for tensor in tensors)


def test_without_a_checkpoint_it_says_so(tmp_path: Path) -> None:
    job = Job()
    nn.init.constant_(job.module.bias, math.nan)
    with pytest.raises(TrainingError, match="no checkpoint was made yet"):
        train(tmp_path, job, steps=2)
    with pytest.raises(TrainingError, match="loss is nan"):
        train(tmp_path, Job([math.nan]), steps=1)


def test_other_data_cannot_be_resumed(tmp_path: Path) -> None:
    train(tmp_path, steps=2)
    with pytest.raises(CheckpointError, match=r"trainer.safetensors was trained on other data"):
        trainer(tmp_path, Job(key="other"), steps=2).resume()


def test_a_finished_run_stays_finished_and_can_go_on_further(tmp_path: Path) -> None:
    train(tmp_path, steps=3)
    for steps, expected in ((3, 3), (5, 5)):
        again = trainer(tmp_path, Job(), steps=steps)
        again.resume()
        assert again.train(SilentReporter()).step == expected


def test_matrices_decay_and_biases_do_not(tmp_path: Path) -> None:
    groups = trainer(tmp_path, Job(), weight_decay=0.3)._optimizer.param_groups
    assert [(group["weight_decay"], [p.ndim for p in group["params"]]) for group in groups] == [(0.3, [2]), (0.0, [1])]
