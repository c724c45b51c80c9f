"""Packed series as what is learned from or scored: cut into windows, which are had one by one. Loads no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate
from typing import NamedTuple, cast, overload

import numpy as np

from throughtime.data.record import Frames, Record
from throughtime.data.series.packed import PackedSeries
from throughtime.tasks.tag.scores import Numbers

__all__ = ["Stretch", "WindowRecords", "WindowedSeries"]

BLOCK = 8192
"""Steps that are looked at together."""


class Stretch(NamedTuple):
    """A part of a packed series, or all of it."""

    series: int
    """Number of the series."""
    start: int
    """Its first step, from 0."""
    stop: int
    """One past its last step."""
    place: str
    """Where the series came from, for messages."""


class WindowedSeries:
    """Series with a label for each step, cut into windows; what is held of them does not grow with their steps.

    Args:
        packed: where the steps are.
        names: the labels, in the order of the numbers that stand there.
        stretches: the series, or the parts of them that belong to this.
        size: steps of a window, at most.
        skipped: series that could not be read and are not among these.

    Example:
        >>> packed = PackedSeries()
        >>> packed.add(packed.begin(), np.float32([[1], [2], [3]]), [1, 0, 1])
        >>> series = WindowedSeries(packed, ("up", "down"), [Stretch(0, 0, 3, "a.csv: line 2")], 2)
        >>> series.counts, [record.target for record in series.records]
        ([2], [('down', 'up'), ('down',)])
    """

    def __init__(
        self, packed: PackedSeries, names: tuple[str, ...], stretches: Sequence[Stretch], size: int, skipped: int = 0
    ) -> None:
        self.packed, self.names, self.stretches, self.size, self.skipped = packed, names, stretches, size, skipped
        self.counts = [-(-(stretch.stop - stretch.start) // size) for stretch in stretches]
        """Windows of each stretch."""
        self.scored = sum(stretch.stop - stretch.start for stretch in stretches)
        """Steps of all."""

    def part(self, stretches: Sequence[Stretch]) -> WindowedSeries:
        """Take some stretches of the same series."""
        return WindowedSeries(self.packed, self.names, stretches, self.size)

    def span(self, stretch: int, window: int) -> tuple[int, int]:
        """Give the first step of a window, from the begin of its stretch, and the one past its last."""
        start, stop = self.stretches[stretch][1:3]
        return window * self.size, min((window + 1) * self.size, stop - start)

    def window(self, stretch: int, window: int) -> tuple[Frames, Numbers]:
        """Read a window.

        Args:
            stretch: which stretch.
            window: which of its windows, from 0.

        Returns:
            (frames (T, F), numbers of their labels in ``names`` (T,)).
        """
        series, begin, _, _ = self.stretches[stretch]
        start, stop = self.span(stretch, window)
        return self.packed.read(series, begin + start, begin + stop)

    @property
    def records(self) -> WindowRecords:
        """The windows as records, one behind the other; each is read when it is asked for."""
        return WindowRecords(self)

    @property
    def label_counts(self) -> Counter[str]:
        """How often each label is there."""
        return self._surveyed[0]

    @property
    def hashes(self) -> list[bytes]:
        """A hash of what each stretch holds beside its labels."""
        return self._surveyed[1]

    @property
    def content_key(self) -> str:
        """A hash of all frames and labels."""
        return self._surveyed[2]

    @cached_property
    def _surveyed(self) -> tuple[Counter[str], list[bytes], str]:
        """What is told in one pass over all steps."""
        counts = np.zeros(len(self.names), np.int64)
        hashes: list[bytes] = []
        whole = blake2b("\0".join(self.names).encode("utf-8", "surrogatepass"), digest_size=16)
        for series, start, stop, _ in self.stretches:
            digest = blake2b(digest_size=16)
            for at in range(start, stop, BLOCK):
                frames, numbers = self.packed.read(series, at, min(at + BLOCK, stop))
                counts += np.bincount(numbers, minlength=len(counts))
                digest.update(frames.astype("<f4", copy=False).data)
                whole.update(numbers.astype("<i8", copy=False).data)
            hashes.append(digest.digest())
        whole.update(b"".join(hashes))
        there = {name: count for name, count in zip(self.names, counts.tolist(), strict=True) if count}
        return Counter(there), hashes, whole.hexdigest()


class WindowRecords(Sequence[Record]):
    """The windows of series as records, read one by one.

    Args:
        series: the series.
    """

    def __init__(self, series: WindowedSeries) -> None:
        self._series = series
        self._stops = list(accumulate(series.counts))

    def __len__(self) -> int:
        return self._stops[-1] if self._stops else 0

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"window {index} of {len(self)}")
        stretch = int(np.searchsorted(self._stops, index % len(self), side="right"))
        return self.record(stretch, index % len(self) - (self._stops[stretch - 1] if stretch else 0))

    def __iter__(self) -> Iterator[Record]:
        return (self.record(at, window) for at, count in enumerate(self._series.counts) for window in range(count))

    def record(self, stretch: int, window: int) -> Record:
        """Read a window of a stretch."""
        series = self._series
        frames, numbers = series.window(stretch, window)
        start, stop = (series.stretches[stretch].start + step for step in series.span(stretch, window))
        labels = tuple(map(series.names.__getitem__, cast("list[int]", numbers.tolist())))
        return Record(frames, labels, f"{series.stretches[stretch].place}, steps {start + 1} to {stop}")
