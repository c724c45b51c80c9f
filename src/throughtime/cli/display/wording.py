"""What both displays say, in words and numbers: how training starts, at which pace it goes, how it ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from throughtime.training.reporter import RunInfo, StepReport, Summary
from throughtime.training.scores import headline, unit_of

__all__ = ["Pace", "clock", "describe_end", "describe_start", "shown"]


def clock(seconds: float) -> str:
    """Write a duration as a clock does.

    Args:
        seconds: the duration in seconds.

    Returns:
        Minutes and seconds, with hours where there are some.

    Example:
        >>> clock(75), clock(3675)
        ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shown(metrics: Mapping[str, float], loss: float | None = None) -> tuple[float, str]:
    """Choose the metric to show.

    Args:
        metrics: metrics by name.
        loss: the loss of a step of training, which counts as one of them.

    Returns:
        The metric, NaN where there is none, and its unit.
    """
    values = {"loss": loss, **metrics} if loss is not None else metrics
    name = headline(values)
    return values.get(name, float("nan")), unit_of(name)


def describe_start(info: RunInfo) -> list[str]:
    """Say what is about to be trained.

    Args:
        info: what the loop tells of the run.

    Returns:
        Two lines: the run, and its details.
    """
    facts = [_fact(name.replace("_", " "), value) for name, value in info.details.items()]
    start = f", from step {info.start_step:,}" if info.start_step else ""
    limit = f", at most {info.max_minutes:g} minutes" if info.max_minutes else ""
    return [
        f"{info.task} in {info.path}: {info.parameters:,} parameters on {info.device}, "
        f"{info.total_steps:,} steps{start}{limit}",
        ", ".join(facts),
    ]


def _fact(name: str, value: object) -> str:
    if value is True:
        return name
    return f"{name} {f'{value:,}' if isinstance(value, int) else value}"


def describe_end(summary: Summary) -> str:
    """Say how training ended.

    Args:
        summary: what the loop tells at its end.

    Returns:
        One line.
    """
    best = ""
    if summary.best:
        value, unit = shown(summary.best)
        best = f"; best validation {value:.3f} {unit}"
    return f"{summary.status} after {summary.step:,} steps and {clock(summary.seconds)}{best}"


@dataclass(slots=True)
class Pace:
    """How fast training goes and how long it still takes, smoothed over some steps."""

    tokens_per_second: float = 0.0
    """Tokens per second, averaged."""
    train: float = 0.0
    """The headline metric of the training data, averaged."""
    first_progress: float = 0.0
    """Progress when this call began to train."""
    first_time: float = 0.0
    """Time at that moment, in seconds."""
    seen: int = 0
    """Steps seen by this call."""

    def add(self, report: StepReport) -> None:
        """Take in one step."""
        value, _ = shown(report.metrics, report.loss)
        if not self.seen:
            self.first_progress, self.first_time = report.progress, time.monotonic()
        self.seen += 1
        share = max(0.05, 1 / self.seen)
        self.train += share * (value - self.train)
        self.tokens_per_second += share * (report.tokens_per_second - self.tokens_per_second)

    def left(self, progress: float) -> str:
        """The time that is left, as a clock shows it, or ``?`` while that cannot be told."""
        done = progress - self.first_progress
        if done <= 0:
            return "?"
        return clock((time.monotonic() - self.first_time) * (1 - progress) / done)
