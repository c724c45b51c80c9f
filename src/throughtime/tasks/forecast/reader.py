"""From files to series that are learned from, scored or forecast. Loads no torch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from throughtime.data.clocks.clock import Clock
from throughtime.data.panel.append import append
from throughtime.data.panel.options import PanelFound, PanelReading
from throughtime.data.panel.panel import Panel, Series
from throughtime.data.panel.reading import read_panel
from throughtime.data.reading import Note, Problems
from throughtime.data.user_data import DATA, UserData
from throughtime.doors import named, option
from throughtime.errors import DataError, UsageError
from throughtime.tasks.forecast.inputs import INPUTS_FILE, Inputs, read_inputs
from throughtime.tasks.forecast.options import Config
from throughtime.tasks.forecast.planning import learned_inputs, plan_for, without_unread
from throughtime.tasks.run_config import what_to_give
from throughtime.tasks.supervised.records import count_skipped

__all__ = ["HISTORY", "ForecastReader", "Prepared", "ToScore"]

HISTORY = "history"
"""The role of files whose series the data goes on from."""
LEAST = 8
"""Steps of a series that can be learned from, at least."""
SKIPPED_FILE = "skipped.txt"


@dataclass(frozen=True, slots=True)
class ToScore:
    """Series with the origins that forecasts of them are scored at."""

    panel: Panel
    """The series, whole."""
    firsts: Sequence[int]
    """For each the first step that may be forecast: after all that was learned from."""
    skipped: int = 0
    """Series that could not be read and are not among these."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that was read before there is a network."""

    inputs: Inputs
    """What the run keeps of it."""
    clock: Clock
    """How times are written."""
    train: Sequence[Series]
    """What is learned from: up to the first origin that is validated at."""
    valid: ToScore
    """What is validated on."""
    skipped: Sequence[str]
    """What was wrong with each series that was skipped."""

    @property
    def artifacts(self) -> dict[str, str]:
        """Files beside the weights, content by name."""
        listed = {SKIPPED_FILE: "\n".join(self.skipped) + "\n"} if self.skipped else {}
        return {INPUTS_FILE: self.inputs.to_json(), **listed}


