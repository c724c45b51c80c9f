"""Learn a task from data and leave the result as a run on disk."""

from __future__ import annotations

import shlex
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import torch

from throughtime.data.user_data import Paths, as_given
from throughtime.errors import UsageError
from throughtime.runs.folder import check_folder, find_device, make_folder
from throughtime.runs.run import Run
from throughtime.tasks import task_module
from throughtime.tasks.order import CONFIG_FILE, Asked, Order, new_order, saved_order
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE, TRAINER_FILE, write_json, write_text
from throughtime.training.job import Job
from throughtime.training.loop import Trainer
from throughtime.training.metrics import MetricsWriter
from throughtime.training.report import write_report
from throughtime.training.reporter import PlainReporter, Reporter, Reporters, Summary

__all__ = ["fit"]


def fit(
    task: str,
    data: Paths | object = None,
    *,
    text: str | bytes | Sequence[str] | None = None,
    out: str | Path | None = None,
    valid: Paths | object = None,
    valid_text: str | bytes | Sequence[str] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    init_from: str | Path | None = None,
    device: str = "auto",
    max_minutes: float | None = None,
    reporter: Reporter | None = None,
    **options: object,
) -> Run:
    """Learn a task from data and leave the result as a run on disk.

    Args:
        task: name of the task, such as "generate".
        data: file or files to learn from, or examples in memory (pairs, dicts, columns, a data frame, arrays with their
            labels, as the task can read them); may be left out when a run on files is resumed.
        text: text in memory in place of files, for "generate": one document or a sequence of them.
        out: folder to make for the run; None makes one that lives as long as the returned object.
        valid: the same to validate on; without it a part of the data is held out.
        valid_text: the same in memory.
        resume: go on with the run in ``out``, bit for bit as if it had not been stopped.
        overwrite: replace the run in ``out``, if there is one.
        init_from: folder of a run whose best weights and vocabulary are the start (fine-tuning).
        device: "auto" (the GPU if there is one), or a torch device such as "cpu" or "cuda:1".
        max_minutes: stop after this time; the schedule then follows the clock too.
        reporter: is told what happens; None prints notes and scores to standard error.
        **options: the task's options by name; None is the same as not given.

    Returns:
        The run. Its ``status`` says how training ended; "interrupted" can be resumed.

    Raises:
        UsageError: an option that does not exist or cannot be honoured, or ``out`` exists.
        DataError: the data cannot be read.
        CheckpointError: a run to resume or start from is missing or damaged.
        TrainingError: the loss is not finite, or a file cannot be written.

    Example:
        >>> from throughtime.training.reporter import SilentReporter
        >>> tiny = dict(hidden=8, embedding=4, lanes=2, tbptt=8, steps=2, seed=1)
        >>> run = fit("generate", text="hello world. " * 20, reporter=SilentReporter(), **tiny)
        >>> run.status, len(run.generate(length=5, seed=1))
        ('finished', 5)
    """
    _check_call(max_minutes, resume, overwrite)
    asked = Asked(
        task=task,
        options={name: value for name, value in options.items() if value is not None},
        train=as_given(data, text, ("data", "text")),
        valid=as_given(valid, valid_text, ("valid", "valid_text")),
        init_from=None if init_from is None else Path(init_from),
    )
    say = reporter or PlainReporter()
    with ExitStack() as scratch:
        folder = Path(out or scratch.enter_context(tempfile.TemporaryDirectory(prefix="throughtime-")))
        exists = check_folder(folder, may_exist=resume or overwrite)
        if init_from is not None and folder.resolve() == Path(init_from).resolve():
            raise UsageError(f"{folder} cannot start from itself; give another out, or go on with it (--resume)")
        if resume and not exists:
            say.note(f"there is no run in {folder} yet: it starts from the beginning")
        going_on = resume and exists
        order = saved_order(folder, asked) if going_on else new_order(asked)
        summary = _learn(order, folder, find_device(device), max_minutes, say, going_on=going_on)
        _note_ending(order, summary, say)
        run = Run(folder, device=device)
        weakref.finalize(run, scratch.pop_all().close)
    return run


def _check_call(max_minutes: float | None, resume: bool, overwrite: bool) -> None:
    """Raise UsageError where what was asked for makes no sense, whatever is on disk."""
    if max_minutes is not None and not max_minutes > 0:
        raise UsageError(f"max_minutes must be above 0, not {max_minutes}")
    if resume and overwrite:
        raise UsageError("resume goes on with a run and overwrite replaces it; give one of them")


def _learn(
    order: Order, folder: Path, device: torch.device, max_minutes: float | None, say: Reporter, *, going_on: bool
) -> Summary:
    """Prepare the job, then train it in the folder; nothing is written before the data is known to be good."""
    # The user's own random numbers go on as if nothing had been drawn here.
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(order.config.seed)
        job = task_module(order.task).prepare(
            order.config,
            order.train,
            order.valid,
            device=device,
            note=say.note,
            known=folder if going_on else order.init_from,
        )
        resumes = going_on and (folder / TRAINER_FILE).exists()
        if order.init_from and not resumes:
            job.start_from(order.init_from)
        trainer = Trainer(job, order.config, folder, device=device, max_minutes=max_minutes)
        if not going_on:
            make_folder(folder, job.artifacts)
        elif resumes:
            trainer.resume()
            say.note(f"{folder} goes on from step {trainer.position.step} of {trainer.total_steps}")
        else:
            say.note(f"{folder} was stopped before its first checkpoint: it starts from the beginning")
        with MetricsWriter(folder, log_every=order.config.log_every, start_step=trainer.position.step) as writer:
            write_json(folder / CONFIG_FILE, order.to_json())
            summary = trainer.train(Reporters([writer, say]))
        if summary.status != "interrupted":
            _draw(job, folder)
    write_report(folder)
    return summary


def _draw(job: Job, folder: Path) -> None:
    """Leave pictures of how the best weights do."""
    load_weights(folder / MODEL_FILE, job.module)
    for name, picture in job.pictures().items():
        write_text(folder / name, picture)


def _note_ending(order: Order, summary: Summary, say: Reporter) -> None:
    """Say how to go on where there is something left to do."""
    if summary.status not in ("interrupted", "out of time"):
        return
    files = order.train.describe()
    command = f"throughtime fit {order.task} --out {shlex.quote(str(summary.path))} --resume"
    how = command if files else f"fit({order.task!r}, text=..., out={str(summary.path)!r}, resume=True)"
    say.note(f"{summary.status} after {summary.step} steps, all of them saved; to go on: {how}")
