"""``throughtime demo``: networks that learn from real data which is already on this machine."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.registry import DEMOS
from throughtime.cli.values import INTERRUPTED, integer_option, number_option
from throughtime.data.demos.making import Files
from throughtime.errors import UnknownNameError, UsageError

__all__ = ["demo", "train"]


def demo(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help=f"One of: {', '.join(DEMOS)}.")] = "generate",
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder to make for the run; a demo's own is replaced.")
    ] = None,
    max_minutes: Annotated[float | None, number_option("Stop training after this time.")] = None,
    seed: Annotated[int, integer_option("Another seed, other first weights.")] = 0,
) -> int:
    """Watch a network learn real data from this machine, in a few minutes."""
    if name not in DEMOS:
        raise UnknownNameError("demo", name, DEMOS)
    chosen = DEMOS[name]
    run_dir = out or Path("runs") / f"demo-{name}"
    data = Path(f"{run_dir}-data")
    for folder in (run_dir, data) if out else ():
        if folder.exists():
            raise UsageError(f"{folder} is there already; give another --out, or none: runs/demo-{name} is replaced")
    files, held_out = chosen.data(data)

    from rich.console import Console

    console = Console(highlight=False)
    wide = not console.is_terminal  # a terminal gets whole words, a log whole lines
    console.print(f"{name}: {chosen.summary}", style="bold", markup=False, soft_wrap=wide)
    where = f", now in {data}" if data.exists() else ""
    amount = _amount([*files, *held_out])
    console.print(f"data: {chosen.source}; {amount}{where}", markup=False, soft_wrap=wide)
    limit = chosen.max_minutes if max_minutes is None else max_minutes
    if chosen.play is not None:
        chosen.play(console, run_dir, limit, seed)
    else:
        run = train(console, chosen, (files, held_out), run_dir, overwrite=out is None, max_minutes=limit, seed=seed)
        if run.status == "interrupted":
            return INTERRUPTED
        chosen.show(console, run, data)
        console.print(f"report: {run.path / 'report.html'}", markup=False, soft_wrap=True)
    console.print("\nTry next:", style="bold")
    places = {"run": shlex.quote(str(run_dir)), "data": shlex.quote(str(data)), "seed": str(seed)}
    for command in chosen.next:
        console.print("  " + command.format(**places), markup=False, soft_wrap=True)
    return 0


def train(
    console: Any, chosen: Demo, files: Files, run_dir: Path, *, overwrite: bool, max_minutes: float, seed: int
) -> Any:
    """Learn a demo's run.

    Args:
        console: where it is shown.
        chosen: the demo.
        files: what is learned from, and what is held out.
        run_dir: folder of the run.
        overwrite: whether a run that is there is replaced.
        max_minutes: time limit of the training.
        seed: of the first weights.

    Returns:
        The run.
    """
    from throughtime.cli.display import display
    from throughtime.runs import fit

    train, valid = files
    with display(console) as reporter:
        return fit(
            chosen.task,
            train,
            valid=valid or None,  # the task holds out a part of what there is
            out=run_dir,
            overwrite=overwrite,
            max_minutes=max_minutes,
            reporter=reporter,
            seed=seed,
            **chosen.options,
        )


def _amount(paths: list[Path]) -> str:
    files = [each for path in paths for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file()]
    size = sum(each.stat().st_size for each in files)
    amount = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} KB"
    return f"{len(files):,} file{'s' if len(files) > 1 else ''}, {amount}"
