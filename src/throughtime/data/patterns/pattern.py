"""Which steps of a series follow: hours, business days, the hours of trading, month ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from throughtime.data.clocks.clock import Clock
from throughtime.data.clocks.zones import Times, instants, wall
from throughtime.data.patterns.complaints import naming, no_pattern, stray
from throughtime.data.patterns.frequency import Frequency, frequency_named
from throughtime.data.patterns.grids import DAY, EvenGrid, Grid, MonthGrid, WeekGrid, month_of, places_in_month
from throughtime.data.patterns.inference import HOLIDAYS, grid_for, grid_of, usual_grid, zone_that_explains
from throughtime.data.patterns.words import described, grain_of, seasons_of
from throughtime.doors import option
from throughtime.errors import DataError, UsageError

__all__ = ["Pattern", "patterns_of"]

_GRIDS = {"even": EvenGrid, "week": WeekGrid, "month": MonthGrid}
_ROWS = EvenGrid()
_ENOUGH = 3
"""Times from which a pattern is told; a series with fewer takes that of others."""
_TRIED = 8
"""Patterns of others that are tried before one is told."""
_SURE = 10
"""Times from which a pattern of its own speaks against that of the others."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which steps follow."""

    grid: Grid = _ROWS
    """Where steps lie."""
    kind: Literal["none", "number", "date"] = "none"
    """What times are: that of the clock."""
    place: str | None = None
    """Where the wall clock hangs: a time zone or an offset; None where ticks are its own times."""
    frequency: str = ""
    """What a step is, where times do not say it: a name, as ``hour``; empty where nothing is known."""

    @classmethod
    def told(cls, ticks: Times, clock: Clock, frequency: str | None = None, name: str = "") -> Pattern:
        """Tell the pattern of a series.

        It is the one with the fewest slots that explains its times: 95 % of the slots between the first and the last
        are there. Where none does, it is the one with the fewest missing.

        Args:
            ticks: (T,) its times, growing.
            clock: what they are.
            frequency: how often the series is seen, where that is named: ``hour``, ``15 minutes`` ...
            name: what the series is called in messages.

        Returns:
            The pattern; all times are in its slots.

        Raises:
            DataError: times that lie in no pattern, or one of them beside it.
            UsageError: an unknown frequency.

        Example:
            >>> clock = Clock("date", None, "YYYY-MM-DD")
            >>> ends = clock.read(["2023-12-31", "2024-01-31", "2024-02-29"])
            >>> Pattern.told(ends, clock).describe()
            'a step is a month, on its last day'
        """
        wanted = None if frequency is None else frequency_named(frequency)
        called = frequency or "" if wanted and wanted.unit != "number" and clock.kind != "date" else ""
        if clock.kind == "none":
            return cls(frequency=called)
        if clock.kind == "date" and wanted and wanted.unit == "number":
            raise UsageError(f"{option('frequency', frequency)} is for times that are numbers, and these are dates")
        with naming(name):
            grid = _grid(ticks, clock, None if called else wanted)
            pattern = cls(grid, clock.kind, clock.place, called)
            pattern.slots(ticks)
        return pattern

    def slots(self, ticks: Times) -> Times:
        """Give the numbers of steps, which grow by one for the next step.

        Args:
            ticks: (T,) times.

        Returns:
            (T,) the numbers.

        Raises:
            DataError: a time that is no step of the pattern.
        """
        times = wall(ticks, self.place) if self.grid.wall else ticks
        numbers, there = self.grid.numbers(times)
        if not there.all() and self.grid.wall and self.place is not None:
            # A step in an hour that was left out when clocks were put forward lies an hour later.
            there = there | (self.ticks(numbers) == ticks)
        if not there.all():
            raise DataError(stray(int(times[~there][0]), self.describe(), self.kind))
        again = (np.diff(numbers) == 0) & (np.diff(ticks) > 0)
        if again.any():  # as the 30th and the 31st, of a pattern of last business days
            raise DataError(stray(int(times[1:][again][0]), self.describe(), self.kind))
        return numbers

    def ticks(self, slots: Times) -> Times:
        """Give the times of steps.

        Args:
            slots: (T,) their numbers.

        Returns:
            (T,) the times.
        """
        times = self.grid.times(slots)
        return instants(times, self.place) if self.grid.wall else times

    def after(self, ticks: Times, steps: int) -> Times:
        """Give the times of the steps that follow.

        Args:
            ticks: (T,) times, the last of which they follow.
            steps: how many.

        Returns:
            (steps,) the times.

        Raises:
            DataError: the last time is no step of the pattern.

        Example:
            >>> Pattern(EvenGrid(5)).after(np.array([0, 5]), 2)
            array([10, 15])
        """
        last = self.slots(ticks[-1:])
        return self.ticks(last + np.arange(1, steps + 1))

    @property
    def grain(self) -> int:
        """How far steps are apart that follow each other closely, in ticks."""
        return grain_of(self.grid)

    def describe(self) -> str:
        """Say what a step is.

        Returns:
            The words.

        Example:
            >>> Pattern(EvenGrid(3_600_000_000), "date").describe(), Pattern().describe()
            ('a step is an hour', 'a step is a row')
        """
        if self.frequency:
            return f"a step is {frequency_named(self.frequency).words}"
        if self.kind == "date":
            return f"a step is {described(self.grid)}"
        return "a step is a row" if self.kind == "none" else f"a step is {grain_of(self.grid)}, in numbers"

    def seasons(self, clock: Clock) -> tuple[int, ...]:
        """Give the usual seasons.

        Args:
            clock: what times are.

        Returns:
            Steps of each, the shortest first; none where nothing is known.

        Example:
            >>> Pattern.told(np.arange(9), Clock(), "hour").seasons(Clock())
            (24, 168)
        """
        if self.frequency:
            return seasons_of(usual_grid(frequency_named(self.frequency)))
        return seasons_of(self.grid) if clock.kind == "date" else ()

    def to_mapping(self) -> dict[str, Any]:
        """Give it as plain values."""
        unit = next(unit for unit, kind in _GRIDS.items() if type(self.grid) is kind)
        return {"unit": unit, **asdict(self)}

    @classmethod
    def from_mapping(cls, saved: Mapping[str, Any]) -> Pattern:
        """Make it again from what :meth:`to_mapping` gave; a TypeError or KeyError says that it is damaged."""
        rest = dict(saved)
        grid = dict(rest.pop("grid"))
        if "slots" in grid:
            grid["slots"] = tuple(grid["slots"])
        return cls(_GRIDS[rest.pop("unit")](**grid), **rest)


