"""Rows of a table in long format gathered to series, each checked as it comes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Target
from throughtime.data.series.gaps import Gaps
from throughtime.data.series.gathering.finishing import Finisher
from throughtime.data.series.gathering.open_series import OpenSeries
from throughtime.data.series.gathering.telling import Teller
from throughtime.data.series.layout import Layout
from throughtime.data.series.levels import Levels
from throughtime.data.series.timestamps import Time, TimeColumn
from throughtime.data.tables.delimited import Row
from throughtime.data.tables.values import as_float, as_label, as_labels, as_text
from throughtime.doors import named, option
from throughtime.errors import DataError

__all__ = ["Collector"]

_FLAGS = {"true": "1", "false": "0"}


class Collector:
    """Collects rows to series, and hands them out.

    Args:
        name: the file, or what the data is called.
        layout: which column is what.
        how: what the target is, what becomes of gaps, and whether series are handed out in windows.
        problems: told of rows that cannot be read, which takes their whole series out.
        targets: whether there must be a target.
        together: whether no series comes again once another has begun.
        check: raises a DataError where the cells of a row hold what no file can; None where there is nothing to see.
        unit: what a row of a file is called; None for data in memory.
    """

    def __init__(
        self,
        name: str,
        layout: Layout,
        how: Reading,
        problems: Problems,
        *,
        targets: bool,
        together: bool,
        check: Callable[[Sequence[str]], None] | None = None,
        unit: str | None = "line",
    ) -> None:
        self.layout, self.how, self.problems = layout, how, problems
        self.targets, self.together, self.check = targets, together, check
        self.teller = Teller(name, unit, problems)
        self.times = None if layout.time is None else TimeColumn(layout.names[layout.time])
        kinds = list(zip(layout.features, layout.kinds, strict=True))
        self.numeric = [i for i, kind in kinds if kind != "labels"]
        self.gaps = Gaps(how.fill, [layout.names[i] for i in self.numeric])
        self.flags = [i for i, kind in kinds if kind == "flag"]
        self.labelled = [i for i, kind in kinds if kind == "labels"]
        self.levels = Levels([layout.names[i] for i in self.labelled], how)
        self.window = how.tbptt if layout.word is None else None
        self.finisher = Finisher(layout, how, self.teller, self.gaps, self.levels, windows=self.window is not None)
        if not how.found.fixed:
            how.found.features = [layout.names[i] for i in layout.features]
            how.found.target = None if layout.target is None else layout.names[layout.target]
            how.found.flags = [layout.names[i] for i in self.flags]

    def read(self, rows: Iterator[Row]) -> Iterator[Record]:
        """Make records of rows."""
        open_series: dict[str | None, OpenSeries] = {}
        last: str | None = None
        for line, cells in rows:
            key = self._key(line, cells, last)
            last = key
            if self.layout.id is not None and not key:
                column = self.layout.names[self.layout.id]
                self.problems.report(self.teller.place(line, None), f"no id in column {column!r}")
                continue
            if self.together and open_series and key not in open_series:
                yield from self.finisher.finish(open_series.popitem()[1])
            series = open_series.setdefault(key, OpenSeries(key, line))
            if not series.bad:
                self._add(series, line, cells)
            if self.window is not None and len(series.lines) > self.window:
                yield from self.finisher.hand_out(series, self.window)
        if not open_series:
            raise DataError(f"{self.teller.name} has no rows under its header")
        while open_series:
            yield from self.finisher.finish(open_series.pop(next(iter(open_series))))
        if self.how.fill is not None:
            self.problems.note(f"{self.teller.name}: {self.gaps.describe()}")

    def _key(self, line: int, cells: Sequence[str], above: str | None) -> str | None:
        """What the id column of a row says; where rows are words, an empty one stands for the one above it."""
        layout = self.layout
        if layout.id is None:
            return None
        key = cells[layout.id].strip() if layout.id < len(cells) else ""
        if not key and above and layout.word is not None:
            self.teller.once("filled", f"line {line} has no {layout.names[layout.id]!r}: it is that of the row above")
            return above
        return key

    def _add(self, series: OpenSeries, line: int, cells: Sequence[str]) -> None:
        layout = self.layout
        try:
            if len(cells) != len(layout.names):
                raise DataError(f"{len(cells)} cells, where the first {self.teller.line} has {len(layout.names)}")
            if self.check is not None:
                self.check(cells)
            if layout.word is not None:
                series.words.append(as_text(cells[layout.word], layout.names[layout.word]))
            series.numbers.extend(self._numbers(cells))
            if self.labelled:
                picked = [as_label(cells[i], layout.names[i]) for i in self.labelled]
                series.levels.append(self.levels.numbers(picked, lambda what: self.teller.once(what, what)))
            if layout.time is not None and self.times is not None:
                series.times.append(self._in_order(series, line, self.times.read(cells[layout.time])))
            if self.targets and layout.target is not None:
                self._add_target(series, cells[layout.target], layout.names[layout.target])
        except DataError as error:
            self.teller.report(series, line, str(error))
            return
        series.lines.append(line)
        if not self.targets:
            series.rows.append(tuple(cells))

    def _in_order(self, series: OpenSeries, line: int, time: Time) -> Time:
        """Pass a time on; where a series is handed out in windows it must come after the one before."""
        if self.window is None:
            return time
        if series.last is not None:
            before, where = series.last
            if time == before:
                raise DataError(self.finisher.repeated(series, time, where))
            if time < before:  # type: ignore[operator]  # the times of a column are of one sort
                apart = "" if series.id else f", say what tells series apart with {option('id_column')}"
                raise DataError(
                    f"the time {time} comes after {before} in {self.teller.line} {where}: series that are read in "
                    f"windows must be in the order of time; sort the table{apart}, or leave {named('tbptt')} out"
                )
        series.last = (time, line)
        return time

    def _numbers(self, cells: Sequence[str]) -> list[float]:
        picked = [cells[i] for i in self.numeric]
        if self.flags:
            picked = [_FLAGS.get(cells[i].strip().lower(), "") if i in self.flags else cells[i] for i in self.numeric]
        try:
            numbers = list(map(float, picked))
        except ValueError:
            numbers = [math.nan]
        if all(map(math.isfinite, numbers)) and "_" not in "".join(picked):
            return numbers
        pairs = list(zip(self.numeric, picked, strict=True))
        for i, cell in pairs:
            if i in self.flags and not cell:
                raise DataError(f"column {self.layout.names[i]!r} holds {cells[i]!r}, neither true nor false")
        return [self.gaps.number(cell, self.layout.names[i]) for i, cell in pairs]  # raises, naming the column

    def _add_target(self, series: OpenSeries, cell: str, column: str) -> None:
        if self.how.per_step:
            series.targets.append(as_label(cell, column))
            return
        if self.how.target_type == "number":
            target: Target = as_float(cell, column)
        elif self.how.target_type == "labels":
            target = as_labels(cell, column, self.how.label_separator)
        else:
            target = as_label(cell, column)
        if series.targets and target != series.targets[0]:
            raise DataError(
                f"column {column!r} holds {cell!r}, and {series.targets[0]!r} in {self.teller.line} {series.line}, "
                f"in one series; say with {option('target_column')} which one it is, or learn one for each step: tag"
            )
        series.targets[:] = [target]
