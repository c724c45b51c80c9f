"""What was seen of a network while it learned: how far back its gradient came, and what its gates did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.training.pages.charts import Curve, draw_curves, linear, logarithmic, name_ends, widened
from throughtime.training.pages.drawing import COLOURS, QUIET, Drawing, width_of
from throughtime.training.pages.page import figure

__all__ = ["watch_charts"]

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 648.0, 72.0, 96.0, 30.0, 42.0
HEIGHT = 200.0
LEAST = 1e-12
"""What is less is drawn as this."""
MOST = 4
"""Charts of one kind."""
Row = Mapping[str, Any]


def watch_charts(rows: Sequence[Row]) -> str:
    """Draw what was seen, over the steps of a run.

    Args:
        rows: those of kind "watch".

    Returns:
        HTML: a figure for the gradient of each layer, and one for the gates of each; empty without rows.
    """
    if not rows:
        return ""
    figures = [*_flow_charts(rows), *_gate_charts(rows)]
    return f"<h2>What became of its gradient and its gates</h2>{''.join(figures)}" if figures else ""


def _flow_charts(rows: Sequence[Row]) -> list[str]:
    """What is left of the gradient so many steps back: of each layer, of its memory where it has one."""
    seen = [(row["step"], row["flow"]) for row in rows if row.get("flow")]
    charts: list[str] = []
    for track in _main_tracks(seen[-1][1] if seen else {})[:MOST]:
        backs = list(dict.fromkeys(back for _, flow in seen for back in flow.get(track, {})))
        curves = [
            _curve([(step, max(flow[track][back], LEAST)) for step, flow in seen if back in flow.get(track, {})],
                   f"{back} back", COLOURS[place % len(COLOURS)])
            for place, back in enumerate(sorted(backs, key=int))
        ]  # fmt: skip
        if curves:
            charts.append(
                _chart(f"what is left of the gradient so many steps back: {_called(track)}", curves, log=True)
            )
    return charts


def _main_tracks(flow: Mapping[str, Any]) -> list[str]:
    """Of each layer and direction the part of the state that carries most: the memory c where there is one."""
    lanes = dict.fromkeys(track.partition("_l")[2] for track in flow)
    parts = {lane: [track for track in flow if track.partition("_l")[2] == lane] for lane in lanes}
    return [next((track for track in tracks if track.startswith("c_")), tracks[0]) for tracks in parts.values()]


def _gate_charts(rows: Sequence[Row]) -> list[str]:
    """How often the gates of each layer are open, and broken, how often they are shut."""
    seen = [(row["step"], row["gates"]) for row in rows if row.get("gates")]
    gates = list(seen[-1][1]) if seen else []
    charts: list[str] = []
    for lane in list(dict.fromkeys(gate.partition("_")[2] for gate in gates))[:MOST]:
        curves: list[Curve] = []
        for place, gate in enumerate(each for each in gates if each.partition("_")[2] == lane):
            name, colour = gate.partition("_")[0], COLOURS[place % len(COLOURS)]
            for what, dashed in (("open", False), ("shut", True)):
                points = [(step, each[gate][what]) for step, each in seen if gate in each]
                curves.append(_curve(points, f"{name} {what}", colour, dashed=dashed))
        charts.append(_chart(f"share of the time that gates are open and shut: {_called(lane)}", curves, log=False))
    return charts


def _called(track: str) -> str:
    """A track such as c_l0, or a lane such as l1_reverse, in words."""
    part, _, lane = track.rpartition("_l") if "_l" in track else ("", "", track.removeprefix("l"))
    number, _, back = lane.partition("_")
    return ", ".join(words for words in (part, f"layer {number}", "backward" if back else "") if words)


def _curve(points: Sequence[tuple[float, float]], label: str, colour: str, *, dashed: bool = False) -> Curve:
    return Curve(
        steps=[step for step, _ in points], values=[value for _, value in points], colour=colour, label=label,
        dashed=dashed, dots=True,
    )  # fmt: skip


def _chart(name: str, curves: Sequence[Curve], *, log: bool) -> str:
    drawing = Drawing(WIDTH, TOP + HEIGHT + BOTTOM)
    values = [value for curve in curves for value in curve.values]
    up = logarithmic((min(values), max(1.0, *values)), 6) if log else linear((0.0, 1.0), 5)
    across = linear(widened([step for curve in curves for step in curve.steps], 0.0), 8, whole=True)
    right = max(RIGHT, 12 + max(width_of(curve.label, 10.5) for curve in curves))
    corner, size = (LEFT, TOP), (WIDTH - LEFT - right, HEIGHT)
    drawing.text((LEFT, TOP / 2), name, size=11, bold=True)
    ends = draw_curves(drawing, corner, size, curves, across=across, up=up)
    name_ends(drawing, LEFT + size[0] + 8, curves, ends, (TOP + 4, TOP + HEIGHT - 4))
    drawing.text((LEFT + size[0] / 2, TOP + HEIGHT + 30), "step", anchor="middle", colour=QUIET)
    return figure(name, drawing.svg())
