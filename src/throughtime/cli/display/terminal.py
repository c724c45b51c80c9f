"""What is shown depends on where it goes: to a terminal, or to a log or pipe."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console

from throughtime.cli.display.live import LiveDisplay
from throughtime.cli.display.plain import PlainDisplay
from throughtime.training.reporter import Reporter

__all__ = ["counting", "display"]


@contextmanager
def display(console: Console | None = None) -> Generator[Reporter]:
    """Give a reporter that shows training on the terminal, and tidy up after it.

    Args:
        console: where to show it; standard output by default.

    Yields:
        A live display where the output is a terminal, plain lines where it is not.
    """
    console = console or Console()
    if not console.is_terminal:
        yield PlainDisplay(console)
        return
    live = LiveDisplay(console)
    live.start()
    try:
        yield live
    finally:
        live.stop()


@contextmanager
def counting(shown: bool) -> Generator[Callable[[int], None] | None]:
    """Show on standard error how many records are done.

    Args:
        shown: whether to; never where standard error is not a terminal.

    Yields:
        What is called with the number done so far, or None.
    """
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield None
        return
    with console.status("predicting ...") as status:
        yield lambda count: status.update(f"predicting ... {count:,} records") if count % 100 == 0 else None
