"""What the doors know of a task without loading it: what it learns, and where its parts are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from throughtime.data.user_data import UserData
from throughtime.training.options import CheckedOptions, TrainingOptions

__all__ = ["Role", "Task"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """Files that a task learns from beside, or in place of, its data: ``source``, ``target``."""

    name: str
    """Its name: a keyword in Python, and with ``--`` a flag, which may be repeated. ``valid_NAME`` is its twin to
    validate on."""
    help: str
    """What the files hold, in one sentence."""
    beside: bool = False
    """Whether they stand beside the data, which must be there too; else they take its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A job that can be learned; a part is named as ``module:name`` and loaded when it is asked for."""

    summary: str
    """What it learns, in one line for the help page."""
    held_out: str
    """What is held out for validation where no data is given for it."""
    options: str
    """Its frozen dataclass of options; loads no torch."""
    reader: str
    """Class that is made of the options; its ``read`` reads what training needs, ``read_to_evaluate`` what is to be
    scored, and ``read_to_predict``, where the task makes predictions, what to say something of. Loads no torch."""
    learner: str
    """Class of the model; its ``open`` opens a finished run."""
    job: str = "throughtime.tasks.supervised.job:make_job"
    """Function that makes what is trained, out of the learner, the options and what was read."""
    roles: tuple[Role, ...] = ()
    """Roles of files beside ``data`` and ``valid``."""
    files: tuple[str, ...] = ()
    """Names of the files that it leaves in a run's folder beside the weights."""
    evaluating: str = ""
    """Frozen dataclass of what ``evaluate`` can be asked for beside how data is read; empty where that is nothing. It
    loads no torch."""
    predicting: str = ""
    """The same of ``predict``."""
    suiting: str = ""
    """Function that takes the options given and the data, and gives the options with those that were left open as suits
    the data; empty where the defaults suit any. It loads no torch."""

    def load_options(self) -> type[TrainingOptions]:
        """Load the class of its options, which loads no torch."""
        return _part(self.options)

    def load_evaluating(self) -> type[CheckedOptions]:
        """Load the class of what ``evaluate`` can be asked for, which loads no torch."""
        return _part(self.evaluating) if self.evaluating else CheckedOptions

    def load_predicting(self) -> type[CheckedOptions]:
        """Load the class of what ``predict`` can be asked for, which loads no torch."""
        return _part(self.predicting) if self.predicting else CheckedOptions

    def suited(self, options: Mapping[str, object], data: UserData) -> dict[str, object]:
        """Give the options of a new run, those that were left open as suits its data."""
        return _part(self.suiting)(options, data) if self.suiting else dict(options)

    def load_reader(self) -> Any:
        """Load the class that reads its data, which loads no torch."""
        return _part(self.reader)

    def load_learner(self) -> Any:
        """Load the class of its model."""
        return _part(self.learner)

    def load_job(self) -> Any:
        """Load the function that makes its job of training."""
        return _part(self.job)


def _part(place: str) -> Any:
    module, name = place.split(":")
    return getattr(import_module(module), name)
