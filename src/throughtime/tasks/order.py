"""What a run is made of: a task, its options and its data, as ``config.json`` keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from throughtime.data.user_data import Given
from throughtime.errors import CheckpointError, UsageError
from throughtime.tasks.registry import config_class
from throughtime.training.files import read_json
from throughtime.training.options import INHERITED, TrainingOptions

__all__ = ["CONFIG_FILE", "Asked", "Order", "new_order", "read_config", "saved_options", "saved_order"]

CONFIG_FILE = "config.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the user asked for in one call."""

    task: str
    """Name of the task."""
    options: Mapping[str, object]
    """The options that were given, by name."""
    train: Given | None
    """Data to learn from, if given."""
    valid: Given | None
    """Data to validate on, if given."""
    init_from: Path | None
    """Run to take the first weights from, if given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """All that makes a run: the content of ``config.json``."""

    task: str
    """Name of the task."""
    config: TrainingOptions
    """All options of the task."""
    train: Given
    """Data to learn from."""
    valid: Given | None
    """Data to validate on; None where a part of ``train`` is held out."""
    init_from: Path | None
    """Run that the first weights come from; None where they are drawn."""

    def to_json(self) -> dict[str, object]:
        """Give the content of ``config.json``; data in memory is not kept there."""
        return {
            "throughtime": _version(),
            "task": self.task,
            "options": self.config.to_mapping(),
            "data": self.train.describe(),
            "valid": self.valid.describe() if self.valid else None,
            "init_from": str(self.init_from.resolve()) if self.init_from else None,
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
    return saved


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
        return config_class(saved["task"]).from_mapping(saved["options"])
    except UsageError as error:
        raise CheckpointError(f"{folder / CONFIG_FILE} is damaged: {error}; nothing was changed") from None


def new_order(asked: Asked) -> Order:
    """Put together a new run, perhaps on the weights of another.

    Args:
        asked: what the user asked for.

    Returns:
        The order; where it starts from another run, what the weights depend on is taken from there.

    Raises:
        UsageError: no data was given, or an option is not known or cannot be honoured.
        CheckpointError: the run to start from is missing or damaged.
    """
    if asked.train is None:
        raise UsageError("nothing to learn from: give data (files) or text (in memory)")
    config = config_class(asked.task)
    inherited: dict[str, object] = {}
    if asked.init_from is not None:
        inherited = _inherited(config, asked.task, asked.init_from)
        _refuse_changes(inherited, asked.options, f"the weights of {asked.init_from} need")
    return Order(
        task=asked.task,
        config=config.from_mapping({**asked.options, **inherited}),
        train=asked.train,
        valid=asked.valid,
        init_from=asked.init_from,
    )


def saved_order(folder: Path, asked: Asked) -> Order:
    """Take up the order of a run that is to go on.

    Args:
        folder: the run.
        asked: what the user asked for now; only how long to go on and what to tell may differ.

    Returns:
        The order.

    Raises:
        UsageError: an option was given that cannot change any more, or the data must be given again.
        CheckpointError: the run is damaged.
    """
    saved = _saved_of_task(folder, asked.task)
    if asked.init_from is not None:
        raise UsageError("resume goes on from the run's own weights; leave init_from out")
    options = saved_options(folder, saved).to_mapping()
    config = config_class(asked.task)
    order = config.from_mapping({**options, **asked.options})
    fixed = {name: value for name, value in options.items() if name not in config.CHANGEABLE}
    _refuse_changes(fixed, asked.options, f"{folder} was started with")
    train = asked.train or _saved_given(saved.get("data"))
    if train is None:
        raise UsageError(f"{folder} learned from data in memory; give the same data again to go on")
    return Order(
        task=asked.task,
        config=order,
        train=train,
        valid=asked.valid or _saved_given(saved.get("valid")),
        init_from=Path(saved["init_from"]) if saved.get("init_from") else None,
    )


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


def _saved_given(paths: list[str] | None) -> Given | None:
    return Given(tuple(Path(path) for path in paths)) if paths else None


def _refuse_changes(fixed: Mapping[str, object], asked: Mapping[str, object], why: str) -> None:
    """Raise where an option was asked for that differs from what is fixed."""
    for name in fixed.keys() & asked.keys():
        if asked[name] != fixed[name]:
            raise UsageError(f"{why} {name} {fixed[name]!r}, not {asked[name]!r}; leave it out")


def _version() -> str:
    try:
        return version("throughtime")
    except PackageNotFoundError:
        return "from source"
