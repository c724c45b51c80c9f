"""Train what was read, in the folder of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from throughtime.models.parts.half_precision import HalfPrecision, remarks
from throughtime.runs.device import find_device
from throughtime.runs.folder import make_folder
from throughtime.runs.sealing import seal_of, which_run
from throughtime.tasks import task_named
from throughtime.tasks.run_config import CONFIG_FILE, RunConfig
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE, REMEMBERED_FILE, TRAINER_FILE, write_json, write_text
from throughtime.training.job import Job
from throughtime.training.loop import Trainer
from throughtime.training.metrics import MetricsWriter
from throughtime.training.options import TrainingOptions
from throughtime.training.pages.report import write_report
from throughtime.training.reporter import Reporter, Reporters, Summary

if TYPE_CHECKING:
    from throughtime.runs.watching import NetworkWatcher

__all__ = ["train"]


def train(
    config: RunConfig,
    prepared: Any,
    folder: Path,
    *,
    device: str,
    max_minutes: float | None,
    say: Reporter,
    going_on: bool,
) -> Summary:
    """Make the network, then train it in the folder; nothing is written before all is known to be good.

    Args:
        config: what the run is made of.
        prepared: what the task's reader has read.
        folder: the folder of the run.
        device: "auto", or a torch device.
        max_minutes: stop after this time, or None.
        say: is told what happens.
        going_on: whether there is a run in the folder to go on with.

    Returns:
        How it ended.

    Raises:
        UsageError: the device is not there, or the folder cannot be made.
        CheckpointError: the run to go on with, or to start from, is damaged.
        TrainingError: the loss is not finite, or a file cannot be written.
    """
    place = find_device(device)
    # The user's own random numbers go on as if nothing had been drawn here.
    with torch.random.fork_rng(devices=[place] if place.type == "cuda" else []):
        torch.manual_seed(config.options.seed)
        task = task_named(config.task)
        job = task.load_job()(task.load_learner(), config.options, prepared, device=place, note=say.note)
        resumes = going_on and (folder / TRAINER_FILE).exists()
        if config.init_from and not resumes:
            job.start_from(config.init_from)
        config = config if config.run else replace(config, run=which_run(config, job, max_minutes))
        if not going_on:
            make_folder(folder, job.artifacts)
        seal = seal_of(config, job, folder)
        narrow = HalfPrecision(job.module) if config.options.precision == "bf16" else None
        for remark in remarks(job.module) if narrow else ():
            say.note(remark)
        watcher = _watcher(job, config.options)
        trainer = Trainer(
            job, config.options, folder, device=place, max_minutes=max_minutes, seal=seal, around_step=narrow,
            watcher=watcher,
        )  # fmt: skip
        if resumes:
            trainer.resume()
            say.note(f"{folder} goes on from step {trainer.position.step} of {trainer.total_steps}")
        elif going_on:
            say.note(f"{folder} was stopped before its first checkpoint: it starts from the beginning")
        with MetricsWriter(folder, log_every=config.options.log_every, start_step=trainer.position.step) as writer:
            write_json(folder / CONFIG_FILE, config.to_json())
            summary = trainer.train(Reporters([writer, say]))
        if summary.status != "interrupted":
            _draw(job, folder)
            _draw_watched(watcher, folder)
            if line := job.compare(folder, config.run, summary.best):
                say.note(line)
    write_report(folder)
    return summary


def _watcher(job: Job, options: TrainingOptions) -> NetworkWatcher | None:
    """What looks at the network, where something is to be watched."""
    if not options.watched:
        return None
    from throughtime.runs.watching import NetworkWatcher

    return NetworkWatcher(job.module, options.watched)


def _draw_watched(watcher: NetworkWatcher | None, folder: Path) -> None:
    """Leave pictures of what the best weights remember of what was read last."""
    looked_at = None if watcher is None else watcher.subject
    if looked_at is None:
        return
    from throughtime.runs.watching import remembered

    write_text(folder / REMEMBERED_FILE, remembered(looked_at))


def _draw(job: Job, folder: Path) -> None:
    """Leave pictures of how the best weights do."""
    load_weights(folder / MODEL_FILE, job.module)
    for name, picture in job.pictures().items():
        write_text(folder / name, picture)
