"""Tunes as steps of pitches: JSON files and lists in memory, as collections of chorales are handed on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from throughtime.data.files import read_blocks
from throughtime.data.music.notes import HIGHEST
from throughtime.data.music.tune import Tune, tune_of_frames
from throughtime.data.reading import Note
from throughtime.errors import DataError

__all__ = ["are_pitches", "begins_with_pitches", "parts_of", "read_pitches"]

BEGUN = re.compile(r'\s*(\{\s*"\w+"\s*:\s*)?\[\s*(\[\s*){1,2}(\d{1,3}\s*[,\]]|\]\s*,\s*\[)')
"""How a list of steps of pitches begins, or one of tunes: numbers two or three lists deep, perhaps below a name."""


def begins_with_pitches(text: str) -> bool:
    """Tell from how a JSON file begins whether it holds steps of pitches.

    Args:
        text: its beginning.

    Returns:
        Whether it does.

    Example:
        >>> begins_with_pitches('{"train": [[[60, 64], [67]]]}'), begins_with_pitches('[{"text": "so"}]')
        (True, False)
    """
    return BEGUN.match(text) is not None


def are_pitches(value: object) -> bool:
    """Tell whether a value in memory is steps of pitches: whole numbers two or three lists deep.

    Args:
        value: any value.

    Returns:
        Whether it is.

    Example:
        >>> are_pitches([[60, 64], []]), are_pitches([[[60], [62]]]), are_pitches(["a", "b"])
        (True, True, False)
    """
    depth = 0
    within: object = value
    while isinstance(within, list | tuple):
        depth += 1
        listed = cast("Sequence[object]", within)
        within = next((each for each in listed if not _is_empty(each)), None)
    return depth in (2, 3) and isinstance(within, int)


def _is_empty(value: object) -> bool:
    return isinstance(value, list | tuple) and not cast("Sequence[object]", value)


def read_pitches(path: Path, step: float, note: Note) -> dict[str, list[Tune]]:
    """Read a JSON file of tunes, each a list of steps and each step a list of the pitches that sound in it.

    Args:
        path: the file: a list of tunes, one tune, or an object of such lists by names of parts (train, valid, test).
        step: seconds of a step.
        note: called with what the user should know, one line each.

    Returns:
        The tunes of each part; the part of a file without any is called "".

    Raises:
        DataError: the file cannot be read, or is something else (the message says where).
    """
    raw = b"".join(read_blocks(path, note))
    try:
        content: object = json.loads(raw)
    except ValueError as error:
        raise DataError(f"{path} is no JSON file: {error}") from None
    return parts_of(content, step, str(path))


def parts_of(content: object, step: float, name: str) -> dict[str, list[Tune]]:
    """Take steps of pitches as tunes.

    Args:
        content: a list of tunes, one tune, or a mapping of such lists by the names of parts.
        step: seconds of a step.
        name: where they came from, for messages.

    Returns:
        The tunes of each part; "" where there are no parts.

    Raises:
        DataError: it is something else (the message says where).

    Example:
        >>> [tune.frames for tune in parts_of([[60], [62, 65]], 0.5, "here")[""]]
        [((60,), (62, 65))]
    """
    if not isinstance(content, Mapping):
        return {"": _tunes(content, step, name)}
    parts = cast("Mapping[str, object]", content)
    if not parts:
        raise DataError(f"{name} holds no tunes")
    return {str(part): _tunes(listed, step, f"{name}: {part}") for part, listed in parts.items()}


def _tunes(content: object, step: float, name: str) -> list[Tune]:
    listed = _list(content, name, "a list of tunes")
    # of one tune each entry is a step, whose own entries are pitches
    if any(
        isinstance(each, list | tuple) and any(isinstance(one, int) for one in cast("list[Any]", each))
        for each in listed
    ):
        return [_tune(listed, step, name)]
    return [_tune(_list(each, f"{name}: tune {place}", "a list of steps"), step, f"{name}: tune {place}")
            for place, each in enumerate(listed, 1)]  # fmt: skip


def _list(content: object, name: str, wanted: str) -> Sequence[object]:
    if not isinstance(content, list | tuple):
        raise DataError(
            f"{name} is no music: {wanted} is needed, each step a list of pitches, not {str(content)[:40]!r}"
        )
    return cast("Sequence[object]", content)


def _tune(steps: Sequence[object], step: float, name: str) -> Tune:
    frames: list[list[int]] = []
    for place, each in enumerate(steps, 1):
        pitches = _list(each, f"{name}: step {place}", "a list of pitches")
        for pitch in pitches:
            if isinstance(pitch, bool) or not isinstance(pitch, int) or not 0 <= pitch <= HIGHEST:
                raise DataError(
                    f"{name}: step {place}: a pitch is a whole number from 0 to {HIGHEST} (60: middle C), not {pitch!r}"
                )
        frames.append(cast("list[int]", list(pitches)))
    if not any(frames):
        raise DataError(f"{name} has no notes; leave it out")
    return tune_of_frames(frames, step, name)
