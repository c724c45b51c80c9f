"""``throughtime bench``: the layers timed beside all else that can do the same work, and memory tasks learned."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.values import integer_option, number_option
from throughtime.errors import DataError, UsageError

__all__ = ["app", "layers", "memory", "report"]

app = typer.Typer(help="Time the layers beside other libraries, or learn memory tasks.", no_args_is_help=True)


@app.command()
def layers(
    only: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Only rows with this in their name; * and [] as in a shell.")
    ] = None,
    rounds: Annotated[int | None, integer_option("Turns of everyone in a row.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Short sequences and few rounds: to see that all runs.")
    ] = False,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the results, after every row.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the rows in --json that are not timed now.")] = False,
    chart: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the ratios as SVG.")] = None,
    show: Annotated[bool, typer.Option("--list", help="List the rows and their goals, and time nothing.")] = False,
) -> None:
    """Time every layer beside every library that can do the same; prints a Markdown table."""
    from throughtime.bench.catalogue import select
    from throughtime.bench.measure import FULL, QUICK
    from throughtime.bench.page import markdown
    from throughtime.bench.run import run

    rows = select(only)
    if show:
        _list(rows)
        return
    if rounds is not None and rounds < 1:
        raise UsageError(f"--rounds must be 1 or more, got {rounds}")
    if keep and json is None:
        raise UsageError("--keep keeps the rows of an earlier file: name it with --json FILE")
    effort = QUICK if quick else FULL
    effort = replace(effort, rounds=rounds or effort.rounds)
    command = shlex.join(["throughtime", "bench", "layers", *_flags(only, rounds, quick, json, keep)])
    results = run(rows, effort, command=command, path=json, keep=keep, told=_tell)
    print(markdown(results), end="")
    if chart:
        from throughtime.bench.chart import draw

        draw(results, chart)


def _flags(only: str | None, rounds: int | None, quick: bool, json: Path | None, keep: bool) -> list[str]:
    """The words of the command that matter for the figures."""
    given = {"--only": only, "--rounds": rounds, "--json": json}
    flags = [word for name, value in given.items() if value is not None for word in (name, str(value))]
    return [*flags, *(["--quick"] if quick else []), *(["--keep"] if keep else [])]


def _list(rows: list[Any]) -> None:
    """Print the names and what is aimed at."""
    width = max(len(row.name) for row in rows)
    for row in rows:
        goals = [f"{'at most ' if goal.cost else ''}{goal.ratio} of {goal.label}" for goal in row.goals]
        print(f"{row.name:<{width}}  {', '.join(goals)}")


def _tell(row: dict[str, Any]) -> None:
    """Say on standard error how a row came out."""
    if row["state"] == "measured":
        told = ", ".join(f"{goal['ratio']:.2f} of {goal['peer']}" for goal in row["goals"] if "ratio" in goal)
    else:
        told = f"not available: {row['state']}"
    print(f"{row['name']}: {told or 'no peer'}", file=sys.stderr, flush=True)


@app.command()
def report(
    folder: Annotated[
        Path,
        typer.Argument(metavar="[FOLDER]", help="Folder with results/layers.json, those of whole tasks, reasons.json."),
    ] = Path("benchmarks"),
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where performance.md and performance.svg go.")] = Path(
        "docs"
    ),
) -> None:
    """Write the page and the chart of results that were measured before."""
    from throughtime.bench.chart import draw
    from throughtime.bench.report import page_of
    from throughtime.bench.results import read

    if not out.is_dir():
        raise DataError(f"--out {out}: there is no such folder")
    text = page_of(folder)
    (out / "performance.md").write_text(text, encoding="utf-8")
    draw(read(folder / "results" / "layers.json"), out / "performance.svg")
    print(out / "performance.md")


@app.command()
def memory(
    name: Annotated[str | None, typer.Argument(metavar="[TASK]", help="The task; without one all are listed.")] = None,
    cell: Annotated[
        str | None, typer.Option(metavar="CELL[,CELL]", help="The cells; if not given, those that suit the task.")
    ] = None,
    length: Annotated[int | None, integer_option("How long what is learned from is, or the longest of it.")] = None,
    lengths: Annotated[
        str | None, typer.Option(metavar="LENGTH[,LENGTH]", help="Lengths to test, longer ones than learned too.")
    ] = None,
    seeds: Annotated[int, integer_option("Runs of each cell, with seeds from 0 on.")] = 3,
    max_minutes: Annotated[float | None, number_option("Stop the training of each run after this time.")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An option of the task that learns it, such as hidden=32."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write results.json, table.md, curves.svg and curves.png.")
    ] = None,
) -> None:
    """Learn a memory task with any cells; prints a Markdown table with what papers report below it."""
    from throughtime.bench.memory.table import listed, table

    if name is None:
        print(listed(), end="")
        return
    from throughtime.bench.memory.asking import asked_for
    from throughtime.bench.memory.running import run
    from throughtime.bench.memory.writing import write_pages
    from throughtime.cli.display.brief import BriefDisplay

    typed = {"--cell": cell, "--length": length, "--lengths": lengths, "--max-minutes": max_minutes}
    flags = [word for flag, value in typed.items() if value is not None for word in (flag, str(value))]
    flags += [word for each in option or () for word in ("--set", each)]
    command = shlex.join(["throughtime", "bench", "memory", name, *flags, *(["--seeds", str(seeds)] * (seeds != 3))])
    asked = asked_for(
        name, cells=cell, length=length, lengths=lengths, seeds=seeds, max_minutes=max_minutes, options=option or (),
        command=command,
    )  # fmt: skip
    results = run(asked, folder=out, watch=lambda cell, seed: BriefDisplay(f"{cell}, seed {seed}"), told=_tell_scores)
    if out is not None:
        write_pages(results, out)
    print(table(results), end="")


def _tell_scores(run: Mapping[str, Any]) -> None:
    """Say on standard error what came of a run."""
    scores = ", ".join(f"{score:.4g} at {length}" for length, score in run["scores"].items())
    print(f"{run['cell']}, seed {run['seed']}: {scores} ({run['seconds']:.0f} s)", file=sys.stderr, flush=True)
