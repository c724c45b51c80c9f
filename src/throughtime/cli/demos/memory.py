"""The demo ``memory``: four cells side by side read sentences whose next word was decided long before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import say
from throughtime.data.demos.making import Files, writing

__all__ = ["DEMO"]

CELLS = ("rnn", "lstm", "gru", "mingru")
SENTENCES, WRITTEN = "sentences.csv", 600
"""The table of sentences to look at, and how many it has."""
BAR = 20
"""Characters of a bar that stands for all."""


def _data(folder: Path) -> Files:
    """Write sentences that nothing is learned from, to look at and to predict for."""
    from throughtime.data.memory.agreement import Agreement  # loads numpy

    rows = ["text,label", *(f"{text},{right}" for text, right in Agreement(WRITTEN, length=(1, 50), part="test"))]
    with writing(folder / SENTENCES) as file:
        file.write("".join(f"{row}\n" for row in rows).encode())
    return [folder / SENTENCES], []


def _play(console: Console, folder: Path, max_minutes: float, seed: int) -> None:
    """Learn with each cell, and show how often each is right at each distance."""
    from throughtime.bench.memory.catalogue import task_called
    from throughtime.bench.memory.running import Asked, run
    from throughtime.bench.memory.writing import write_pages
    from throughtime.cli.display.brief import BriefDisplay

    task = task_called("agreement")
    asked = Asked(
        task=task,
        cells=CELLS,
        length=task.length,
        lengths=task.tested,
        seeds=[seed],
        max_minutes=max_minutes / len(CELLS),
        command="throughtime demo memory",
    )
    results = run(
        asked, folder=folder, watch=lambda cell, _: BriefDisplay(f"  {cell}", stream=console.file),
        told=lambda found: _tell(console, found), keep=True,
    )  # fmt: skip
    write_pages(results, folder)
    _table(console, results)
    _sentence(console, folder, seed)
    say(console, f"\npicture: {folder / 'curves.png'} (and curves.svg, table.md, results.json)", "bold")


def _tell(console: Console, found: Mapping[str, Any]) -> None:
    longest = max(found["scores"], key=int)
    said = f"{found['parameters']:,} weights, {found['seconds']:.0f} s, right at {longest} words"
    say(console, f"  {found['cell']}: {said} {found['scores'][longest]:.1%}")


def _table(console: Console, results: Mapping[str, Any]) -> None:
    """A row of bars for each distance, a column for each cell."""
    lengths = [str(length) for length in results["lengths"]]
    say(console, "\nHow often the next word is right, by how many words ago it was decided", "bold")
    for found in results["runs"]:
        say(console, f"\n  {found['cell']}")
        for length in lengths:
            _bar(console, length, found["scores"][length])
    say(console, "\n  always the commonest word")
    _bar(console, lengths[-1], results["constant"][lengths[-1]])


def _bar(console: Console, length: str, score: float) -> None:
    say(console, f"    {length:>3} words {'█' * round(BAR * score):<{BAR}} {score:6.1%}")


def _sentence(console: Console, folder: Path, seed: int) -> None:
    """One sentence of each kind, and what each cell has said."""
    from throughtime.data.memory.agreement import Agreement
    from throughtime.runs import load

    shown = [Agreement(1, length=50, kind=kind, seed=seed, part="test")[0] for kind in ("number", "country")]
    texts = [text for text, _ in shown]
    said = {cell: cast(Sequence[Any], load(folder / f"{cell}-{seed}").predict(texts)) for cell in CELLS}
    for place, (text, right) in enumerate(shown):
        say(console, f"\n{text} ... {right}", "bold")
        say(console, "  " + ", ".join(_answer(cell, said[cell], place, right) for cell in CELLS))


def _answer(cell: str, said: Sequence[Any], place: int, right: str) -> str:
    prediction = said[place]
    return f"{cell}: {prediction.value} {'✓' if prediction.value == right else '✗'} ({prediction.probability:.0%})"


DEMO = Demo(
    task="classify",
    summary="four cells read sentences whose next word was decided long before: how far back does each remember?",
    source="sentences out of a small grammar: the number of a subject, or a country, and then up to 50 words",
    data=_data,
    options={},
    max_minutes=1.6,
    play=_play,
    next=(
        "throughtime predict {run}/lstm-{seed} {data}/sentences.csv --out said.csv",
        "throughtime evaluate {run}/lstm-{seed} {data}/sentences.csv",
        "throughtime bench memory",
    ),
)
