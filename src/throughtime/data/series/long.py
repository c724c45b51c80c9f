"""Tables in long format: a row for each step of a series, the columns its features."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, pairwise
from pathlib import Path

import numpy as np

from throughtime.data.files import STANDARD, describe, suffixes
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Target
from throughtime.data.series.gaps import Gaps
from throughtime.data.series.layout import Layout, choose_layout, series_has_header, stand_together
from throughtime.data.series.levels import Levels
from throughtime.data.series.steps import Steps
from throughtime.data.series.timestamps import Time, TimeColumn, first_repeated, order_of
from throughtime.data.tables.delimited import AHEAD, Row, read_rows
from throughtime.data.tables.habits import drop_repeats
from throughtime.data.tables.values import as_float, as_label, as_labels, as_text
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["read_series", "read_steps"]

_FLAGS = {"true": "1", "false": "0"}


def read_series(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read series from a table with one row for each step (CSV, or TSV by its name).

    ``how.id_column`` tells the series apart; without it the table is one series. ``how.time_column`` (numbers or ISO
    dates) orders the steps; without it they are in the order of the file. Every column that is neither of these nor the
    target is a feature, but an index without a name, and those that ``how`` leaves out. Features are numbers
    (``how.fill`` says what becomes of missing ones), true or false (1 and 0), or labels, each of which is a feature
    that is 1 where it stands: ``how.found`` gathers them while it is read to learn from, and the first series have not
    yet those of later ones. Where rows have a word in ``how.text_column`` they are sentences, and an empty id stands
    for the one above it, as in spreadsheets. Where the rows of a series stand together one series is held at a time.

    Args:
        path: the table, packed or plain; ``-`` is standard input.
        how: columns; ``per_step`` is whether each row has a target of its own, or all rows of a series the same.
        problems: told of rows that cannot be read, which takes their whole series out, since a series with a gap in it
            is another series.
        targets: whether there must be a target; without, its column may be missing and is not looked at.

    Yields:
        Series in the order of their first rows: content (T, F), or words, in the order of time,
        original :class:`Steps`.

    Raises:
        DataError: the file cannot be read, has no rows, or lacks a column; the message lists those there are.
    """
    name = describe(path)
    tabs = suffixes(path)[0] in (".tsv", ".tab")
    rows = read_rows(path, how, problems, tabs=tabs)
    ahead = list(islice(rows, AHEAD))
    if not ahead:
        raise DataError(f"{name} has no rows")
    sample = [cells for _, cells in ahead]
    header = series_has_header(sample, how, name)
    layout = choose_layout(sample[0], replace(how, header=header), name, targets=targets, rows=sample[1:])
    problems.note(f"{name}: {layout.describe()}")
    fill = layout.word is not None
    together = layout.id is not None and path != STANDARD and stand_together(path, how, layout.id, tabs=tabs, fill=fill)
    reader = _Reader(name, layout, how, problems, targets=targets, together=together)
    below = chain(ahead[layout.header :], rows)
    yield from reader.read(drop_repeats(below, sample[0], name, problems) if header else below)


def read_steps(
    rows: Iterator[Row],
    layout: Layout,
    how: Reading,
    problems: Problems,
    *,
    targets: bool,
    check: Callable[[Sequence[str]], None] | None,
    name: str = "the data",
    unit: str | None = None,
) -> Iterator[Record]:
    """Read series from rows that were read already, a row for each step, as :func:`read_series` does from a file.

    Args:
        rows: number, from 1, and cells of each row, as they would stand in a file.
        layout: which column is what.
        how: what the target is.
        problems: told of rows that cannot be read, which takes their whole series out.
        targets: whether there must be a target.
        check: raises a DataError where the cells of a row hold what no file can; None where there is nothing to see.
        name: the file, or what the data is called.
        unit: what a row of a file is called; None for data in memory.

    Yields:
        Series in the order of their first rows.

    Raises:
        DataError: a row cannot be read.
    """
    reader = _Reader(name, layout, how, problems, targets=targets, together=False, check=check, unit=unit)
    yield from reader.read(rows)


