"""The telephone game on a slide: what is left of the first step at each later one, before and after learning.

Loads no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from throughtime.insight.pictures.canvas import MARGIN, headed
from throughtime.training.pages.charts import Curve, draw_curves, linear, logarithmic, name_ends
from throughtime.training.pages.drawing import COLOURS, QUIET, TEXT, Drawing, width_of

__all__ = ["Game", "telephone_picture"]

WIDTH, HEIGHT, BELOW = 960.0, 280.0, 46.0
LEAST = 1e-10
"""What is less is drawn as this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Game:
    """One network that has played."""

    name: str
    """What it is, such as "lstm, forget bias"."""
    untrained: NDArray[np.float64]
    """(T,) what is left of the first step at each step, before it has learned."""
    trained: NDArray[np.float64]
    """(T,) the same after it has learned."""
    right: float
    """How often it says the word right at the end."""
    helped: bool = False
    """Whether it was helped to remember."""


def telephone_picture(games: Sequence[Game], *, words: int, updates: int) -> str:
    """Draw what is left of the first step, in three charts: before learning, after it, and with help.

    Args:
        games: networks that were not helped, and some that were.
        words: how many words there are to choose from, for what guessing scores.
        updates: how often each has updated its weights, at most.

    Returns:
        An SVG element.
    """
    last = len(games[0].trained)
    title = f"The telephone game: a word is whispered at step 1. How much of it is left at step {last}?"
    below = (
        "Down the side: how different the state is at step t where another word was whispered (1: as different as at "
        f"step 1). Per cent: how often the word is said right at the end; guessing is right in {1 / words:.0%}."
    )
    drawing, top = headed(title, [below], HEIGHT + BELOW + 30, width=WIDTH)
    plain, helped = ([game for game in games if game.helped is each] for each in (False, True))
    looks = {game.name: COLOURS[place % len(COLOURS)] for group in (plain, helped) for place, game in enumerate(group)}
    panels: list[tuple[str, list[Curve]]] = [
        ("before learning", [_curve(game.name, game.untrained, looks[game.name]) for game in plain]),
        (f"after {updates:,} updates", [_trained(game, looks[game.name]) for game in plain]),
        ("with help: before (dashed) and after", [
            *(_curve("", game.untrained, looks[game.name], dashed=True) for game in helped),
            *(_trained(game, looks[game.name]) for game in helped),
        ]),
    ]  # fmt: skip
    values = [value for _, curves in panels for curve in curves for value in curve.values]
    ends = max(LEAST, min(values)), max(1.0, *values)
    room = [10 + max(width_of(curve.label, 10.5) for curve in curves) for _, curves in panels]
    width = (WIDTH - 2 * MARGIN - 3 * 44 - sum(room)) / 3
    left = MARGIN + 44
    for (name, curves), names in zip(panels, room, strict=True):
        _panel(drawing, (left, top + 26), width, name, curves, ends)
        left += width + names + 44
    return drawing.svg()


def _curve(label: str, left: NDArray[np.float64], colour: str, *, dashed: bool = False) -> Curve:
    steps = np.arange(1, len(left) + 1).tolist()
    values = np.maximum(left, LEAST).tolist()
    return Curve(steps=steps, values=values, colour=colour, label=label, dashed=dashed, width=1.6 if dashed else 2.4)


def _trained(game: Game, colour: str) -> Curve:
    return _curve(f"{game.name} {game.right:.0%}", game.trained, colour)


def _panel(
    drawing: Drawing,
    corner: tuple[float, float],
    width: float,
    name: str,
    curves: Sequence[Curve],
    ends: tuple[float, float],
) -> None:
    (left, top), last = corner, max(curve.steps[-1] for curve in curves)
    drawing.text((left, top - 14), name, size=12, bold=True, colour=TEXT)
    across, up = linear((1.0, float(last)), 5, whole=True), logarithmic(ends, 7)
    found = draw_curves(drawing, corner, (width, HEIGHT), curves, across=across, up=up)
    name_ends(drawing, left + width + 6, curves, found, (top + 4, top + HEIGHT - 4))
    drawing.text((left + width / 2, top + HEIGHT + 30), "step t", anchor="middle", size=10.5, colour=QUIET)
