"""The rival that writes the caption of the likest picture."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.record import Record, Sequences
from throughtime.tasks.rivals import likest
from throughtime.tasks.rivals.likest import LikestPicture


def records(count: int, noise: float = 0.0, size: int = 3) -> list[Record]:
    """Pictures of as many levels of grey."""
    random = np.random.default_rng(1)
    return [
        Record((np.full((size, size, 1), level) + noise * random.normal(size=(size, size, 1))).astype(np.float32),
               Sequences((f"level {level}", "another")), f"picture {level}")
        for level in range(count)
    ]  # fmt: skip


def test_the_nearest_picture_decides() -> None:
    model = LikestPicture.learn(records(9))
    assert list(model.write(records(9, noise=0.1))) == [f"level {level}" for level in range(9)]
    assert model.learned_from == "all 9 examples"


def test_large_pictures_are_compared_when_they_are_small() -> None:
    model = LikestPicture.learn(records(3, size=50))
    assert model.pictures.shape == (3, 16 * 16)
    assert list(model.write(records(3, size=50)))[2] == "level 2"


def test_it_is_made_again_from_its_parts() -> None:
    model = LikestPicture.learn(records(4))
    again = LikestPicture.from_parts(*model.to_parts())
    assert list(again.write(records(4))) == list(model.write(records(4)))
    with pytest.raises(KeyError):
        LikestPicture.from_parts({}, {"captions": []})


def test_of_many_pictures_a_part_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likest, "NUMBERS", 9 * 5)
    model = LikestPicture.learn(records(20))
    assert len(model.captions) == 5 and model.learned_from == "5 of 20 examples"
