"""``throughtime lab``: see trained runs at work in the browser."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from throughtime.cli.demos import generate, hello
from throughtime.cli.demos.command import train
from throughtime.cli.demos.demo import Demo
from throughtime.cli.values import integer_option
from throughtime.doors import option
from throughtime.errors import UsageError
from throughtime.runs.saved_run import SavedRun
from throughtime.web.door import HERE, is_loopback, open_door
from throughtime.web.serving import need, serve

__all__ = ["lab"]

PORT = 8517
PARTS = ("fastapi", "uvicorn", "websockets")
"""What the extra installs."""
SMALL = {**generate.DEMO.options, "hidden": 96, "embedding": 48, "validate_every": 100, "sample_every": 0}
DEMOS: dict[str, Demo] = {
    "demo-hello": hello.DEMO,
    "lab-python": replace(generate.DEMO, options=SMALL, max_minutes=0.6),
}
"""Runs that are learned for those who have none, in under a minute together; the second one holds a file's worth of
quotes, brackets and lines to be found in its units."""


def lab(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="[RUN ...]", help="Folders of runs.", show_default=False)
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Show two small runs, learned in place if need be.")] = False,
    port: Annotated[int, integer_option("Port to listen at; 0 takes a free one.")] = PORT,
    host: Annotated[str, typer.Option(help="Address to listen at; any but this machine's own lets others in.")] = HERE,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
) -> None:
    """See in the browser what runs remember while they read: gates, states, predictions, step by step."""
    need("lab", *PARTS)
    paths = list(runs or ())
    if not paths and not demo:
        raise UsageError(f"nothing to show: give the folder of a run, or {option('demo')} for a small one made here")
    for path in paths:
        SavedRun(path)  # what is wrong with it is said before torch is loaded
    door = open_door(host, port)
    paths += [_learned(name, each) for name, each in DEMOS.items()] if demo else []

    from throughtime.lab.app import lab_app  # loads torch
    from throughtime.lab.opened import Lab

    app = lab_app(Lab(paths))
    if not is_loopback(host):
        print("warning: others on the network can reach the lab, if they have this address:", file=sys.stderr)
    print(f"lab: {door.url}   (Ctrl-C ends it)", file=sys.stderr, flush=True)
    serve(app, door, browser=browser)


def _learned(name: str, demo: Demo) -> Path:
    """A demo's run, which is learned where there is none that is whole."""
    from rich.console import Console

    run = Path("runs") / name
    if not (run / "config.json").exists():
        console = Console(highlight=False, stderr=True)
        console.print(f"{name}: {demo.summary}", markup=False, soft_wrap=True)
        files = demo.data(Path(f"{run}-data"))
        train(console, demo, files, run, overwrite=True, max_minutes=demo.max_minutes, seed=0)
    return run
