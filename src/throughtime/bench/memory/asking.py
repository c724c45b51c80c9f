"""What was typed for a memory task, made into what is to be run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.bench.memory.catalogue import task_called
from throughtime.bench.memory.running import Asked
from throughtime.errors import UnknownNameError, UsageError
from throughtime.tasks import config_class
from throughtime.training.options import Option, options_of

__all__ = ["asked_for"]

_ELSEWHERE = {"cell": "--cell", "seed": "--seeds"}
"""Options of a task that have a flag of their own here."""
_TRUTHS = {"true": True, "false": False}


def asked_for(
    name: str,
    *,
    cells: str | None,
    length: int | None,
    lengths: str | None,
    seeds: int,
    max_minutes: float | None,
    options: Sequence[str],
    command: str,
) -> Asked:
    """Read what was typed; what is left out is the catalogue's.

    Args:
        name: the task.
        cells: names with commas between, or None.
        length: the longest items that are learned from, or None.
        lengths: numbers with commas between, or None.
        seeds: how many runs of each cell there are.
        max_minutes: the training of each stops after this time, or None.
        options: options of the task that learns it, as ``name=value``.
        command: what was typed.

    Returns:
        What is to be run.

    Raises:
        UnknownNameError: there is no such task, cell or option.
        UsageError: a value that cannot be read, or makes no sense.

    Example:
        >>> typed = dict(cells="gru", length=None, lengths="50, 20", seeds=2, max_minutes=None, command="")
        >>> asked = asked_for("copy", options=["hidden=32"], **typed)
        >>> asked.cells, asked.length, asked.lengths, asked.seeds, asked.options
        (['gru'], 100, [20, 50], range(0, 2), {'hidden': 32})
    """
    task = task_called(name)
    if seeds < 1:
        raise UsageError(f"--seeds must be 1 or more, got {seeds}")
    if max_minutes is not None and not max_minutes > 0:
        raise UsageError(f"--max-minutes must be above 0, got {max_minutes:g}")
    tested = sorted({_whole("--lengths", each) for each in lengths.split(",")}) if lengths else None
    asked = Asked(
        task=task,
        cells=list(dict.fromkeys(each.strip() for each in cells.split(","))) if cells else task.cells,
        length=task.length if length is None else length,
        lengths=tested or (task.tested if length is None else [length]),
        seeds=range(seeds),
        max_minutes=max_minutes,
        options=dict(_read(task.task, each) for each in options),
        command=command,
    )
    asked.check()
    return asked


def _whole(flag: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{flag} takes whole numbers with commas between, and {text.strip()!r} is none") from None


def _read(task: str, given: str) -> tuple[str, Any]:
    """Read one ``name=value``."""
    name, separator, value = given.partition("=")
    name = name.strip().replace("-", "_")
    if not separator:
        raise UsageError(f"--set takes NAME=VALUE, such as hidden=32, not {given!r}")
    if name in _ELSEWHERE:
        raise UsageError(f"--set {given}: give {_ELSEWHERE[name]} in its place")
    known = {option.name: option for option in options_of(config_class(task))}
    if name not in known:
        raise UnknownNameError(f"option of {task}", name, known)
    return name, _value(known[name], value.strip(), given)


def _value(option: Option, text: str, given: str) -> Any:
    if option.optional and text.lower() == "none":
        return None
    try:
        return _TRUTHS[text.lower()] if option.kind is bool else option.kind(text)
    except (KeyError, ValueError):
        wanted = "true or false" if option.kind is bool else f"of the kind {option.kind.__name__}"
        raise UsageError(f"--set {given}: the value must be {wanted}") from None
