"""What a person sees while a run trains: a live display in a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from throughtime.training.reporter import Reporter, RunInfo, SilentReporter, StepReport, Summary
from throughtime.training.scores import headline, unit_of

__all__ = ["LiveDisplay", "PlainDisplay", "clock", "counting", "display", "sparkline"]

BLOCKS = "▁▂▃▄▅▆▇█"


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


def sparkline(values: list[float], width: int) -> str:
    """Draw a curve in one line of text.

    Args:
        values: the curve, in order of time.
        width: characters of the line; longer curves are averaged down to it.

    Returns:
        One block per character, high for the largest value.

    Example:
        >>> sparkline([4.0, 3.0, 2.0, 1.0], 4)
        '█▆▃▁'
    """
    columns = min(width, len(values))
    edges = [len(values) * k // max(columns, 1) for k in range(columns + 1)]
    means = [fmean(values[start:stop]) for start, stop in pairwise(edges)]
    low, high = min(means, default=0.0), max(means, default=0.0)
    return "".join(BLOCKS[round((mean - low) / ((high - low) or 1) * (len(BLOCKS) - 1))] for mean in means)


def shown(metrics: Mapping[str, float], loss: float | None = None) -> tuple[float, str]:
    """The metric to show, and its unit."""
    values = {"loss": loss, **metrics} if loss is not None else metrics
    name = headline(values)
    return values.get(name, float("nan")), unit_of(name)


def describe_start(info: RunInfo) -> list[str]:
    """The lines that say what is about to be trained."""
    facts = [
        f"{name.replace('_', ' ')} {f'{value:,}' if isinstance(value, int) else value}"
        for name, value in info.details.items()
    ]
    start = f", from step {info.start_step:,}" if info.start_step else ""
    limit = f", at most {info.max_minutes:g} minutes" if info.max_minutes else ""
    return [
        f"{info.task} in {info.path}: {info.parameters:,} parameters on {info.device}, "
        f"{info.total_steps:,} steps{start}{limit}",
        ", ".join(facts),
    ]


def describe_end(summary: Summary) -> str:
    """The line that says how training ended."""
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


class LiveDisplay(SilentReporter):
    """A display that stays in place: progress, speed, scores, the curve so far and the latest sample.

    Args:
        console: the terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._pace = Pace()
        self._counted = "tokens"
        self._curve: list[float] = []
        self._report: StepReport | None = None
        self._validation: tuple[tuple[float, str], bool] | None = None
        self._sample: tuple[str, int] | None = None
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=5, redirect_stdout=False)

    def start(self) -> None:
        """Begin to draw."""
        self._live.start()

    def stop(self) -> None:
        """Draw one last time and leave it standing."""
        self._live.stop()

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style), soft_wrap=True)  # the terminal wraps it, so that it can be copied

    def started(self, info: RunInfo) -> None:
        self._counted = info.counted
        first, second = describe_start(info)
        self._print(first, "bold")
        self._print(second, "dim")

    def stepped(self, report: StepReport) -> None:
        self._pace.add(report)
        self._report = report
        self._curve.append(self._pace.train)

    def validated(self, metrics: Mapping[str, float]) -> None:
        self._validation = shown(metrics), bool(metrics.get("best"))

    def sampled(self, text: str, step: int) -> None:
        self._sample = text, step

    def note(self, message: str) -> None:
        self._print(message, "yellow")

    def finished(self, summary: Summary) -> None:
        self._live.refresh()
        self._print(describe_end(summary), "bold")

    def _progress(self, report: StepReport) -> RenderableType:
        line = Table.grid(padding=(0, 2), expand=True)
        line.add_column(ratio=1)
        for _ in range(4):
            line.add_column(no_wrap=True, justify="right")
        line.add_row(
            ProgressBar(total=1.0, completed=report.progress),
            f"{report.progress:.0%}",
            f"step {report.step:,}/{report.total_steps:,}",
            f"epoch {report.epoch:.2f}",
            f"{self._pace.left(report.progress)} left",
        )
        return line

    def _scores(self, report: StepReport) -> RenderableType:
        _, unit = shown(report.metrics, report.loss)
        text = Text.assemble(("train ", "dim"), (f"{self._pace.train:.3f}", "bold cyan"), (f" {unit}", "dim"))
        if self._validation:
            (value, unit), best = self._validation
            style = "bold green" if best else "bold"
            text.append("   validation ", "dim").append(f"{value:.3f}", style).append(f" {unit}", "dim")
        text.append(f"   {self._pace.tokens_per_second:,.0f} {self._counted}/s", "dim")
        return text

    def _render(self) -> RenderableType:
        if self._report is None:
            return Text("first steps ...", "dim")
        parts = [self._progress(self._report), self._scores(self._report)]
        parts.append(Text(sparkline(self._curve, max(8, self._console.width - 2)), "cyan"))
        if self._sample:
            text, step = self._sample
            rows = max(3, self._console.height - 9)
            shown = "\n".join(text.rstrip().splitlines()[:rows])
            parts.append(
                Panel(Text(shown), title=f"sample after {step:,} steps", title_align="left", border_style="dim")
            )
        return Group(*parts)


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
