"""Plain lines about training, for logs and pipes."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.console import Console

from throughtime.cli.display.wording import Pace, describe_end, describe_start, shown
from throughtime.training.reporter import RunInfo, SilentReporter, StepReport, Summary

__all__ = ["PlainDisplay"]


class PlainDisplay(SilentReporter):
    """Plain lines, for logs and pipes: a step every few seconds, every validation, every note, the samples.

    Args:
        console: where to write.
        every: seconds between two lines about steps.
    """

    def __init__(self, console: Console, every: float = 10.0) -> None:
        self._console = console
        self._every = every
        self._pace = Pace()
        self._counted = "tokens"
        self._shown = 0.0

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def started(self, info: RunInfo) -> None:
        self._counted = info.counted
        for line in describe_start(info):
            self._line(line)
        self._shown = time.monotonic()

    def stepped(self, report: StepReport) -> None:
        self._pace.add(report)
        if time.monotonic() - self._shown < self._every:
            return
        self._shown = time.monotonic()
        _, unit = shown(report.metrics, report.loss)
        self._line(
            f"step {report.step:,}/{report.total_steps:,} ({report.progress:.0%}), epoch {report.epoch:.2f}: "
            f"train {self._pace.train:.3f} {unit}, {self._pace.tokens_per_second:,.0f} {self._counted}/s, "
            f"{self._pace.left(report.progress)} left"
        )

    def validated(self, metrics: Mapping[str, float]) -> None:
        value, unit = shown(metrics)
        best = " (best)" if metrics.get("best") else ""
        self._line(f"step {metrics['step']:,.0f}: validation {value:.3f} {unit}{best}")

    def sampled(self, text: str, step: int) -> None:
        self._line(f"--- sample after {step:,} steps\n{text.rstrip()}\n---")

    def note(self, message: str) -> None:
        self._line(message)

    def finished(self, summary: Summary) -> None:
        self._line(describe_end(summary))
