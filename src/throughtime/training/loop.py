"""The training loop: truncated backpropagation through time over any job, resumable bit for bit.

The loop knows neither models nor tasks nor files of data: a :class:`~throughtime.training.job.Job` gives it the summed
loss of a step, the token count and the state to carry on. Everything that decides the next step is in one checkpoint.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import cast

import torch
from torch import nn

from throughtime.doors import named, option
from throughtime.errors import CheckpointError, TrainingError
from throughtime.training.adamw import AdamW
from throughtime.training.average import WeightAverage
from throughtime.training.checkpoint import (
    Checkpoint,
    Position,
    capture,
    read_checkpoint,
    restore,
    save_weights,
    write_checkpoint,
)
from throughtime.training.files import MODEL_FILE, TRAINER_FILE
from throughtime.training.interrupts import interrupts
from throughtime.training.job import Job, State
from throughtime.training.options import TrainingOptions
from throughtime.training.reporter import Reporter, RunInfo, SilentReporter, StepReport, Summary
from throughtime.training.schedule import learning_rate
from throughtime.training.scores import is_better
from throughtime.training.seal import Seal
from throughtime.training.watching import Turns, Watcher

__all__ = ["Trainer"]


class Trainer:
    """Train one job in one folder.

    Args:
        job: what is trained; its module is on ``device``.
        options: how.
        folder: where the best weights and the checkpoint go; exists.
        device: where the module is.
        max_minutes: stop after this time, or None.
        seal: what the weights go with; None where they go with nothing.
        around_step: entered around the forward pass of each step, and of nothing else.
        watcher: looks at the network now and then, or None.
    """

    def __init__(
        self,
        job: Job,
        options: TrainingOptions,
        folder: Path,
        *,
        device: torch.device,
        max_minutes: float | None = None,
        seal: Seal | None = None,
        around_step: AbstractContextManager[object] | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.job, self.options, self.folder, self.device, self.seal = job, options, folder, device, seal
        self.reporter: Reporter = SilentReporter()
        self.max_minutes = max_minutes
        self._around_step, self._watcher = around_step or nullcontext(), watcher
        self.total_steps = options.steps or math.ceil(options.epochs * job.steps_per_epoch)
        self._turns = Turns(options.watch_every, self.total_steps)
        self.position = Position(content_key=job.content_key)
        self._state: State = ()
        self._parameters = [parameter for parameter in job.module.parameters() if parameter.requires_grad]
        self._optimizer = _adamw(self._parameters, options.weight_decay)
        self._average = WeightAverage(job.module, options.average)
        self._began = self._saved = time.perf_counter()
        self._seconds_before = 0.0

    def resume(self) -> None:
        """Go back to the checkpoint in the folder.

        Raises:
            CheckpointError: it is missing, damaged, or of other data or another network.
        """
        path = self.folder / TRAINER_FILE
        checkpoint = read_checkpoint(path)
        if checkpoint.position.content_key != self.job.content_key:
            raise CheckpointError(
                f"{path} was trained on other data; resume with the same files, read the same way, or start a new "
                f"run from this one: give {option('init_from')} and another {named('out')}, without {named('resume')}"
            )
        self._state = restore(path, checkpoint.tensors, self.job.module, self._optimizer, self.device)
        self._average.restore(path, checkpoint.tensors)
        self.position = checkpoint.position
        self._seconds_before = checkpoint.position.seconds

    def train(self, reporter: Reporter) -> Summary:
        """Train until the steps are done, validation stops improving, time is up, or an interrupt comes.

        Args:
            reporter: is told everything.

        Returns:
            How it ended.

        Raises:
            TrainingError: the loss is not finite, or a file cannot be written.
        """
        self.reporter = reporter
        self.reporter.started(self._info())
        self._began = self._saved = time.perf_counter()
        with interrupts() as interrupted:
            while not (status := self._ending(interrupted)):
                self._advance()
                validated = self._after_step()
                if validated or time.perf_counter() - self._saved >= self.options.checkpoint_every:
                    self._save("running")
        return self._end(status)

    def _ending(self, interrupted: Callable[[], bool]) -> str:
        """Why to stop now, or nothing."""
        if self.position.step >= self.total_steps:
            return "finished"
        if 0 < self.options.patience <= self.position.stale:
            return "stopped early"
        if interrupted():
            return "interrupted"
        return "out of time" if self._time_used() >= 1 else ""

    def _time_used(self) -> float:
        """Share of the allowed minutes that is used up; 0 without a limit."""
        return (time.perf_counter() - self._began) / (60 * self.max_minutes) if self.max_minutes else 0.0

    def _progress(self) -> float:
        return min(1.0, max(self.position.step / self.total_steps, self._time_used()))

    def _epoch(self) -> float:
        return self.position.step / self.job.steps_per_epoch

    def _advance(self) -> None:
        """One optimizer step."""
        began = time.perf_counter()
        rate = self._learning_rate()
        watcher = self._watcher if self._turns.due(self.position.step + 1) else None
        with self._around_step, watcher.looking() if watcher else nullcontext():
            result = self.job.step(self.position.step, self._state)
        self._optimizer.zero_grad()
        (result.loss / result.usual).backward()
        norm = nn.utils.clip_grad_norm_(self._parameters, self.options.clip or math.inf, foreach=True)
        # Both numbers in one go: on a GPU each wait for one stops the queue.
        loss, norm = cast(list[float], torch.stack([result.loss.detach() / result.count, norm]).tolist())
        self._require_finite(loss, norm)
        self._optimizer.step()
        self._state = tuple(part.detach() for part in result.state)
        self.position.step += 1
        self._average.update(self.position.step)
        self.position.tokens += result.count
        self._report(loss, norm, rate, result.count / (time.perf_counter() - began))
        if watcher:
            self._look(watcher)

    def _look(self, watcher: Watcher) -> None:
        """Tell what is seen of the network, and count what that takes."""
        began = time.perf_counter()
        if seen := watcher.seen():
            self.reporter.watched({"step": self.position.step, **seen})
        self._turns.took(time.perf_counter() - began)

    def _learning_rate(self) -> float:
        """Set the optimizer's learning rate for this step."""
        rate = learning_rate(
            self.position.step,
            self._progress(),
            peak=self.options.learning_rate,
            warmup=self.options.warmup,
            shape=self.options.schedule,
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        return rate

    def _require_finite(self, loss: float, norm: float) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        kept = self.folder / TRAINER_FILE
        last = f"the last good checkpoint is kept in {kept}" if kept.exists() else "no checkpoint was made yet"
        clip = (
            f"a {named('clip')} below {self.options.clip:g}" if self.options.clip else f"clipping ({option('clip', 1)})"
        )
        raise TrainingError(
            f"the loss is {loss} and the gradient norm {norm} at step {self.position.step + 1}, so training stopped;"
            f" {last}; try a {named('learning_rate')} below {self.options.learning_rate:g}, {clip}, "
            f"or a longer {named('warmup')}"
        )

    def _report(self, loss: float, norm: float, rate: float, speed: float) -> None:
        self.position.seconds = self._seconds_before + time.perf_counter() - self._began
        self.reporter.stepped(
            StepReport(
                step=self.position.step,
                total_steps=self.total_steps,
                epoch=self._epoch(),
                tokens=self.position.tokens,
                loss=loss,
                metrics=self.job.metrics(loss),
                learning_rate=rate,
                gradient_norm=norm,
                tokens_per_second=speed,
                seconds=self.position.seconds,
                progress=self._progress(),
            )
        )

    def _after_step(self) -> bool:
        """Validate and sample where it is time to; say whether there was a validation."""
        step, options = self.position.step, self.options
        due = step % (options.validate_every or self.job.steps_per_epoch) == 0 or step == self.total_steps
        if due:
            self._validate()
        if options.sample_every and (step % options.sample_every == 0 or step == self.total_steps):
            with self._average.in_place():
                self.reporter.sampled(self.job.sample(step), step)
        return due

    def _validate(self) -> None:
        """Score the held-out data and keep the weights if they are the best yet."""
        name = self.job.criterion
        place = {"step": self.position.step, "epoch": self._epoch(), "tokens": self.position.tokens}
        with self._average.in_place():
            scores = self.job.validate()
            self._require_finite(scores["loss"], 0.0)
            better = is_better(name, scores[name], self.position.best.get(name))
            self.position.stale = 0 if better else self.position.stale + 1
            if better:
                self.position.best = {**place, **scores}
                save_weights(self.folder / MODEL_FILE, self.job.module, self.seal)
        self.reporter.validated({**place, **scores, "best": float(better)})

    def _save(self, status: str) -> None:
        self.position.status = status
        path = self.folder / TRAINER_FILE
        tensors = capture(self.job.module, self._optimizer, self._state, self.device)
        write_checkpoint(path, Checkpoint(tensors | self._average.tensors(), self.position), self.seal)
        self._saved = time.perf_counter()
        self.reporter.checkpointed(path)

    def _end(self, status: str) -> Summary:
        """Leave a whole run on disk and say how it ended."""
        if status == "out of time":
            self._validate()
        elif not self.position.best:
            # Interrupted before the first validation: there is no best model yet, so the last one stands in.
            with self._average.in_place():
                save_weights(self.folder / MODEL_FILE, self.job.module, self.seal)
        self._save(status)
        summary = Summary(
            status=status,
            step=self.position.step,
            tokens=self.position.tokens,
            seconds=self.position.seconds,
            best=self.position.best,
            path=self.folder,
        )
        self.reporter.finished(summary)
        return summary

    def _info(self) -> RunInfo:
        return RunInfo(
            task=self.job.name,
            path=self.folder,
            device=str(self.device),
            parameters=sum(parameter.numel() for parameter in self._parameters),
            total_steps=self.total_steps,
            start_step=self.position.step,
            steps_per_epoch=self.job.steps_per_epoch,
            max_minutes=self.max_minutes,
            counted=self.job.counted,
            details=self.job.details,
        )


def _adamw(parameters: list[nn.Parameter], weight_decay: float) -> AdamW:
    """AdamW; matrices decay, biases and gains do not."""
    matrices = [parameter for parameter in parameters if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    # A shorter memory of squared gradients than the usual 0.999 suits runs of a few thousand steps.
    return AdamW([group for group in groups if group["params"]], betas=(0.9, 0.99))
