"""Charts: curves over the steps of a run, or over any other scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from throughtime.training.pages.drawing import LINE, Drawing, Point, width_of

__all__ = ["Curve", "Scale", "draw_curves", "line_chart", "linear", "logarithmic", "name_ends", "ticks", "widened"]

WIDTH, RIGHT, TOP, BOTTOM = 648.0, 24.0, 26.0, 42.0
"""Width of a chart in points, and its margins: the left one is as wide as its numbers, the upper one has the legend."""
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
MANY = 2000
"""Points of a curve that are all drawn; of more, those that can be told apart."""
LINE_HEIGHT = 13.0
"""Points between names that stand below each other."""
NEAR = 5.0
"""Points of the picture's width by which dots must be apart to be drawn."""

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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
    dashed: bool = False
    """Whether its line is broken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """An axis: its ends, and the numbers that are written at it."""

    low: float
    """Its lower end; above 0 where it is logarithmic."""
    high: float
    """Its upper end."""
    numbers: Sequence[float]
    """Where there are numbers."""
    written: Sequence[str]
    """How they are written."""
    log: bool = False
    """Whether each step multiplies."""

    def share(self, value: float) -> float:
        """Say where a value is on the way from the lower end, 0, to the upper one, 1.

        Args:
            value: the value; on a logarithmic scale one below the lower end is seen there.

        Returns:
            The share of the way.
        """
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)


def linear(ends: Point, most: int, *, whole: bool = False) -> Scale:
    """Make a scale on which each step adds.

    Args:
        ends: the lower end and the upper one.
        most: about how many numbers are written.
        whole: whether they must be whole.

    Returns:
        The scale.

    Example:
        >>> linear((0.0, 10.0), 4).share(2.5)
        0.25
    """
    numbers, written = ticks(*ends, most, whole=whole)
    return Scale(low=ends[0], high=ends[1], numbers=numbers, written=written)


def logarithmic(ends: Point, most: int) -> Scale:
    """Make a scale on which each step multiplies, with powers of ten at it.

    Args:
        ends: the lower end, above 0, and the upper one.
        most: how many powers are written, at most.

    Returns:
        The scale; it ends with whole powers of ten.

    Example:
        >>> scale = logarithmic((0.002, 1.0), 5)
        >>> scale.written, round(scale.share(0.1), 6)
        (['10⁻³', '0.01', '0.1', '1'], 0.666667)
    """
    low, high = math.floor(math.log10(ends[0]) + 1e-9), math.ceil(math.log10(ends[1]) - 1e-9)
    high = max(high, low + 1)
    gap = -(-(high - low + 1) // most)
    powers = range(high, low - 1, -gap)[::-1]
    small = range(-2, 4)
    written = [f"{10.0**each:g}" if each in small else f"10{str(each).translate(SUPERSCRIPT)}" for each in powers]
    return Scale(low=10.0**low, high=10.0**high, numbers=[10.0**power for power in powers], written=written, log=True)


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
    heights, steps = linear(up, max(3, round(inner / 35))), linear(across, 8, whole=True)
    left = 30 + max(map(width_of, heights.written), default=0.0)
    draw_curves(drawing, (left, top), (WIDTH - RIGHT - left, inner), curves, across=steps, up=heights)
    drawing.text(((left + WIDTH - RIGHT) / 2, height - 10), "step", anchor="middle")
    drawing.text((9, top + inner / 2), name, anchor="middle", turned=-90)
    _legend(drawing, curves)
    return drawing.svg()


def draw_curves(
    drawing: Drawing, corner: Point, size: Point, curves: Sequence[Curve], *, across: Scale, up: Scale
) -> list[Point]:
    """Draw curves with their scales into a part of a picture.

    Args:
        drawing: the picture.
        corner: upper left corner of the part, without the numbers beside it.
        size: its width and height.
        curves: the curves, the lowest first; each has a point at least.
        across: the scale of the steps; its numbers stand below.
        up: the scale of the values; its numbers stand at the left.

    Returns:
        Where each curve ends.
    """
    (left, top), (width, height) = corner, size

    def place(step: float, value: float) -> Point:
        return left + across.share(step) * width, top + (1 - up.share(value)) * height

    for number, words in zip(up.numbers, up.written, strict=True):
        y = place(across.low, number)[1]
        drawing.line([(left, y), (left + width, y)], LINE)
        drawing.text((left - 6, y), words, anchor="end")
    for number, words in zip(across.numbers, across.written, strict=True):
        x = place(number, up.low)[0]
        drawing.line([(x, top), (x, top + height)], LINE)
        drawing.text((x, top + height + 12), words, anchor="middle")
    ends: list[Point] = []
    for curve in curves:
        points = [place(*point) for point in zip(curve.steps, curve.values, strict=True)]
        _draw(drawing, curve, points)
        ends.append(points[-1])
    return ends


def name_ends(drawing: Drawing, x: float, curves: Sequence[Curve], ends: Sequence[Point], within: Point) -> None:
    """Write what curves are called beside where they end, each in its colour and none over another.

    Args:
        drawing: the picture.
        x: where the names begin.
        curves: the curves; those without a label are not named.
        ends: where each ends.
        within: the smallest and the largest height of a name.
    """
    named = sorted((end[1], place) for place, end in enumerate(ends) if curves[place].label)
    heights = [max(y, within[0]) for y, _ in named]
    for place in range(1, len(heights)):
        heights[place] = max(heights[place], heights[place - 1] + LINE_HEIGHT)
    bound = within[1]
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], bound)
        bound = heights[place] - LINE_HEIGHT
    for y, (_, place) in zip(heights, named, strict=True):
        drawing.text((x, y), curves[place].label, colour=curves[place].colour, bold=True)


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
    drawing.line(shown, curve.colour, width=curve.width, opacity=curve.opacity, dashed=curve.dashed)
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
