"""MIDI files become tunes: whatever a player would hear of their notes, or one line on why that cannot be told."""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from throughtime.data.files import read_blocks
from throughtime.data.music.library import mido
from throughtime.data.music.notes import Note as TuneNote
from throughtime.data.music.notes import tidy
from throughtime.data.music.tune import Tune
from throughtime.data.reading import Note
from throughtime.errors import DataError

__all__ = ["BEAT", "read_midi"]

BEAT = 0.5
"""Seconds of a quarter note where no tempo is told: 120 in a minute."""
DRUMS = 9
"""The channel of the drums, from 0, whose keys are instruments and no pitches."""
PEDAL, PRESSED = 64, 64
"""The number of the sustain pedal among the controllers, and from where on it is down."""


@dataclass(slots=True)
class _Heard:
    """What is found on the way through the tracks."""

    notes: list[tuple[int, int, int, int]]
    """(first tick, last tick, pitch, velocity)."""
    drums: int = 0
    """Notes of the drums."""
    endless: int = 0
    """Notes that never end."""


def read_midi(path: Path, note: Note, *, steps_per_beat: int | None = None) -> Tune:
    """Read the notes of a MIDI file, of all its tracks together.

    A note that is struck with a velocity of 0 ends; one that never ends does so with its track; while the sustain pedal
    is down, notes sound on. Drums (channel 10) are left out. What is changed is said through ``note``.

    Args:
        path: the file, packed or not.
        note: called with what the user should know, one line each.
        steps_per_beat: steps to a quarter note: the tune is then counted in these, at 120 quarter notes a minute
            whatever its tempo; None keeps its own time.

    Returns:
        The tune.

    Raises:
        DataError: the file is missing, broken, cut short, of independent patterns (format 2), or has no notes.
        UsageError: the package for MIDI is missing.

    Source: "Standard MIDI Files 1.0", MIDI Manufacturers Association 1996.
    """
    raw = b"".join(read_blocks(path, note))
    opened = _opened(path, raw)
    heard = _Heard([])
    for track in opened.tracks:
        _hear(track, max(1, opened.ticks_per_beat), heard)
    if not heard.notes:
        more = f" but those of drums ({heard.drums:,})" if heard.drums else ""
        raise DataError(f"{path} has no notes{more}; leave it out")
    if heard.endless:
        note(f"{path}: notes that never end: {heard.endless:,}; they end with their track")
    if heard.drums:
        note(f"{path}: the drums (channel 10) have no pitches; {heard.drums:,} notes of theirs are left out")
    seconds = _steady(opened) if steps_per_beat else _clock(opened)
    notes = tidy(TuneNote(seconds(start), seconds(end), pitch, hard) for start, end, pitch, hard in heard.notes)
    return Tune(notes, BEAT / (steps_per_beat or 4), name=str(path))


def _opened(path: Path, raw: bytes) -> Any:
    """What mido makes of the file, where that is all of it."""
    midi = mido()
    if not raw.startswith(b"MThd"):
        raise DataError(f"{path} is no MIDI file: it does not begin with MThd")
    try:
        opened = midi.MidiFile(file=io.BytesIO(raw))
    except EOFError:
        raise DataError(f"{path} is no whole MIDI file: a track is cut short") from None
    except Exception as error:  # mido raises whatever its parts do
        raise DataError(f"{path} is no whole MIDI file: {error or type(error).__name__}") from None
    if opened.type == 2:
        raise DataError(f"{path} holds patterns that are independent of each other (format 2); save them one by one")
    if opened.ticks_per_beat == 0:
        raise DataError(f"{path} is no whole MIDI file: it has no ticks to a quarter note")
    if (there := _tracks(raw)) != len(opened.tracks):
        raise DataError(
            f"{path} is no whole MIDI file: its header counts {len(opened.tracks)} tracks, and {there} are there"
        )
    return opened


def _tracks(raw: bytes) -> int:
    """Count the tracks that stand one behind the other, whatever the header says."""
    count, place = 0, 8 + int.from_bytes(raw[4:8], "big")
    while raw[place : place + 4] == b"MTrk" and place + 8 <= len(raw):
        (size,) = struct.unpack(">L", raw[place + 4 : place + 8])
        count, place = count + 1, place + 8 + size
    return count


def _hear(track: Sequence[Any], beat: int, heard: _Heard) -> None:
    """Follow a track, key by key of each channel."""
    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    held: dict[int, set[int]] = {}  # channel with its pedal down -> keys that were let go
    now = 0

    def end(key: tuple[int, int]) -> None:
        start, velocity = sounding.pop(key)
        heard.notes.append((start, max(now, start + 1), key[1], velocity))

    for message in track:
        now += message.time
        match message.type:
            case "note_on" | "note_off" if message.channel == DRUMS:
                heard.drums += message.type == "note_on" and message.velocity > 0
            case "note_on" if message.velocity > 0:
                key = (message.channel, message.note)
                if key in sounding:
                    end(key)
                held.get(message.channel, set()).discard(message.note)
                sounding[key] = (now, message.velocity)
            case "note_on" | "note_off":
                if message.channel in held:
                    held[message.channel].add(message.note)
                elif (key := (message.channel, message.note)) in sounding:
                    end(key)
            case "control_change" if message.control == PEDAL:
                if message.value >= PRESSED:
                    held.setdefault(message.channel, set())
                else:
                    for pitch in held.pop(message.channel, ()):
                        if (key := (message.channel, pitch)) in sounding:
                            end(key)
            case _:
                pass
    heard.endless += sum(pitch not in held.get(channel, ()) for channel, pitch in sounding)
    now = max([now, *(start + beat for start, _ in sounding.values() if start == now)])
    for key in list(sounding):
        end(key)


def _steady(opened: Any) -> Callable[[int], float]:
    """Ticks to seconds at an even 120 quarter notes a minute."""
    ticks: int = opened.ticks_per_beat
    if ticks < 0:
        return _clock(opened)
    return lambda tick: tick * BEAT / ticks


def _clock(opened: Any) -> Callable[[int], float]:
    """Ticks to seconds, with every change of tempo."""
    ticks: int = opened.ticks_per_beat
    if ticks < 0:  # frames of film a second, and ticks of each, as two bytes
        return lambda tick: tick / (-(ticks >> 8) * (ticks & 0xFF))
    changes = dict(sorted(_tempos(opened.tracks)))
    starts = sorted({0, *changes})
    tempos = list(
        accumulate((changes.get(start) for start in starts), lambda old, new: new or old, initial=BEAT * 1e6)
    )[1:]
    spans = (later - start for start, later in pairwise(starts))
    begun = list(accumulate((span * tempo for span, tempo in zip(spans, tempos, strict=False)), initial=0.0))

    def seconds(tick: int) -> float:
        place = bisect_right(starts, tick) - 1
        return (begun[place] + (tick - starts[place]) * tempos[place]) / 1e6 / ticks

    return seconds


def _tempos(tracks: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """(tick, microseconds of a quarter note) of each change; of several at one tick the last counts."""
    for track in tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "set_tempo":
                yield now, message.tempo
