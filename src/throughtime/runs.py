"""A run on disk: make one with :func:`fit`, open one with :func:`load`, use it through :class:`Run`.

This is the one place that puts a task, the training loop and a folder together. A run's folder holds ``config.json``,
``model.safetensors`` (the best weights), what the task needs beside them (``vocabulary.json``), ``trainer.safetensors``
and ``trainer.json`` (all that is needed to go on), ``metrics.jsonl``, TensorBoard events and ``report.html``.
"""

from __future__ import annotations

import shlex
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from throughtime.data.given import Paths, as_given
from throughtime.data.text import Note
from throughtime.errors import UsageError
from throughtime.tasks import task_module
from throughtime.tasks.order import CONFIG_FILE, Asked, Order, new_order, read_config, saved_options, saved_order
from throughtime.training.checkpoint import load_weights, read_json, write_json, write_text
from throughtime.training.loop import MODEL_FILE, TRAINER_FILE, Trainer
from throughtime.training.metrics import METRICS_FILE, MetricsWriter
from throughtime.training.report import write_report
from throughtime.training.reporter import PlainReporter, Reporter, Reporters, Summary

__all__ = ["Run", "fit", "load"]

POSITION_FILE = "trainer.json"
FILES = (
    CONFIG_FILE,
    MODEL_FILE,
    TRAINER_FILE,
    POSITION_FILE,
    METRICS_FILE,
    "vocabulary.json",
    "tokenizer.json",
    "report.html",
    "events.*",
    ".*.part",
)
"""Patterns of all files that a run may hold; nothing else is ever removed."""


