"""The demo ``music``: an LSTM learns folk tunes with chords, and writes one of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import say
from throughtime.data.demos.making import Files

__all__ = ["DEMO", "in_letters"]

COLUMNS = 72
"""Eighth notes that are shown on the console, at most."""
TRIES = 4
"""Tunes that it writes, of which the longest is shown: it ends them where it likes."""


def _data(folder: Path) -> Files:
    """Write folk tunes."""
    from throughtime.data.demos.tunes import folk_tunes

    return folk_tunes(folder)


def in_letters(tune: Any) -> list[str]:
    """Draw the beginning of a tune in letters: a row for each pitch, a column for each eighth note.

    Args:
        tune: the tune; it has notes.

    Returns:
        The rows, the highest first.
    """
    from throughtime.data.music.notes import named_pitch

    low, high = tune.range()
    step = 2 * tune.step
    rows: list[str] = []
    for pitch in range(high, low - 1, -1):
        cells = [" "] * COLUMNS
        for note in tune.notes:
            first, stop = round(note.start / step), max(round(note.start / step) + 1, round(note.end / step))
            if note.pitch == pitch and first < COLUMNS:
                cells[first:stop] = ["█", *"▓" * (stop - first - 1)]
        rows.append(f"{named_pitch(pitch):>4} │{''.join(cells)[:COLUMNS]}".rstrip())
    return rows


def _show(console: Console, run: Any, data: Path) -> None:
    """Let the network write a tune, and go on from one that it has not heard."""
    from throughtime.tasks.generate.music.roll import plot_tune

    written = [run.generate(length=420, temperature=0.8, seed=seed) for seed in range(TRIES)]
    new = max(written, key=lambda tune: len(tune.notes))
    say(console, f"\nThe beginning of a tune that it has written, the longest of {TRIES}", "bold")
    for row in in_letters(new):
        say(console, row)
    begun = run.generate(primer=data / "valid" / "farm.mid", length=300, temperature=0.7, seed=3)
    for tune, name, what in (
        (new, "written", "a tune of its own"),
        (begun, "goes-on", "goes on from a tune it has not heard"),
    ):
        midi, picture = data / f"{name}.mid", data / f"{name}.svg"
        tune.save(midi)
        plot_tune(tune, picture)
        say(console, f"{what}: {midi} ({tune.length:.0f} seconds), drawn in {picture}")
    nats = run.metrics["nll_per_event"]
    say(console, f"\nheld-out tunes: {nats:.2f} nats per event (a uniform guess would need 5.96)", "bold")


DEMO = Demo(
    task="generate",
    summary="an LSTM learns folk tunes with chords, and writes one of its own",
    source="fourteen folk tunes, and two to validate on, that nobody owns, with chords set by a rule",
    data=_data,
    options={
        "unit": "events",
        "hidden": 256,
        "embedding": 64,
        "transpose": 5,
        "epochs": 20,
        "dropout": 0.4,
        "sample_every": 300,
    },
    max_minutes=1.6,
    show=_show,
    next=(
        "throughtime generate {run} --out tune.mid --plot tune.svg --temperature 0.8",
        "throughtime generate {run} --primer {data}/valid/avignon.mid --out more.mid",
        "throughtime fit generate YOUR_MIDI_FILES --out runs/mine",
    ),
)
