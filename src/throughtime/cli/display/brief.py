"""Many short runs, one after the other: a line now and then that says how far the one at hand is."""

from __future__ import annotations

import sys
import time
from typing import IO

from throughtime.training.reporter import SilentReporter, StepReport

__all__ = ["BriefDisplay"]


class BriefDisplay(SilentReporter):
    """Says every few seconds how far a run is; what it ends with is said by whoever asked for it.

    Args:
        name: what the run is called.
        every: seconds between two lines.
        stream: where they go; standard error by default.
    """

    def __init__(self, name: str, *, every: float = 10.0, stream: IO[str] | None = None) -> None:
        self._name, self._every, self._stream = name, every, stream
        self._told = time.monotonic()

    def stepped(self, report: StepReport) -> None:
        now = time.monotonic()
        if now - self._told < self._every:
            return
        self._told = now
        so_far = f"{report.progress:.0%}, step {report.step:,}, loss {report.loss:.4g}, {report.seconds:.0f} s"
        print(f"{self._name}: {so_far}", file=self._stream or sys.stderr, flush=True)
