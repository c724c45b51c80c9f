"""The ``throughtime`` command: its parts put together, and errors turned into one line and an exit status."""

from __future__ import annotations

import gc
import io
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer

from throughtime.cli.later import Made, add_later
from throughtime.cli.values import INTERRUPTED
from throughtime.doors import typed
from throughtime.errors import ThroughtimeError

__all__ = ["run", "status_of"]

BAD_INPUT = 2

app = typer.Typer(
    name="throughtime",
    help="Recurrent networks: learn from sequences in files, and use what was learned.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _fit() -> Made:
    from throughtime.cli.fit import app

    return app


def _evaluate() -> Made:
    from throughtime.cli.runs import evaluate, with_data_options
    from throughtime.tasks import Task

    return with_data_options(Task.load_evaluating)(evaluate)


def _predict() -> Made:
    from throughtime.cli.runs import predict, with_data_options
    from throughtime.tasks import Task

    return with_data_options(Task.load_predicting)(predict)


def _forecast() -> Made:
    from throughtime.cli.runs import forecast, with_data_options
    from throughtime.tasks import Task

    return with_data_options(Task.load_predicting, ["forecast"])(forecast)


def _generate() -> Made:
    from throughtime.cli.generate import generate

    return generate


def _next() -> Made:
    from throughtime.cli.next import next_tokens

    return next_tokens


def _explain() -> Made:
    from throughtime.cli.explain import explain
    from throughtime.cli.runs import with_data_options
    from throughtime.training.options import CheckedOptions

    return with_data_options(lambda task: CheckedOptions)(explain)


def _lab() -> Made:
    from throughtime.cli.lab import lab

    return lab


def _describe() -> Made:
    from throughtime.cli.runs import describe

    return describe


def _bench() -> Made:
    from throughtime.cli.bench import app

    return app


def _demo() -> Made:
    from throughtime.cli.demos.command import demo

    return demo


COMMANDS: Mapping[str, tuple[Callable[[], Made], str]] = {
    "fit": (_fit, "Learn a task from files."),
    "evaluate": (_evaluate, "Score a run on files it has not seen."),
    "predict": (
        _predict,
        "Predict for each record of files, as they are read: what was read is written with the prediction beside it.",
    ),
    "forecast": (_forecast, "Say what comes after the end of series, and how sure that is."),
    "generate": (_generate, "Write on after a prompt, or write a tune: text as it is drawn, music as MIDI."),
    "next": (_next, "Say which letters or words a run expects next, in one answer or at each key."),
    "explain": (_explain, "Say why a run forgot, what it remembers and what its gates did."),
    "lab": (_lab, "See in the browser what a run remembers while it reads."),
    "describe": (_describe, "Say what a run is: sizes, data, training, scores, files."),
    "bench": (_bench, "Time the layers beside other libraries."),
    "demo": (_demo, "Watch a network learn real data from this machine, in a few minutes."),
}
"""Name of a command -> what gives its function or its own commands, and what the help page says of it."""

for _name, (_make, _words) in COMMANDS.items():
    add_later(app, _name, _make, _words)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        print(f"throughtime {metadata.version('throughtime')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Recurrent networks: learn from sequences in files, and use what was learned."""


def _complain(message: str) -> int:
    """Say in one line what was wrong; an empty message means that the help page has said it all."""
    if message:
        print("throughtime: " + " ".join(message.split()), file=sys.stderr)
    return BAD_INPUT


def _usage_message(error: typer.TyperException) -> str:
    """What is wrong with the command line, with the nearest option where one was mistyped."""
    near: Sequence[str] | None = getattr(error, "possibilities", None)
    return f"{error.message}: did you mean {near[0]}?" if near else error.format_message()


def status_of(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        arguments: the words after ``throughtime``; those of this process by default.

    Returns:
        0, or 2 after bad input (told in one line on standard error), or 130 after Ctrl-C.
    """
    try:
        with typed():
            status = app(args=arguments, prog_name="throughtime", standalone_mode=False)
    except ThroughtimeError as error:
        return _complain(str(error))
    except typer.TyperException as error:
        return _complain(_usage_message(error))
    except OSError as error:
        return _complain(f"{error.filename or 'the system'}: {error.strerror or error}")
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    return status if isinstance(status, int) else 0


def run() -> None:
    """Run the command line and leave the process with its exit status."""
    if hasattr(signal, "SIGPIPE"):
        # a reader that closes the pipe ends the command quietly, as it does any other Unix tool
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 shows what it can
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")  # what is written into a file or a pipe is data
    status = status_of()
    # The system frees all at once; Python would first look for garbage among all that torch has made, for 0.4 s.
    # Triton, where something has loaded it, would list all that is not freed.
    if "triton" not in sys.modules:
        gc.freeze()
    sys.exit(status)
