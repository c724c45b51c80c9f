"""``throughtime next``: what a language model expects after a text, in one answer or while one types."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from throughtime.cli.values import integer_option
from throughtime.errors import UsageError
from throughtime.tasks.generate.expected import Expected

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["next_tokens", "shown", "typed_on"]

BAR = 24
"""Characters of a bar that stands for certainty."""
SEEN = 400
"""The last characters of what is typed, which stay in sight."""


def next_tokens(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.", show_default=False)],
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="Text to go on from; without it one types.", show_default=False),
    ] = None,
    top: Annotated[int, integer_option("Candidates to show.")] = 5,
    condition: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="What is written for; only for a run that has learned texts with labels."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
) -> None:
    """Say which letters or words a run expects after a text, and how much; without a text, at each key typed."""
    from throughtime.runs import Run

    if text is None and (as_json or not (sys.stdin.isatty() and sys.stdout.isatty())):
        raise UsageError("give a TEXT to go on from; only on a terminal, and without --json, can one type it")
    opened = Run(run, device=device)
    if text is None:
        opened.next("", top, condition)  # what is wrong with the run is said before anything is shown
        _type(lambda typed: opened.next(typed, top, condition))
        return
    found = opened.next(text, top, condition)
    if as_json:
        print(json.dumps(_as_json(found), indent=2, ensure_ascii=False))
        return
    for line in shown(found):
        print(line)


def shown(found: Expected) -> Iterator[str]:
    """Write what is expected for people: a line for each candidate, and one for the rest.

    Args:
        found: what is expected.

    Yields:
        The lines.
    """
    rest = [(f"{found.others:,} others", found.rest)] if found.others else []
    rows = [*((each.name, each.probability) for each in found.candidates), *rest]
    width = max(len(name) for name, _ in rows)
    for name, share in rows:
        yield f"{name:<{width}}  {share:6.1%}  {'█' * round(BAR * share)}".rstrip()


def typed_on(text: str, key: str) -> str:
    """Give a text after a key.

    Args:
        text: what was typed.
        key: a character, or several that were pasted; backspace takes one back, Ctrl-U all.

    Returns:
        The text.

    Example:
        >>> typed_on(typed_on("HE", "L"), chr(127))
        'HE'
    """
    for each in key:
        if each in "\x7f\b":
            text = text[:-1]
        elif each == "\x15":
            text = ""
        elif each in "\r\n":
            text += "\n"
        elif each.isprintable() or each == "\t":
            text += each
    return text


def _as_json(found: Expected) -> dict[str, object]:
    candidates = [{"text": each.text, "probability": each.probability, "name": each.name} for each in found.candidates]
    return {"candidates": candidates, "rest": found.rest, "others": found.others}


def _type(ask: Callable[[str], Expected]) -> None:
    """Show what is expected after each key, until Ctrl-D or Ctrl-C."""
    from rich.console import Console
    from rich.live import Live

    from throughtime.cli.display.keys import keys

    console, text = Console(highlight=False), ""
    with keys() as pressed, Live(_page(text, ask), console=console, auto_refresh=False) as live:
        for key in pressed:
            text = typed_on(text, key)
            live.update(_page(text, ask), refresh=True)


def _page(text: str, ask: Callable[[str], Expected]) -> RenderableType:
    """What is typed, with a mark where the next token goes, over what is expected there."""
    from rich.text import Text

    try:
        said: Iterable[str] = shown(ask(text))
    except UsageError as error:  # a letter that was never seen is taken back with a key
        said = [str(error)]
    hint = "Type; backspace takes back, Ctrl-U all; Ctrl-D ends."
    tail = text if len(text) <= SEEN else f"…{text[-SEEN:]}"
    return Text.assemble((f"{tail}▏", "bold"), "\n\n", "\n".join(said), "\n\n", (hint, "dim"))