@dataclass(slots=True)
class _Series:
    """A series as it is read, steps in the order of the file."""

    id: str | None
    line: int
    lines: list[int] = field(default_factory=list[int])
    numbers: array[float] = field(default_factory=lambda: array("f"))
    levels: list[list[int]] = field(default_factory=list[list[int]])
    """Which of the labels that are features stand in each step."""
    words: list[str] = field(default_factory=list[str])
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
        unit: str | None = "line",
    ) -> None:
        self.name, self.layout, self.how, self.problems = name, layout, how, problems
        self.targets, self.together, self.check = targets, together, check
        self.unit, self.line = unit, unit or "row"
        self.times = None if layout.time is None else TimeColumn(layout.names[layout.time])
        self.told: set[str] = set()
        kinds = list(zip(layout.features, layout.kinds, strict=True))
        self.numeric = [i for i, kind in kinds if kind != "labels"]
        self.gaps = Gaps(how.fill, [layout.names[i] for i in self.numeric])
        self.flags = [i for i, kind in kinds if kind == "flag"]
        self.levels = Levels([layout.names[i] for i, kind in kinds if kind == "labels"], how)
        self.labelled = [i for i, kind in kinds if kind == "labels"]
        if not how.found.fixed:
            how.found.features = [layout.names[i] for i in layout.features]
            how.found.target = None if layout.target is None else layout.names[layout.target]
            how.found.flags = [layout.names[i] for i in self.flags]

    def read(self, rows: Iterator[Row]) -> Iterator[Record]:
        """Make records of rows."""
        layout = self.layout
        open_series: dict[str | None, _Series] = {}
        key: str | None = None
        for line, cells in rows:
            if layout.id is not None:
                above, key = key, cells[layout.id].strip() if layout.id < len(cells) else ""
                if not key and above and layout.word is not None:
                    key = above
                    self._tell("filled", f"line {line} has no {layout.names[layout.id]!r}: it is that of the row above")
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
        if self.how.fill is not None:
            self.problems.note(f"{self.name}: {self.gaps.describe()}")

    def _add(self, series: _Series, line: int, cells: Sequence[str]) -> None:
        layout = self.layout
        try:
            if len(cells) != len(layout.names):
                raise DataError(f"{len(cells)} cells, where the first {self.line} has {len(layout.names)}")
            if self.check is not None:
                self.check(cells)
            if layout.word is not None:
                series.words.append(as_text(cells[layout.word], layout.names[layout.word]))
            series.numbers.extend(self._numbers(cells))
            if self.labelled:
                picked = [as_label(cells[i], layout.names[i]) for i in self.labelled]
                series.levels.append(self.levels.numbers(picked, lambda what: self._tell(what, what)))
            if layout.time is not None and self.times is not None:
                series.times.append(self.times.read(cells[layout.time]))
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
        place = f"row {line} of {self.name}" if self.unit is None else f"{self.name}: {self.unit} {line}"
        return place if key is None else f"{place} (series {key!r})"

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
                f"in one series; say with {option('target_column')} which one it is, or learn one for each step: tag"
            )
        series.targets[:] = [target]

    def _finish(self, series: _Series) -> Iterator[Record]:
        """Order the steps by time, and hand the series out if it is sound."""
        if series.bad:
            return
        frames = np.array(series.numbers, np.float32).reshape(len(series.lines), len(self.numeric))
        if np.isinf(frames).any():  # NaN is a gap that is to be filled
            step = int(np.isinf(frames).any(axis=1).argmax())
            self._report(series, series.lines[step], "a number over 3e38, the largest that float32 holds; scale it")
            return
        order = list(range(len(series.lines)))
        if series.times:
            order = order_of(series.times)
            if self._has_duplicates(series, order):
                return
            self._tell_order(series, order)
        frames = self.gaps.fill(frames[order])
        if self.labelled:
            frames = np.concatenate([frames, self.levels.one_hot(series.levels)[order]], 1)
        content = tuple(series.words[i] for i in order) if series.words else frames
        target: Target | None = None
        if series.targets:
            chosen = [str(series.targets[i]) for i in order] if self.how.per_step else []
            target = tuple(chosen) if self.how.per_step else series.targets[0]
        rows = tuple(series.rows[i] for i in order) if series.rows else ()
        steps = Steps(series.id, self.layout.names, tuple(series.lines[i] for i in order), rows)
        yield Record(content, target, self._place(series.line, series.id), steps)

    def _has_duplicates(self, series: _Series, order: Sequence[int]) -> bool:
        twice = first_repeated(series.times, order)
        if twice is not None:
            one, other = twice
            self._report(
                series,
                series.lines[other],
                f"the time {series.times[one]} again, as in {self.line} {series.lines[one]}; "
                + (
                    "each step of a series has its own"
                    if series.id
                    else f"series are told apart with {option('id_column')}"
                ),
            )
        return twice is not None

    def _tell_order(self, series: _Series, order: Sequence[int]) -> None:
        if any(one > next_one for one, next_one in pairwise(order)):
            which = "" if series.id is None else f" of series {series.id!r}"
            self._tell("order", f"rows{which} are not in the order of time; they are sorted, as others may be")

    def _tell(self, kind: str, message: str) -> None:
        """Say something of the file once."""
        if kind not in self.told:
            self.told.add(kind)
            self.problems.note(f"{self.name}: {message}")
