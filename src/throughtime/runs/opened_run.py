"""A run on disk with its network, which is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from throughtime.data.reading import Note
from throughtime.runs.loading import loading
from throughtime.runs.saved_run import SavedRun
from throughtime.tasks import task_named
from throughtime.training.options import CheckedOptions, options_of

__all__ = ["OpenedRun", "called_by", "taken_to_evaluate", "taken_to_predict", "taken_to_read"]


def taken_to_read(run: SavedRun, *_: object, **__: object) -> list[str]:
    """Name what is taken to read data: options of reading, and data in roles of the task.

    Args:
        run: the run that is asked.
        *_: what else it is called with.
        **__: the same by name.

    Returns:
        The names.
    """
    return [*run.config.READING, *(role.name for role in task_named(run.task).roles)]


def taken_to_evaluate(run: SavedRun, *_: object, **__: object) -> list[str]:
    """Name what ``evaluate`` takes beside its own parameters, for :func:`~throughtime.doors.taking`.

    Args:
        run: the run that is asked.
        *_: what else it is called with.
        **__: the same by name.

    Returns:
        The names.
    """
    return [*taken_to_read(run), *(option.name for option in options_of(task_named(run.task).load_evaluating()))]


def taken_to_predict(run: SavedRun, *_: object, **__: object) -> list[str]:
    """Name what ``predict`` takes beside its own parameters.

    Args:
        run: the run that is asked.
        *_: what else it is called with.
        **__: the same by name.

    Returns:
        The names.
    """
    return [*taken_to_read(run), *(option.name for option in options_of(task_named(run.task).load_predicting()))]


def called_by(run: SavedRun, *_: object, **__: object) -> Mapping[str, str]:
    """Say what options of reading are called in the run's task.

    Args:
        run: the run that is asked.
        *_: what else it is called with.
        **__: the same by name.

    Returns:
        The task's own name of an option, by the usual one.
    """
    return run.config.CALLED


class OpenedRun(SavedRun):
    """A trained run and its network.

    Args:
        path: folder of the run.
        device: where its model is used.

    Raises:
        CheckpointError: there is no run in the folder, or one of its files is damaged or of another run.
    """

    def __init__(self, path: Path, *, device: str = "cpu") -> None:
        super().__init__(path)
        self._device = device

    @cached_property
    def model(self) -> Any:
        """The trained model as its task opens it; its ``model`` is the ``torch.nn.Module``."""
        with loading():
            from throughtime.runs.device import find_device  # loads torch

            learner = task_named(self.task).load_learner()
        return learner.open(self.config, self.path, find_device(self._device))

    def asked(self, wanted: CheckedOptions, note: Note) -> Any:
        """The model as it was asked to score or predict, where its task can be asked for anything."""
        return self.model if type(wanted) is CheckedOptions else self.model.asked(wanted, note)
