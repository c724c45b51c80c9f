"""Records of series, whole or in windows, are packed as they come; what cannot be used takes its series out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from throughtime.data.encoding.labels import composed
from throughtime.data.reading import Found, Problems
from throughtime.data.record import Record
from throughtime.data.series.packed import PackedSeries
from throughtime.data.series.steps import Steps, Window
from throughtime.tasks.supervised.records import compose_labels
from throughtime.tasks.supervised.targets import labels_of
from throughtime.tasks.tag.windows.series import Stretch, WindowedSeries

__all__ = ["Alike", "pack", "series_of", "window_of"]

ALONE = Window(first=True, continues=False)


def window_of(record: Record) -> Window | None:
    """Say where a record stands in a series that is handed out in windows; None where it is a whole one."""
    return record.original.window if isinstance(record.original, Steps) else None


def series_of(record: Record) -> str | None:
    """Name the series that a record is of; None where it has no name."""
    return record.original.id if isinstance(record.original, Steps) else None


class Alike:
    """Says why a record cannot be learned from beside those before: it has other numbers at each step.

    Args:
        found: knows the labels that are features; they are met one by one, and widen what is read.
    """

    def __init__(self, found: Found) -> None:
        self.found = found
        self.numbers: int | None = None
        """Features of a step beside those of labels; None where there was no record yet."""

    def __call__(self, record: Record) -> str | None:
        assert isinstance(record.content, np.ndarray)
        width = record.content.shape[1]
        levels = len(self.found.levels)
        first = self.numbers = width - levels if self.numbers is None else self.numbers
        return None if width == first + levels else f"it has {width} numbers at each step, not {first + levels}"


@dataclass
class _Packer:
    """What was packed so far."""

    packed: PackedSeries = field(default_factory=PackedSeries)
    names: dict[str, int] = field(default_factory=dict[str, int])
    """Number of each label."""
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    """The same, for each way in which it is written."""
    begun: dict[str | None, tuple[int, str]] = field(default_factory=dict[str | None, tuple[int, str]])
    """Number and place of each series that goes on, by its name."""
    stretches: list[Stretch] = field(default_factory=list[Stretch])

    def add(self, record: Record, window: Window) -> None:
        """Pack a window of a series that was begun."""
        assert isinstance(record.content, np.ndarray)
        labels, key = labels_of(record), series_of(record)
        series, place = self.begun[key]
        for label in set(labels) - self.numbers.keys():
            self.numbers[label] = self.names.setdefault(composed(label), len(self.names))
        self.packed.add(series, record.content, [self.numbers[label] for label in labels])
        if not window.continues:
            del self.begun[key]
            self.stretches.append(Stretch(series, 0, self.packed.length(series), place))


def pack(
    records: Iterable[Record], size: int, fault: Callable[[Record], str | None], problems: Problems
) -> WindowedSeries:
    """Pack series as they come.

    Args:
        records: frames with a label for each step: whole series, or windows of which those of a series come in order.
        size: steps of the windows that they are read in afterwards.
        fault: says why a record cannot be used, or None where it can.
        problems: what becomes of those; they take their series out, and so does an end that never comes.

    Returns:
        The series that are whole, in the order of their first windows.

    Raises:
        DataError: a record cannot be used and is not to be skipped, or the disk is full.
    """
    packer, before = _Packer(), len(problems.skipped)
    for record in records:
        window, key = window_of(record) or ALONE, series_of(record)
        if window.first:
            packer.begun[key] = (packer.packed.begin(), record.place)
        elif key not in packer.begun:
            continue  # it was taken out
        wrong = fault(record)
        if wrong is None:
            packer.add(record, window)
        else:
            del packer.begun[key]
            problems.report(record.place, wrong)
    compose_labels([Record("", tuple(packer.numbers), "")], problems.note)  # says where a label is written in two ways
    skipped = len(problems.skipped) - before
    return WindowedSeries(packer.packed, tuple(packer.names), sorted(packer.stretches), size, skipped)
