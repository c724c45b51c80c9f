"""Commands that are made when they are called: a start makes the options of one command and loads its part alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command, get_group

__all__ = ["Made", "add_later"]

Made = Callable[..., Any] | typer.Typer
"""What a command is made of: the function behind it, or commands of its own."""


class _Later(TyperCommand):
    """A command that its parent lists by name and help, and whose callback gives what it is made of."""

    def whole(self) -> Any:
        """Make the command, with all its options or its own commands."""
        assert self.callback is not None
        made: Made = self.callback()
        if isinstance(made, typer.Typer):
            return get_group(made)
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        alone.command(self.name, help=self.help)(made)
        return get_command(alone)

    def make_context(self, info_name: str | None, args: Sequence[str], parent: Any = None, **extra: Any) -> Any:
        return self.whole().make_context(info_name, list(args), parent, **extra)


def add_later(app: typer.Typer, name: str, make: Callable[[], Made], words: str) -> None:
    """Add a command that is made when it is called.

    Args:
        app: the commands that it is one of.
        name: its name.
        make: gives what it is made of.
        words: what the help page says of it.
    """
    app.command(name, cls=_Later, help=words)(lambda: make())
