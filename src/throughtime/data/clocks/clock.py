"""How the times of series are written, and what they are as whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from throughtime.data.clocks.cells import Cells, StampError, read_dates, read_numbers, some
from throughtime.data.clocks.folds import place_in_zone
from throughtime.data.clocks.kinds import COMPACT, kind_of, own_zone
from throughtime.data.clocks.stamps import write_stamps
from throughtime.data.clocks.styles import fine_enough, offset_in
from throughtime.data.clocks.zones import Times, is_offset, wall, zone_named
from throughtime.doors import option
from throughtime.errors import DataError, UsageError

__all__ = ["Clock"]


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are written.

    Times become *ticks*: whole numbers themselves; for dates microseconds since 1970-01-01, of the wall clock where
    nothing is said of time zones, else of the instant.
    """

    kind: Literal["none", "number", "date"] = "none"
    """None where the data has no times: ticks are 0, 1, 2 ..."""
    zone: str | None = None
    """Name of the time zone in which dates without offset are, and after whose days steps are counted."""
    style: str = ""
    """How dates are written, as ``YYYY-MM-DD hh:mm`` (see :mod:`~throughtime.data.clocks.styles`)."""

    @classmethod
    def told(cls, cells: Cells, zone: str | None = None, column: str = "time", known: Clock | None = None) -> Clock:
        """Tell from cells how times are written.

        Args:
            cells: the cells of the column, or some.
            zone: the time zone that is named, if one is.
            column: its name, for messages.
            known: the clock of data that was read before; it decides where 1/2/2024 may be two days.

        Returns:
            The clock.

        Raises:
            DataError: a cell that is no time, or cells of two sorts.
            UsageError: an unknown time zone, or one for times that are no dates.

        Example:
            >>> Clock.told(["2024-05-01 12:30", "2024-05-01 13:30"])
            Clock(kind='date', zone=None, style='YYYY-MM-DD hh:mm')
            >>> Clock.told([20240131, 20240201]).style, Clock.told(["1949", "1950"]).kind
            ('YYYYMMDD', 'number')
        """
        if zone is not None:
            zone_named(zone)
        sample, places = some(cells)
        if not len(sample):
            raise DataError(f"column {column!r} holds no times")
        try:
            kind, style = kind_of(sample, zone, column, known.style if known else "")
            clock = cls(kind, zone or own_zone(sample), style)
            clock.read(sample, column)
        except StampError as error:
            raise StampError(places[error.index], str(error)) from None
        if kind == "number" and zone is not None:
            raise UsageError(
                f"{option('time_zone', zone)} is for dates, and column {column!r} holds numbers, as {sample[0]}"
            )
        return clock

    @property
    def place(self) -> str | None:
        """Where the wall clock hangs: a time zone, a fixed offset, or None where ticks are its own times."""
        offset = offset_in(self.style)
        return self.zone or (offset or None)

    def read(self, cells: Cells, column: str = "time", series: NDArray[np.int64] | None = None) -> Times:
        """Read times.

        Args:
            cells: T cells.
            column: the name of their column, for messages.
            series: (T,) numbers of the series they belong to; None where they are of one. In an hour that comes twice
                when clocks are put back, the second of two equal stamps of a series is the later one.

        Returns:
            (T,) their ticks.

        Raises:
            StampError: a cell is no time, not of the sort of the others, or was left out when clocks were put forward.

        Example:
            >>> Clock("date", None, "YYYY-MM-DD").read(["1970-01-02"])
            array([86400000000])
        """
        if self.kind == "none":
            return np.arange(len(cells))
        if self.kind == "number":
            return read_numbers(cells, column)
        times = read_dates(cells, self.style, column, self.zone)
        if self.zone is None or offset_in(self.style):
            return times
        return place_in_zone(times, self.zone, self.style, column, series)

    def write(self, ticks: Times) -> list[str]:
        """Write times as the data has them.

        Args:
            ticks: (T,) the times.

        Returns:
            The stamps.

        Example:
            >>> Clock("date", "Europe/Berlin", "YYYY-MM-DDThh:mm±hh:mm").write(np.array([0]))
            ['1970-01-01T01:00+01:00']
        """
        if self.kind != "date":
            return [f"{tick}" for tick in ticks.tolist()]
        offset = offset_in(self.style)
        # Where all stamps have one offset, they go on having it, whatever the zone says.
        place = offset if is_offset(offset) else self.place
        shown = wall(ticks, place)
        # A day that began at 1 o'clock, as clocks were put forward at midnight, is a day all the same.
        days = self.zone is not None and "h" not in self.style
        return list(write_stamps(shown, self.style if days else fine_enough(self.style, shown), shown - ticks))

    def local(self, ticks: Times) -> NDArray[np.datetime64]:
        """Give what the wall clock shows.

        Args:
            ticks: (T,) times that are dates.

        Returns:
            (T,) datetime64[us].
        """
        return wall(ticks, self.place).astype("datetime64[us]")

    def describe(self) -> str:
        """Say how times are written, in a few words."""
        if self.kind == "none":
            return "no times"
        if self.kind == "number":
            return "whole numbers"
        read = "numbers read as dates" if self.style in COMPACT.values() else "dates"
        return f"{read}, {self.style}" + (f", in the time zone {self.zone}" if self.zone else "")

    def to_mapping(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, saved: Mapping[str, Any]) -> Clock:
        """Make it again from what :meth:`to_mapping` gave; a TypeError says that it is damaged."""
        return cls(**saved)
