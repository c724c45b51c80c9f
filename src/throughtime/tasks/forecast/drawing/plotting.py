"""Pictures of a panel's forecasts: what was seen, what is said, and in a run what then came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from throughtime.data.panel.panel import Numbers, Panel
from throughtime.data.reading import Note
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.tasks.forecast.drawing.pictures import forecast_chart, page, paths_chart
from throughtime.tasks.forecast.reader import ToScore
from throughtime.training.files import write_text

if TYPE_CHECKING:
    from throughtime.tasks.forecast.learner import Forecasts, Learner

__all__ = ["pictures_of", "plot_forecasts"]

MOST = 50
"""Series that are drawn at most."""
IN_REPORT = 3
"""Series that a run's report shows."""
LOOK = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Levels that a report shows."""
PATHS = 200


def plot_forecasts(panel: Panel, found: Forecasts, path: Path, note: Note) -> None:
    """Draw the first series of a panel and their forecasts.

    Args:
        panel: the series.
        found: what is said of them.
        path: ``.svg`` for one series and column, ``.html`` for all on one page.
        note: told where not all are drawn.

    Raises:
        UsageError: the path ends in something else, or is an SVG of several series.
    """
    charts = list(_charts(panel, found))
    count = len(panel.series) * len(panel.targets)
    if path.suffix.lower() not in (".svg", ".html"):
        raise UsageError(f"{named('plot')} {path}: a picture ends in .svg, or in .html for several on one page")
    if path.suffix.lower() == ".svg" and count > 1:
        raise UsageError(f"{named('plot')} {path}: there are {count} series to draw; name a page, ending in .html")
    if count > len(charts):
        note(f"{path} shows the first {len(charts)} of {count:,} series")
    write_text(path, charts[0][1] if path.suffix.lower() == ".svg" else page(charts, "What may come"))


def _charts(panel: Panel, found: Forecasts) -> Iterator[tuple[str, str]]:
    """(name, SVG) of each series and column, up to ``MOST``."""
    for place in range(min(MOST, len(panel.series) * len(panel.targets))):
        number, column = divmod(place, len(panel.targets))
        series, values = panel.series[number], found.values[number][:, column]
        name = _name(panel, number, column)
        times, ahead = panel.clock.write(series.ticks), panel.clock.write(series.future(len(values)))
        if found.columns[0] == "median":
            levels = (0.5, *map(float, found.columns[1:]))
            order = np.argsort(levels)
            chosen = tuple(sorted(levels))
            yield name, forecast_chart(name, times, series.values[:, column], ahead, chosen, values[:, order])
        else:
            yield name, paths_chart(name, times, series.values[:, column], ahead, values.T)


def _name(panel: Panel, number: int, column: int) -> str:
    """What a picture is called: the series, the column, or both."""
    parts = [panel.series[number].name, panel.targets[column] if len(panel.targets) > 1 else ""]
    return " ".join(part for part in parts if part) or panel.targets[column]


def pictures_of(learner: Learner, read: ToScore) -> dict[str, str]:
    """Draw the first forecast of some series that are validated on, beside what came and the forecast to beat.

    Args:
        learner: the network.
        read: the series.

    Returns:
        SVG by file name.
    """
    shown = range(0, len(read.panel.series), max(1, len(read.panel.series) // IN_REPORT))[:IN_REPORT]
    return {f"forecast_{place}.svg": _held_out(learner, read, number) for place, number in enumerate(shown, 1)}


def _held_out(learner: Learner, read: ToScore, number: int) -> str:
    panel, first = read.panel, read.firsts[number]
    series, horizon = panel.series[number], learner.inputs.horizon
    before = series.until(first)
    quantiles = learner.quantiles([before], panel.clock, horizon, LOOK, PATHS, 0)[0][:, 0]
    actual: Numbers = series.values[first : first + horizon, 0]
    actual = np.pad(actual, (0, horizon - len(actual)), constant_values=np.nan)
    return forecast_chart(
        _name(panel, number, 0),
        panel.clock.write(before.ticks),
        before.values[:, 0],
        panel.clock.write(before.future(horizon)),
        LOOK,
        quantiles,
        actual=actual,
    )
