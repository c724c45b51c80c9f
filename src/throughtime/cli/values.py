"""Options of the command line: numbers, where a wrong one is shown in the message, and files in roles of a task."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["INTERRUPTED", "escaped", "integer_option", "number", "number_option", "role_parameter", "whole_number"]

INTERRUPTED = 130
"""Exit status after Ctrl-C, as the shells have it: 128 and the number of the signal."""


def escaped(words: str) -> str:
    """Give words that the help page shows as they are, brackets too.

    Args:
        words: the words.

    Returns:
        The same with what rich would take for markup escaped.
    """
    from rich.markup import escape  # rich is for help pages and displays, and most commands show neither

    return escape(words)


def whole_number(text: str) -> int:
    """Read an integer from the command line.

    Args:
        text: what was typed.

    Returns:
        The integer; underscores between digits are allowed, as in Python.

    Raises:
        typer.BadParameter: it is not an integer.
    """
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a whole number") from None


def number(text: str) -> float:
    """Read a number from the command line.

    Args:
        text: what was typed.

    Returns:
        The number.

    Raises:
        typer.BadParameter: it is not a number.
    """
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number") from None


def integer_option(words: str) -> Any:
    """Declare an option whose value is an integer.

    Args:
        words: what the help page says of it.

    Returns:
        What typer takes as an annotation.
    """
    return typer.Option(help=words, metavar="INTEGER", parser=whole_number)


def number_option(words: str) -> Any:
    """Declare an option whose value is a number.

    Args:
        words: what the help page says of it.

    Returns:
        What typer takes as an annotation.
    """
    return typer.Option(help=words, metavar="NUMBER", parser=number)


def role_parameter(name: str, words: str) -> inspect.Parameter:
    """Declare files in a role of a task's own as an option that may be repeated.

    Args:
        name: name of the role.
        words: what the files hold.

    Returns:
        A parameter that typer understands.
    """
    info = typer.Option(f"--{name.replace('_', '-')}", metavar="FILE", help=escaped(words), show_default=False)
    annotation = Annotated[list[Path] | None, info]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
