"""Gates over time as tables of colours: a row for each unit, a column for each step. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from throughtime.insight.pictures.canvas import WIDTH, called, headed, ordered
from throughtime.insight.results import Gates
from throughtime.training.pages.charts import linear
from throughtime.training.pages.drawing import QUIET, Drawing, width_of
from throughtime.training.pages.grid import token_label
from throughtime.training.pages.heat import draw_heat, draw_scale

__all__ = ["gates_picture", "thinned", "write_tokens"]

LEFT, RIGHT, GAP = 132.0, 96.0, 14.0
ROOM = 96.0
"""Height of a gate's table."""
MOST = 600
"""Columns of a table that can be told apart."""
NAMES = {
    "f": "forget gate", "i": "input gate", "o": "output gate", "g": "candidate", "n": "candidate", "r": "reset gate",
    "z": "update gate", "h": "state h", "c": "memory c",
}  # fmt: skip
"""What gates are called in the textbooks."""
ORDER = "fizrgno"
"""In which order they are shown."""


def thinned(values: NDArray[np.float64], most: int = MOST) -> tuple[NDArray[np.float64], int]:
    """Give the means of neighbouring steps where there are more than can be drawn.

    Args:
        values: (T, ...).
        most: how many may be drawn.

    Returns:
        (at most that many rows, over how many steps each is the mean).

    Example:
        >>> thinned(np.arange(6.0)[:, None], 3)[0].ravel().tolist(), thinned(np.arange(6.0)[:, None], 3)[1]
        ([0.5, 2.5, 4.5], 2)
    """
    width = -(-len(values) // most)
    if width <= 1:
        return values, 1
    return np.stack([values[start : start + width].mean(0) for start in range(0, len(values), width)]), width


def gates_picture(gates: Gates, *, lane: str = "") -> str:
    """Draw each gate over time: units from above, those that are open most first; dark is shut, light is open.

    Args:
        gates: what the gates did.
        lane: the layer and direction that is shown, such as "l0"; empty: all.

    Returns:
        An SVG element. At the right of each gate: how often it is open and shut.
    """
    tracks = sorted(
        (track for track in gates.values if not lane or track.endswith(f"_{lane}")),
        key=lambda track: (track.partition("_")[2], ORDER.find(track[0])),
    )
    tables = [*tracks, *(track for track in ordered(gates.states) if not tracks)]
    steps = len(next(iter({**gates.values, **gates.states}.values())))
    _, width = thinned(np.zeros((steps, 1)))
    each = f"Each column is the mean of {width:,} steps." if width > 1 else ""
    written = _height_of(gates.texts)
    drawing, top = headed(
        _title(gates, tracks),
        [f"A row for each unit, a column for each step. {each}", gates.note],
        len(tables) * (ROOM + GAP) + 64 + written,
    )
    for track in tables:
        _draw_gate(drawing, gates, track, top, tables)
        top += ROOM + GAP
    _draw_steps(drawing, gates, steps, top - GAP, written)
    if tracks:
        draw_scale(drawing, (LEFT + 60, top + written + 28), (90, 9), ("shut (0)", "open (1)"), "share")
    if not tracks or any(_signed(gates, track) for track in tracks):
        draw_scale(drawing, (LEFT + 280, top + written + 28), (90, 9), ("-1", "1"), "signed")
    return drawing.svg()


def _signed(gates: Gates, track: str) -> bool:
    """Whether its numbers are on both sides of 0: a candidate or a state."""
    return track in gates.states or bool((gates.values[track] < 0).any())


def _title(gates: Gates, tracks: Sequence[str]) -> str:
    parts: list[str] = []
    for track in (each for each in tracks if each.startswith(("f_", "z_")) and not _signed(gates, each)):
        opened = float((gates.values[track] > 1 - gates.margin).mean())
        where = called(track.partition("_")[2], () if len(gates.keeps) > 1 else ["l0"])
        name = " of ".join(part for part in (NAMES[track[0]], where) if part)
        parts.append(f"the {name} is open {opened:.0%} of the time")
    for lane, half in list(gates.half_life.items())[:1]:
        middle = float(np.median(half))
        far = f"after {middle:,.{middle < 10:d}f} steps" if np.isfinite(middle) else "for good"
        where = f" (layer {lane.removeprefix('l')})" if len(gates.half_life) > 1 else ""
        parts.append(f"half of a memory is left {far}{where}")
    words = "; ".join(parts[:1] + parts[-1:] if len(parts) > 2 else parts) or "What each unit holds over time"
    return words[0].upper() + words[1:]


def _draw_gate(drawing: Drawing, gates: Gates, track: str, top: float, among: Sequence[str]) -> None:
    values = gates.values.get(track, gates.states.get(track))
    assert values is not None
    signed, inner = _signed(gates, track), WIDTH - LEFT - RIGHT
    order = np.argsort(-values.mean(0), kind="stable")
    shown = thinned(values)[0][:, order].T
    draw_heat(drawing, (LEFT, top), (inner, ROOM), shown, "signed" if signed else "share")
    letter = track.partition("_")[0]
    drawing.text((LEFT - 8, top + ROOM / 2 - 8), NAMES.get(letter, letter), anchor="end", size=11, bold=True)
    drawing.text((LEFT - 8, top + ROOM / 2 + 8), called(track, among), anchor="end", size=9.5, colour=QUIET)
    if track in gates.low and not signed:
        right = WIDTH - RIGHT + 8
        drawing.text((right, top + ROOM / 2 - 14), f"open {gates.high[track].mean():.0%}", size=10)
        drawing.text((right, top + ROOM / 2), f"shut {gates.low[track].mean():.0%}", size=10)
        drawing.text((right, top + ROOM / 2 + 14), "of the time", size=9, colour=QUIET)


def _height_of(texts: Sequence[str]) -> float:
    """What it takes to write what was read below its step; nothing where there is no room for it."""
    if not 0 < len(texts) <= (WIDTH - LEFT - RIGHT) / 7:
        return 0.0
    return 18.0 if max(map(len, texts)) == 1 else 46.0


def write_tokens(drawing: Drawing, texts: Sequence[str], left: float, width: float, top: float) -> None:
    """Write what was read below its step: upright where there is room, else turned.

    Args:
        drawing: where.
        texts: of each step.
        left: where the first step begins.
        width: of all steps.
        top: below what.
    """
    side = width / len(texts)
    labels = [token_label(text, 8) for text in texts]
    upright = max(width_of(label, 9) for label in labels) <= side
    for place, label in enumerate(labels):
        x = left + (place + 0.5) * side
        if upright:
            drawing.text((x, top + 9), label, anchor="middle", size=9)
        else:
            drawing.text((x, top + 5), label, size=min(9.0, side + 1), turned=60)


def _draw_steps(drawing: Drawing, gates: Gates, steps: int, top: float, written: float) -> None:
    inner = WIDTH - LEFT - RIGHT
    if written:
        write_tokens(drawing, gates.texts, LEFT, inner, top)
    scale = linear((0.0, float(max(1, steps))), 8, whole=True)
    for number, words in zip(scale.numbers, scale.written, strict=True):
        drawing.text((LEFT + scale.share(number) * inner, top + written + 11), words, anchor="middle", size=9.5)
    drawing.text((LEFT - 8, top + written + 11), "step", anchor="end", size=9.5, colour=QUIET)
