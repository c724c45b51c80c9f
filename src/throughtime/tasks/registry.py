"""Which tasks there are: a folder each, which tells what it learns and where its parts are."""

from __future__ import annotations

from importlib import import_module

from throughtime.errors import UnknownNameError
from throughtime.tasks.task import Task
from throughtime.training.options import TrainingOptions

__all__ = ["TASKS", "config_class", "task_named"]

_FOLDERS = ("classify", "tag", "translate", "caption", "answer", "generate", "forecast")
"""Names of the tasks, in the order of the help page; the folder of each, ``throughtime.tasks.NAME``, has its TASK."""

TASKS: dict[str, Task] = {name: import_module(f"throughtime.tasks.{name}").TASK for name in _FOLDERS}
"""The tasks by name."""


def task_named(name: str) -> Task:
    """Give what is known of a task without loading it.

    Args:
        name: name of the task.

    Returns:
        The task.

    Raises:
        UnknownNameError: there is no such task.

    Example:
        >>> task_named("generate").summary
        'learn a text, or music, and write more of it'
    """
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
    return task_named(name).load_options()
