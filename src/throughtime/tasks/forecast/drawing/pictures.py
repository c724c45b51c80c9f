"""Pictures of forecasts: what was seen, what may come, and what came. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.errors import ShapeError
from throughtime.tasks.forecast.drawing.chart import Chart, Values
from throughtime.training.pages.drawing import TEXT, TRAIN, VALIDATION
from throughtime.training.pages.page import document, figure

__all__ = ["forecast_chart", "page", "paths_chart"]

MOST_PATHS = 50
"""Paths that are drawn."""
EXPLAINED = (
    "What comes should lie inside an 80 % interval 8 times in 10, and above the median as often as below it; "
    "a drawn path is one way in which a series may go on."
)


def forecast_chart(
    name: str,
    times: Sequence[str],
    values: Values,
    ahead: Sequence[str],
    levels: Sequence[float],
    quantiles: Values,
    *,
    actual: Values | None = None,
    rival: Values | None = None,
    height: float = 220,
) -> str:
    """Draw the end of a series and its forecast: the median as a line, an interval for each level and its counterpart.

    Args:
        name: what is forecast; it stands above.
        times: T stamps of what was seen, as they are written.
        values: (T,) what was seen; a gap where one is not finite.
        ahead: J stamps of the steps that are forecast.
        levels: L levels between 0 and 1, in any order: 0.1 and 0.9 are one interval, of 80 %.
        quantiles: (J, L) the quantiles at these levels.
        actual: (J,) what came, where it is known.
        rival: (J,) what a naive forecast says.
        height: height in points; the width is 648.

    Returns:
        An SVG.

    Raises:
        ShapeError: the arrays do not fit each other.

    Example:
        >>> import numpy as np
        >>> flat = forecast_chart("tea", ["1", "2"], np.ones(2), ["3"], (0.1, 0.5, 0.9), np.array([[0.0, 1.0, 2.0]]))
        >>> flat.count("<polygon"), "80 % interval" in flat, "forecast after 2" in flat
        (1, True, True)
    """
    _check("quantiles", quantiles, (len(ahead), len(levels)))
    at_level = {round(level, 9): quantiles[:, place] for place, level in enumerate(levels)}
    pairs = [(low, round(1 - low, 9)) for low in sorted(at_level) if low < 0.5 and round(1 - low, 9) in at_level]
    alone = sorted(at_level.keys() - {0.5}.union(*pairs))
    chart = Chart(name, times, values, ahead, [quantiles, actual, rival], height)
    chart.history()
    chart.intervals([(high - low, at_level[low], at_level[high]) for low, high in pairs])
    for level in alone:
        words = f"quantile {', '.join(f'{each:g}' for each in alone)}" if level == alone[0] else ""
        chart.line(at_level[level], VALIDATION, words, width=0.8)
    if 0.5 in at_level:
        chart.line(at_level[0.5], VALIDATION, "median", width=1.8)
    _naive(chart, rival)
    _came(chart, actual)
    return chart.svg()


def paths_chart(
    name: str,
    times: Sequence[str],
    values: Values,
    ahead: Sequence[str],
    paths: Values,
    *,
    actual: Values | None = None,
    rival: Values | None = None,
    height: float = 220,
) -> str:
    """Draw the end of a series and ways on which it may go on: up to 50 of them, as thin lines.

    Args:
        name: what is forecast; it stands above.
        times: T stamps of what was seen, as they are written.
        values: (T,) what was seen; a gap where one is not finite.
        ahead: J stamps of the steps that are forecast.
        paths: (S, J) paths.
        actual: (J,) what came, where it is known.
        rival: (J,) what a naive forecast says.
        height: height in points; the width is 648.

    Returns:
        An SVG.

    Raises:
        ShapeError: the arrays do not fit each other.

    Example:
        >>> import numpy as np
        >>> "2 drawn paths" in paths_chart("tea", ["1", "2"], np.ones(2), ["3"], np.array([[0.0], [2.0]]))
        True
    """
    _check("paths", paths, (len(paths), len(ahead)))
    shown = paths[:MOST_PATHS]
    chart = Chart(name, times, values, ahead, [shown, actual, rival], height)
    chart.history()
    count = f"{len(paths):,}" if len(shown) == len(paths) else f"{len(shown)} of {len(paths):,}"
    for number, path in enumerate(shown):
        chart.line(path, VALIDATION, "" if number else f"{count} drawn paths", width=0.7, opacity=0.5)
    _naive(chart, rival)
    _came(chart, actual)
    return chart.svg()


def _check(name: str, given: Values | None, shape: tuple[int, ...]) -> None:
    if given is not None and given.shape != shape:
        raise ShapeError(f"{name} must be {shape}, not {given.shape}")


def _naive(chart: Chart, values: Values | None) -> None:
    _check("rival", values, (len(chart.ahead),))
    if values is not None:
        chart.line(values, TRAIN, "naive forecast", width=1.4, dashed=True)


def _came(chart: Chart, values: Values | None) -> None:
    _check("actual", values, (len(chart.ahead),))
    if values is not None:
        chart.line(values, TEXT, "what came", width=0.8, dots=True)


def page(charts: Sequence[tuple[str, str]], title: str) -> str:
    """Put pictures into one page that needs nothing but itself.

    Args:
        charts: name and SVG of each.
        title: the headline.

    Returns:
        HTML.

    Example:
        >>> page([("tea", "<svg/>"), ("milk", "<svg/>")], "what may come").count("<figure")
        2
    """
    return document(title, f'<p class="quiet">{EXPLAINED}</p>\n' + "\n".join(figure(*each) for each in charts))
