"""Numbers on the command line: a wrong one is shown in the message, next to what was needed."""

from __future__ import annotations

from typing import Any

import typer

__all__ = ["integer_option", "number", "number_option", "whole_number"]


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
