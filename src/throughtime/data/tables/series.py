"""Tables in long format: a row for each step of a series, the columns its features."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np

from throughtime.data.files import STANDARD, describe, suffixes
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Target
from throughtime.data.tables.delimited import AHEAD, Row, read_rows
from throughtime.data.tables.header import is_number
from throughtime.data.tables.series_layout import Layout, choose_layout, series_has_header, stand_together
from throughtime.data.tables.values import as_float, as_label, as_labels
from throughtime.errors import DataError

__all__ = ["Steps", "read_series", "read_steps"]

Time: TypeAlias = int | float | datetime


@dataclass(frozen=True, slots=True)
class Steps:
    """The rows of a series as they stood in the file, to be written back with something added."""

    id: str | None
    """What the id column says; None where the table is one series."""
    columns: tuple[str, ...]
    """Names of the columns, in the order of the file."""
    lines: tuple[int, ...]
    """Line of each step, from 1; steps are in the order of time, lines are in that of the file."""
    rows: tuple[tuple[str, ...], ...]
    """Cells of each step; empty where they were read to learn from, not to be written back."""


def read_series(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read series from a table with one row for each step (CSV, or TSV by its name).

    ``how.id_column`` tells the series apart; without it the table is one series. ``how.time_column`` (numbers or ISO
    dates) orders the steps; without it they are in the order of the file. Every column that is neither of these nor the
    target is a feature, and holds numbers. Where the rows of a series stand together one series is held at a time.

    Args:
        path: the table, packed or plain; ``-`` is standard input.
        how: columns; ``per_step`` is whether each row has a target of its own, or all rows of a series the same.
        problems: told of rows that cannot be read, which takes their whole series out, since a series with a gap in it
            is another series.
        targets: whether there must be a target; without, its column may be missing and is not looked at.

    Yields:
        Series in the order of their first rows: content (T, F) in the order of time, original :class:`Steps`.

    Raises:
        DataError: the file cannot be read, has no rows, or lacks a column; the message lists those there are.
    """
    name = describe(path)
    tabs = suffixes(path)[0] in (".tsv", ".tab")
    rows = read_rows(path, how, problems, tabs=tabs)
    ahead = list(islice(rows, AHEAD))
    if not ahead:
        raise DataError(f"{name} has no rows")
    header = series_has_header([cells for _, cells in ahead], how, name)
    layout = choose_layout(ahead[0][1], replace(how, header=header), name, targets=targets)
    problems.note(f"{name}: {layout.describe()}")
    together = layout.id is not None and path != STANDARD and stand_together(path, how, layout.id, tabs=tabs)
    reader = _Reader(name, layout, how, problems, targets=targets, together=together)
    yield from reader.read(chain(ahead[1:] if header else ahead, rows))


def read_steps(
    rows: Iterator[Row],
    layout: Layout,
    how: Reading,
    problems: Problems,
    *,
    targets: bool,
    check: Callable[[Sequence[str]], None],
) -> Iterator[Record]:
    """Read series from rows in memory, a row for each step, as :func:`read_series` does from a file.

    Args:
        rows: number, from 1, and cells of each row, as they would stand in a file.
        layout: which column is what.
        how: what the target is.
        problems: told of rows that cannot be read, which takes their whole series out.
        targets: whether there must be a target.
        check: raises a DataError where the cells of a row hold what no file can.

    Yields:
        Series in the order of their first rows.

    Raises:
        DataError: a row cannot be read.
    """
    yield from _Reader("the data", layout, how, problems, targets=targets, together=False, check=check).read(rows)


@dataclass(slots=True)
class _Series:
    """A series as it is read, steps in the order of the file."""

    id: str | None
    line: int
    lines: list[int] = field(default_factory=list[int])
    numbers: array[float] = field(default_factory=lambda: array("f"))
    times: list[Time] = field(default_factory=list[Time])
    targets: list[Target] = field(default_factory=list[Target])
    rows: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    bad: bool = False


