"""What the user hands over: files, or data that is already in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from throughtime.errors import UsageError

__all__ = ["Given", "Paths", "as_given"]

Paths = str | Path | Sequence[str | Path]
"""One path or several."""


@dataclass(frozen=True, slots=True)
class Given:
    """Files, or data in memory: one of the two."""

    paths: tuple[Path, ...] = ()
    """The files, in order."""
    memory: object = None
    """The data; the task knows what it can be."""

    def describe(self) -> list[str] | None:
        """Give the whole paths as plain text, or None for data in memory."""
        return [str(path.resolve()) for path in self.paths] if self.memory is None else None


def as_given(data: object, memory: object, names: tuple[str, str]) -> Given | None:
    """Take what was handed over at the door.

    Args:
        data: a path, several, or None; anything else is data in memory too.
        memory: data in memory, or None.
        names: what the two are called there, for messages.

    Returns:
        The files or the data; None where neither was given.

    Raises:
        UsageError: both were given, or an empty list of files.

    Example:
        >>> as_given("a.txt", None, ("data", "text")).paths[0].name
        'a.txt'
    """
    if data is not None and memory is not None:
        raise UsageError(f"give {names[0]} (files) or {names[1]} (in memory), not both")
    if memory is not None:
        return Given(memory=memory)
    if data is None:
        return None
    if isinstance(data, str | Path):
        return Given((Path(data),))
    if not isinstance(data, list | tuple):
        return Given(memory=data)
    parts = cast("Sequence[object]", data)
    if not parts:
        raise UsageError(f"{names[0]} is an empty list; give at least one file")
    paths = [Path(part) for part in parts if isinstance(part, str | Path)]
    return Given(tuple(paths)) if len(paths) == len(parts) else Given(memory=parts)
