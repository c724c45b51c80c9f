"""The options of a task as the parameters of an estimator, under their own names. Loads no torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from throughtime.errors import UnknownNameError
from throughtime.tasks import config_class
from throughtime.training.options import options_of

__all__ = ["Parameter", "option_names", "parameters_of", "plain", "with_parameters"]

_Estimator = TypeVar("_Estimator", bound=type[Any])

COMMON = ("cell", "hidden", "layers", "bidirectional", "dropout", "epochs", "learning_rate")
"""Options that come first."""
SILENT = frozenset([
    "rival", "skip_bad", "seed", "sample_every", "log_every", "checkpoint_every", "watch", "watch_every",
])  # fmt: skip
"""Options of a run on disk that an estimator decides itself, or has another word for."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an estimator."""

    name: str
    """Its name."""
    default: Any
    """Its value where none is given."""
    help: str
    """What it does."""


OWN = (
    Parameter("random_state", None, "Seed of the first weights, of all noise and of the order of the data."),
    Parameter("warm_start", False, "Let the next fit go on from the weights of the last one."),
    Parameter("device", "auto", "Where to learn and to predict: auto (the GPU if there is one), cpu, cuda:1 ..."),
    Parameter("max_minutes", None, "Stop learning after this time."),
    Parameter("verbose", False, "Say on standard error how it goes, and what was decided about the data."),
)
"""What every estimator has beside the options of its task."""


def parameters_of(task: str, hidden: frozenset[str]) -> tuple[Parameter, ...]:
    """List the parameters of an estimator, those that are asked for most first.

    Args:
        task: name of its task.
        hidden: options of the task that mean nothing for it, or that it decides itself.

    Returns:
        The parameters.

    Example:
        >>> [each.name for each in parameters_of("classify", frozenset())][:3]
        ['cell', 'hidden', 'layers']
    """
    known = {each.name: each for each in options_of(config_class(task)) if each.name not in hidden | SILENT}
    common = [name for name in COMMON if name in known]
    listed = [Parameter(name, known[name].default, known[name].help) for name in [*common, *known]]
    found = {each.name: each for each in [*listed[: len(common)], *OWN, *listed[len(common) :]]}
    return tuple(found.values())


def option_names(task: str, hidden: frozenset[str]) -> frozenset[str]:
    """Name the parameters that are options of the task.

    Args:
        task: name of the task.
        hidden: options that are no parameters.

    Returns:
        Their names.
    """
    return frozenset(each.name for each in parameters_of(task, hidden)) - {each.name for each in OWN}


def with_parameters(cls: _Estimator) -> _Estimator:
    """Give an estimator its parameters: they follow from its ``TASK`` and ``HIDDEN``.

    scikit-learn reads the parameters of an estimator off the signature of its constructor. So that no list of options
    is kept twice, this one is made of the options of the task.

    Args:
        cls: the estimator.

    Returns:
        The same, with a constructor and a docstring that name every parameter.
    """
    known = parameters_of(cls.TASK, cls.HIDDEN)
    cls.__init__ = _constructor(cls.__name__, known)
    shown = "\n".join(f"    {each.name}: {each.help} ({each.default!r})" for each in known)
    cls.__doc__ = f"{inspect.getdoc(cls)}\n\nParameters, each with its default:\n{shown}\n"
    return cls


def _constructor(estimator: str, known: tuple[Parameter, ...]) -> Callable[..., None]:
    """Make a constructor that keeps what it is given, untouched, as scikit-learn asks for."""
    defaults = {each.name: each.default for each in known}

    def __init__(self: Any, **given: Any) -> None:
        for name in given:
            if name not in defaults:
                raise UnknownNameError(f"parameter of {estimator}", name, defaults)
        for name, value in {**defaults, **given}.items():
            setattr(self, name, value)

    keyword = inspect.Parameter.KEYWORD_ONLY
    listed = [inspect.Parameter(each.name, keyword, default=each.default) for each in known]
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    vars(__init__)["__signature__"] = inspect.Signature([itself, *listed])
    return __init__


def plain(values: Mapping[str, object]) -> dict[str, Any]:
    """Give options as a run keeps them: NumPy's numbers, which a search draws, as Python's, and paths as texts.

    Args:
        values: by name.

    Returns:
        The same as plain values; what was left open is not among them.

    Example:
        >>> plain({"hidden": np.int64(8), "layers": None})
        {'hidden': 8}
    """
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return cast("Any", value).item()
    return str(value) if isinstance(value, Path) else value
