"""Folk tunes with chords, written out as MIDI for a demo: melodies that nobody owns, harmonised by a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from throughtime.data.demos.making import Files, writing

__all__ = ["MELODIES", "folk_tunes", "harmonised", "melody_of"]

MELODIES = {
    "twinkle": "CCGG|AAG2|FFEE|DDC2|GGFF|EED2|GGFF|EED2|CCGG|AAG2|FFEE|DDC2",
    "jacques": "CDEC|CDEC|EFG2|EFG2|G/A/G/F/EC|G/A/G/F/EC|CG,C2|CG,C2",
    "mary": "EDCD|EEE2|DDD2|EGG2|EDCD|EEEE|DDED|C4",
    "clair": "CCCD|E2D2|CEDD|C4|CCCD|E2D2|CEDD|C4|DDDD|A,2A,2|DCB,A,|G,4|CCCD|E2D2|CEDD|C4",
    "bridge": "G3/A/GF|EFG2|DEF2|EFG2|G3/A/GF|EFG2|D2G2|EC3",
    "joy": "EEFG|GFED|CCDE|E3/D/D2|EEFG|GFED|CCDE|D3/C/C2|DDEC|DE/F/EC|DE/F/ED|CDG,2|EEFG|GFED|CCDE|D3/C/C2",
    "klein": "GEE2|FDD2|CDEF|GGG2|GEE2|FDD2|CEGG|C4|DDDD|DEF2|EEEE|EFG2|GEE2|FDD2|CEGG|C4",
    "boat": "C3/C3/|CD/E3/|ED/EF/|G3|c/c/c/G/G/G/|E/E/E/C/C/C/|GF/ED/|C3",
    "yankee": "CCDE|CED2|CCDE|C2B,2|CCDE|FEDC|B,G,A,B,|C2C2|A,3/B,/A,G,|A,B,C2|G,3/A,/G,F,|E,2G,2|A,3/B,/A,G,|A,B,CA,|"
    "G,CB,D|C2C2",
    "saints": "zCEF|G4|zCEF|G4|zCEF|G2E2|C2E2|D4|E2D2|C3C|E2G2|G2F2|zEF2|G2E2|C2D2|C4",
    "birds": "C3/E/Gc|Ac/A/G2|F3/G/EC|D2C2|GGFF|EGD2|GGFF|EGD2|C3/E/Gc|Ac/A/G2|F3/G/EC|D2C2",
    "fox": "CDEF|GGGG|AFcA|G4|AFcA|G4|GFFF|FEEE|EDED|CEG2|GFFF|FEEE|EDED|C4",
    "lou": "EECC|EE/E/G2|DDB,B,|DD/D/F2|EECC|EE/E/G2|DE/F/ED|C2C2",
    "cuckoo": "GEz|GEz|DCD|C3|DDE|F2D|EEF|G2E|GEz|GEz|FED|C3",
    "farm": "CCCG,|A,A,G,2|EEDD|C3G,|CCCG,|A,A,G,2|EEDD|C4",
    "avignon": "CCC2|DDD2|EFGC|B,CDG,|CCC2|DDD2|EFGC|DB,C2",
}
"""Melodies of folk songs, and one of Beethoven's, by a short name: letters are notes (small ones an octave higher, with
a comma an octave lower, z a rest), numbers the quarter notes that each lasts, a stroke halves it; lines part bars."""
HELD_OUT = ("farm", "avignon")
"""Those that are validated on."""
MIDDLE_C = 60
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
CHORDS = {"C": (48, 52, 55), "G": (43, 47, 50), "F": (41, 45, 48), "A": (45, 48, 52)}
"""The chords there are, in the order of which is taken where several go as well."""
BEAT = 0.5
NOTE = re.compile(r"([A-Ga-gz])(,?)(\d*)(/?)")
LOUD, SOFT = 92, 64


def melody_of(line: str) -> list[list[tuple[int | None, float]]]:
    """Read a melody out of its letters.

    Args:
        line: its notes, bar by bar.

    Returns:
        Of each bar the pitches, None in a rest, and how many quarter notes each lasts.

    Example:
        >>> melody_of("C3/z/|c2G,2")
        [[(60, 1.5), (None, 0.5)], [(72, 2.0), (55, 2.0)]]
    """
    return [[_note(*match.groups()) for match in NOTE.finditer(bar)] for bar in line.split("|")]


def _note(letter: str, comma: str, count: str, stroke: str) -> tuple[int | None, float]:
    length = float(count or 1) / (2 if stroke else 1)
    if letter == "z":
        return None, length
    octave = 12 * (letter.islower() - bool(comma))
    return MIDDLE_C + STEPS[letter.upper()] + octave, length


def harmonised(bars: Sequence[Sequence[tuple[int | None, float]]]) -> Iterator[tuple[float, float, int, int]]:
    """Put a chord under each bar: the one that has most of the melody in it, and at the end that of the key.

    Args:
        bars: as :func:`melody_of` gives them.

    Yields:
        (start, end, pitch, velocity) of each note, the times in seconds.
    """
    now = 0.0
    for place, bar in enumerate(bars):
        start = now
        for pitch, length in bar:
            if pitch is not None:
                yield now, now + length * BEAT, pitch, LOUD
            now += length * BEAT
        chord = "C" if place == len(bars) - 1 else max(CHORDS, key=lambda name: _shared(CHORDS[name], bar))
        for pitch in CHORDS[chord]:
            yield start, now, pitch, SOFT


def _shared(chord: Sequence[int], bar: Sequence[tuple[int | None, float]]) -> float:
    """How long notes of a bar sound that are in a chord."""
    classes = {pitch % 12 for pitch in chord}
    return sum(length for pitch, length in bar if pitch is not None and pitch % 12 in classes)


def folk_tunes(folder: Path) -> Files:
    """Write the tunes as MIDI files.

    Args:
        folder: where; two folders are made in it.

    Returns:
        (the folder of those to learn from, that of those to validate on).

    Raises:
        UsageError: the package for MIDI is missing.
    """
    from throughtime.data.music.midi_writing import midi_of  # needs a package that not all have
    from throughtime.data.music.notes import Note, tidy

    for name, line in MELODIES.items():
        notes = tidy(Note(*each) for each in harmonised(melody_of(line)))
        part = "valid" if name in HELD_OUT else "train"
        with writing(folder / part / f"{name}.mid") as file:
            file.write(midi_of(notes))
    return [folder / "train"], [folder / "valid"]
