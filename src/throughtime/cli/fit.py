"""``throughtime fit TASK``: one command per task, with the fields of the task's config as its options."""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.later import add_later
from throughtime.cli.values import INTERRUPTED, escaped, number, number_option, role_parameter, whole_number
from throughtime.data.user_data import validation_role
from throughtime.doors import FLAGS
from throughtime.errors import UsageError
from throughtime.tasks import TASKS, Role, config_class
from throughtime.tasks.options import NetworkOptions
from throughtime.training.options import Option, TrainingOptions, options_of

__all__ = ["app", "fit", "option_parameter", "read_config"]

app = typer.Typer(help="Learn a task from files.", no_args_is_help=True)

KINDS: dict[type, tuple[str | None, Callable[[str], Any] | None]] = {
    int: ("INTEGER", whole_number),
    float: ("NUMBER", number),
    str: ("TEXT", None),
    bool: (None, None),
}
"""Kind of an option -> how the help page calls its value, and what reads it."""


def read_config(path: Path) -> dict[str, Any]:
    """Read options from a file.

    Args:
        path: a TOML or JSON file; its keys are the names of options.

    Returns:
        The options by name.

    Raises:
        UsageError: the file is missing, of another kind, or cannot be read.
    """
    readers: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix not in readers:
        raise UsageError(f"--config {path}: the file must end in .toml or .json")
    try:
        options = readers[path.suffix](path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror}; give a TOML or JSON file") from None
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path}: {error}") from None
    if not isinstance(options, dict):
        raise UsageError(f"--config {path}: expected an object of option names and values, not {options!r}")
    return {str(name).replace("-", "_"): value for name, value in options.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def fit(
    task: str,
    out: Annotated[Path, typer.Option(metavar="RUN", help="Folder to make for the run.", show_default=False)],
    data: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Files to learn from; a resumed run knows its own.")
    ] = None,
    valid: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="File to validate on."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML or JSON file of options; flags go before it.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    max_minutes: Annotated[float | None, number_option("Stop after this time.")] = None,
    init_from: Annotated[Path | None, typer.Option(metavar="RUN", help="Start from the weights of a run.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in --out.")] = False,
    **options: Any,
) -> int:
    """Learn a task from files and say how it went.

    Args:
        task: name of the task.
        out: folder of the run.
        data: files to learn from.
        valid: files to validate on.
        config: file of options.
        device: where to train.
        max_minutes: time limit.
        init_from: run to take the first weights from.
        resume: go on with the run in ``out``.
        overwrite: replace the run in ``out``.
        **options: the task's own options, and files in roles of its own; those that are None were not given.

    Returns:
        The exit status: 0, or 130 where Ctrl-C ended the training.
    """
    given = {**(read_config(config) if config else {}), **_given(options)}

    from throughtime.cli.display import display
    from throughtime.runs import fit as fit_run

    with display() as reporter:
        run = fit_run(
            task,
            data or None,
            out=out,
            valid=valid or None,
            device=device,
            max_minutes=max_minutes,
            init_from=init_from,
            resume=resume,
            overwrite=overwrite,
            reporter=reporter,
            **given,
        )
    return INTERRUPTED if run.status == "interrupted" else 0


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that stood on the command line."""
    return {name: value for name, value in options.items() if value is not None}


def _flag(option: Option) -> str:
    name = FLAGS.get(option.name, option.name).replace("_", "-")
    return f"--{name}/--no-{name}" if option.kind is bool else f"--{name}"


def option_parameter(option: Option) -> inspect.Parameter:
    """Declare an option of a task as a parameter that typer understands; None means that it was not given.

    Args:
        option: the option.

    Returns:
        A keyword-only parameter.
    """
    default = "" if option.default in (None, ()) else f" [default: {str(option.default).lower()}]"
    info = typer.Option(
        _flag(option),
        help=escaped(option.help + default),
        metavar="|".join(option.choices) or KINDS[option.kind][0],
        parser=KINDS[option.kind][1],
        show_default=False,
        rich_help_panel="Training" if _shared(option.name, TrainingOptions) else "Data and network",
    )
    kind: Any = list[option.kind] if option.several else option.kind
    return inspect.Parameter(
        option.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, info]
    )


def _shared(name: str, options: type[TrainingOptions]) -> bool:
    """Whether an option is one that all classes of options under this one share."""
    return name in {each.name for each in fields(options)}


def _place(option: Option) -> int:
    """The help page shows a task's own options before those of all networks, and those before those of all tasks."""
    return _shared(option.name, NetworkOptions) + _shared(option.name, TrainingOptions)


def _role_parameters(role: Role) -> list[inspect.Parameter]:
    valid = role_parameter(validation_role(role.name), f"The same to validate on: {role.help}")
    return [role_parameter(role.name, role.help), valid]


def _command(task: str) -> Callable[..., int]:
    """The function behind ``fit TASK``: :func:`fit` with the task's options in place of ``**options``."""
    _task, *common, _options = inspect.signature(fit, eval_str=True).parameters.values()
    roles = [parameter for role in TASKS[task].roles for parameter in _role_parameters(role)]
    listed = sorted(options_of(config_class(task)), key=_place)
    own = [*roles, *map(option_parameter, listed)]
    held_out = typer.Option(
        metavar="FILE", help=f"File to validate on; without it this is held out: {TASKS[task].held_out}."
    )
    common = [
        item.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[list[Path] | None, held_out] if item.name == "valid" else item.annotation,
        )
        for item in common
    ]
    # typer reads the signature and the annotations; only here can they be made from the config
    command: Any = partial(fit, task)
    command.__signature__ = inspect.Signature([*common, *own])
    command.__annotations__ = {item.name: item.annotation for item in [*common, *own]}
    return command


for _name, _entry in TASKS.items():
    add_later(app, _name, partial(_command, _name), _entry.summary[0].upper() + _entry.summary[1:] + ".")
