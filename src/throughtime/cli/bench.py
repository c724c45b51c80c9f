"""``throughtime bench``: the layers timed beside everything else that can do the same work."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.values import integer_option
from throughtime.errors import DataError, UsageError

__all__ = ["app", "layers", "report"]

app = typer.Typer(help="Time the layers beside other libraries.", no_args_is_help=True)


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
