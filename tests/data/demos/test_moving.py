"""The digits move as their labels say, the same each time, and other images are validated on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from throughtime.data.demos.moving import DIRECTIONS, moving_digits
from throughtime.data.reading import Reading
from throughtime.data.record import Record

Records = Callable[[Path, Reading], list[Record]]


def test_digits_move_as_their_labels_say(tmp_path: Path, records: Records) -> None:
    (train,), (valid,) = moving_digits(tmp_path, train=40, valid=20)
    content = np.load(train)
    assert content["clips"].shape == (40, 20, 16, 16) and content["clips"].dtype == np.uint8
    moves = {name: np.array(move) for move, name in DIRECTIONS.items()}
    turns = 0
    for clip, labels in zip(content["clips"], content["labels"], strict=True):
        digits = {label.split(":")[0] for label in labels}
        assert len(digits) == 1 and digits.pop() in "0123456789"
        for before, after, label in zip(clip, clip[1:], labels, strict=False):
            down, right = moves[label.split(":")[1]]
            np.testing.assert_array_equal(np.roll(before, (down, right), (0, 1)), after)
            assert after.sum() == clip[0].sum(), "the digit is whole"
        turns += sum(one != other for one, other in pairwise(labels))
    assert turns > 40, "it bounces"
    shapes = [{_shape(clip) for clip in np.load(path)["clips"]} for path in (train, valid)]
    assert not shapes[0] & shapes[1], "other images are validated on"
    assert records(train, Reading(per_step=True))[3].target == tuple(content["labels"][3])


def _shape(clip: np.ndarray) -> bytes:
    """The digit of a clip, wherever it is."""
    frame = clip[0]
    rows, columns = np.flatnonzero(frame.any(1)), np.flatnonzero(frame.any(0))
    return frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].tobytes()


def test_moving_digits_are_the_same_each_time(tmp_path: Path) -> None:
    first, again, other = (
        np.load(moving_digits(tmp_path / name, train=5, valid=2, seed=seed)[0][0])["clips"]
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
