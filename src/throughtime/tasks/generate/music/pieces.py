"""Tunes as they are handed over: MIDI files and folders of them, tables that name them, JSON, and tunes in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from throughtime.data.files import STANDARD, suffixes
from throughtime.data.music.midi_reading import BEAT, read_midi
from throughtime.data.music.pitches import parts_of, read_pitches
from throughtime.data.music.tune import Tune
from throughtime.data.reading import Problems, Reading
from throughtime.data.user_data import Given
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError
from throughtime.tasks.generate.evidence import midi_below
from throughtime.tasks.generate.labelled import read_labelled
from throughtime.tasks.generate.options import Config

__all__ = ["Piece", "Pieces", "one_tune", "read_pieces", "report"]

TRAIN, VALID, TEST = ("train", "training"), ("valid", "validation", "val", "dev"), ("test", "testing")
"""What the parts of a file are called."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A tune to learn from, or to score, with its label if it has one."""

    tune: Tune
    """The tune."""
    label: str | None = None
    """What it is a tune for, such as its composer."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """What was read, by the part of the file it stood in; "" where there are no parts."""

    parts: Mapping[str, Sequence[Piece]]
    """The tunes of each part, by its name."""

    @property
    def all(self) -> list[Piece]:
        """All of them."""
        return [piece for part in self.parts.values() for piece in part]

    def part(self, names: Sequence[str]) -> list[Piece]:
        """Those of the first part of one of some names; none where there is no such part."""
        return list(next((part for name, part in self.parts.items() if name.casefold() in names), ()))


def read_pieces(given: Given, config: Config, problems: Problems) -> Pieces:
    """Read tunes, whatever they are handed over as.

    Args:
        given: files, folders, a table that names files, or tunes in memory.
        config: the options.
        problems: told of files that cannot be read.

    Returns:
        The tunes by part.

    Raises:
        DataError: a file cannot be read and is not to be skipped, or there is no tune in all of it.
    """
    if config.condition is not None:
        found = {"": list(_listed(given, config, problems))}
    elif given.memory is not None:
        found = {name: [*map(Piece, tunes)] for name, tunes in _in_memory(given.memory, config).items()}
    else:
        found = _of_files(given.paths, config, problems)
    pieces = Pieces(found)
    if not pieces.all:
        last = (
            f"; {len(problems.skipped):,} could not be read, the first: {problems.skipped[0]}"
            if problems.skipped
            else ""
        )
        raise DataError(f"there is no tune in the data{last}")
    return pieces


def one_tune(path: Path, config: Config, problems: Problems) -> Tune:
    """Read the tune of one file.

    Args:
        path: a MIDI file, or JSON of one tune.
        config: the options.
        problems: told of what was changed.

    Returns:
        The tune.

    Raises:
        DataError: it cannot be read, or holds several tunes.
    """
    if suffixes(path)[0] != ".json":
        return read_midi(path, problems.note, steps_per_beat=config.steps_per_beat)
    tunes = [tune for part in read_pitches(path, _step(config), problems.note).values() for tune in part]
    if len(tunes) != 1:
        raise DataError(f"{path} holds {len(tunes):,} tunes; give a file of one")
    return tunes[0]


def _step(config: Config) -> float:
    """Seconds of a step of JSON."""
    return BEAT / (config.steps_per_beat or 1)


def _in_memory(memory: Any, config: Config) -> dict[str, list[Tune]]:
    listed = [memory] if isinstance(memory, Tune) else memory
    if isinstance(listed, list | tuple) and any(isinstance(each, Tune) for each in cast("list[object]", listed)):
        tunes = cast("list[object]", listed)
        if wrong := next((each for each in tunes if not isinstance(each, Tune)), None):
            raise DataError(f"the data holds tunes and {type(wrong).__name__}; give tunes alone")
        if silent := next((place for place, tune in enumerate(tunes, 1) if not cast(Tune, tune).notes), None):
            raise DataError(f"the data: tune {silent} has no notes; leave it out")
        return {"": cast("list[Tune]", tunes)}
    return parts_of(memory, _step(config), "the data")


def _of_files(paths: Sequence[Path], config: Config, problems: Problems) -> dict[str, list[Piece]]:
    found: dict[str, list[Piece]] = {}
    for path in paths:
        if suffixes(path)[0] == ".json":
            for name, tunes in read_pitches(path, _step(config), problems.note).items():
                found.setdefault(name, []).extend(map(Piece, tunes))
        else:
            found.setdefault("", []).extend(map(Piece, _midi(path, config, problems)))
    return found


def _midi(path: Path, config: Config, problems: Problems) -> Iterator[Tune]:
    """The tunes of a MIDI file, or of all in a folder."""
    if path == STANDARD:
        raise UsageError("music is read from files, and - is standard input; name a file")
    files = midi_below(path) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path} holds no MIDI files (.mid, .midi)")
    if path.is_dir() and (others := sum(each.is_file() for each in path.rglob("*")) - len(files)):
        problems.note(f"{path}: {others:,} files that are no MIDI, or hidden, are left out")
    for file in files:
        yield from _one(file, str(file), config, problems)


def _one(file: Path, place: str, config: Config, problems: Problems) -> Iterator[Tune]:
    """The tune of a MIDI file; one that cannot be read is reported."""
    try:
        yield read_midi(file, problems.note, steps_per_beat=config.steps_per_beat)
    except DataError as error:
        report(problems, place, str(error).removeprefix(place).lstrip(": "))


def report(problems: Problems, place: str, what: str) -> None:
    """Tell of a tune that cannot be used; where that ends everything, how to go on is said too.

    Args:
        problems: what becomes of such.
        place: where it stands.
        what: what is wrong.

    Raises:
        DataError: it is not to be skipped.
    """
    problems.report(place, what if problems.skip else f"{what} ({option('skip_bad', True)} goes on without)")


def _listed(given: Given, config: Config, problems: Problems) -> Iterator[Piece]:
    """The tunes that tables name, with their labels; a name is meant from the table's folder on."""
    how = Reading(
        encoding=config.encoding,
        format=config.format,
        header=config.header,
        text_column=config.text_column,
        target_column=config.condition,
    )
    if not given.paths:
        raise UsageError(
            f"{named('condition')} names a column of a table in a file, whose rows name MIDI files; save it"
        )
    for table in given.paths:
        for record in read_labelled(Given((table,)), how, problems.note):
            file = table.parent / str(record.content).strip()
            for tune in _one(file, record.place, config, problems):
                yield Piece(tune, str(record.target))
