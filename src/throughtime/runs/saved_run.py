"""A run on disk as far as it is known without its network. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from throughtime.doors import is_typed, spelled
from throughtime.errors import UnknownNameError, UsageError
from throughtime.runs.folder import check_run
from throughtime.tasks import task_named
from throughtime.tasks.run_config import read_config, saved_options
from throughtime.training.files import POSITION_FILE
from throughtime.training.options import CheckedOptions, options_of
from throughtime.training.rivals import read_rivals
from throughtime.training.seal import read_signed

__all__ = ["SavedRun"]


class SavedRun:
    """What a run is and how it was trained, and what reads data for it.

    Args:
        path: folder of the run.

    Raises:
        CheckpointError: there is no run in the folder, or one of its files is damaged or of another run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saved = read_config(path)
        self.task: str = self._saved["task"]
        self.config = saved_options(path, self._saved)
        self._seal = check_run(path)

    @property
    def metrics(self) -> dict[str, float]:
        """Metrics of the best validation, with its step; empty where there was none."""
        return self._position().get("best", {})

    @property
    def rivals(self) -> dict[str, dict[str, Any]]:
        """What simple models reach on the same validation data, by name: what each ``is``, what it ``learned_from``,
        whether it was ``kept`` to score new data with, and its ``scores``; empty with ``rival=False``.
        """
        return read_rivals(self.path, self._saved.get("run"))[0]

    @property
    def status(self) -> str:
        """How training ended: finished, stopped early, out of time, interrupted; or running, or not known."""
        return self._position().get("status", "not known")

    def _position(self) -> dict[str, Any]:
        path = self.path / POSITION_FILE
        return read_signed(path, self._saved.get("run")) if path.exists() else {}

    @cached_property
    def reader(self) -> Any:
        """What reads the data of the run's task; it loads no torch, so bad data is refused before there is a model."""
        return task_named(self.task).load_reader()(self.config)

    def parted(
        self, more: Mapping[str, object], asking: type[CheckedOptions], skipping: Mapping[str, object] | None = None
    ) -> tuple[dict[str, object], Any, CheckedOptions]:
        """Part what was given by name.

        Args:
            more: data in the task's own roles, options of reading, and what the call can be asked for.
            asking: the class of the last.
            skipping: whether records that cannot be read are skipped, where that was given.

        Returns:
            (the data by role, what reads it the given way, what was asked for).

        Raises:
            UsageError: something is none of them.
        """
        own = [role.name for role in task_named(self.task).roles]
        asked = [option.name for option in options_of(asking)]
        known = [*own, *sorted(self.config.READING), *asked]
        more = {**more, **({} if hasattr(self.config, "skip_bad") else skipping or {})}
        if strange := next((name for name in more if name not in known), None):
            if is_typed():
                taken = ", ".join(map(spelled, known))
                raise UsageError(
                    f"{self.path} is a run of the task {self.task}, which takes {taken}: leave {spelled(strange)} out"
                )
            raise UnknownNameError("argument", strange, ["data", "text", *known])
        given = {name: _plain(value) for name, value in more.items() if value is not None}
        how = {name: value for name, value in given.items() if name in self.config.READING}
        options = self.config.read_otherwise({**how, **(skipping or {})})
        make = task_named(self.task).load_reader()
        reader = make(options, asked=how.keys()) if how or skipping else self.reader
        wanted = asking.from_mapping({name: value for name, value in given.items() if name in asked})
        return {name: value for name, value in more.items() if name in own}, reader, wanted


def _plain(value: object) -> object:
    """An option's value with paths as texts, as options are kept."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in cast("list[object]", value)]
    return str(value) if isinstance(value, Path) else value
