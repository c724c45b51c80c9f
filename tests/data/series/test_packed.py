"""What was packed is there again, any part of it, whatever the turns in which it came and however wide it became."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
from full_disk import room_for
from peak_memory import peak_memory

from throughtime.data.series.packed import PackedSeries
from throughtime.errors import DataError


@pytest.mark.parametrize("seed", range(6))
def test_any_part_is_as_it_was(seed: int) -> None:
    """Against series that are held whole: parts in turn, of one width or growing ones, and numbers of every kind."""
    draw = np.random.default_rng(seed)
    packed, whole = PackedSeries(), dict[int, tuple[list[list[float]], list[int]]]()
    width = 2
    for _ in range(60):
        new = not whole or (len(whole) < 5 and draw.random() < 0.2)
        series = packed.begin() if new else int(draw.integers(len(whole)))
        width += int(seed > 2 and draw.random() < 0.1)
        frames = draw.normal(size=(int(draw.integers(1, 9)), width)).astype(np.float32)
        numbers = draw.integers(-100, 2**31 - 1, len(frames))
        packed.add(series, frames, numbers)
        rows, labels = whole.setdefault(series, ([], []))
        rows += frames.tolist()
        labels += numbers.tolist()
    assert len(packed) == len(whole) and packed.width == width
    for series, (rows, labels) in whole.items():
        assert packed.length(series) == len(rows)
        for _ in range(20):
            start, stop = sorted(draw.integers(0, len(rows) + 1, 2).tolist())
            frames, numbers = packed.read(series, start, stop)
            assert frames.dtype == np.float32 and frames.shape == (stop - start, width)
            wanted = [row + [0.0] * (width - len(row)) for row in rows[start:stop]]
            assert frames.tolist() == wanted and numbers.tolist() == labels[start:stop]
    assert packed.size == sum(4 * (len(row) + 1) for rows, _ in whole.values() for row in rows)


def test_bits_of_numbers_are_kept() -> None:
    packed = PackedSeries()
    bits = np.array([[0x7F800001, 0xFFFFFFFF, 0x80000000, 0x00000001]], np.uint32)
    packed.add(packed.begin(), bits.view(np.float32), [-100])
    frames, numbers = packed.read(0, 0, 1)
    assert frames.view(np.uint32).tolist() == bits.tolist() and numbers.tolist() == [-100]


def test_what_is_held_does_not_grow_with_the_steps() -> None:
    def pack(parts: int) -> None:
        packed = PackedSeries()
        series = packed.begin()
        for _ in range(parts):
            packed.add(series, np.ones((1000, 4), np.float32), np.zeros(1000))
        packed.read(series, 1000 * parts - 10, 1000 * parts)

    pack(1)
    assert peak_memory(lambda: pack(400)) < peak_memory(lambda: pack(20)) + 10_000, "seven megabytes are packed more"


def test_nothing_is_left_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    packed = PackedSeries()
    packed.add(packed.begin(), np.ones((3, 1), np.float32), [0, 1, 0])
    assert packed.folder == str(tmp_path)
    file = packed._file
    del packed
    gc.collect()
    assert file.closed and not list(tmp_path.iterdir())


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    packed = PackedSeries()
    series = packed.begin()
    with room_for(10_000), pytest.raises(DataError, match=rf"cannot pack the series in {tmp_path}: .* TMPDIR"):
        for _ in range(9):
            packed.add(series, np.ones((100, 4), np.float32), np.zeros(100))


def test_no_room_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere: No such file or directory; make room there"):
        PackedSeries()
