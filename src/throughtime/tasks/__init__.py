"""The jobs throughtime can learn; each is loaded when it is asked for."""

from __future__ import annotations

from throughtime.tasks.registry import TASKS, TaskEntry, config_class, task_module

__all__ = ["TASKS", "TaskEntry", "config_class", "task_module"]
