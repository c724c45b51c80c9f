"""Learn a task from data and leave the result as a run on disk."""

from __future__ import annotations

import shlex
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from throughtime.data.user_data import DATA, VALID, Paths, user_data, validation_role
from throughtime.doors import is_typed, named, option, taking
from throughtime.errors import UsageError
from throughtime.runs.folder import check_folder, check_run
from throughtime.runs.loading import loading
from throughtime.runs.run import Run
from throughtime.tasks import task_named
from throughtime.tasks.run_config import RunConfig, RunRequest, continued_run, new_run
from throughtime.training.options import options_of
from throughtime.training.reporter import PlainReporter, Reporter, Summary

__all__ = ["fit"]


def _taken(task: str, *_: object, **__: object) -> list[str]:
    """The names of a task's options, and of its own roles of data."""
    found = task_named(task)
    roles = [name for role in found.roles for name in (role.name, validation_role(role.name))]
    return [*roles, *(option.name for option in options_of(found.load_options()))]


def _called(task: str, *_: object, **__: object) -> Mapping[str, str]:
    return task_named(task).load_options().CALLED


@taking(_taken, _called)
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
        **options: the task's options by name, and files or data in memory in roles of its own (``source``,
            ``valid_source``); None is the same as not given.

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
    given, chosen = _parted(task, options)
    asked = RunRequest(
        task=task,
        options={name: value for name, value in chosen.items() if value is not None},
        data=user_data({DATA: data, VALID: valid, **given}, {DATA: ("text", text), VALID: ("valid_text", valid_text)}),
        init_from=None if init_from is None else Path(init_from),
    )
    say = reporter or PlainReporter()
    with ExitStack() as scratch:
        folder = Path(out or scratch.enter_context(tempfile.TemporaryDirectory(prefix="throughtime-")))
        exists = check_folder(folder, may_exist=resume or overwrite)
        _refuse_itself(folder, init_from)
        if resume and not exists:
            say.note(f"there is no run in {folder} yet: it starts from the beginning")
        going_on = resume and exists
        _check_runs(folder if going_on else None, asked.init_from)
        config = continued_run(folder, asked) if going_on else new_run(asked)
        known = folder if going_on else config.init_from
        prepared = task_named(task).load_reader()(config.options).read(config.data, known=known, note=say.note)
        # Only now is torch loaded: what is wrong with the data has been said at once.
        with loading():
            from throughtime.runs.training import train

        summary = train(config, prepared, folder, device=device, max_minutes=max_minutes, say=say, going_on=going_on)
        _note_ending(config, summary, say)
        run = Run(folder, device=device)
        weakref.finalize(run, scratch.pop_all().close)
    return run


def _parted(task: str, options: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Part what was given by name into data in the task's own roles, and options."""
    roles = {name for role in task_named(task).roles for name in (role.name, validation_role(role.name))}
    given = {name: value for name, value in options.items() if name in roles}
    return given, {name: value for name, value in options.items() if name not in roles}


def _refuse_itself(folder: Path, init_from: str | Path | None) -> None:
    """Raise UsageError where a run is to start from itself."""
    if init_from is not None and folder.resolve() == Path(init_from).resolve():
        raise UsageError(
            f"{folder} cannot start from itself; give another {named('out')}, or go on with it: "
            f"{option('resume', True)} without {named('init_from')}"
        )


def _check_runs(to_go_on: Path | None, to_start_from: Path | None) -> None:
    """Raise CheckpointError where a run that is needed is damaged."""
    if to_go_on is not None:
        check_run(to_go_on, to_go_on=True)
    if to_start_from is not None:
        check_run(to_start_from)


def _check_call(max_minutes: float | None, resume: bool, overwrite: bool) -> None:
    """Raise UsageError where what was asked for makes no sense, whatever is on disk."""
    if max_minutes is not None and not max_minutes > 0:
        raise UsageError(f"{named('max_minutes')} must be above 0, not {max_minutes}")
    if resume and overwrite:
        raise UsageError(
            f"{option('resume', True)} goes on with a run and {option('overwrite', True)} replaces it; give one of them"
        )


def _note_ending(config: RunConfig, summary: Summary, say: Reporter) -> None:
    """Say how to go on where there is something left to do."""
    if summary.status not in ("interrupted", "out of time"):
        return
    in_files = all(given.memory is None for given in config.data.values())
    how = f"fit({config.task!r}, ..., out={str(summary.path)!r}, resume=True)" + (
        "" if in_files else " with the same data"
    )
    if in_files and is_typed():
        how = f"throughtime fit {config.task} --out {shlex.quote(str(summary.path))} --resume"
    say.note(f"{summary.status} after {summary.step} steps, all of them saved; to go on: {how}")
