"""What a run is made of: a task, its options and its data, as ``config.json`` keeps them. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from throughtime.data.user_data import DATA, VALID, Given, UserData, validation_role
from throughtime.doors import is_typed, named, option, spelled
from throughtime.errors import CheckpointError, UsageError
from throughtime.tasks.registry import task_named
from throughtime.training.files import CONFIG_FILE, read_json
from throughtime.training.options import INHERITED, TrainingOptions

__all__ = [
    "CONFIG_FILE",
    "RunConfig",
    "RunRequest",
    "continued_run",
    "new_run",
    "read_config",
    "saved_options",
    "saved_paths",
    "what_to_give",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRequest:
    """What the user asked for in one call."""

    task: str
    """Name of the task."""
    options: Mapping[str, object]
    """The options that were given, by name."""
    data: UserData
    """What was given, by role."""
    init_from: Path | None
    """Run to take the first weights from, if given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunConfig:
    """All that makes a run: the content of ``config.json``."""

    task: str
    """Name of the task."""
    options: TrainingOptions
    """All options of the task."""
    data: UserData
    """What is learned from and validated on, by role; where there is none to validate on, a part is held out."""
    init_from: Path | None
    """Run that the first weights come from; None where they are drawn."""
    run: str = ""
    """Which run it is, as its weights say too; empty until it is trained for the first time."""

    def to_json(self) -> dict[str, object]:
        """Give the content of ``config.json``; data in memory is not kept there."""
        return {
            "throughtime": _version(),
            "task": self.task,
            "options": self.options.to_mapping(),
            **_data_to_json(self.data),
            "init_from": str(self.init_from.resolve()) if self.init_from else None,
            "run": self.run,
        }


def read_config(folder: Path) -> dict[str, Any]:
    """Read a run's ``config.json``.

    Args:
        folder: the run.

    Returns:
        Its content; ``task`` and ``options`` are there.

    Raises:
        CheckpointError: there is no run, or the file is damaged.
    """
    if not (folder / CONFIG_FILE).exists():
        raise CheckpointError(f"there is no run in {folder}: it has no {CONFIG_FILE}")
    saved = read_json(folder / CONFIG_FILE)
    if not isinstance(saved.get("task"), str) or not isinstance(saved.get("options"), dict):
        raise CheckpointError(f"{folder / CONFIG_FILE} is damaged: it names no task or no options; nothing was changed")
    for name, value in saved.items():
        if not _makes_sense(name, value):
            raise CheckpointError(f"{folder / CONFIG_FILE} is damaged: {name} is {value!r}; nothing was changed")
    return saved


def _makes_sense(name: str, value: object) -> bool:
    """Whether a value of ``config.json`` is of the kind that is written there; roles of data hold paths or nothing."""
    match name:
        case "options":
            return isinstance(value, dict)
        case "throughtime" | "task" | "run":
            return isinstance(value, str)
        case "init_from":
            return value is None or isinstance(value, str)
        case _:
            listed = cast("list[object]", value) if isinstance(value, list) else [value]
            return value is None or (isinstance(value, list) and all(isinstance(each, str) for each in listed))


def saved_options(folder: Path, saved: Mapping[str, Any]) -> TrainingOptions:
    """Check the options that a run was saved with.

    Args:
        folder: the run, for messages.
        saved: its ``config.json``.

    Returns:
        The options.

    Raises:
        CheckpointError: an option is not known or has no sensible value.
    """
    try:
        return task_named(saved["task"]).load_options().from_mapping(saved["options"])
    except UsageError as error:
        raise CheckpointError(f"{folder / CONFIG_FILE} is damaged: {error}; nothing was changed") from None


def new_run(asked: RunRequest) -> RunConfig:
    """Put together a new run, perhaps on the weights of another.

    Args:
        asked: what the user asked for.

    Returns:
        What the run is made of; where it starts from another run, what the weights depend on is taken from there.

    Raises:
        UsageError: no data was given, or an option is not known or cannot be honoured.
        CheckpointError: the run to start from is missing or damaged.
    """
    task = task_named(asked.task)
    config = task.load_options()
    if not asked.data.training():
        raise UsageError(f"nothing to learn from: {what_to_give(asked.task)}")
    inherited: dict[str, object] = {}
    if asked.init_from is not None:
        inherited = _inherited(config, asked.task, asked.init_from)
        _refuse_changes(inherited, asked.options, f"the weights of {asked.init_from} need")
    options = config.from_mapping(task.suited({**asked.options, **inherited}, asked.data))
    return RunConfig(task=asked.task, options=options, data=asked.data, init_from=asked.init_from)


