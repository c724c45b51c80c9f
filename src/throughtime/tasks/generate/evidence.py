"""What data shows of itself, text or music, and the options that suit it. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, cast

from throughtime.data.files import STANDARD, first_bytes, suffixes
from throughtime.data.music.pitches import are_pitches, begins_with_pitches
from throughtime.data.music.tune import Tune
from throughtime.data.user_data import Given, UserData
from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.tasks.generate.options import MUSIC

__all__ = ["MIDI_SUFFIXES", "kind_of", "midi_below", "suited"]

Kind = Literal["MIDI", "pitches", "text"]
MIDI_SUFFIXES = frozenset({".mid", ".midi"})
"""How the names of MIDI files end."""
LOOKED_AT = 1 << 14
"""Bytes of a file that are looked at."""
DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "events": {"hidden": 384, "epochs": 20.0, "dropout": 0.3, "learning_rate": 4e-3},
    "frames": {
        "hidden": 256, "embedding": 64, "dropout": 0.5, "recurrent_dropout": 0.2, "epochs": 60.0, "learning_rate": 4e-3,
    },
}  # fmt: skip
"""Options of a unit of music that have other defaults than those of text, where they are not given."""
FRAMES_OF_PITCHES = 1
"""Frames to a beat where each step of a tune is taken as a beat."""


def suited(options: Mapping[str, object], data: UserData) -> dict[str, object]:
    """Give the options of a new run, those that were left open as suits its data.

    Args:
        options: those that were given.
        data: what is learned from, and validated on.

    Returns:
        The options: the unit that the data shows, and what suits it.

    Raises:
        UsageError: there is text and music, or the unit is for another kind of data.

    Example:
        >>> suited({}, UserData({"data": Given(memory=[[60, 64], [62]])}))["unit"]
        'frames'
    """
    labelled = options.get("condition") is not None
    shown = [each for given in data.values() for each in _kinds(given, labelled=labelled)]
    unit = options.get("unit")
    kinds = {kind for _, kind in shown}
    if unit == "bytes" or not kinds:
        return dict(options)
    _refuse_mixed({kind: name for name, kind in shown}, unit)
    if unit is None and kinds != {"text"}:
        unit = "events" if "MIDI" in kinds else "frames"
    if unit not in MUSIC:
        return dict(options)
    steps = {"steps_per_beat": FRAMES_OF_PITCHES} if unit == "frames" and kinds == {"pitches"} else {}
    return {"unit": unit, **steps, **DEFAULTS[str(unit)], **_sized(options)}


def _sized(options: Mapping[str, object]) -> Mapping[str, object]:
    """The options given; what is dropped suits the cell that is asked for."""
    cell = options.get("cell", "lstm")
    fixed = {} if cell in ("lstm", "gru", "rnn") else {"recurrent_dropout": 0.0}
    return {**fixed, **options}


def _refuse_mixed(example: Mapping[str, str], unit: object) -> None:
    """Raise where there is text and music, or the unit is for another kind; an example of each kind is named."""
    music = example.get("MIDI") or (example.get("pitches") if unit is None or unit in MUSIC else None)
    text = example.get("text")
    if music and text:
        raise UsageError(f"{music} is music and {text} is text, which no network writes both; give one of them")
    if unit is not None and unit not in MUSIC and (midi := example.get("MIDI")):
        wanted = " or ".join(option("unit", each) for each in MUSIC)
        raise UsageError(f"{named('unit')} {unit} is for text, and {midi} is MIDI: give {wanted}, or leave it out")
    if unit in MUSIC and text:
        raise UsageError(f"{named('unit')} {unit} is for music, and {text} is text: leave {named('unit')} out")


def _kinds(given: Given, *, labelled: bool) -> Iterator[tuple[str, Kind]]:
    """(name, kind) of all that stands in a role."""
    if given.memory is not None:
        yield "the data", _kind_in_memory(given.memory)
        return
    for path in given.paths:
        if (kind := kind_of(path, labelled=labelled)) is not None:
            yield str(path), kind


def _kind_in_memory(memory: object) -> Kind:
    listed = cast("Sequence[object]", memory) if isinstance(memory, list | tuple) else [memory]
    if listed and isinstance(listed[0], Tune):
        return "MIDI"
    parts = list(cast("Mapping[str, object]", memory).values()) if isinstance(memory, Mapping) else [listed]
    return "pitches" if parts and all(map(are_pitches, parts)) else "text"


def kind_of(path: Path, *, labelled: bool = False) -> Kind | None:
    """Tell what a file is, or the files of a folder.

    Args:
        path: the file or folder.
        labelled: whether it may be a table that names MIDI files.

    Returns:
        The kind; None where that cannot be told, as of what is not there.
    """
    if path == STANDARD:
        return "text"
    if path.is_dir():
        return "MIDI" if midi_below(path) else "text"
    suffix = suffixes(path)[0]
    if suffix in MIDI_SUFFIXES:
        return "MIDI"
    if not path.is_file():
        return None
    begun = first_bytes(path, LOOKED_AT)
    if begun.startswith(b"MThd"):
        return "MIDI"
    text = begun.decode("utf-8", "replace")
    if suffix == ".json" and begins_with_pitches(text):
        return "pitches"
    return "MIDI" if labelled and _names_midi(text) else "text"


def midi_below(folder: Path) -> list[Path]:
    """Find the MIDI files of a folder, in its folders too; hidden ones are none.

    Args:
        folder: the folder.

    Returns:
        The files in the order of their names.
    """
    return [
        path for path in sorted(folder.rglob("*")) if suffixes(path)[0] in MIDI_SUFFIXES and not _hidden(path, folder)
    ]


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _names_midi(text: str) -> bool:
    """Whether each row of a table names a MIDI file; the first may be its header, the last may be cut off."""
    rows = [line.lower() for line in text.splitlines()[1:] if line.strip()]
    return bool(rows) and all(".mid" in row for row in rows[: max(1, len(rows) - 1)])
