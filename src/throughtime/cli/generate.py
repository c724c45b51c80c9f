"""``throughtime generate``: a run writes on, text to where it is read, or a tune into a file that players open."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from throughtime.cli.runs import DeviceOption, RunArgument, noted
from throughtime.cli.values import integer_option, number_option
from throughtime.data.files import STANDARD
from throughtime.data.output import open_output
from throughtime.doors import option
from throughtime.errors import UsageError

if TYPE_CHECKING:
    from throughtime.data.music.tune import Tune
    from throughtime.runs import Run

__all__ = ["generate"]


def generate(
    run: RunArgument,
    prompt: Annotated[str, typer.Option(help="Text to go on from.", metavar="TEXT")] = "",
    primer: Annotated[Path | None, typer.Option(metavar="FILE", help="Tune to go on from: MIDI or JSON.")] = None,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="File to write; a tune as .mid, or .json. - is standard output.")
    ] = STANDARD,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Picture of the tune (.svg or .png).")] = None,
    length: Annotated[int, integer_option("Tokens, events or frames to write.")] = 400,
    temperature: Annotated[float, number_option("Below 1: safer; above 1: wilder; 0: always the likeliest.")] = 1.0,
    top_k: Annotated[
        int | None, integer_option("Draw from the k likeliest tokens only; of frames: k keys sound at most.")
    ] = None,
    top_p: Annotated[float | None, number_option("Draw from the likeliest tokens that make up this share.")] = None,
    seed: Annotated[int | None, integer_option("Same seed, same text.")] = None,
    condition: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="What to write for; only for a run that has learned with labels."),
    ] = None,
    count: Annotated[int, integer_option("Texts to write; each ends with a line end.")] = 1,
    device: DeviceOption = "auto",
) -> None:
    """Write on after a prompt: prints the prompt, then new text as it is drawn; a run of music writes a tune."""
    from throughtime.runs import Run

    how: dict[str, Any] = {"length": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    how["condition"] = condition
    opened = Run(run, device=device)
    if opened.writes_music:
        _refuse_for_music(prompt, count)
        _write_tune(opened, out, plot, {"primer": primer, **how})
        return
    _refuse_for_text(primer, plot)
    how["prompt"] = prompt
    if count != 1:
        texts: Iterable[str] = (f"{prompt}{text}\n" for text in opened.generate_texts(count, **how))
    else:
        texts = chain([prompt], opened.generate_stream(**how), ["\n"])
    _write_texts(texts, out)


def _write_texts(texts: Iterable[str], out: Path) -> None:
    """Write text piece by piece; who looks on sees each at once."""
    if out != STANDARD:
        with open_output(out) as output:
            for piece in texts:
                output.put(piece)
        return
    for piece in texts:
        sys.stdout.write(piece)
        sys.stdout.flush()


def _refuse_for_text(primer: Path | None, plot: Path | None) -> None:
    """Raise where something was asked for that tunes have and texts have not."""
    for name, given in (("primer", primer), ("plot", plot)):
        if given is not None:
            raise UsageError(f"{option(name)} is for music, and this run writes text: leave {option(name)} out")


def _refuse_for_music(prompt: str, count: int) -> None:
    """Raise where something was asked for that texts have and tunes have not."""
    if prompt:
        wanted = option("primer", "tune.mid")
        raise UsageError(f"{option('prompt')} is for texts, and this run writes music: go on from a tune with {wanted}")
    if count != 1:
        raise UsageError(
            f"{option('count')} is for texts, and this run writes a tune at a time: leave {option('count')} out"
        )


def _write_tune(opened: Run, out: Path, plot: Path | None, how: dict[str, Any]) -> None:
    """Write a tune, and what it looks like; what cannot be written is refused before it is drawn."""
    from throughtime.data.music.tune import check_name
    from throughtime.tasks.generate.music.roll import check_picture, plot_tune

    shown = out == STANDARD and sys.stdout.isatty()
    if shown and plot is None:
        raise UsageError(f"MIDI is nothing to read on a terminal: name a file with {option('out', 'tune.mid')}")
    if out != STANDARD:
        check_name(out)
    if plot is not None:
        check_picture(plot)
    with noted() as note:
        tune: Tune = opened.generate_tune(note=note, **how)
        note(f"{len(tune.notes):,} notes, {tune.length:,.1f} seconds")
        if out != STANDARD:
            tune.save(out)
        elif not shown:
            sys.stdout.buffer.write(tune.midi())
            sys.stdout.flush()
        if plot is not None:
            plot_tune(tune, plot)
