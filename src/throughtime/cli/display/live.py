"""The display of training that stays in its place in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from statistics import fmean

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from throughtime.cli.display.wording import Pace, describe_end, describe_start, shown
from throughtime.training.reporter import RunInfo, SilentReporter, StepReport, Summary

__all__ = ["LiveDisplay", "sparkline"]

BLOCKS = "▁▂▃▄▅▆▇█"


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
