"""Tunes as events: notes that begin and end, time that goes on, and how loud it is; each a token. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throughtime.data.music.notes import HIGHEST, Note, tidy
from throughtime.data.music.tune import Tune
from throughtime.data.source import Lengths, TokenSource
from throughtime.tasks.generate.music.kept import Form, Range

__all__ = ["EVENTS", "TICK", "EventCorpus", "Events", "event_corpus", "events_of", "notes_of"]

PITCHES, SHIFTS, VELOCITIES = HIGHEST + 1, 100, 32
TICK = 0.01
"""Seconds of the shortest time that goes on."""
MARK = 0
"""The token between tunes."""
ON = 1
"""The first token of notes that begin, one for each pitch; then come those that end, time, and loudness."""
OFF = ON + PITCHES
SHIFT = OFF + PITCHES
"""The token of one tick; the last of these is that of a whole second."""
LOUDNESS = SHIFT + SHIFTS
COUNT = LOUDNESS + VELOCITIES
WIDTH = 4
"""Velocities of MIDI that are one loudness."""


class Events:
    """The tokens of music as events.

    Args:
        pitches: those that were learned.

    Source: Oore, Simon, Dieleman, Eck, Simonyan 2018, "This time with feeling: learning expressive musical
    performance", section 4.1: 128 NOTE-ON, 128 NOTE-OFF, 100 TIME-SHIFT from 10 ms to 1 s, 32 VELOCITY; and a mark
    between tunes.

    Example:
        >>> len(Events(Range(60, 72)))
        389
    """

    document = MARK

    def __init__(self, pitches: Range) -> None:
        self.pitches = pitches

    def __len__(self) -> int:
        return COUNT


@dataclass(frozen=True, slots=True)
class EventCorpus:
    """Tunes as tokens."""

    source: TokenSource
    """One item for each tune, its mark first."""
    notes: int
    """Notes of all of them."""
    conditions: NDArray[np.int64] | None = None
    """Number of the label of each tune, (tunes,); None where they have none."""

    @property
    def lengths(self) -> Lengths:
        """Tokens of each tune, its mark included, (tunes,)."""
        return self.source.lengths

    @property
    def predictions(self) -> int:
        """Events to predict: all but the very first mark."""
        return int(self.source.lengths.sum()) - 1

    @property
    def content_key(self) -> str:
        """A hash of the tokens and the labels, the same on every machine."""
        if self.conditions is None:
            return self.source.content_key
        labels = TokenSource(self.conditions.astype(np.uint32), [len(self.conditions)])
        return f"{self.source.content_key}-{labels.content_key}"


def event_corpus(tunes: Sequence[Tune], conditions: NDArray[np.int64] | None = None) -> EventCorpus:
    """Turn tunes into tokens.

    Args:
        tunes: the tunes.
        conditions: (tunes,) numbers of their labels, or None.

    Returns:
        The corpus.
    """
    items = [[MARK, *events_of(tune)] for tune in tunes]
    tokens = np.fromiter((token for item in items for token in item), np.uint16)
    source = TokenSource(tokens, [len(item) for item in items])
    return EventCorpus(source, sum(len(tune.notes) for tune in tunes), conditions)


def events_of(tune: Tune) -> list[int]:
    """Write a tune as events, its times to the nearest tick from its start.

    Args:
        tune: the tune.

    Returns:
        The tokens: at each time what ends, then what begins; loudness only where it changes.

    Example:
        >>> events_of(Tune((Note(0.0, 0.5, 60, 80),))) == [LOUDNESS + 20, ON + 60, SHIFT + 49, OFF + 60]
        True
    """
    changes: list[tuple[int, int, int, int]] = []
    for note in tune.notes:
        start = round(note.start / TICK)
        changes.append((max(start + 1, round(note.end / TICK)), 0, note.pitch, 0))
        changes.append((start, 1, note.pitch, note.velocity // WIDTH))
    tokens: list[int] = []
    now, loudness = 0, -1
    for tick, begins, pitch, loud in sorted(changes):
        tokens += _time(tick - now)
        now = tick
        if begins and loud != loudness:
            tokens.append(LOUDNESS + loud)
            loudness = loud
        tokens.append((ON if begins else OFF) + pitch)
    return tokens


def _time(ticks: int) -> Iterator[int]:
    while ticks > 0:
        yield SHIFT + min(ticks, SHIFTS) - 1
        ticks -= SHIFTS


def notes_of(tokens: Iterable[int]) -> tuple[Note, ...]:
    """Hear events as notes, up to the mark.

    Args:
        tokens: the events, in any order: a note that is struck twice begins anew, and one that never ends does so with
            the last event; an end without a beginning is nothing.

    Returns:
        The notes, those that begin first first.

    Example:
        >>> notes_of([LOUDNESS + 20, ON + 60, SHIFT + 49, OFF + 60])
        (Note(start=0.0, end=0.5, pitch=60, velocity=82),)
    """
    sounding: dict[int, tuple[int, int]] = {}
    notes: list[Note] = []
    now, velocity = 0, Note(0, 0, 0).velocity

    def end(pitch: int) -> None:
        start, hard = sounding.pop(pitch)
        notes.append(Note(start * TICK, max(now, start + 1) * TICK, pitch, hard))

    for token in tokens:
        if token == MARK:
            break
        if token >= LOUDNESS:
            velocity = (token - LOUDNESS) * WIDTH + WIDTH // 2
        elif token >= SHIFT:
            now += token - SHIFT + 1
        else:
            pitch = (token - ON) % PITCHES
            if pitch in sounding:
                end(pitch)
            if token < OFF:
                sounding[pitch] = (now, velocity)
    for pitch in list(sounding):
        end(pitch)
    return tidy(notes)


EVENTS = Form("events: a note begins or ends, time goes on, loudness changes", Range(0, HIGHEST), event_corpus)
"""How the unit events has tunes."""
