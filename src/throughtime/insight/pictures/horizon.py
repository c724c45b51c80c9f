"""How far back an input is still felt, by gradient and by another input in its place; and by each unit.

Loads no torch.
"""

from __future__ import annotations

import numpy as np

from throughtime.insight.pictures.canvas import MARGIN, WIDTH, called, headed, in_words, ordered
from throughtime.insight.pictures.flow import draw_decay, until
from throughtime.insight.results import Horizon
from throughtime.training.pages.charts import Curve, draw_curves, linear, name_ends
from throughtime.training.pages.drawing import COLOURS, QUIET, TEXT, Drawing

__all__ = ["horizon_picture"]

HEIGHT, BELOW = 250.0, 46.0
UNITS = 130.0
"""Height of what is shown of the units."""
LEAST = 1e-9
"""What is less is drawn as this."""
LEAST_SHOWN, BEYOND = 20, 3
"""Steps back that are shown at least, and how many times as many as are felt."""


def horizon_picture(horizon: Horizon) -> str:
    """Draw how much each input changes what is said, by how far back it is, and how far back each unit reaches.

    Args:
        horizon: how far back an input is still felt.

    Returns:
        An SVG element.
    """
    farthest = int(np.abs(horizon.steps - horizon.at).max(initial=0))
    shown = min(farthest, max(LEAST_SHOWN, BEYOND * max(horizon.reach_by_substitution, horizon.reach_by_gradient)))
    measured = [_by_gradient(horizon), _by_substitution(horizon)]
    curves = [until(curve, shown) for curve in measured if curve is not None]
    title = _title(horizon) if curves else "Nothing that was read changes what is said"
    height = HEIGHT + BELOW if curves else 0.0
    room = UNITS + 62 if horizon.units else 0.0
    by_gradient = f"By the gradient the reach is {horizon.reach_by_gradient:,} steps."
    felt = f"Felt: at least {in_words(horizon.threshold)} of the largest effect. {by_gradient}"
    cut = f"Shown are {shown:,} of {farthest:,} steps back." if shown < farthest else ""
    drawing, top = headed(title, [felt, cut, horizon.note], height + room)
    size = (WIDTH - 2 * MARGIN, HEIGHT)
    if curves:
        least, name = f"{in_words(horizon.threshold)}: no longer felt", "effect, of the largest"
        draw_decay(
            drawing, (MARGIN, top), size, curves, name, least=LEAST, marked=horizon.threshold, below=least
        )  # fmt: skip
    if horizon.units:
        _draw_units(drawing, horizon, top + height + 22)
    return drawing.svg()


def _title(horizon: Horizon) -> str:
    reach = horizon.reach_by_substitution
    words = f"What is said still changes when the input {reach:,} steps back is another"
    farthest = int(np.abs(horizon.steps - horizon.at).max(initial=0))
    return f"{words}, the farthest there is" if farthest and reach >= farthest else words


def _by_gradient(horizon: Horizon) -> Curve | None:
    back = np.abs(horizon.at - horizon.steps)
    before = np.flatnonzero(horizon.steps <= horizon.at)
    order = before[np.argsort(back[before], kind="stable")]
    largest = float(horizon.by_gradient.max(initial=0.0))
    if not largest or not len(order):
        return None
    values = (horizon.by_gradient[order] / largest).tolist()
    return Curve(steps=back[order].tolist(), values=values, colour=COLOURS[0], label="by gradient", width=1.6)


def _by_substitution(horizon: Horizon) -> Curve | None:
    before = np.flatnonzero(horizon.positions <= horizon.at)
    order = before[np.argsort(horizon.distances[before], kind="stable")]
    largest = float(horizon.by_substitution.max(initial=0.0))
    if not largest or not len(order):
        return None
    return Curve(
        steps=horizon.distances[order].tolist(), values=(horizon.by_substitution[order] / largest).tolist(),
        colour=COLOURS[1], label="by another input", width=2.4, dots=True,
    )  # fmt: skip


def _draw_units(drawing: Drawing, horizon: Horizon, top: float) -> None:
    """The units of each part of the state in the order of their reach."""
    tracks = ordered(horizon.units)
    farthest = max(1, *(int(horizon.unit_reach(track).max(initial=1)) for track in tracks))
    curves = [
        Curve(
            steps=np.linspace(0, 100, max(2, len(reach))).tolist(),
            values=np.sort(np.repeat(reach, 2 if len(reach) == 1 else 1)).tolist(),
            label=called(track, tracks), colour=COLOURS[(place + 2) % len(COLOURS)], width=2.0,
        )
        for place, (track, reach) in enumerate((track, horizon.unit_reach(track)) for track in tracks)
    ]  # fmt: skip
    left, width = MARGIN + 58, WIDTH - 2 * MARGIN - 58 - 110
    words = "How far back each unit reaches, from the most forgetful to the most retentive"
    drawing.text((MARGIN, top - 20), words, size=11.5, bold=True)
    across, up = linear((0.0, 100.0), 5), linear((0.0, float(farthest)), 4, whole=True)
    ends = draw_curves(drawing, (left, top), (width, UNITS), curves, across=across, up=up)
    name_ends(drawing, left + width + 6, curves, ends, (top + 4, top + UNITS - 4))
    drawing.text((left + width / 2, top + UNITS + 28), "units, per cent", anchor="middle", colour=QUIET)
    drawing.text((MARGIN + 2, top + UNITS / 2), "steps back", anchor="middle", turned=-90, colour=TEXT)
