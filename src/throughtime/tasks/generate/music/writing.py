"""How a tune is asked for, and what is said and drawn of those that were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from throughtime.data.encoding.labels import Labels
from throughtime.data.music.notes import named_pitch
from throughtime.data.music.tune import Tune
from throughtime.decoding.sampling import Sampler
from throughtime.tasks.generate.music.roll import piano_roll
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.token_writer import check_length

__all__ = ["TuneWriter", "Wanted", "in_words"]

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


class TuneWriter:
    """What a network of music does whatever its steps are; a subclass writes a tune step by step."""

    config: Config
    """How tunes are read, and what network it is."""
    labels: Labels | None
    """What it writes for, where it has learned labels."""

    def write(self, wanted: Wanted) -> Tune:
        """Write a tune, to where the network ends it, or as long as is wanted.

        Args:
            wanted: what is to be written.

        Returns:
            The tune, which begins with the primer.

        Raises:
            UsageError: a value outside its range.
        """
        raise NotImplementedError

    def generate_tune(
        self,
        *,
        primer: Tune | None = None,
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        condition: str | None = None,
    ) -> Tune:
        """Write a tune, as ``Run.generate_tune`` says."""
        check_length(length)
        sampler = Sampler(temperature=temperature, top_k=top_k, top_p=top_p)
        return self.write(Wanted(sampler=sampler, length=length, seed=seed, primer=primer, condition=condition))

    def sample(self, step: int) -> str:
        """Say in words a short tune that it writes after so many steps of training; of labels one takes its turn."""
        label = None
        if self.labels is not None:
            label = self.labels.names[step // max(1, self.config.sample_every) % len(self.labels)]
        said = in_words(self.write(self._shown(SAMPLE_STEPS, step, label)))
        return said if label is None else f"{label}: {said}"

    def pictures(self) -> Mapping[str, str]:
        """Draw a tune that it writes: SVG by file name."""
        label = None if self.labels is None else self.labels.names[0]
        return {"piano_roll.svg": piano_roll(self.write(self._shown(ROLL_STEPS[self.config.unit], 0, label)))}

    def _shown(self, length: int, step: int, label: str | None) -> Wanted:
        sampler = Sampler(temperature=SAMPLE_TEMPERATURE)
        return Wanted(sampler=sampler, length=length, seed=self.config.seed + step, condition=label)


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
