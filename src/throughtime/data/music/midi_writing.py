"""Notes become MIDI files, which any player opens."""

from __future__ import annotations

import io
from collections.abc import Iterable

from throughtime.data.music.library import mido
from throughtime.data.music.notes import Note

__all__ = ["midi_of"]

TICKS = 480
"""Ticks to a quarter note, of which 120 are a minute."""
SECOND = 2 * TICKS


def midi_of(notes: Iterable[Note], length: float = 0.0) -> bytes:
    """Write notes as one track for a piano, at 120 quarter notes a minute.

    Args:
        notes: the notes, in any order.
        length: seconds that it lasts at least, rests at its end with it.

    Returns:
        The file.

    Raises:
        UsageError: the package for MIDI is missing.

    Example:
        >>> midi_of([Note(0.0, 0.5, 60)])[:4]
        b'MThd'
    """
    midi = mido()
    track = midi.MidiTrack([midi.MetaMessage("set_tempo", tempo=500_000), midi.Message("program_change", program=0)])
    changes: list[tuple[int, int, int, int]] = []  # what ends at a tick does so before something is struck there
    for note in notes:
        start = round(note.start * SECOND)
        changes.append((max(start + 1, round(note.end * SECOND)), 0, note.pitch, 0))
        changes.append((start, 1, note.pitch, note.velocity))
    now = 0
    for tick, struck, pitch, velocity in sorted(changes):
        name = "note_on" if struck else "note_off"
        track.append(midi.Message(name, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    last = round(length * SECOND)
    track.append(midi.MetaMessage("end_of_track", time=max(0, last - now)))
    written = io.BytesIO()
    midi.MidiFile(type=0, ticks_per_beat=TICKS, tracks=[track]).save(file=written)
    return written.getvalue()