class _Reader:
    """Collects rows to series, checks them, and makes records of them."""

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
    ) -> None:
        self.name, self.layout, self.how, self.problems = name, layout, how, problems
        self.targets, self.together, self.check = targets, together, check
        self.line = "line" if check is None else "row"
        self.dated: str | None = None
        self.told = False

    def read(self, rows: Iterator[Row]) -> Iterator[Record]:
        """Make records of rows."""
        layout = self.layout
        open_series: dict[str | None, _Series] = {}
        for line, cells in rows:
            key = None
            if layout.id is not None:
                key = cells[layout.id].strip() if layout.id < len(cells) else ""
                if not key:
                    self.problems.report(self._place(line, None), f"no id in column {layout.names[layout.id]!r}")
                    continue
            if self.together and open_series and key not in open_series:
                yield from self._finish(open_series.popitem()[1])
            series = open_series.setdefault(key, _Series(key, line))
            if not series.bad:
                self._add(series, line, cells)
        if not open_series:
            raise DataError(f"{self.name} has no rows under its header")
        while open_series:
            yield from self._finish(open_series.pop(next(iter(open_series))))

    def _add(self, series: _Series, line: int, cells: Sequence[str]) -> None:
        layout = self.layout
        try:
            if len(cells) != len(layout.names):
                raise DataError(f"{len(cells)} cells, where the first {self.line} has {len(layout.names)}")
            if self.check is not None:
                self.check(cells)
            series.numbers.extend(self._numbers(cells))
            if layout.time is not None:
                series.times.append(self._time(cells[layout.time], layout.names[layout.time]))
            if self.targets and layout.target is not None:
                self._add_target(series, cells[layout.target], layout.names[layout.target])
        except DataError as error:
            self._report(series, line, str(error))
            return
        series.lines.append(line)
        if not self.targets:
            series.rows.append(tuple(cells))

    def _report(self, series: _Series, line: int, message: str) -> None:
        series.bad = True
        self.problems.report(self._place(line, series.id), message)

    def _place(self, line: int, key: str | None) -> str:
        place = f"{self.name}: line {line}" if self.line == "line" else f"row {line} of {self.name}"
        return place if key is None else f"{place} (series {key!r})"

    def _numbers(self, cells: Sequence[str]) -> list[float]:
        picked = [cells[i] for i in self.layout.features]
        try:
            numbers = list(map(float, picked))
        except ValueError:
            numbers = [math.nan]
        if all(map(math.isfinite, numbers)) and "_" not in "".join(picked):
            return numbers
        return [as_float(cells[i], self.layout.names[i]) for i in self.layout.features]  # raises, naming the column

    def _time(self, cell: str, column: str) -> Time:
        try:
            time = _parse_time(cell.strip())
        except ValueError:
            raise DataError(f"column {column!r} holds {cell!r}, neither a number nor an ISO date and time") from None
        sort = "a number"
        if isinstance(time, datetime):
            sort = "a date without time zone" if time.tzinfo is None else "a date with time zone"
        self.dated = self.dated or sort
        if sort != self.dated:
            raise DataError(f"column {column!r} holds {cell!r}, {sort}, and {self.dated} further up; write all alike")
        return time

    def _add_target(self, series: _Series, cell: str, column: str) -> None:
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
                f"column {column!r} holds {cell!r}, and {series.targets[0]!r} in {self.line} {series.line}, "
                "in one series; a target for each step is learned with tag"
            )
        series.targets[:] = [target]

    def _finish(self, series: _Series) -> Iterator[Record]:
        """Order the steps by time, and hand the series out if it is sound."""
        if series.bad:
            return
        frames = np.array(series.numbers, np.float32).reshape(len(series.lines), -1)
        if not np.isfinite(frames).all():
            step = int(np.isfinite(frames).all(axis=1).argmin())
            self._report(series, series.lines[step], "a number over 3e38, the largest that float32 holds; scale it")
            return
        order = list(range(len(series.lines)))
        if series.times:
            order.sort(key=series.times.__getitem__)  # type: ignore[arg-type]
            if self._has_duplicates(series, order):
                return
            self._tell_order(series, order)
        content = frames[order]
        target: Target | None = None
        if series.targets:
            chosen = [str(series.targets[i]) for i in order] if self.how.per_step else []
            target = tuple(chosen) if self.how.per_step else series.targets[0]
        rows = tuple(series.rows[i] for i in order) if series.rows else ()
        steps = Steps(series.id, self.layout.names, tuple(series.lines[i] for i in order), rows)
        yield Record(content, target, self._place(series.line, series.id), steps)

    def _has_duplicates(self, series: _Series, order: Sequence[int]) -> bool:
        for one, next_one in pairwise(order):
            if series.times[one] == series.times[next_one]:
                self._report(
                    series,
                    series.lines[next_one],
                    f"the time {series.times[one]} again, as in {self.line} {series.lines[one]}; "
                    + ("each step of a series has its own" if series.id else "series are told apart with --id-column"),
                )
                return True
        return False

    def _tell_order(self, series: _Series, order: Sequence[int]) -> None:
        if not self.told and any(one > next_one for one, next_one in pairwise(order)):
            self.told = True
            which = "" if series.id is None else f" of series {series.id!r}"
            self.problems.note(
                f"{self.name}: rows{which} are not in the order of time; they are sorted, as others may be"
            )


def _parse_time(text: str) -> Time:
    """Read whole numbers (nanoseconds must not be rounded), other numbers, and ISO dates.

    Raises:
        ValueError: it is none of them.
    """
    if "_" in text:
        raise ValueError
    try:
        return int(text)
    except ValueError:
        if not is_number(text):
            return datetime.fromisoformat(text)
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number