class ForecastReader:
    """Reads series for a forecaster.

    Args:
        config: the options.
        asked: those that were given anew, for data that a trained network is used on.
    """

    def __init__(self, config: Config, asked: Collection[str] = ()) -> None:
        self.config, self.asked = config, asked

    def read(self, data: UserData, *, known: Path | None, note: Note) -> Prepared:
        """Read all that training needs, writing nothing.

        Args:
            data: series to learn from, perhaps what goes before them, and what goes on from them to validate on.
            known: folder of a run whose knowledge of series is used, or None.
            note: called with what the user should know, one line each.

        Returns:
            What the run keeps, what is learned from, and what is validated on.

        Raises:
            DataError: the data cannot be read, or series are too short.
            UsageError: the options do not fit the data.
            CheckpointError: the run in ``known`` is damaged.
        """
        kept = None if known is None else read_inputs(known)
        problems = Problems(skip=self.config.skip_bad, note=note)
        found = PanelFound() if kept is None else kept.found
        panel = without_unread(self.config, self._panel(data.training(), found, problems), found, note)
        lengths = {each.name: len(each) for each in panel.series}
        if validation := data.validation():
            found.fixed = True
            panel = append(panel, self._panel(validation, found, problems))
        if kept is not None:
            kept.require_steps_of(panel)
        plan = plan_for(self.config, panel, kept, note)
        count = len(panel.series)
        firsts = {
            each.name: lengths[each.name]
            if len(each) > lengths.get(each.name, len(each))
            else plan.first_held_out(len(each), count)
            for each in panel.series
        }
        panel = self._long_enough(panel, firsts, problems, validated=bool(validation))
        cut = [each.until(firsts[each.name]) for each in panel.series]
        inputs = learned_inputs(self.config, panel, cut, plan, found, kept, note)
        if problems.skipped:
            note(f"{count_skipped(problems, series=True)}; {SKIPPED_FILE} lists them, the first: {problems.skipped[0]}")
        valid = ToScore(panel, [firsts[each.name] for each in panel.series])
        return Prepared(inputs, panel.clock, cut, valid, problems.skipped)

    def read_to_evaluate(self, data: UserData, folder: Path, note: Note) -> ToScore:
        """Read series that a trained network is to be scored on.

        Args:
            data: series, and perhaps what goes before them.
            folder: the run of the network.
            note: called with what the user should know, one line each.

        Returns:
            The series, and for each the first step that may be forecast: after all that was learned from.

        Raises:
            DataError: the data cannot be read, or ends where training did.
            CheckpointError: what the run keeps is damaged.
        """
        inputs = read_inputs(folder)
        problems = Problems(skip=self.config.skip_bad, note=note)
        panel = self._panel(data, inputs.found, problems)
        inputs.require_steps_of(panel)
        firsts = [first_new_step(each, inputs) for each in panel.series]
        new = sum(name not in inputs.learned for name in (each.name for each in panel.series))
        if new:
            note(_of_unseen(new, len(panel.series)))
        if all(first >= len(each) for first, each in zip(firsts, panel.series, strict=True)):
            raise DataError(
                f"{panel.series[0].place}: nothing comes after what was learned from or validated on, so there is "
                "nothing to score; learn from an earlier part, or give data that goes on"
            )
        return ToScore(panel, firsts, skipped=len(problems.skipped))

    def read_to_forecast(self, data: UserData, folder: Path, problems: Problems) -> Panel:
        """Read series whose next steps are asked for.

        Args:
            data: series, and perhaps what goes before them.
            folder: the run of the network.
            problems: what becomes of series that cannot be read.

        Returns:
            The series.

        Raises:
            DataError: the data cannot be read.
            CheckpointError: what the run keeps is damaged.
        """
        inputs = read_inputs(folder)
        panel = self._panel(data, inputs.found, problems)
        inputs.require_steps_of(panel)
        new = sum(each.name not in inputs.scales for each in panel.series)
        if new:
            problems.note(_of_unseen(new, len(panel.series)))
        return panel

    def panels_as_they_come(self, folder: Path, note: Note) -> Iterator[Panel]:
        """Read rows of standard input, and after each give the end of the series that it belongs to.

        Args:
            folder: the run of the network.
            note: called with what the user should know.

        Yields:
            The panels; see :mod:`~throughtime.tasks.forecast.live`.
        """
        from throughtime.tasks.forecast.live import panels_as_they_come

        yield from panels_as_they_come(read_inputs(folder), self.how, note)

    @property
    def how(self) -> PanelReading:
        """How files are read."""
        names = PanelReading.__dataclass_fields__
        given = {name: value for name, value in self.config.to_mapping().items() if name in names}
        return PanelReading(**cast("dict[str, Any]", given))

    def _panel(self, data: UserData, found: PanelFound, problems: Problems) -> Panel:
        """Read the series of all files, after those that go before them."""
        if DATA not in data:
            raise UsageError(f"nothing goes on from the {named(HISTORY)}: {what_to_give('forecast')}")
        given = data.in_hand()
        if HISTORY not in given:
            return read_panel(given[DATA], self.how, found, problems)
        history = read_panel(given[HISTORY], self.how, found, problems)
        found.fixed = True
        return append(history, read_panel(given[DATA], self.how, found, problems))

    def _long_enough(self, panel: Panel, firsts: Mapping[str, int], problems: Problems, *, validated: bool) -> Panel:
        """Leave series out, or refuse them, that leave too little to learn from before what is validated on."""
        kept: list[Series] = []
        for each in panel.series:
            if firsts[each.name] >= LEAST:
                kept.append(each)
                continue
            first = firsts[each.name]
            length, held_out = (first, 0) if validated else (len(each), len(each) - first)
            problems.report(each.place, self._too_short(length, held_out, others=len(panel.series) > 1))
        if not kept:
            raise DataError(f"{panel.series[0].place}: no series is long enough to learn from")
        return replace(panel, series=kept)

    def _too_short(self, length: int, held_out: int, *, others: bool) -> str:
        """Say that a series leaves too little to learn from, and what would mend that."""
        hints: list[str] = []
        if held_out > 1 and length > LEAST:
            hints.append(f"a shorter {named('horizon')}")
            hints += [f"fewer {named('folds')}"] if (self.config.folds or 1) > 1 else []
        hints = [f"give {' or '.join(hints or ['longer series'])}"]
        if others:
            hints.append(f"leave such series out with {option('skip_bad', True)}")
        few = "1 step is" if length == 1 else f"{length} steps are"
        beside = f" beside the {held_out} held out for validation" if held_out else ""
        return f"{few} too few: {LEAST} are needed to learn from{beside}; {', or '.join(hints)}"


def _of_unseen(new: int, count: int) -> str:
    which = "this series was" if count == 1 else f"{new:,} of {count:,} series {'was' if new == 1 else 'were'}"
    return f"{which} not learned from; such a series is scaled by its own history"


def first_new_step(series: Series, inputs: Inputs) -> int:
    """Give the first step of a series that a network may be scored on.

    Args:
        series: the series.
        inputs: what the network's run knows.

    Returns:
        The step after the last one that was learned from or validated on; of a series that was not, the first one that
        has a season, or some steps, before it.
    """
    last = inputs.learned.get(series.name)
    if last is None:
        return min(max(LEAST, *inputs.seasons, 0), max(len(series) - inputs.horizon, LEAST))
    return int(np.searchsorted(series.ticks, last, side="right"))
