"""Notes: pitches in time, as all that reads and writes music has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["HIGHEST", "VELOCITY", "Note", "named_pitch", "tidy"]

HIGHEST = 127
"""The highest pitch of MIDI; the lowest is 0, and 60 is the middle C."""
VELOCITY = 80
"""How hard a note is struck where nothing is said of it, of 127."""
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class Note(NamedTuple):
    """A note: a pitch, and when it sounds."""

    start: float
    """When it begins, in seconds."""
    end: float
    """When it ends, after that."""
    pitch: int
    """Its key in MIDI, from 0 to 127; 60 is the middle C."""
    velocity: int = VELOCITY
    """How hard it is struck, from 1 to 127."""


def tidy(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Order notes, so that no two of one pitch sound at a time: one that is struck again ends there.

    Args:
        notes: any notes, from several tracks or voices.

    Returns:
        The notes by their beginnings, of equal ones the lower first. Of two of one pitch that begin together the longer
        is kept, as hard as the harder one.

    Example:
        >>> tidy([Note(1.0, 3.0, 60, 50), Note(0.0, 2.0, 60, 70)])
        (Note(start=0.0, end=1.0, pitch=60, velocity=70), Note(start=1.0, end=3.0, pitch=60, velocity=50))
    """
    of_pitch: dict[int, list[Note]] = defaultdict(list)
    for note in sorted(notes):
        before = of_pitch[note.pitch]
        if before and before[-1].start == note.start:
            other = before.pop()
            note = note._replace(end=max(note.end, other.end), velocity=max(note.velocity, other.velocity))
        elif before and before[-1].end > note.start:
            cut = before.pop()
            note = note._replace(end=max(note.end, cut.end))
            before.append(cut._replace(end=note.start))
        before.append(note)
    return tuple(
        sorted((note for each in of_pitch.values() for note in each), key=lambda note: (note.start, note.pitch))
    )


def named_pitch(pitch: int) -> str:
    """Name a pitch as musicians do.

    Args:
        pitch: its key in MIDI.

    Returns:
        The note and its octave.

    Example:
        >>> named_pitch(60), named_pitch(21), named_pitch(61)
        ('C4', 'A0', 'C#4')
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"
