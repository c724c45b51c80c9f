"""What all estimators share: their parameters, a run of their task, and what scikit-learn asks of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from sklearn import utils
from sklearn.base import BaseEstimator

from throughtime.errors import UsageError
from throughtime.estimators.checks import require_fitted
from throughtime.estimators.kept_run import KeptRun
from throughtime.estimators.parameters import option_names, plain
from throughtime.runs import Run, fit
from throughtime.tasks import config_class
from throughtime.training.reporter import PlainReporter, SilentReporter

__all__ = ["Estimator", "called", "taken"]

_ONE_AT_A_TIME = threading.RLock()
"""Held while a network is made or learns: first weights and noise come from PyTorch's one generator, so that threads
beside each other would draw from one another's numbers."""
_LARGEST_SEED = 2**31 - 1


def taken(estimator: Any, *_: object, **__: object) -> list[str]:
    """Name what an estimator takes, for messages: :func:`~throughtime.doors.taking`.

    Args:
        estimator: the estimator that is asked.
        *_: what else it is called with.
        **__: the same by name.

    Returns:
        Its parameters.
    """
    return list(estimator.get_params(deep=False))


def called(*_: object, **__: object) -> Mapping[str, str]:
    """Say what estimators call an option that has another name elsewhere.

    Args:
        *_: what the estimator is called with.
        **__: the same by name.

    Returns:
        Its name here, by its usual one.
    """
    return {"seed": "random_state"}


class Estimator(BaseEstimator):
    """Learns a run of a task, in a temporary folder, and answers with it."""

    TASK: ClassVar[str]
    """Its task."""
    FIXED: ClassVar[Mapping[str, object]] = {}
    """Options of the task that are the same for all estimators of this kind."""
    HIDDEN: ClassVar[frozenset[str]] = frozenset()
    """Options of the task that are no parameters of it."""

    device: str
    random_state: Any
    warm_start: bool
    max_minutes: float | None
    verbose: bool | int

    def __init__(self, **parameters: Any) -> None: ...

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_kept")

    @property
    def run_(self) -> Run:
        """The run that was learned, in a temporary folder: ``run_.metrics``, ``run_.describe()``."""
        require_fitted(self)
        with _ONE_AT_A_TIME:
            run = self._kept.opened(self.device)
            _ = run.model
        return run

    def save(self, folder: str | Path) -> Self:
        """Leave what was learned as a run on disk, for :func:`throughtime.load` and the command line.

        Args:
            folder: a new folder.

        Returns:
            The estimator.

        Raises:
            NotFittedError: nothing was learned yet.
            UsageError: the folder exists and is not empty, or cannot be made.
        """
        require_fitted(self)
        self._kept.save(Path(folder))
        return self

    def _learn(self, data: object, valid: object = None, **told: Any) -> Run:
        """Learn a run from data, as :func:`throughtime.fit` takes it, with options that the data told.

        It is kept, also where Ctrl-C ends it early.
        """
        options: dict[str, Any] = {name: getattr(self, name) for name in option_names(self.TASK, self.HIDDEN)}
        start = self._start(options)
        if start is not None:
            fixed = config_class(self.TASK).ARCHITECTURE
            options = {name: value for name, value in options.items() if name not in fixed}
        always: dict[str, Any] = {"rival": False, "sample_every": 0, "seed": self._seed(), **self.FIXED}
        with _ONE_AT_A_TIME:
            run = fit(
                self.TASK,
                data,
                valid=valid,
                init_from=start,
                device=self.device,
                max_minutes=self.max_minutes,
                reporter=PlainReporter() if self.verbose else SilentReporter(),
                **{**always, **plain(options), **told},
            )
        self._kept = KeptRun(run, self.device)
        return run

    @property
    def _goes_on(self) -> bool:
        """Whether the next fit goes on from the weights of the last one."""
        return bool(self.warm_start) and hasattr(self, "_kept")

    def _start(self, options: Mapping[str, object]) -> Path | None:
        """The folder of the run to go on from; None to begin anew."""
        if not self._goes_on:
            return None
        run, name = self.run_, type(self).__name__
        before = run.config.to_mapping()
        for each in sorted(config_class(self.TASK).ARCHITECTURE & options.keys()):
            if options[each] is not None and plain(options)[each] != before[each]:
                raise UsageError(
                    f"warm_start goes on with a network of {each}={before[each]!r}, and {each} is {options[each]!r} "
                    f"now: set it back, or begin anew with a clone of the {name}"
                )
        return run.path

    def _seed(self) -> int:
        """The seed of the run: a number as it is, else one that is drawn, as scikit-learn does."""
        state = self.random_state
        if isinstance(state, int | np.integer) and not isinstance(state, bool):
            return int(cast("int", state))
        return int(utils.check_random_state(state).randint(_LARGEST_SEED))
