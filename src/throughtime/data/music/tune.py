"""A tune: its notes in time, and which pitches sound at each step of it. Loads no MIDI library until it is saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor
from pathlib import Path
from typing import TypeAlias

from throughtime.data.music.midi_writing import midi_of
from throughtime.data.music.notes import Note
from throughtime.data.output import open_output
from throughtime.errors import UsageError

__all__ = ["Frame", "Tune", "check_name", "tune_of_frames"]

Frame: TypeAlias = tuple[int, ...]
"""The pitches that sound in one step, low ones first; none in a rest."""


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune: notes, and the length of the steps in which it is counted.

    Example:
        >>> tune = Tune((Note(0.0, 1.0, 60), Note(0.5, 1.0, 64)), step=0.5)
        >>> tune.frames, tune.length
        (((60,), (60, 64)), 1.0)
    """

    notes: tuple[Note, ...]
    """The notes, those that begin first first; no two of one pitch sound at a time."""
    step: float = 0.125
    """Seconds of a step of :attr:`frames`: a sixteenth note at 120 quarter notes a minute, if nothing else is said."""
    steps: int | None = None
    """How many steps it has, where there may be rests at its end; None: as many as its notes need."""
    name: str = ""
    """Where it came from, for messages."""
    given: float = 0.0
    """Seconds at its beginning that were given to go on from; what comes after them was written."""

    @property
    def length(self) -> float:
        """When its last note ends, in seconds."""
        return max((note.end for note in self.notes), default=0.0)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The pitches that sound at each step; a note has one at least."""
        spans = [(*self._steps_of(note), note.pitch) for note in self.notes]
        count = max((stop for _, stop, _ in spans), default=0) if self.steps is None else self.steps
        sounding: list[set[int]] = [set() for _ in range(count)]
        for first, stop, pitch in spans:
            for place in range(first, min(stop, count)):
                sounding[place].add(pitch)
        return tuple(tuple(sorted(each)) for each in sounding)

    def _steps_of(self, note: Note) -> tuple[int, int]:
        """The step that a note begins with, and the one after its last: the nearest edges, a step apart at least."""
        first = floor(note.start / self.step + 0.5)
        return first, max(first + 1, floor(note.end / self.step + 0.5))

    def transposed(self, keys: int) -> Tune:
        """Give the same tune so many keys higher, or lower.

        Args:
            keys: half tones up; below 0 down. The notes must stay within 0 to 127.

        Returns:
            The tune.

        Example:
            >>> Tune((Note(0.0, 1.0, 60),)).transposed(-2).notes[0].pitch
            58
        """
        return replace(self, notes=tuple(note._replace(pitch=note.pitch + keys) for note in self.notes))

    def range(self) -> tuple[int, int]:
        """Give its lowest pitch and its highest; it must have notes."""
        pitches = [note.pitch for note in self.notes]
        return min(pitches), max(pitches)

    def save(self, path: str | Path) -> None:
        """Write it as a file that players open: MIDI, or the pitches of each step as JSON.

        Args:
            path: the file, ending in ``.mid``, ``.midi`` or ``.json``; what was there is replaced when all is written.

        Raises:
            UsageError: it ends in something else, or the package for MIDI is missing.
            DataError: it cannot be written.
        """
        out = Path(path)
        check_name(out)
        content = json.dumps(self.frames).encode() if out.suffix.lower() == ".json" else self.midi()
        with open_output(out) as output:
            output.binary().write(content)

    def midi(self) -> bytes:
        """Give it as the content of a MIDI file.

        Returns:
            The bytes.

        Raises:
            UsageError: the package for MIDI is missing.
        """
        return midi_of(self.notes, (self.steps or 0) * self.step)


def check_name(path: Path) -> None:
    """See that a file is named as one that a tune can be written into.

    Args:
        path: the file.

    Raises:
        UsageError: it is not.
    """
    if path.suffix.lower() not in (".mid", ".midi", ".json"):
        raise UsageError(f"{path}: a tune is written as MIDI (.mid), or as JSON of its steps (.json); name it so")


def tune_of_frames(frames: Sequence[Sequence[int]], step: float, name: str = "") -> Tune:
    """Make a tune of the pitches that sound at each step; a pitch that sounds on is one note.

    Args:
        frames: the pitches of each step.
        step: seconds of a step.
        name: where it came from.

    Returns:
        The tune.

    Example:
        >>> tune_of_frames([[60, 64], [60], []], 0.5).notes
        (Note(start=0.0, end=1.0, pitch=60, velocity=80), Note(start=0.0, end=0.5, pitch=64, velocity=80))
    """
    begun: dict[int, int] = {}
    notes: list[Note] = []
    for place, frame in enumerate([*map(set, frames), set[int]()]):
        for pitch in sorted(begun.keys() - frame):
            notes.append(Note(begun.pop(pitch) * step, place * step, pitch))
        for pitch in frame - begun.keys():
            begun[pitch] = place
    notes.sort(key=lambda note: (note.start, note.pitch))
    return Tune(tuple(notes), step, len(frames), name)
