"""A picture of a series and what may follow, in the making. Loads no torch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import ShapeError
from throughtime.training.pages.charts import ticks, widened
from throughtime.training.pages.drawing import LINE, TEXT, VALIDATION, Drawing, Point, width_of
from throughtime.training.pages.grid import shortened

__all__ = ["Chart", "Values", "marked"]

WIDTH, RIGHT, TOP, BOTTOM = 648.0, 24.0, 60.0, 26.0
"""Width of a picture in points, and its margins: above are its name, the legend, and where the forecast begins."""
HORIZONS, LEAST, MOST = 5, 14, 400
"""Horizons of the history that are drawn, and the fewest and the most steps of it."""
MOST_SWATCHES = 3
"""Intervals that the legend names one by one."""
NEAR = 5.0
"""Points of the picture's width by which steps must be apart to be marked with dots."""
TITLE = 12.0
"""Height of the letters of the name."""
DARKEST = (0.25, 0.4, 0.5, 0.6)
"""How much of the colour the innermost interval has: of one, two, three, or more intervals."""
PARTS = re.compile(r"\d+|[^\W\d_]+")
"""Parts of a time: numbers and names."""

Values = NDArray[np.floating]


def marked(stamps: Sequence[str], most: int) -> list[int]:
    """Choose the times that an axis names: where a year, a month, a day begins, or round numbers; else evenly apart.

    Args:
        stamps: the times as they are written, in order.
        most: about how many may be chosen.

    Returns:
        Their places, growing.

    Example:
        >>> marked([f"2024-{month:02}" for month in range(1, 13)] + ["2025-01", "2025-02"], 5)
        [1, 4, 7, 10, 13]
        >>> marked([f"2024-{month:02}-{day}" for month in range(3, 7) for day in range(10, 31)], 5)
        [21, 42, 63]
        >>> marked([str(step) for step in range(95, 205)], 4)
        [5, 55, 105]
    """
    if len(stamps) > 1 and all(stamp.lstrip("-").isdecimal() for stamp in stamps):
        round_numbers = set(ticks(float(stamps[0]), float(stamps[-1]), most, whole=True)[0])
        places = [place for place, stamp in enumerate(stamps) if float(stamp) in round_numbers]
        if len(places) > 1:
            return places
    changes = [each for each in _changes(stamps) if len(each) >= 3]
    places = min(changes, key=len) if changes else list(range(len(stamps)))
    return places[:: -(-len(places) // most)]


def _changes(stamps: Sequence[str]) -> Iterator[list[int]]:
    """For each part of the times, such as the month, the places where it is another than before."""
    parts = [PARTS.findall(stamp) for stamp in stamps]
    if len({len(each) for each in parts}) == 1:
        for of_all in zip(*parts, strict=True):
            yield [place for place in range(1, len(of_all)) if of_all[place] != of_all[place - 1]]


class _Line(TypedDict, total=False):
    """How a line is drawn."""

    width: float
    opacity: float
    dashed: bool


class Chart:
    """A picture in the making: its axes are drawn at once, then what is asked for, then the legend.

    Args:
        name: what is forecast; it stands above.
        times: T stamps of what was seen, as they are written.
        values: (T,) what was seen.
        ahead: J stamps of what is forecast.
        others: arrays that need room, too.
        height: height in points.

    Raises:
        ShapeError: there is not a value for each time, or nothing ahead.

    Example:
        >>> chart = Chart("tea", ["1", "2"], np.array([1.0, 2.0]), ["3"], [], 200)
        >>> chart.history()
        >>> chart.line(np.array([1.5]), VALIDATION, "median", width=1)
        >>> "median" in chart.svg()
        True
    """

    def __init__(
        self,
        name: str,
        times: Sequence[str],
        values: Values,
        ahead: Sequence[str],
        others: Sequence[Values | None],
        height: float,
    ) -> None:
        if values.shape != (len(times),) or not ahead:
            raise ShapeError(f"a forecast has a value for each of {len(times)} times and a step ahead, or more")
        first = len(values) - min(len(values), MOST, max(LEAST, HORIZONS * len(ahead)))
        self.ahead, self._seen = ahead, np.asarray(values[first:], np.float64)
        self._last = len(self._seen) - 1
        self._stamps = [*times[first:], *ahead]
        drawn = np.concatenate([np.ravel(each) for each in (self._seen, *others) if each is not None])
        self._low, self._high = widened(drawn[np.isfinite(drawn)].tolist(), 0.05)
        self._right, self._bottom = WIDTH - RIGHT, height - BOTTOM
        self._drawing, self._legend_end = Drawing(WIDTH, height), 9.0
        self._drawing.text((9, 13), shortened(name, int((WIDTH - 18) / width_of("n", TITLE))), size=TITLE)
        numbers, written = ticks(self._low, self._high, max(3, round((self._bottom - TOP) / 35)))
        self._left = 16 + max(map(width_of, written), default=0.0)
        for number, words in zip(numbers, written, strict=True):
            y = self._place(0, number)[1]
            self._drawing.line([(self._left, y), (self._right, y)], LINE)
            self._drawing.text((self._left - 6, y), words, anchor="end")
        self._time_axis()

    def _place(self, step: float, value: float) -> Point:
        """Where a value is in the picture; step 0 is the first that is drawn."""
        x = self._left + step / max(len(self._stamps) - 1, 1) * (self._right - self._left)
        return x, TOP + (self._high - value) / (self._high - self._low) * (self._bottom - TOP)

    def _time_axis(self) -> None:
        """Name times below, and above them where the forecast begins."""
        room = (self._right - self._left) / (max(map(width_of, self._stamps)) + 12)
        end = 0.0
        for step in marked(self._stamps, max(2, int(room))):
            x, half = self._place(step, self._low)[0], width_of(self._stamps[step]) / 2
            if x - half >= end and x + half <= WIDTH:
                self._drawing.line([(x, TOP), (x, self._bottom)], LINE)
                self._drawing.text((x, self._bottom + 12), self._stamps[step], anchor="middle")
                end = x + half + 8
        words = f"forecast after {self._stamps[self._last]}" if len(self._seen) else "forecast"
        x, half = self._place(self._last, self._low)[0], width_of(words) / 2
        self._drawing.line([(x, TOP - 4), (x, self._bottom)], TEXT, width=1, opacity=0.6)
        self._drawing.text((min(max(x, self._left + half), self._right - half), TOP - 11), words, anchor="middle")

    def _going_on(self, values: Values) -> tuple[Values, Values]:
        """Steps and values of a forecast: it goes on from the last value that was seen, where that is there."""
        steps = np.arange(self._last + 1.0, self._last + 1 + len(values))
        if len(self._seen) and np.isfinite(self._seen[-1]):
            return np.append(self._last, steps), np.append(self._seen[-1], values)
        return np.append(self._last + 0.5, steps), np.append(values[0], values)

    def _draw(self, steps: Values, values: Values, colour: str, **how: Unpack[_Line]) -> None:
        """Draw a line, parted where values are missing; a value between two missing ones is a dot."""
        for piece in _pieces(np.isfinite(values)):
            points = [self._place(float(steps[each]), float(values[each])) for each in piece]
            if len(points) > 1:
                self._drawing.line(points, colour, **how)
            else:
                self._drawing.dot(points[0], colour)

    def history(self) -> None:
        """Draw what was seen."""
        self._draw(np.arange(len(self._seen), dtype=np.float64), self._seen, TEXT, width=1.2)
        self._explain("history", TEXT, width=1.2)

    def line(self, values: Values, colour: str, words: str, *, dots: bool = False, **how: Unpack[_Line]) -> None:
        """Draw a line over the steps ahead.

        Args:
            values: (J,), a gap where one is not finite.
            colour: its colour.
            words: what the legend calls it; nothing where it does not.
            dots: whether steps are marked that are far enough apart.
            how: width, opacity and whether it is dashed, as of a line of a drawing.
        """
        self._draw(*self._going_on(values), colour, **how)
        dots = dots and (self._right - self._left) / len(self._stamps) >= NEAR
        for step in np.flatnonzero(np.isfinite(values)).tolist() if dots else ():
            self._drawing.dot(self._place(self._last + 1 + step, float(values[step])), colour)
        if words:
            self._explain(words, colour, dots=dots, **how)

    def intervals(self, pairs: Sequence[tuple[float, Values, Values]]) -> None:
        """Draw intervals, each over the wider ones, so that the narrowest is the darkest.

        Args:
            pairs: the share that an interval holds, its lower ends (J,), and its upper ends; the widest first.
        """
        if not pairs:
            return
        darkest = DARKEST[min(len(pairs), len(DARKEST)) - 1]
        opacity = 1 - (1 - darkest) ** (1 / len(pairs))
        for _, low, high in pairs:
            (steps, below), (_, above) = self._going_on(low), self._going_on(high)
            for piece in _pieces(np.isfinite(below) & np.isfinite(above)):
                edge = [self._place(float(steps[each]), float(above[each])) for each in piece]
                edge += [self._place(float(steps[each]), float(below[each])) for each in piece[::-1]]
                self._drawing.area(edge, VALIDATION, opacity=opacity)
        ends = range(len(pairs)) if len(pairs) <= MOST_SWATCHES else (0, len(pairs) - 1)
        for place in ends:
            words = f"{100 * pairs[place][0]:.4g} %" + (" interval" if place == ends[-1] else "")
            x = self._explain(words)
            dark = 1 - (1 - opacity) ** (place + 1)
            self._drawing.rectangle((x, 25), (18, 10), fill=VALIDATION, opacity=dark, edge="none")

    def _explain(self, words: str, colour: str = "", *, dots: bool = False, **how: Unpack[_Line]) -> float:
        """Write a part of the legend; gives where its sign begins."""
        x = self._legend_end
        if colour:
            self._drawing.line([(x, 30), (x + 18, 30)], colour, **how)
        if dots:
            self._drawing.dot((x + 9, 30), colour)
        self._drawing.text((x + 24, 30), words)
        self._legend_end = x + 36 + width_of(words)
        return x

    def svg(self) -> str:
        """Give the picture as an SVG element."""
        return self._drawing.svg()


def _pieces(there: NDArray[np.bool_]) -> Iterator[NDArray[np.intp]]:
    """Places that follow each other."""
    places = np.flatnonzero(there)
    return filter(len, np.split(places, np.flatnonzero(np.diff(places) > 1) + 1))
