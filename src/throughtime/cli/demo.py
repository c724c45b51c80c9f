"""``throughtime demo``: networks that learn from real data which is already on this machine."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from throughtime.cli.fit import INTERRUPTED
from throughtime.cli.shows import show_clip, show_code, show_digits, show_names, show_text
from throughtime.cli.values import integer_option, number_option
from throughtime.data.demos.making import Files
from throughtime.data.demos.python_modules import standard_library
from throughtime.errors import UnknownNameError, UsageError

__all__ = ["DEMOS", "Demo", "demo"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """A demonstration: a task, its data, and options that fit into a few minutes."""

    task: str
    """Name of the task."""
    summary: str
    """What is learned from what, in one line."""
    source: str
    """What the data are, where they come from, and their licence."""
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


def prepared(module: str, maker: str) -> Callable[[Path], Files]:
    """Name a function of a module of ``throughtime.data.demos`` that writes data; it is loaded when it is called."""

    def write(folder: Path) -> Files:
        return getattr(import_module(f"throughtime.data.demos.{module}"), maker)(folder)

    return write


DEMOS: dict[str, Demo] = {
    "generate": Demo(
        task="generate",
        summary="an LSTM learns to write Python",
        source="source files of this Python's own library (PSF licence)",
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
        source="up to 400 surnames of each country from the lists of Faker (MIT licence), none that two of them share",
        data=prepared("names", "names_by_country"),
        options={"target_column": "country", "epochs": 30, "sample_every": 500},
        max_minutes=3,
        show=show_names,
        next=(
            "echo Lindqvist | throughtime predict {run} - --probabilities",
            "throughtime evaluate {run} {data}/names-valid.csv",
            "throughtime fit classify YOUR_TABLE.csv --target-column COLUMN --out runs/mine",
        ),
    ),
    "digits": Demo(
        task="classify",
        summary="an LSTM reads handwritten digits row by row",
        source="1,797 images of 8 x 8 pixels that scikit-learn ships (Alpaydin and Kaynak 1998, CC BY 4.0)",
        data=prepared("digits", "handwritten_digits"),
        options={"epochs": 25, "sample_every": 0},
        max_minutes=2,
        show=show_digits,
        next=(
            "throughtime predict {run} {data}/valid --out digits.csv",
            "throughtime evaluate {run} {data}/valid",
            "throughtime fit classify FOLDER_WITH_A_FOLDER_PER_CLASS --out runs/mine",
        ),
    ),
    "code": Demo(
        task="tag",
        summary="an LSTM that reads both ways says of every token of Python what it is there",
        source="lines of this Python's own library (PSF licence), labelled by a few rules on top of its tokenize",
        data=prepared("python_tokens", "python_tokens"),
        options={"epochs": 2, "sample_every": 1000, "validate_every": 800},
        max_minutes=3,
        show=show_code,
        next=(
            'echo "for word in open ( path ) . read ( ) :" | throughtime predict {run} - --format lines',
            "throughtime evaluate {run} {data}/tokens-valid.jsonl",
            "throughtime fit tag YOUR_FILE.conllu --out runs/mine",
        ),
    ),
    "moving": Demo(
        task="tag",
        summary="an LSTM that reads both ways says of every frame of a film which digit moves in it, and where to",
        source="8,500 clips of 20 frames, made of the digits that scikit-learn ships (CC BY 4.0)",
        data=prepared("moving", "moving_digits"),
        options={"epochs": 8, "embedding": 256, "batch_size": 32, "sample_every": 0},
        max_minutes=4,
        show=show_clip,
        next=(
            "throughtime predict {run} {data}/moving-valid.npz --out moving.csv",
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
    run = _train(console, chosen, (files, held_out), run_dir, overwrite=out is None, max_minutes=limit, seed=seed)
    if run.status == "interrupted":
        return INTERRUPTED
    chosen.show(console, run, data)
    console.print(f"report: {run.path / 'report.html'}", markup=False, soft_wrap=True)
    console.print("\nTry next:", style="bold")
    places = {"run": shlex.quote(str(run.path)), "data": shlex.quote(str(data))}
    for command in chosen.next:
        console.print("  " + command.format(**places), markup=False, soft_wrap=True)
    return 0


def _train(
    console: Any, chosen: Demo, files: Files, run_dir: Path, *, overwrite: bool, max_minutes: float, seed: int
) -> Any:
    from throughtime.cli.display import display
    from throughtime.runs import fit

    train, valid = files
    with display(console) as reporter:
        return fit(
            chosen.task,
            train,
            valid=valid,
            out=run_dir,
            overwrite=overwrite,
            max_minutes=max_minutes,
            reporter=reporter,
            seed=seed,
            **chosen.options,
        )


def _amount(paths: list[Path]) -> str:
    files = [each for path in paths for each in (path.rglob("*") if path.is_dir() else [path]) if each.is_file()]
    return f"{len(files):,} files, {sum(each.stat().st_size for each in files) / 1e6:.1f} MB"
