"""Tables in long format: a row for each step of a series, the columns its features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from throughtime.data.files import STANDARD, describe, suffixes
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.series.gathering.collecting import Collector
from throughtime.data.series.layout import Layout, choose_layout, series_has_header, stand_together
from throughtime.data.tables.delimited import AHEAD, Row, read_rows
from throughtime.data.tables.habits import drop_repeats
from throughtime.errors import DataError

__all__ = ["read_series", "read_steps"]


def read_series(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read series from a table with one row for each step (CSV, or TSV by its name).

    ``how.id_column`` tells the series apart; without it the table is one series. ``how.time_column`` (numbers or ISO
    dates) orders the steps; without it they are in the order of the file. Every column that is neither of these nor the
    target is a feature, but an index without a name, and those that ``how`` leaves out. Features are numbers
    (``how.fill`` says what becomes of missing ones), true or false (1 and 0), or labels, each of which is a feature
    that is 1 where it stands: ``how.found`` gathers them while it is read to learn from, and the first series have not
    yet those of later ones. Where rows have a word in ``how.text_column`` they are sentences, and an empty id stands
    for the one above it, as in spreadsheets. Where the rows of a series stand together one series is held at a time.

    With ``how.tbptt`` a series is handed out in windows of as many steps, each as soon as it is known whether there is
    a next one, so that a window of each series is held and no more. Steps cannot be put in order then, and must be;
    what was handed out of a series stays so where a row further down cannot be read.

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
    reader = Collector(name, layout, how, problems, targets=targets, together=together)
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
    reader = Collector(name, layout, how, problems, targets=targets, together=False, check=check, unit=unit)
    yield from reader.read(rows)
