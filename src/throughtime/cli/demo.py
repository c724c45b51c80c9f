"""``throughtime demo``: a network that learns from real data which is already on this machine."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.values import number_option
from throughtime.errors import DataError, UnknownNameError

__all__ = ["DEMOS", "Demo", "demo", "standard_library"]

CORPUS_BYTES = 2_000_000

Files = tuple[list[Path], list[Path]]
"""Files to learn from, and files to validate on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """A demonstration: a task, its data, and options that fit into a few minutes."""

    task: str
    """Name of the task."""
    summary: str
    """What is learned from what, in one line."""
    data: Callable[[], Files]
    """Finds the files."""
    options: Mapping[str, Any]
    """Options of the task."""
    max_minutes: float
    """Time limit of the training, in minutes."""
    next: tuple[str, ...]
    """Commands to try afterwards; ``{run}`` stands for the folder of the run."""


def standard_library() -> Files:
    """Find Python source to learn from: the standard library of the Python that runs this.

    Returns:
        Modules to learn from and modules to validate on, together about 2 MB; the same ones each time.

    Raises:
        DataError: this Python came without its source.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    chosen: list[Path] = []
    size = 0
    for path in sorted(folder.glob("*.py")):
        if size < CORPUS_BYTES:
            chosen.append(path)
            size += path.stat().st_size
    if size < CORPUS_BYTES // 2:
        raise DataError(f"{folder} holds {size} bytes of Python source, too little for the demo; use another Python")
    held_out = chosen[15::24]
    return [path for path in chosen if path not in held_out], held_out


DEMOS: dict[str, Demo] = {
    "generate": Demo(
        task="generate",
        summary="an LSTM learns to write Python from the source of Python's own library",
        data=standard_library,
        options={
            "hidden": 192,
            "embedding": 64,
            "lanes": 16,
            "tbptt": 64,
            "dropout": 0.0,
            "learning_rate": 4e-3,
            "epochs": 3,
            "sample_every": 200,
            "validate_every": 300,
        },
        max_minutes=2.25,
        next=(
            'throughtime generate {run} --prompt "def " --temperature 0.7',
            "throughtime describe {run}",
            "throughtime fit generate YOUR_TEXT.txt --out runs/mine",
        ),
    ),
}


def demo(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help=f"One of: {', '.join(DEMOS)}.")] = "generate",
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder to make for the run; a demo's own is replaced.")
    ] = None,
    max_minutes: Annotated[float | None, number_option("Stop training after this time.")] = None,
) -> None:
    """Watch a network learn real data from this machine, in a few minutes."""
    if name not in DEMOS:
        raise UnknownNameError("demo", name, DEMOS)
    chosen = DEMOS[name]
    files, held_out = chosen.data()
    run_dir = out or Path("runs") / f"demo-{name}"

    from rich.console import Console

    from throughtime.cli.display import display
    from throughtime.runs import fit

    console = Console(highlight=False)
    size = sum(path.stat().st_size for path in [*files, *held_out])
    console.print(
        f"{name}: {chosen.summary} ({len(files) + len(held_out)} files, {size / 1e6:.1f} MB)",
        style="bold",
        markup=False,
    )
    with display(console) as reporter:
        run = fit(
            chosen.task,
            files,
            valid=held_out,
            out=run_dir,
            overwrite=out is None,
            max_minutes=chosen.max_minutes if max_minutes is None else max_minutes,
            reporter=reporter,
            **chosen.options,
        )
    _show_end(console, chosen, run)


def _show_end(console: Any, chosen: Demo, run: Any) -> None:
    """Print the score, a sample, where the report is, and what to try next."""
    console.rule("a sample")
    console.print(run.generate(length=400, temperature=0.7, seed=1), markup=False, soft_wrap=True)
    console.rule()
    bits = run.metrics["bits_per_character"]
    console.print(f"validation: {bits:.3f} bits per character (a uniform guess over bytes would need 8)", markup=False)
    console.print(f"report:     {run.path / 'report.html'}", markup=False, soft_wrap=True)
    console.print("\nTry next:", style="bold")
    for command in chosen.next:
        console.print("  " + command.format(run=run.path), markup=False, soft_wrap=True)