def fit(
    task: str,
    data: Paths | None = None,
    *,
    text: str | bytes | Sequence[str] | None = None,
    out: str | Path | None = None,
    valid: Paths | None = None,
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
        data: file or files to learn from; may be left out when a run on files is resumed.
        text: text in memory in place of files: one document or a sequence of them.
        out: folder to make for the run; None makes one that lives as long as the returned object.
        valid: file or files to validate on; without them the last part of the data is held out.
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
        exists = _check_folder(folder, may_exist=resume or overwrite)
        if init_from is not None and folder.resolve() == Path(init_from).resolve():
            raise UsageError(f"{folder} cannot start from itself; give another out, or go on with it (--resume)")
        if resume and not exists:
            say.note(f"there is no run in {folder} yet: it starts from the beginning")
        going_on = resume and exists
        order = saved_order(folder, asked) if going_on else new_order(asked)
        summary = _learn(order, folder, _device(device), max_minutes, say, going_on=going_on)
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


def load(path: str | Path, device: str = "cpu") -> Run:
    """Open a trained run.

    Args:
        path: folder of the run.
        device: "auto", or a torch device such as "cpu" or "cuda:1".

    Returns:
        The run, with its best weights.

    Raises:
        CheckpointError: there is no run, or one of its files is missing or damaged.
        UsageError: the device is not there.

    Example:
        >>> load("no/such/run")
        Traceback (most recent call last):
        throughtime.errors.CheckpointError: there is no run in no/such/run: it has no config.json
    """
    run = Run(Path(path), device=device)
    _ = run.model
    return run


class Run:
    """A trained run on disk.

    Args:
        path: folder of the run.
        device: where its model is used.

    Raises:
        CheckpointError: there is no run in the folder, or ``config.json`` is damaged.

    Example:
        >>> from throughtime.training.reporter import SilentReporter
        >>> run = fit("generate", text="ab" * 99, hidden=4, lanes=1, tbptt=8, steps=1, reporter=SilentReporter())
        >>> run.task, sorted(run.metrics)[:2]
        ('generate', ['bits_per_character', 'epoch'])
    """

    def __init__(self, path: Path, *, device: str = "cpu") -> None:
        self.path, self._device = path, _device(device)
        self._saved = read_config(path)
        self.task: str = self._saved["task"]
        self.config = saved_options(path, self._saved)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, task={self.task!r})"

    @cached_property
    def model(self) -> Any:
        """The trained model as its task opens it; its ``model`` is the ``torch.nn.Module``."""
        return task_module(self.task).open_model(self.config, self.path, self._device)

    @property
    def metrics(self) -> dict[str, float]:
        """Metrics of the best validation, with its step; empty where there was none."""
        return self._position().get("best", {})

    @property
    def status(self) -> str:
        """How training ended: finished, stopped early, out of time, interrupted; or running, or not known."""
        return self._position().get("status", "not known")

    def _position(self) -> dict[str, Any]:
        path = self.path / POSITION_FILE
        return read_json(path) if path.exists() else {}

    def evaluate(
        self, data: Paths | None = None, *, text: str | bytes | Sequence[str] | None = None, note: Note | None = None
    ) -> dict[str, float]:
        """Score data that the model has not seen.

        Args:
            data: file or files.
            text: text in memory in their place.
            note: called with what the user should know; None prints it to standard error.

        Returns:
            Metrics by name, such as ``bits_per_character`` and ``perplexity``.

        Raises:
            UsageError: nothing was given.
            DataError: the data cannot be read.
        """
        given = as_given(data, text, ("data", "text"))
        if given is None:
            raise UsageError("nothing to evaluate: give data (files) or text (in memory)")
        return self.model.evaluate(given, note or PlainReporter().note)

    def generate(self, prompt: str = "", **how: Any) -> str:
        """Write on after a prompt; see :meth:`generate_stream` for the arguments.

        Returns:
            The new text, the prompt not included.
        """
        return "".join(self.generate_stream(prompt, **how))

    def generate_stream(
        self,
        prompt: str = "",
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> Iterator[str]:
        """Write on after a prompt, piece by piece, one step of the network per token.

        Args:
            prompt: text to go on from; empty starts a new document.
            length: tokens to draw.
            temperature: below 1 sharpens, above 1 flattens; 0 takes the most likely token always.
            top_k: draw from this many of the most likely tokens; None draws from all.
            top_p: draw from the fewest tokens whose probabilities reach this share; None draws from all.
            seed: seed of the draw; None draws differently each time.

        Returns:
            Pieces of the new text as they are drawn.

        Raises:
            UsageError: a value outside its range, or a prompt with text that the model has never seen.
        """
        return self.model.generate_stream(
            prompt, length=length, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed
        )

    def describe(self) -> dict[str, object]:
        """Say what the run is: model, options, data, training, metrics and files with their sizes in bytes."""
        position = self._position()
        return {
            "task": self.task,
            "path": str(self.path),
            "model": self.model.describe(),
            "options": self.config.to_mapping(),
            "data": {name: self._saved.get(name) for name in ("data", "valid", "init_from")},
            "training": {name: position.get(name) for name in ("status", "step", "tokens", "seconds")},
            "metrics": self.metrics,
            "files": {path.name: path.stat().st_size for path in _files(self.path)},
        }


# -- the folder ----------------------------------------------------------------------------------------------------


def _files(folder: Path) -> list[Path]:
    """The files in the folder that belong to the run."""
    return sorted(path for pattern in FILES for path in folder.glob(pattern))


def _check_folder(folder: Path, *, may_exist: bool) -> bool:
    """Say whether there is a run in the folder; raise where the folder cannot be used for this one."""
    try:
        if (folder / CONFIG_FILE).exists():
            if not may_exist:
                raise UsageError(f"{folder} already holds a run: go on with it (--resume) or replace it (--overwrite)")
            return True
        if folder.exists() and set(folder.iterdir()) - set(_files(folder)):
            raise UsageError(f"{folder} exists and is not a run; give the name of a new folder")
    except OSError as error:
        raise UsageError(f"cannot use {folder} as a folder: {error.strerror}; give another name") from None
    return False


def _make_folder(folder: Path, artifacts: Mapping[str, str]) -> None:
    """Make the folder, take out what an earlier run left, and write what the model needs beside its weights."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in _files(folder):
            path.unlink()
    except OSError as error:
        raise UsageError(f"cannot make the folder {folder}: {error.strerror}; give another one") from None
    for name, content in artifacts.items():
        write_text(folder / name, content)


def _device(name: str) -> torch.device:
    """Find the device that is meant, and see that it is there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"cannot use the device {name!r}: {reason}; try auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise UsageError(
            f"cannot use the device {name!r}: a run can only be resumed exactly on cpu or cuda; give one of them"
        )
    return device


# -- training ------------------------------------------------------------------------------------------------------


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
        if order.init_from:
            load_weights(order.init_from / MODEL_FILE, job.module)
        trainer = Trainer(job, order.config, folder, device=device, max_minutes=max_minutes)
        if not going_on:
            _make_folder(folder, job.artifacts)
        elif (folder / TRAINER_FILE).exists():
            trainer.resume()
            say.note(f"{folder} goes on from step {trainer.position.step} of {trainer.total_steps}")
        else:
            say.note(f"{folder} was stopped before its first checkpoint: it starts from the beginning")
        with MetricsWriter(folder, log_every=order.config.log_every, start_step=trainer.position.step) as writer:
            write_json(folder / CONFIG_FILE, order.to_json())
            summary = trainer.train(Reporters([writer, say]))
    write_report(folder)
    return summary


def _note_ending(order: Order, summary: Summary, say: Reporter) -> None:
    """Say how to go on where there is something left to do."""
    if summary.status not in ("interrupted", "out of time"):
        return
    files = order.train.describe()
    command = f"throughtime fit {order.task} --out {shlex.quote(str(summary.path))} --resume"
    how = command if files else f"fit({order.task!r}, text=..., out={str(summary.path)!r}, resume=True)"
    say.note(f"{summary.status} after {summary.step} steps, all of them saved; to go on: {how}")