def what_to_give(task: str) -> str:
    """Say what a task reads, as it is given in the call at hand.

    Args:
        task: its name.

    Returns:
        The end of a sentence.

    Example:
        >>> what_to_give("generate")
        'name a file'
    """
    roles = [role.name for role in task_named(task).roles if not role.beside]
    if is_typed():
        return f"name files with {', '.join(map(spelled, roles))}" if roles else "name a file"
    if roles:
        return f"give {', '.join(roles)} (files, or data in memory)"
    return "give data (files) or text (in memory)" if task == "generate" else "give data (files, or examples in memory)"


def continued_run(folder: Path, asked: RunRequest) -> RunConfig:
    """Take up what a run that is to go on is made of.

    Args:
        folder: the run.
        asked: what the user asked for now; only how long to go on and what to tell may differ.

    Returns:
        What the run is made of.

    Raises:
        UsageError: an option was given that cannot change any more, or the data must be given again.
        CheckpointError: the run is damaged.
    """
    saved = _saved_of_task(folder, asked.task)
    if asked.init_from is not None:
        raise UsageError(f"{option('resume', True)} goes on from the run's own weights; leave {named('init_from')} out")
    options = saved_options(folder, saved).to_mapping()
    config = task_named(asked.task).load_options()
    changed = config.from_mapping({**options, **asked.options})
    fixed = {name: value for name, value in options.items() if name not in config.CHANGEABLE}
    _refuse_changes(fixed, asked.options, f"{folder} was started with")
    return RunConfig(
        task=asked.task,
        options=changed,
        data=_same_data(folder, saved, asked.data),
        init_from=Path(saved["init_from"]) if saved.get("init_from") else None,
        run=saved.get("run", ""),
    )


def _data_to_json(data: UserData) -> dict[str, object]:
    """The paths of each role under its name, and which roles were filled from memory."""
    in_memory = [role for role, given in data.items() if given.memory is not None]
    paths = {role: given.to_json() for role, given in data.items()}
    return {DATA: None, VALID: None, **paths, **({"in_memory": in_memory} if in_memory else {})}


def saved_paths(saved: Mapping[str, Any]) -> dict[str, list[str] | None]:
    """Give the paths of a run's data by role.

    Args:
        saved: the content of its ``config.json``.

    Returns:
        The paths, None for a role that was filled from memory.
    """
    own = [role.name for role in task_named(saved["task"]).roles]
    roles = [DATA, VALID, *own, *map(validation_role, own)]
    paths: dict[str, list[str] | None] = {role: saved[role] for role in roles if saved.get(role)}
    in_memory: list[str] = saved.get("in_memory") or []
    return paths | dict.fromkeys(in_memory)


def _same_data(folder: Path, saved: Mapping[str, Any], given: UserData) -> UserData:
    """The data that a run has learned from so far: its files, or what was handed over again."""
    paths = saved_paths(saved)
    again = [role for role, files in paths.items() if files is None and role not in given]
    if again or not (paths or given):
        raise UsageError(
            f"{folder} learned from data in memory; give the same data again to go on ({', '.join(again) or DATA})"
        )
    files = {role: Given(tuple(map(Path, listed))) for role, listed in paths.items() if listed}
    return UserData(files).updated(given)


def _inherited(config: type[TrainingOptions], task: str, folder: Path) -> dict[str, object]:
    """The options that the weights of a run fix."""
    saved = read_config(folder)
    if saved["task"] == task:
        fixed: Mapping[str, object] = dict.fromkeys(config.ARCHITECTURE, INHERITED)
    elif saved["task"] in config.FROM_OTHERS:
        fixed = config.FROM_OTHERS[saved["task"]]
    else:
        raise UsageError(f"{folder} is a run of the task {saved['task']}; {task} cannot start from it")
    options: Mapping[str, object] = saved["options"]
    values = {name: options.get(name, INHERITED) if value is INHERITED else value for name, value in fixed.items()}
    return {name: value for name, value in values.items() if value is not INHERITED}


def _saved_of_task(folder: Path, task: str) -> dict[str, Any]:
    """Read the config of a run that must be of the task."""
    saved = read_config(folder)
    if saved["task"] != task:
        raise UsageError(f"{folder} is a run of the task {saved['task']}, not {task}")
    return saved


def _refuse_changes(fixed: Mapping[str, object], asked: Mapping[str, object], why: str) -> None:
    """Raise where an option was asked for that differs from what is fixed."""
    for name in fixed.keys() & asked.keys():
        if asked[name] != fixed[name]:
            raise UsageError(f"{why} {named(name)} {fixed[name]!r}, not {asked[name]!r}; leave it out")


def _version() -> str:
    try:
        return version("throughtime")
    except PackageNotFoundError:
        return "from source"
