"""Piano rolls: time to the right, pitches upwards, a bar for each note."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.music.notes import Note, named_pitch
from throughtime.data.music.tune import Tune
from throughtime.errors import UsageError
from throughtime.training.files import write_text, writing
from throughtime.training.pages.charts import ticks
from throughtime.training.pages.drawing import LINE, QUIET, TRAIN, VALIDATION, Drawing
from throughtime.training.pages.page import alone

__all__ = ["check_picture", "piano_roll", "plot_tune"]

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 648.0, 36.0, 12.0, 16.0, 30.0
KEY = 5.0
"""Height of a key, in points."""
SPARE = 3
"""Keys that are drawn above the highest note, and below the lowest."""
LEAST = 1.2
"""Width of a bar at least."""
OCTAVE = 12


def piano_roll(tune: Tune) -> str:
    """Draw the notes of a tune; what it was given to go on from has another colour, and soft notes are paler.

    Args:
        tune: the tune.

    Returns:
        An SVG element.

    Example:
        >>> from throughtime.data.music.tune import tune_of_frames
        >>> piano_roll(tune_of_frames([[60], [62, 65]], 0.5)).count("<rect")
        3
    """
    pitches = [note.pitch for note in tune.notes] or [60, 72]
    low, high = min(pitches) - SPARE, max(pitches) + SPARE
    inner = (high - low + 1) * KEY
    drawing, length = Drawing(WIDTH, TOP + inner + BOTTOM), max(tune.length, tune.step)
    across, bottom = (WIDTH - LEFT - RIGHT) / length, TOP + inner
    for pitch in range(low + -low % OCTAVE, high + 1, OCTAVE):
        y = bottom - (pitch - low) * KEY
        drawing.line([(LEFT, y), (WIDTH - RIGHT, y)], LINE)
        drawing.text((LEFT - 5, y - KEY / 2), named_pitch(pitch), anchor="end", size=9)
    for second, words in zip(*ticks(0.0, length, 8), strict=True):
        x = LEFT + second * across
        drawing.line([(x, TOP), (x, bottom)], LINE)
        drawing.text((x, bottom + 11), words, anchor="middle", size=9)
    drawing.text((WIDTH - RIGHT, bottom + 23), "seconds", anchor="end", size=9, colour=QUIET)
    for note in tune.notes:
        _bar(drawing, note, tune.given, across, bottom - (note.pitch - low + 1) * KEY)
    return drawing.svg()


def _bar(drawing: Drawing, note: Note, given: float, across: float, y: float) -> None:
    width = max(LEAST, (note.end - note.start) * across - 0.6)  # notes one behind the other are told apart
    colour = TRAIN if note.start < given - 1e-9 else VALIDATION
    opacity = 0.35 + 0.65 * note.velocity / 127
    corner, size = (LEFT + note.start * across, y + 0.5), (width, KEY - 1.0)
    drawing.rectangle(corner, size, fill=colour, opacity=opacity, edge="none")


def plot_tune(tune: Tune, path: Path) -> None:
    """Draw the piano roll of a tune into a file.

    Args:
        tune: the tune.
        path: the file, which ends in ``.svg`` or ``.png``.

    Raises:
        UsageError: it ends in something else.
    """
    check_picture(path)
    if path.suffix.lower() == ".svg":
        write_text(path, alone(piano_roll(tune)))
        return
    from throughtime.training.pages.raster import png_of_svg  # loads matplotlib

    image = png_of_svg(piano_roll(tune))
    with writing(path) as beside:
        beside.write_bytes(image)


def check_picture(path: Path) -> None:
    """See that a file is named as a picture that can be written.

    Args:
        path: the file.

    Raises:
        UsageError: it is not.
    """
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"{path}: a piano roll is a picture; let its name end in .svg or .png")
