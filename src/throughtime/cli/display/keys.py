"""Keys as they are pressed, on terminals that can say so."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager

__all__ = ["keys"]

_ENDS = "\x03\x04"
"""Ctrl-D, and Ctrl-C where it comes as a key."""
_SEQUENCE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.|.)?")
"""What arrow keys and the like send."""


@contextmanager
def keys() -> Generator[Iterator[str]]:
    """Read keys without waiting for the end of a line, and without showing them.

    Yields:
        What is typed, a key at a time, or what was pasted at once; ends at Ctrl-D and where input ends. Arrow keys and
        the like are left out.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    if sys.platform == "win32":
        yield _until_end(_windows())
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield _until_end(_posix(terminal))
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _until_end(read: Iterator[str]) -> Iterator[str]:
    for text in read:
        kept = _SEQUENCE.sub("", text)
        for place, character in enumerate(kept):
            if character in _ENDS:
                yield from [kept[:place]] if place else []
                return
        if kept:
            yield kept


def _posix(terminal: int) -> Iterator[str]:
    decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
    while given := os.read(terminal, 65_536):
        yield decode(given)


def _windows() -> Iterator[str]:
    import msvcrt

    while True:
        key = msvcrt.getwch()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
        if key in ("\x00", "\xe0"):  # the first half of an arrow key
            msvcrt.getwch()  # pyright: ignore[reportAttributeAccessIssue]
            continue
        yield str(key)  # pyright: ignore[reportUnknownArgumentType]
