"""Series with a label for each step, packed in a file, so that any part of them can be had without the rest."""

from __future__ import annotations

import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.record import Frames
from throughtime.errors import DataError

__all__ = ["PackedSeries"]

Numbers = NDArray[np.int64]


class PackedSeries:
    """Series in a temporary file, which is gone when nobody needs it any more; what is held grows with their number.

    A step takes 4 bytes for each feature and 4 for its label. Parts of several series may come in any turn; where they
    do, 16 bytes for each part are held. Later parts may be wider than earlier ones, as labels that become features are
    met one by one: the earlier have 0 there.

    Raises:
        DataError: the file cannot be made.

    Example:
        >>> packed = PackedSeries()
        >>> series = packed.begin()
        >>> packed.add(series, np.float32([[1], [2]]), [0, 1])
        >>> packed.add(series, np.float32([[3, 4]]), [1])
        >>> frames, numbers = packed.read(series, 1, 3)
        >>> frames.tolist(), numbers.tolist(), packed.length(series)
        ([[2.0, 0.0], [3.0, 4.0]], [1, 1], 3)
    """

    def __init__(self) -> None:
        with self._refusing():
            self._file: Any = tempfile.TemporaryFile(prefix="throughtime-", buffering=0)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._lengths = array("q")
        self._parts: list[tuple[array[int], array[int]]] = []
        """Of each series, where its parts begin: the step, and the row of the file."""
        self._rows = 0
        self._widths: list[tuple[int, int, int]] = []
        """From which row on, and from which byte, rows have so many features."""
        self.width = 0
        """Features of a step, F: as many as the widest part has."""

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._byte(self._rows) if self._widths else 0

    @property
    def folder(self) -> str:
        """Where the file is."""
        return tempfile.gettempdir()

    def __len__(self) -> int:
        return len(self._lengths)

    def begin(self) -> int:
        """Begin a series, and give its number, from 0."""
        self._lengths.append(0)
        self._parts.append((array("q"), array("q")))
        return len(self._lengths) - 1

    def length(self, series: int) -> int:
        """Count the steps of a series so far."""
        return self._lengths[series]

    def widen(self, width: int) -> None:
        """See that steps are as wide as this, at least."""
        self.width = max(self.width, width)

    def add(self, series: int, frames: Frames, numbers: Any) -> None:
        """Append steps to a series.

        Args:
            series: its number.
            frames: (T, F), at least as wide as all before.
            numbers: (T,) the number of the label of each step.

        Raises:
            DataError: the disk is full.
        """
        steps, width = frames.shape
        if not self._widths or width != self._widths[-1][2]:
            self._widths.append((self._rows, self.size, width))
        self.widen(width)
        rows = np.empty((steps, width + 1), "<u4")
        rows[:, :width] = np.ascontiguousarray(frames, "<f4").view("<u4")
        rows[:, width] = np.asarray(numbers, "<i4").view("<u4")
        with self._refusing():
            self._write(self._byte(self._rows), rows)
        length = self._lengths[series]
        begins, places = self._parts[series]
        if not begins or places[-1] + length - begins[-1] != self._rows:  # it does not go on where the series ended
            begins.append(length)
            places.append(self._rows)
        self._lengths[series] += steps
        self._rows += steps

    def read(self, series: int, start: int, stop: int) -> tuple[Frames, Numbers]:
        """Give some steps of a series.

        Args:
            series: its number.
            start: the first step, from 0.
            stop: one past the last step.

        Returns:
            (frames (T, F) float32, numbers of their labels (T,)).
        """
        frames = np.zeros((stop - start, self.width), np.float32)
        numbers = np.empty(stop - start, np.int64)
        for at, row, count, width in self._stretches(series, start, stop):
            rows = np.empty((count, width + 1), "<u4")
            self._file.seek(self._byte(row))
            left = memoryview(cast(Any, rows)).cast("B")
            while left:
                left = left[self._file.readinto(left) :]
            here = slice(at - start, at - start + count)
            frames[here, :width] = rows[:, :width].view("<f4")
            numbers[here] = rows[:, width].view("<i4")
        return frames, numbers

    def _stretches(self, series: int, start: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
        """Cut steps where they stand apart in the file, or get wider: (first step, its row, steps, features)."""
        begins, places = self._parts[series]
        at = start
        while at < stop:
            part = bisect_right(begins, at) - 1
            row = places[part] + at - begins[part]
            wide = bisect_right(self._widths, row, key=lambda each: each[0])
            end = begins[part + 1] if part + 1 < len(begins) else stop
            wider = self._widths[wide][0] - row if wide < len(self._widths) else stop
            count = min(stop, end, at + wider) - at
            yield at, row, count, self._widths[wide - 1][2]
            at += count

    def _byte(self, row: int) -> int:
        """Where a row begins in the file."""
        first, byte, width = self._widths[bisect_right(self._widths, row, key=lambda each: each[0]) - 1]
        return byte + (row - first) * 4 * (width + 1)

    def _write(self, byte: int, rows: NDArray[np.uint32]) -> None:
        self._file.seek(byte)
        left = memoryview(cast(Any, rows)).cast("B")
        while left:
            left = left[self._file.write(left) :]

    @contextmanager
    def _refusing(self) -> Generator[None]:
        """Say in one line why the file cannot be written."""
        try:
            yield
        except OSError as error:
            raise DataError(
                f"cannot pack the series in {tempfile.gettempdir()}: {error.strerror}; make room there, or name "
                "another folder in the environment variable TMPDIR"
            ) from None
