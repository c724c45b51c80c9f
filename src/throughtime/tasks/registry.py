"""Which jobs there are, and where; each is a module that is loaded when it is asked for.

A task is two modules: its options (which load no torch, so that the command line can show them at once) and the
job itself (data + model + loss + metrics + prediction).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from throughtime.errors import UnknownNameError
from throughtime.training.options import TrainingOptions

__all__ = ["TASKS", "TaskEntry", "config_class", "task_module"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskEntry:
    """Where a task lives."""

    summary: str
    """What it learns, in one line for the help page."""
    held_out: str
    """What is held out for validation where no data is given for it."""
    config: str
    """Module that has its frozen ``Config`` dataclass; loads no torch."""
    module: str
    """Module that has its work."""


TASKS: dict[str, TaskEntry] = {
    "classify": TaskEntry(
        summary="learn one answer for a whole text, recording, image, clip or series: a label, labels or a number",
        held_out="a tenth of the examples, of each label its share, chosen by a hash of their content",
        config="throughtime.tasks.classify_config",
        module="throughtime.tasks.classify",
    ),
    "tag": TaskEntry(
        summary="learn a label for each word of a sentence, or each step of a clip or series",
        held_out="a tenth of the sentences, clips or series, chosen by a hash of their content, or of a single series "
        "the last 10 % of its time",
        config="throughtime.tasks.tag_config",
        module="throughtime.tasks.tag",
    ),
    "generate": TaskEntry(
        summary="learn a text and write more of it",
        held_out="the last 10 % of the text",
        config="throughtime.tasks.generate_config",
        module="throughtime.tasks.generate",
    ),
}


def _entry(name: str) -> TaskEntry:
    if name not in TASKS:
        raise UnknownNameError("task", name, TASKS)
    return TASKS[name]


def config_class(name: str) -> type[TrainingOptions]:
    """Give the class of a task's options without loading torch.

    Args:
        name: name of the task.

    Returns:
        The frozen dataclass ``Config``; see :func:`throughtime.training.options.options_of` for its fields.

    Raises:
        UnknownNameError: there is no such task.

    Example:
        >>> config_class("generate")().cell
        'lstm'
    """
    return import_module(_entry(name).config).Config


def task_module(name: str) -> ModuleType:
    """Load the module that does the task's work.

    Args:
        name: name of the task.

    Returns:
        The module, with ``prepare``, ``open_model`` and ``evaluate``.

    Raises:
        UnknownNameError: there is no such task.
    """
    return import_module(_entry(name).module)
