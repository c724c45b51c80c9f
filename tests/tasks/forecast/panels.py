"""Small series, and what a run would know of them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.options import PanelFound
from throughtime.data.panel.panel import Panel, Series
from throughtime.data.patterns.pattern import Pattern
from throughtime.tasks.forecast.inputs import Inputs, Scale, Standard
from throughtime.tasks.forecast.scoring.measures import LEVELS

CLOCK = Clock()


def series_of(values: object, name: str = "", known: object = None, past: object = None) -> Series:
    """A series without times."""
    rows = np.asarray(values, np.float64)
    rows = rows[:, None] if rows.ndim == 1 else rows
    steps = len(rows)
    return Series(
        name,
        rows,
        np.arange(steps),
        np.zeros((steps, 0)) if past is None else np.asarray(past, np.float64),
        np.zeros((steps, 0)) if known is None else np.asarray(known, np.float64),
        np.zeros(0),
        Pattern(),
        "test.csv",
    )


def panel_of(*series: Series) -> Panel:
    """A panel of such series."""
    return Panel(series, CLOCK, "long", tuple(f"y{place}" for place in range(series[0].values.shape[1])))


def inputs_for(series: Sequence[Series], **more: Any) -> Inputs:
    """What a run would know of series."""
    nothing = Standard.of([], 0)
    inputs = Inputs(
        found=PanelFound(),
        outputs=series[0].values.shape[1],
        strategy="recursive",
        horizon=4,
        context=9,
        seasons=(3,),
        anchor=3,
        baseline="season_3",
        levels=LEVELS,
        calendar=(),
        known=Standard.of([each.known for each in series], series[0].known.shape[1]),
        past=Standard.of([each.past for each in series], series[0].past.shape[1]),
        static=nothing,
        gaps=False,
        zeros=False,
        counts=False,
        log=False,
        difference=False,
    )
    inputs = replace(inputs, **more)
    values = [np.log(each.values) if inputs.log else each.values for each in series]
    scales = {
        each.name: Scale.of(rows, inputs.anchor, counts=inputs.counts)
        for each, rows in zip(series, values, strict=True)
    }
    return replace(inputs, scales=scales)
