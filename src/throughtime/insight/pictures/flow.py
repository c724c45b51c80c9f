"""The gradient on its way back: a curve for each layer and part of the state, falling where it vanishes.

Loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from throughtime.insight.pictures.canvas import MARGIN, WIDTH, called, headed, in_words, ordered, quoted
from throughtime.insight.results import Flow, Spectrum
from throughtime.training.pages.charts import Curve, Scale, draw_curves, linear, logarithmic, name_ends
from throughtime.training.pages.drawing import COLOURS, QUIET, TEXT, Drawing, width_of

__all__ = ["draw_decay", "flow_picture", "relative_flow", "spectrum_picture", "until"]

HEIGHT, LEFT, BELOW = 300.0, 74.0, 46.0
LEAST = 1e-12
"""What is less is drawn as this."""

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def relative_flow(flow: Flow) -> dict[str, Points]:
    """Say how much of a gradient is left, by steps back from where it begins.

    Args:
        flow: the gradient on its way back.

    Returns:
        Track -> (steps back, growing; what is left there, 1 at the nearest step that has any).
    """
    found: dict[str, Points] = {}
    for track in ordered(flow.norms):
        back = flow.at - flow.steps if not track.endswith("_reverse") else flow.steps - flow.at
        chosen = np.flatnonzero(back >= 0)
        order = chosen[np.argsort(back[chosen], kind="stable")]
        norms = flow.norms[track][order]
        some = np.flatnonzero(norms > 0)
        first = float(norms[some[0]]) if len(some) else 1.0
        found[track] = back[order].astype(np.float64), norms / first
    return {track: points for track, points in found.items() if len(points[0])}


def flow_picture(flow: Flow) -> str:
    """Draw what is left of a gradient, step by step back from the score that it comes from.

    Args:
        flow: the gradient on its way back.

    Returns:
        An SVG element: a curve for each layer, direction and part of the state; 1 is what it is at its first step.
    """
    curves = relative_flow(flow)
    lines = [
        Curve(
            steps=steps.tolist(), values=values.tolist(), label=called(track, curves), colour=colour, dashed=dashed,
            width=2.2,
        )
        for (track, (steps, values)), (colour, dashed) in zip(curves.items(), _looks(list(curves)), strict=True)
    ]  # fmt: skip
    last = max(int(steps[-1]) for steps, _ in curves.values())
    shown = max(_gone(*points) for points in curves.values())
    lines = [until(line, shown) for line in lines]
    score = (
        f"The gradient of the score for {quoted(flow.towards)} at step {flow.at}, on its way back to the first step."
    )
    cut = f"Shown are {shown:,} of {last:,} steps back: then nothing is left." if shown < last else ""
    drawing, top = headed(_flow_title(curves), [score, cut, flow.note], HEIGHT + BELOW)
    draw_decay(drawing, (MARGIN, top), (WIDTH - 2 * MARGIN, HEIGHT), lines, "what is left of the gradient")
    return drawing.svg()


def _gone(steps: NDArray[np.float64], values: NDArray[np.float64]) -> int:
    """The first of the steps back from which on nothing is left; the last where something is."""
    there = np.flatnonzero(values > LEAST)
    return int(steps[min(len(steps) - 1, int(there[-1]) + 1 if len(there) else 1)])


def until(curve: Curve, last: float) -> Curve:
    """Give a curve up to a step.

    Args:
        curve: the curve; its steps grow.
        last: the last step that is kept; a single point always is.

    Returns:
        The curve.

    Example:
        >>> until(Curve(steps=[0, 1, 2], values=[1.0, 0.5, 0.2], colour=TEXT), 1).values
        [1.0, 0.5]
    """
    count = max(1, sum(step <= last for step in curve.steps))
    return replace(curve, steps=curve.steps[:count], values=curve.values[:count])


def _flow_title(curves: Mapping[str, Points]) -> str:
    longest = max((steps[-1] for steps, _ in curves.values()), default=0)
    if longest < 1:
        return "There is one step: nothing can be forgotten on the way back"
    strongest = max(curves, key=lambda track: curves[track][1][-1])
    steps, values = curves[strongest]
    left = float(values[-1])
    if left > 1.5:
        return f"The gradient grows: after {steps[-1]:,.0f} steps back it is {left:,.3g} times as large"
    half = np.flatnonzero(values < 0.5)
    fades = f"half of it is gone after {steps[half[0]]:,.0f}" if len(half) else "half of it is still there"
    return f"Of the gradient {in_words(left)} is left {steps[-1]:,.0f} steps back; {fades}"


def _looks(tracks: Sequence[str]) -> list[tuple[str, bool]]:
    """A colour for each layer and direction; what stands beside h is broken."""
    lanes = list(dict.fromkeys(track.partition("_l")[2] for track in tracks))
    return [
        (COLOURS[lanes.index(track.partition("_l")[2]) % len(COLOURS)], not track.startswith("h_"))
        for track in tracks
    ]  # fmt: skip


def draw_decay(
    drawing: Drawing,
    corner: tuple[float, float],
    size: tuple[float, float],
    curves: Sequence[Curve],
    name: str,
    *,
    least: float = LEAST,
    marked: float = 0.01,
    below: str = "1% left",
) -> None:
    """Draw curves that fall over steps back, on a scale on which each line further down is a tenth, or less.

    Args:
        drawing: where.
        corner: upper left corner.
        size: width and height, without what stands below.
        curves: the curves; their names stand where they end.
        name: what is measured.
        least: the smallest value that is told apart.
        marked: a value at which a broken line is drawn, if it is there.
        below: what stands below that line.
    """
    values = np.concatenate([np.asarray(curve.values, np.float64) for curve in curves])
    there = values[np.isfinite(values) & (values > least)]
    up = logarithmic((max(least, float(there.min(initial=0.1))), max(1.0, float(there.max(initial=1.0)))), 7)
    last = max(max(curve.steps) for curve in curves)
    across = linear((0.0, max(1.0, float(last))), 8, whole=True)
    names = 10 + max(width_of(curve.label, 10.5) for curve in curves)
    (left, top), width = (corner[0] + LEFT - MARGIN, corner[1]), corner[0] + size[0] - names
    inner = width - left, size[1]
    _mark(drawing, (left, top), inner, up, marked, below)
    ends = draw_curves(drawing, (left, top), inner, curves, across=across, up=up)
    name_ends(drawing, width + 6, curves, ends, (top + 4, top + size[1] - 4))
    _name_axes(drawing, (left, top), inner, name, "steps back")


def _mark(
    drawing: Drawing, corner: tuple[float, float], size: tuple[float, float], up: Scale, value: float, words: str
) -> None:
    """A broken line through a value."""
    if not up.low < value < up.high:
        return
    y = corner[1] + (1 - up.share(value)) * size[1]
    drawing.line([(corner[0], y), (corner[0] + size[0], y)], TEXT, dashed=True, opacity=0.55, width=0.8)
    drawing.text((corner[0] + size[0] - 6, y + 9), words, anchor="end", size=9, colour=QUIET)


def _name_axes(drawing: Drawing, corner: tuple[float, float], size: tuple[float, float], up: str, across: str) -> None:
    drawing.text((corner[0] + size[0] / 2, corner[1] + size[1] + 30), across, anchor="middle", size=10.5)
    drawing.text((MARGIN + 2, corner[1] + size[1] / 2), up, anchor="middle", turned=-90, size=10.5)


def spectrum_picture(spectrum: Spectrum) -> str:
    """Draw by how much the most lasting change of a state has grown or faded over a distance.

    Args:
        spectrum: the largest singular values of the products of Jacobians.

    Returns:
        An SVG element, a curve for each layer and direction; above 1 a change grows, below it fades.
    """
    lanes = ordered(spectrum.log_largest)
    bound = np.log(LEAST)
    lines = [
        Curve(
            steps=spectrum.distances.tolist(),
            values=np.exp(np.clip(spectrum.log_largest[lane], bound, -bound)).tolist(),
            label=called(lane, () if len(lanes) > 1 else lanes) or "state",
            colour=COLOURS[place % len(COLOURS)], width=2.2, dots=True,
        )
        for place, lane in enumerate(lanes)
    ]  # fmt: skip
    far = int(spectrum.distances[-1])
    largest = max(float(np.exp(np.clip(spectrum.log_largest[lane][-1], bound, -bound))) for lane in lanes)
    grows = "it explodes" if largest > 1.5 else "it vanishes" if largest < 0.67 else "it neither grows nor fades"
    title = f"The most lasting change of a state is {largest:,.2g} times as large after {far:,} steps: {grows}"
    below = f"Largest singular value of d state[{spectrum.at}] / d state[{spectrum.at} - steps back]."
    rest = [lane for lane in lanes if not spectrum.converged[lane].all()]
    unsure = f"Not at rest within its tolerance: {', '.join(map(called, rest))}." if rest else ""
    drawing, top = headed(title, [below, unsure], HEIGHT + BELOW)
    size = (WIDTH - 2 * MARGIN, HEIGHT)
    draw_decay(
        drawing, (MARGIN, top), size, lines, "a change is so many times as large", marked=1.0, below="below: fades"
    )
    return drawing.svg()
