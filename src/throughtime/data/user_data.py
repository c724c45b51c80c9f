"""What the user hands over: files or data in memory, each in its role."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from throughtime.doors import is_typed
from throughtime.errors import UsageError

__all__ = ["DATA", "VALID", "Given", "Paths", "UserData", "given_as", "user_data", "validation_role"]

Paths = str | Path | Sequence[str | Path]
"""One path or several."""
DATA = "data"
"""The role of what is learned from, scored or predicted for, where a task has one kind of file."""
VALID = "valid"
"""The role of what is validated on."""
LONGEST_NAME = 255
"""Bytes of a name in a path, at most, on the usual systems."""


@dataclass(frozen=True, slots=True)
class Given:
    """What stands in one role: files, or data in memory."""

    paths: tuple[Path, ...] = ()
    """The files, in order."""
    memory: object = None
    """The data; the task knows what it can be."""

    def to_json(self) -> list[str] | None:
        """Give the whole paths as plain text, or None for data in memory."""
        return [str(path.resolve()) for path in self.paths] if self.memory is None else None


def validation_role(role: str) -> str:
    """Name the role of what is validated on beside what is learned from.

    Args:
        role: a role of what is learned from.

    Returns:
        Its twin.

    Example:
        >>> validation_role("data"), validation_role("source")
        ('valid', 'valid_source')
    """
    return VALID if role == DATA else f"{VALID}_{role}"


@dataclass(frozen=True, slots=True)
class UserData(Mapping[str, Given]):
    """What was handed over, by role: ``data`` and ``valid``, or a task's own, such as ``source`` and ``target``.

    Example:
        >>> data = UserData({"source": Given((Path("a.en"),)), "valid_source": Given((Path("b.en"),))})
        >>> list(data.training()), list(data.validation()), data.validation()["source"].paths[0].name
        (['source'], ['source'], 'b.en')
    """

    roles: Mapping[str, Given] = field(default_factory=dict[str, Given])
    """What stands in each role that was given."""

    def __getitem__(self, role: str) -> Given:
        return self.roles[role]

    def __iter__(self) -> Iterator[str]:
        return iter(self.roles)

    def __len__(self) -> int:
        return len(self.roles)

    def training(self) -> UserData:
        """Give what is learned from."""
        return UserData({role: given for role, given in self.roles.items() if not _validates(role)})

    def validation(self) -> UserData:
        """Give what is validated on, under the roles of what is learned from; empty where nothing is."""
        names = {VALID: DATA}
        return UserData(
            {
                names.get(role, role.removeprefix(f"{VALID}_")): given
                for role, given in self.roles.items()
                if _validates(role)
            }
        )

    def in_hand(self) -> UserData:
        """Give the same with iterators made lists, so that they can be gone through more than once."""
        return UserData(
            {
                role: Given(memory=list(cast("Iterator[object]", given.memory)))
                if isinstance(given.memory, Iterator)
                else given
                for role, given in self.roles.items()
            }
        )

    def updated(self, newer: UserData) -> UserData:
        """Give the same with some roles filled anew."""
        return UserData({**self.roles, **newer.roles})


def _validates(role: str) -> bool:
    return role == VALID or role.startswith(f"{VALID}_")


def given_as(
    role: str, data: object, memory: object = None, memory_name: str = "", *, texts: bool = False
) -> Given | None:
    """Take what was handed over at the door for one role.

    Args:
        role: what it is called there, for messages.
        data: a path, several, or None; anything else is data in memory too.
        memory: data in memory, or None.
        memory_name: what that is called there.
        texts: whether the role is one of lines, so that a list of texts that are no files is data.

    Returns:
        The files or the data; None where neither was given.

    Raises:
        UsageError: both were given, an empty list of files, or a text that can be no path.

    Example:
        >>> given_as("data", "a.txt").paths[0].name
        'a.txt'
    """
    if data is not None and memory is not None:
        raise UsageError(f"give {role} (files) or {memory_name} (in memory), not both")
    if memory is not None:
        return Given(memory=memory)
    if data is None:
        return None
    if isinstance(data, str | Path):
        _refuse_text(role, data)
        return Given((Path(data),))
    if not isinstance(data, list | tuple):
        return Given(memory=data)
    parts = cast("Sequence[object]", data)
    if not parts:
        raise UsageError(f"{role} is an empty list; give at least one file")
    paths = [Path(part) for part in parts if isinstance(part, str | Path)]
    if len(paths) < len(parts) or (texts and _are_texts(parts)):
        return Given(memory=parts)
    for part in paths:
        _refuse_text(role, part)
    return Given(tuple(paths))


def _are_texts(parts: Sequence[object]) -> bool:
    """Whether a list is one of texts: no file is called like any of them, and not all look like the name of one."""
    names = [part for part in parts if isinstance(part, str)]
    if len(names) < len(parts) or all(Path(name).suffix and not name.split()[1:] for name in names):
        return False
    return not any(len(name.encode("utf-8", "replace")) <= LONGEST_NAME and os.path.exists(name) for name in names)


def _refuse_text(role: str, given: str | Path) -> None:
    """See that what stands for a path is not a text: one with line ends, or with a name longer than a file's may be."""
    text = str(given)
    longest = max(map(len, text.encode("utf-8", "replace").split(os.sep.encode())))
    if (longest <= LONGEST_NAME and not set("\n\r\0") & set(text)) or os.path.exists(text):
        return
    shown = text[:24].encode("unicode_escape").decode()
    raise UsageError(
        f"{role} is a text of {len(text):,} characters, '{shown}...', where a path is needed; save it in a file and "
        f"give its name{'' if is_typed() else ' (generate takes a text as text=...)'}"
    )


def user_data(values: Mapping[str, object], in_memory: Mapping[str, tuple[str, object]] | None = None) -> UserData:
    """Take what was handed over at the door, by role.

    Args:
        values: paths or data in memory by role; None where nothing was given.
        in_memory: data that can only be in memory, by role: (what it is called at the door, the data or None).

    Returns:
        What was given.

    Raises:
        UsageError: something was given twice for one role, or an empty list of files.

    Example:
        >>> list(user_data({"data": "a.txt", "valid": None}))
        ['data']
    """
    roles: dict[str, Given] = {}
    for role, value in values.items():
        name, memory = (in_memory or {}).get(role, ("", None))
        if (given := given_as(role, value, memory, name, texts=role not in (DATA, VALID))) is not None:
            roles[role] = given
    return UserData(roles)