def _grid(ticks: Times, clock: Clock, wanted: Frequency | None) -> Grid:
    """Tell the grid of a series, of a frequency where one is wanted."""
    shown = wall(ticks, clock.place)
    if wanted is None and len(ticks) < 2:
        raise DataError(f"one time alone tells no step; say what it is with {option('frequency')}")
    grid = grid_for(wanted, ticks, shown) if wanted else grid_of(ticks, shown, clock.kind == "date")
    may_lack_zone = wanted is None and clock.place is not None and clock.zone is None
    if may_lack_zone and (zone := zone_that_explains(grid, ticks, shown)):
        raise DataError(
            "its times follow the hours of a place where clocks are changed; say which with "
            f"{option('time_zone', zone)}, or another such"
        )
    if grid is None:
        raise DataError(no_pattern(ticks, clock.kind))
    return grid


def patterns_of(
    ticks: Sequence[Times], clock: Clock, frequency: str | None = None, names: Sequence[str] = ()
) -> list[Pattern]:
    """Tell the patterns of many series, which must be of one grain.

    Each is tried with the patterns of longer ones first. One of fewer than three times takes a pattern of the others.

    Args:
        ticks: for each series its times, growing.
        clock: what they are.
        frequency: how often they are seen, where that is named.
        names: what each is called in messages.

    Returns:
        A pattern for each.

    Raises:
        DataError: times that lie in no pattern, or two series of different grain.
        UsageError: an unknown frequency.

    Example:
        >>> [pattern.grid.step for pattern in patterns_of([np.array([7]), np.array([0, 5, 10])], Clock("number"))]
        [5, 5]
    """
    names = names or [""] * len(ticks)
    panel = _Patterns(clock, frequency)
    order = sorted(range(len(ticks)), key=lambda place: -len(ticks[place]))
    found = {place: panel.of(ticks[place], names[place]) for place in order}
    return [found[place] for place in range(len(ticks))]


class _Patterns:
    """The patterns of a panel that were found."""

    def __init__(self, clock: Clock, frequency: str | None) -> None:
        self.clock, self.frequency = clock, frequency
        self.found: dict[Pattern, str] = {}

    def of(self, ticks: Times, name: str) -> Pattern:
        """Give the pattern of a series that is no longer than those before."""
        if self.clock.kind == "none" and self.found:
            return next(iter(self.found))
        shares = {pattern: self._share(pattern, ticks) for pattern in list(self.found)[:_TRIED]}
        fitting = next((pattern for pattern, share in shares.items() if share >= 1 - HOLIDAYS), None)
        if fitting is not None:
            return fitting
        holey = next((pattern for pattern, share in shares.items() if share > 0), None)
        if holey is not None and (self.frequency or len(ticks) < _ENOUGH):
            return holey
        if self.found and len(ticks) < _ENOUGH:
            return self._moved(ticks, name)
        return self._own(ticks, name, holey)

    def _own(self, ticks: Times, name: str, holey: Pattern | None) -> Pattern:
        """Tell the pattern of a series that those before do not explain; it may lie in one of them with holes."""
        try:
            own = Pattern.told(ticks, self.clock, self.frequency, name)
        except DataError:
            if holey is None:
                raise
            return holey
        first, other = next(iter(self.found.items()), (own, name))
        explains = self._share(own, ticks) >= 1 - HOLIDAYS
        alike = first.grain == own.grain
        if holey is not None and (not explains or (not alike and len(ticks) < _SURE)):
            return holey
        if not alike:
            with naming(name):
                raise DataError(
                    f"{own.describe()}, and in {other or 'another series'} {first.describe()}; learn them apart, or "
                    f"say what a step is in all with {option('frequency')}"
                )
        self.found.setdefault(own, name)
        return own

    def _moved(self, ticks: Times, name: str) -> Pattern:
        """Give the first pattern, begun anew where a short series begins."""
        first = next(iter(self.found))
        shown = int((wall(ticks, first.place) if first.grid.wall else ticks)[0])
        grid = first.grid
        if isinstance(grid, EvenGrid):
            grid = replace(grid, origin=shown % grid.step)
        elif isinstance(grid, MonthGrid) and len(grid.slots) == 1:
            month = month_of(np.array([shown]))
            start = int(places_in_month(month, (DAY,), "day")[0, 0])
            grid = MonthGrid((shown - start + DAY,), grid.months, int(month[0]) % grid.months)
        moved = replace(first, grid=grid)
        with naming(name):
            moved.slots(ticks)
        return moved

    @staticmethod
    def _share(pattern: Pattern, ticks: Times) -> float:
        """The share of the slots from the first to the last that are there; 0 where one of the times is no slot."""
        try:
            numbers = pattern.slots(ticks)
        except DataError:
            return 0.0
        if len(numbers) > 1 and not (np.diff(numbers) > 0).all():
            return 0.0
        return len(numbers) / (int(numbers[-1] - numbers[0]) + 1)
