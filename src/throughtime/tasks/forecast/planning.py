"""What is settled before there is a network: how far is looked ahead and back, and what is to be beaten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from throughtime.data.panel.options import PanelFound
from throughtime.data.panel.panel import Panel, Series
from throughtime.data.patterns.calendar import calendar_names, calendar_slot, slot_title
from throughtime.data.reading import Note
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError
from throughtime.tasks.forecast.inputs import Inputs, Scale, Standard
from throughtime.tasks.forecast.options import Config, seasons_of
from throughtime.tasks.forecast.scoring.measures import LEVELS
from throughtime.tasks.forecast.scoring.rolling import choose
from throughtime.tasks.rivals.naive import SlotMean

__all__ = ["Plan", "learned_inputs", "plan_for", "slot_mean_of", "without_unread"]

LEFT_TO_LEARN = 3
"""How many such stretches a usual series has at least where nothing is asked for."""
WITHOUT_SEASON = 10
"""Steps that are looked ahead where nothing is asked for and there is no season."""
LARGEST = 1e100
"""The largest value: squares of larger ones would be no numbers."""
LOOK_BACK, FEWEST = 3, 30
"""Horizons, and steps, that are read before a forecast at least."""
SEASONS_SEEN = 2
"""How often a season must have been seen in a usual series to be looked back at."""

FORECASTS, SHARE = 32, 0.1
"""Forecasts that are validated on, and the share of a series that is held out for them at most."""
SLOT_SEEN = 3
"""How often a slot of the calendar must have been seen in a usual series for its mean to be chosen."""
SLOTS = {
    "hour of the week": (168, 0),
    "day of the year": (366, 7),
    "week of the year": (53, 1),
    "month of the year": (12, 0),
}
"""How many slots of the calendar there are, and neighbours on each side that are taken into the mean of one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How far is looked."""

    horizon: int
    """Steps ahead."""
    context: int
    """Steps that are read before a forecast."""
    seasons: tuple[int, ...]
    """Steps of each season."""
    folds: int | None
    """Origins of each series that are held out, where that was asked for."""

    def first_held_out(self, steps: int, series: int) -> int:
        """Give the first step that is held out of a series of some steps, one of so many series."""
        usual = max(1, min(-(-FORECASTS // series), int(steps * SHARE) // self.horizon))
        return steps - self.horizon * (usual if self.folds is None else self.folds)


def plan_for(config: Config, panel: Panel, kept: Inputs | None, note: Note) -> Plan:
    """Settle how far is looked ahead and back.

    Args:
        config: the options.
        panel: the series.
        kept: what a run that is gone on with, or started from, knows.
        note: told what was settled.

    Returns:
        The plan.

    Raises:
        DataError: a season that was asked for is longer than the series.
    """
    if kept is not None:
        return Plan(kept.horizon, kept.context, kept.seasons, config.folds)
    seasons = _seasons(config, panel, note)
    usual = max(1, int(np.median([len(each) for each in panel.series])) // LEFT_TO_LEARN)
    horizon = config.horizon or min(usual, seasons[0] if seasons else WITHOUT_SEASON)
    if config.horizon is None:
        why = "as the series are short" if horizon == usual else "a season" if seasons else "as no season is known"
        note(f"{horizon} steps are looked ahead, {why}; {option('horizon')} chooses")
    longest = max((season for season in seasons if season <= LOOK_BACK * max(horizon, FEWEST)), default=0)
    context = config.context or max(longest, LOOK_BACK * horizon, FEWEST)
    return Plan(horizon, context, seasons, config.folds)


def _seasons(config: Config, panel: Panel, note: Note) -> tuple[int, ...]:
    """The seasons that are looked back at: those asked for, or those of the time stamps that were seen often enough."""
    usual = int(np.median([len(each) for each in panel.series]))
    if config.season is not None:
        asked = seasons_of(config.season)
        longest = max(len(each) for each in panel.series)
        if asked and asked[-1] >= longest:
            raise DataError(
                f"a {named('season')} of {asked[-1]:,} steps is not shorter than the series, of up to {longest:,}"
            )
        return asked
    told = panel.series[0].pattern.seasons(panel.clock)
    if not told and panel.clock.kind != "date":
        if config.frequency is not None:
            return ()
        note(
            "without dates no season is known, and none is looked back at or compared with; say how many steps one has "
            f"with {option('season')} (24,168 for hours; 1: there is none)"
        )
        return ()
    seen = tuple(season for season in told if SEASONS_SEEN * season < usual)
    note(f"seasons of {', '.join(map(str, seen))} steps are looked back at" if seen else "no season is seen twice")
    return seen


def without_unread(config: Config, panel: Panel, found: PanelFound, note: Note) -> Panel:
    """Leave covariates out that nobody asked for and that a recursive forecaster cannot read.

    Args:
        config: the options.
        panel: the series.
        found: how the table was laid out; what is left out is taken out of it.
        note: told what is left out.

    Returns:
        The series with those of past covariates that are read.
    """
    if not panel.past or config.past_columns is not None or config.strategy == "direct":
        return panel
    note(
        f"what is not known ahead is left out ({', '.join(found.past)}): {option('past_columns')} or "
        f"{option('strategy', 'direct')} reads it up to the last step, {option('known_columns')} ahead"
    )
    found.past = []
    return replace(panel, past=(), series=[replace(each, past=each.past[:, :0]) for each in panel.series])


def _strategy(config: Config, panel: Panel, note: Note) -> str:
    """The way that was asked for, or the one that the covariates leave."""
    if config.strategy == "recursive" and panel.past:
        raise UsageError(
            f"the recursive {named('strategy')} draws step by step, and does not know {', '.join(panel.past[:5])} of "
            f"the steps ahead: leave {named('past_columns')} out, or take {option('strategy', 'direct')}"
        )
    if config.strategy is None and panel.past:
        if config.likelihood != "student":
            raise UsageError(
                f"a {named('likelihood')} is for the recursive {named('strategy')}, which reads no "
                f"{named('past_columns')}: leave one of them out"
            )
        note("all steps ahead are forecast at once (direct), as there are covariates that are not known ahead")
    return config.strategy or ("direct" if panel.past else "recursive")


def _check_values(config: Config, series: Sequence[Series]) -> None:
    """Raise where values are not of the kind that was asked for."""
    counts = config.likelihood == "negative-binomial"
    for each in series:
        there = each.values[np.isfinite(each.values)]
        if (np.abs(there) > LARGEST).any():
            raise DataError(
                f"{each.place} holds {there[np.abs(there) > LARGEST][0]:g}, too large to be learned: give it in larger "
                "units"
            )
        if counts and ((there < 0) | (there % 1 > 0)).any():
            wrong = there[(there < 0) | (there % 1 > 0)][0]
            raise DataError(
                f"{each.place} holds {wrong:g}: {option('likelihood', 'negative-binomial')} is for counts, which "
                "are whole and not negative; take student or gaussian"
            )
        if config.transform == "log" and (there <= 0).any():
            raise DataError(
                f"{each.place} holds {there[there <= 0][0]:g}, which has no logarithm: leave "
                f"{option('transform', 'log')} out"
            )


def _anchor(config: Config, baseline: str, seasons: Sequence[int], note: Note) -> int:
    """Steps back to what the output is a change against; 0 is the mean."""
    if config.transform == "difference":
        return 1
    if config.anchor == "season":
        if not seasons:
            raise UsageError(
                f"{option('anchor', 'season')} needs a season: say how long one is with {option('season')}"
            )
        chosen = int(baseline.removeprefix("season_")) if baseline.startswith("season_") else 0
        return chosen if chosen in seasons else seasons[-1]
    if config.anchor != "auto":
        return {"mean": 0, "last": 1}[config.anchor]
    if config.likelihood == "negative-binomial":
        return 0
    if baseline.startswith("season_"):
        return int(baseline.removeprefix("season_"))
    return 0 if baseline == "slot_mean" else 1


def slot_mean_of(panel: Panel) -> tuple[SlotMean | None, Sequence[NDArray[np.int64]] | None]:
    """Give the rival that repeats what is usual at a time of the year or the week.

    Args:
        panel: the series.

    Returns:
        (the rival, for each series the slot of each of its steps); None without a calendar.
    """
    pattern = panel.series[0].pattern
    title = slot_title(pattern) if panel.clock.kind == "date" else None
    if title is None:
        return None, None
    found = (calendar_slot(each.ticks, panel.clock, each.pattern) for each in panel.series)
    slots = [each for each in found if each is not None]
    return SlotMean(title, *SLOTS[title]), slots


def _slot_mean_to_choose(panel: Panel) -> tuple[SlotMean | None, Sequence[NDArray[np.int64]] | None]:
    """The same where each slot was seen often enough to tell what is usual there."""
    rival, slots = slot_mean_of(panel)
    if rival is None or slots is None:
        return None, None
    seen = float(np.median([len(each) / max(1, len(np.unique(each))) for each in slots]))
    return (rival, slots) if seen >= SLOT_SEEN else (None, None)


def learned_inputs(
    config: Config,
    panel: Panel,
    cut: Sequence[Series],
    plan: Plan,
    found: PanelFound,
    kept: Inputs | None,
    note: Note,
) -> Inputs:
    """Put together what a run keeps of its series; all but the times is told from the training part alone.

    Args:
        config: the options.
        panel: the series, whole.
        cut: their training parts.
        plan: how far is looked.
        found: how the table was laid out.
        kept: what a run that is gone on with, or started from, knows.
        note: told what was settled.

    Returns:
        What is kept.

    Raises:
        DataError: values are not of the kind that was asked for.
        UsageError: options do not fit the data.
    """
    _check_values(config, panel.series)
    learned = {each.name: int(each.ticks[-1]) for each in panel.series}
    if kept is not None:
        scales = {each.name: kept.scale(each) for each in cut}
        return replace(kept, scales={**kept.scales, **scales}, learned={**kept.learned, **learned})
    strategy = _strategy(config, panel, note)
    train = replace(panel, series=cut)
    baseline, title = choose(train, plan.horizon, plan.seasons, *_slot_mean_to_choose(train))
    anchor = _anchor(config, baseline, plan.seasons, note)
    note(f"the naive forecast that did best on the training part is {title}: that is what is to be beaten")
    counts, log = config.likelihood == "negative-binomial", config.transform == "log"
    scales = {each.name: Scale.of(np.log(each.values) if log else each.values, anchor, counts=counts) for each in cut}
    return Inputs(
        found=found,
        outputs=len(panel.targets),
        strategy=strategy,
        horizon=plan.horizon,
        context=plan.context,
        seasons=plan.seasons,
        anchor=anchor,
        baseline=baseline,
        levels=tuple(sorted({*LEVELS, 0.5})),
        calendar=calendar_names(cut[0].pattern) if panel.clock.kind == "date" else (),
        known=Standard.of([each.known[: len(each)] for each in cut], len(panel.known)),
        past=Standard.of([each.past for each in cut], len(panel.past)),
        static=Standard.of([each.static for each in cut], len(panel.static)),
        gaps=any(np.isnan(each.values).any() for each in panel.series),
        zeros=config.fill == "zero",
        counts=counts,
        log=log,
        difference=config.transform == "difference",
        scales=scales,
        learned=learned,
        step=cut[0].pattern.describe(),
        grain=cut[0].pattern.grain if panel.clock.kind == "date" else 0,
    )
