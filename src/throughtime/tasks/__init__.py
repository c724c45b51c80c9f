"""The jobs throughtime can learn; each is loaded when it is asked for."""

from __future__ import annotations

from throughtime.tasks.registry import TASKS, config_class, task_named
from throughtime.tasks.task import Role, Task

__all__ = ["TASKS", "Role", "Task", "config_class", "task_named"]
