"""``throughtime demo``: networks that learn from real data which is already on this machine."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.shows import show_clip, show_code, show_digits, show_names, show_text
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
    data: Callable[[Path], Files]
    """Finds the files, or writes them into a folder."""
    options: Mapping[str, Any]
    """Options of the task."""
    max_minutes: float
    """Time limit of the training, in minutes."""
    show: Callable[[Any, Any, Path], None]
    """Shows on a console what a run has learned, and where its data is."""
    next: tuple[str, ...]
    """Commands to try afterwards; ``{run}`` stands for the folder of the run, ``{data}`` for that of its data."""


def prepared(maker: str) -> Callable[[Path], Files]:
    """Name a function of ``throughtime.data.standard`` that writes data; it is loaded when it is called."""

    def write(folder: Path) -> Files:
        return getattr(import_module("throughtime.data.standard"), maker)(folder)

    return write


def standard_library(folder: Path) -> Files:
    """Find Python source to learn from: the standard library of the Python that runs this.

    Args:
        folder: not used; the files stay where they are.

    Returns:
        Modules to learn from and modules to validate on, together about 2 MB; the same ones each time.

    Raises:
        DataError: this Python came without its source.
    """
    source = Path(sysconfig.get_path("stdlib"))
    chosen: list[Path] = []
    size = 0
    for path in sorted(source.glob("*.py")):
        if size < CORPUS_BYTES:
            chosen.append(path)
            size += path.stat().st_size
    if size < CORPUS_BYTES // 2:
        raise DataError(f"{source} holds {size} bytes of Python source, too little for the demo; use another Python")
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
        show=show_text,
        next=(
            'throughtime generate {run} --prompt "def " --temperature 0.7',
            "throughtime describe {run}",
            "throughtime fit generate YOUR_TEXT.txt --out runs/mine",
        ),
    ),
    "names": Demo(
        task="classify",
        summary="an LSTM tells from the letters of a surname which of twelve countries it is from",
        data=prepared("names_by_country"),
        options={"target_column": "country", "epochs": 15},
        max_minutes=2,
        show=show_names,
        next=(
            "echo Virtanen | throughtime predict {run} - --probabilities",
            "throughtime fit classify YOUR_TABLE.csv --target-column COLUMN --out runs/mine",
        ),
    ),
    "digits": Demo(
        task="classify",
        summary="an LSTM reads handwritten digits row by row",
        data=prepared("handwritten_digits"),
        options={"epochs": 30},
        max_minutes=2,
        show=show_digits,
        next=(
            "throughtime predict {run} {data}/valid --out digits.csv",
            "throughtime fit classify FOLDER_WITH_A_FOLDER_PER_CLASS --out runs/mine",
        ),
    ),
    "code": Demo(
        task="tag",
        summary="a bidirectional LSTM says of every token of Python what it is there",
        data=prepared("python_tokens"),
        options={"epochs": 3},
        max_minutes=2.5,
        show=show_code,
        next=(
            "throughtime evaluate {run} {data}/tokens-valid.jsonl",
            "throughtime fit tag YOUR_FILE.conllu --out runs/mine",
        ),
    ),
    "moving": Demo(
        task="tag",
        summary="a bidirectional LSTM says of every frame of a clip which digit moves in it, and where to",
        data=prepared("moving_digits"),
        options={"epochs": 12, "batch_size": 32},
        max_minutes=4,
        show=show_clip,
        next=(
            "throughtime evaluate {run} {data}/moving-valid.npz",
            "throughtime fit tag YOUR_CLIPS.npz --out runs/mine",
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
    run_dir = out or Path("runs") / f"demo-{name}"
    data = run_dir.with_name(f"{run_dir.name}-data")
    files, held_out = chosen.data(data)

    from rich.console import Console

    from throughtime.cli.display import display
    from throughtime.runs import fit

    console = Console(highlight=False)
    console.print(f"{name}: {chosen.summary} ({_amount([*files, *held_out])})", style="bold", markup=False)
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
    chosen.show(console, run, data)
    console.print(f"report: {run.path / 'report.html'}", markup=False, soft_wrap=True)
    console.print("\nTry next:", style="bold")
    for command in chosen.next:
        console.print("  " + command.format(run=run.path, data=data), markup=False, soft_wrap=True)


def _amount(paths: list[Path]) -> str:
    files = [each for path in paths for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file()]
    return f"{len(files):,} files, {sum(each.stat().st_size for each in files) / 1e6:.1f} MB"
