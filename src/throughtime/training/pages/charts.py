"""Charts of how a run learned: curves over the steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from throughtime.training.pages.drawing import LINE, Drawing, width_of

__all__ = ["Curve", "line_chart", "ticks", "widened"]

WIDTH, RIGHT, TOP, BOTTOM = 648.0, 24.0, 26.0, 42.0
"""Width of a chart in points, and its margins: the left one is as wide as its numbers, the upper one has the legend."""
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
MANY = 2000
"""Points of a curve that are all drawn; of more, those that can be told apart."""
NEAR = 5.0
"""Points of the picture's width by which dots must be apart to be drawn."""

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One curve of a chart."""

    steps: Sequence[float]
    """Where its points are, growing."""
    values: Sequence[float]
    """How high they are."""
    colour: str
    """Its colour."""
    label: str = ""
    """What the legend calls it; empty where it does not."""
    width: float = 1.8
    """Width of its line, in points."""
    opacity: float = 1.0
    """1 covers what is under it."""
    dots: bool = False
    """Whether its points are marked, where they are far enough apart; a single one always is."""


def ticks(low: float, high: float, most: int, *, whole: bool = False) -> tuple[list[float], list[str]]:
    """Choose round numbers between two.

    Args:
        low: the smallest that may be chosen.
        high: the largest; above ``low``.
        most: about how many there may be.
        whole: whether they must be whole numbers.

    Returns:
        The numbers, and how they are written.

    Example:
        >>> ticks(0.1, 1.3, 5)[1], ticks(0, 12_000, 4)[1]
        (['0.25', '0.50', '0.75', '1.00', '1.25'], ['0', '5,000', '10,000'])
    """
    rough = max((high - low) / most, 1.0 if whole else 0.0)
    power = 10.0 ** math.floor(math.log10(rough))
    nice = next(each for each in NICE if each * power >= rough * (1 - 1e-9) and not (whole and each * power % 1))
    gap = nice * power
    numbers = [k * gap for k in range(math.ceil(low / gap - 1e-9), math.floor(high / gap + 1e-9) + 1)]
    digits = max(0, -math.floor(math.log10(gap) + 1e-9)) + (nice == 2.5 and gap < 10)
    if digits > 5 or abs(high) >= 1e9:
        return numbers, [f"{each:.12g}" for each in numbers]
    return numbers, [f"{each:,.{digits}f}" for each in numbers]


def line_chart(name: str, curves: Sequence[Curve], height: float, *, from_zero: bool = False) -> str:
    """Draw curves over the steps of a run.

    Args:
        name: what is measured; it stands at the left.
        curves: the curves, the lowest first; those without points are left out.
        height: height in points; the width is 648.
        from_zero: whether the scale begins with 0.

    Returns:
        An SVG element.
    """
    curves = [curve for curve in curves if curve.steps]
    across = widened([step for curve in curves for step in curve.steps], 0.0)
    up = widened([value for curve in curves for value in curve.values], 0.05)
    if from_zero:
        up = 0.0, max(up[1], 1e-12)
    top = TOP if any(curve.label for curve in curves) else TOP / 2
    drawing, inner = Drawing(WIDTH, height), height - top - BOTTOM
    numbers, written = ticks(*up, max(3, round(inner / 35)))
    left = 30 + max(map(width_of, written), default=0.0)

    def place(step: float, value: float) -> Point:
        x = left + (step - across[0]) / (across[1] - across[0]) * (WIDTH - RIGHT - left)
        return x, top + (up[1] - value) / (up[1] - up[0]) * inner

    for number, words in zip(numbers, written, strict=True):
        y = place(across[0], number)[1]
        drawing.line([(left, y), (WIDTH - RIGHT, y)], LINE)
        drawing.text((left - 6, y), words, anchor="end")
    for number, words in zip(*ticks(*across, 8, whole=True), strict=True):
        x = place(number, up[0])[0]
        drawing.line([(x, top), (x, top + inner)], LINE)
        drawing.text((x, top + inner + 12), words, anchor="middle")
    drawing.text(((left + WIDTH - RIGHT) / 2, height - 10), "step", anchor="middle")
    drawing.text((9, top + inner / 2), name, anchor="middle", turned=-90)
    for curve in curves:
        _draw(drawing, curve, [place(*point) for point in zip(curve.steps, curve.values, strict=True)])
    _legend(drawing, curves)
    return drawing.svg()


def widened(values: Sequence[float], margin: float) -> Point:
    """Give the ends of an axis: the smallest value and the largest, and some room beyond each; never one number.

    Args:
        values: what is to be seen; 0 and 1 where there is nothing.
        margin: the room, as a share of the way between the two.

    Returns:
        The lower end and the upper one.

    Example:
        >>> widened([1.0, 5.0, 3.0], 0.25), widened([10.0], 0.0)
        ((0.0, 6.0), (9.0, 11.0))
    """
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        spread = abs(low) * 0.1 or 1.0
        low, high = low - spread, high + spread
    return low - margin * (high - low), high + margin * (high - low)


def _draw(drawing: Drawing, curve: Curve, points: list[Point]) -> None:
    shown = points if len(points) <= MANY else _told_apart(points)
    drawing.line(shown, curve.colour, width=curve.width, opacity=curve.opacity)
    apart = all(later[0] - earlier[0] >= NEAR for earlier, later in pairwise(points))
    for point in points if (curve.dots and apart) or len(points) == 1 else ():
        drawing.dot(point, curve.colour)


def _told_apart(points: Sequence[Point]) -> list[Point]:
    """Of the points over each point of the picture's width the first, the last, the highest and the lowest."""
    kept: list[Point] = []
    for _, group in groupby(points, key=lambda point: round(point[0])):
        column = list(group)
        heights = [y for _, y in column]
        ends = {0, len(column) - 1, heights.index(min(heights)), heights.index(max(heights))}
        kept += [column[index] for index in sorted(ends)]
    return kept


def _legend(drawing: Drawing, curves: Sequence[Curve]) -> None:
    """Name the curves above the chart, at the right."""
    x = WIDTH - RIGHT
    for curve in reversed([curve for curve in curves if curve.label]):
        x -= width_of(curve.label)
        drawing.text((x, TOP / 2), curve.label)
        drawing.line([(x - 24, TOP / 2), (x - 6, TOP / 2)], curve.colour, width=curve.width)
        if curve.dots:
            drawing.dot((x - 15, TOP / 2), curve.colour)
        x -= 40
