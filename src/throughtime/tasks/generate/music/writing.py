"""How a tune is asked for, and what is said and drawn of those that were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from throughtime.data.encoding.labels import Labels
from throughtime.data.music.notes import named_pitch
from throughtime.data.music.tune import Tune
from throughtime.decoding.sampling import Sampler
from throughtime.tasks.generate.music.roll import piano_roll
from throughtime.tasks.generate.options import Config

__all__ = ["Wanted", "in_words", "roll_of", "sample_of"]

SAMPLE_TEMPERATURE = 0.9
SAMPLE_STEPS = 48
"""Steps of a sample in words."""
ROLL_STEPS = {"events": 400, "frames": 96}
"""Steps of the tune that a run's report shows."""
MOST = 24
"""Chords that are said in words, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is to be written."""

    sampler: Sampler
    """How what comes next is chosen."""
    length: int
    """Steps to write, at most."""
    seed: int | None
    """Seed of the draws; None draws differently each time."""
    primer: Tune | None = None
    """The tune that is gone on from; None begins a new one."""
    condition: str | None = None
    """The label that is written for, where the network has learned labels."""


class _Writes(Protocol):
    config: Config
    labels: Labels | None

    def write(self, wanted: Wanted) -> Tune: ...


def sample_of(writer: _Writes, step: int) -> str:
    """Write a short tune and say it in words.

    Args:
        writer: writes it.
        step: steps of training so far, from which the draws follow.

    Returns:
        The words; of several labels one takes its turn.
    """
    labels, config = writer.labels, writer.config
    label = None if labels is None else labels.names[step // max(1, config.sample_every) % len(labels)]
    said = in_words(writer.write(_sampled(config, SAMPLE_STEPS, step, label)))
    return said if label is None else f"{label}: {said}"


def roll_of(writer: _Writes) -> Mapping[str, str]:
    """Draw a tune that the network writes.

    Args:
        writer: writes it.

    Returns:
        SVG by file name.
    """
    label = None if writer.labels is None else writer.labels.names[0]
    tune = writer.write(_sampled(writer.config, ROLL_STEPS[writer.config.unit], 0, label))
    return {"piano_roll.svg": piano_roll(tune)}


def _sampled(config: Config, length: int, step: int, label: str | None) -> Wanted:
    return Wanted(
        sampler=Sampler(temperature=SAMPLE_TEMPERATURE), length=length, seed=config.seed + step, condition=label
    )


def in_words(tune: Tune) -> str:
    """Say which notes begin together, and when.

    Args:
        tune: the tune.

    Returns:
        The beginnings, in seconds, and the notes.

    Example:
        >>> from throughtime.data.music.tune import tune_of_frames
        >>> in_words(tune_of_frames([[60, 64], [60, 67]], 0.5))
        '0.00 C4+E4 | 0.50 G4'
    """
    begun = groupby(tune.notes, key=lambda note: round(note.start, 2))
    said = [f"{start:.2f} {'+'.join(named_pitch(note.pitch) for note in notes)}" for start, notes in begun]
    return " | ".join(said[:MOST]) + (" | ..." if len(said) > MOST else "") if said else "(no note)"
