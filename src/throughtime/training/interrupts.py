"""Ctrl-C and a polite kill, heard at the end of a step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interrupts"]


@contextmanager
def interrupts() -> Generator[Callable[[], bool]]:
    """Note SIGINT and SIGTERM in place of dying from them; the second one acts at once.

    Outside the main thread Python delivers no signals, so there nothing is caught.

    Yields:
        A function that says whether an interrupt has come.
    """
    heard = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield heard.is_set
        return

    def hear(number: int, frame: FrameType | None) -> None:
        heard.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield heard.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
