"""Series that were gathered become records: in the order of time, their gaps filled, whole or in windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from throughtime.data.reading import Reading
from throughtime.data.record import Frames, Record, Target
from throughtime.data.series.gaps import Gaps
from throughtime.data.series.gathering.open_series import OpenSeries
from throughtime.data.series.gathering.telling import Teller
from throughtime.data.series.layout import Layout
from throughtime.data.series.levels import Levels
from throughtime.data.series.steps import Steps, Window
from throughtime.data.series.timestamps import Time, first_repeated, order_of
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["Finisher"]


class Finisher:
    """Makes records of what was read of series.

    Args:
        layout: which column is what.
        how: what the target is, and what becomes of gaps.
        teller: told of series that are not sound.
        gaps: fills what is missing.
        levels: gives the features of labels.
        windows: whether series are handed out in windows.
    """

    def __init__(
        self, layout: Layout, how: Reading, teller: Teller, gaps: Gaps, levels: Levels, *, windows: bool
    ) -> None:
        self.layout, self.how, self.teller, self.gaps, self.levels = layout, how, teller, gaps, levels
        self.windows = windows

    def finish(self, series: OpenSeries) -> Iterator[Record]:
        """Hand out what is left of a series that has ended, if it is sound."""
        if not series.bad:
            window = Window(first=not series.begun, continues=False) if self.windows else None
            yield from self._record(series, series, window)

    def hand_out(self, series: OpenSeries, count: int) -> Iterator[Record]:
        """Hand out the first steps of a series that goes on, if they are sound."""
        window = Window(first=not series.begun, continues=True)
        yield from self._record(series, series.take(count), window)
        series.begun = True

    def _record(self, series: OpenSeries, part: OpenSeries, window: Window | None) -> Iterator[Record]:
        """Order steps by time, and hand them out if they are sound."""
        frames = np.array(part.numbers, np.float32).reshape(len(part.lines), -1)
        if np.isinf(frames).any():  # NaN is a gap that is to be filled
            step = int(np.isinf(frames).any(axis=1).argmax())
            what = "a number over 3e38, the largest that float32 holds; scale it"
            self.teller.report(series, part.lines[step], what)
            return
        order = list(range(len(part.lines)))
        if part.times and window is None:
            order = order_of(part.times)
            if self._has_duplicates(part, order):
                return
            self._tell_order(part, order)
        try:
            frames = self._filled(series, frames[order], window)
        except DataError as error:
            self.teller.report(series, part.lines[-1], str(error))
            return
        if self.levels.columns:
            frames = np.concatenate([frames, self.levels.one_hot(part.levels)[order]], 1)
        content = tuple(part.words[i] for i in order) if part.words else frames
        rows = tuple(part.rows[i] for i in order) if part.rows else ()
        steps = Steps(part.id, self.layout.names, tuple(part.lines[i] for i in order), rows, window)
        yield Record(content, self._target(part, order), self.teller.place(part.line, part.id), steps)

    def _target(self, part: OpenSeries, order: Sequence[int]) -> Target | None:
        if not part.targets:
            return None
        return tuple(str(part.targets[i]) for i in order) if self.how.per_step else part.targets[0]

    def _filled(self, series: OpenSeries, frames: Frames, window: Window | None) -> Frames:
        """Fill gaps; those of a window from what came before it."""
        if window is None or self.how.fill is None:
            return self.gaps.fill(frames)
        empty = np.isnan(frames).all(0)
        if self.how.fill == "forward" and window.first and window.continues and empty.any():
            column = self.gaps.columns[int(empty.argmax())]
            raise DataError(
                f"column {column!r} has no value in the first {len(frames):,} steps of the series, and the first one "
                f"there is would stand in their place: read more at a time ({option('tbptt')}), or say "
                f"{option('fill', 'zero')}"
            )
        whole = window.first and not window.continues
        filled = self.gaps.fill(frames, series.before, whole=whole)
        series.before = filled[-1:, : frames.shape[1]]
        return filled

    def _has_duplicates(self, series: OpenSeries, order: Sequence[int]) -> bool:
        twice = first_repeated(series.times, order)
        if twice is not None:
            one, other = twice
            what = self.repeated(series, series.times[one], series.lines[one])
            self.teller.report(series, series.lines[other], what)
        return twice is not None

    def repeated(self, series: OpenSeries, time: Time, line: int) -> str:
        """Say that a series has a time twice."""
        mend = "each step of a series has its own" if series.id else f"series are told apart with {option('id_column')}"
        return f"the time {time} again, as in {self.teller.line} {line}; {mend}"

    def _tell_order(self, series: OpenSeries, order: Sequence[int]) -> None:
        if any(one > next_one for one, next_one in pairwise(order)):
            which = "" if series.id is None else f" of series {series.id!r}"
            self.teller.once("order", f"rows{which} are not in the order of time; they are sorted, as others may be")
