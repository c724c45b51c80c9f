"""The pictures of the demo ``caption``: digits that stand where their sentence says, none in both parts."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from throughtime.data.demos.captions import NAMES, captioned_digits, sentence_of
from throughtime.data.demos.digits import divided_digits


def test_each_sentence_says_which_digits_stand_where(tmp_path: Path) -> None:
    files = captioned_digits(tmp_path, train=60, valid=30, seed=3)
    train, valid, images, labels = divided_digits(3)
    for (table,), own in zip(files, (train, valid), strict=True):
        by_pixels = {images[place].tobytes(): labels[place] for place in own}
        with table.open() as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == (60 if own is train else 30)
        for row in rows:
            with Image.open(tmp_path / row["image"]) as image:
                pixels = np.asarray(image)
            quarters = [pixels[y : y + 8, x : x + 8] for y in (0, 8) for x in (0, 8)]
            digits = [int(by_pixels[np.ascontiguousarray(quarter).tobytes()]) for quarter in quarters]
            assert row["caption"] == sentence_of(digits)


def test_the_same_each_time_and_other_ones_by_seed(tmp_path: Path) -> None:
    texts = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        (table,), _ = captioned_digits(tmp_path / name, train=9, valid=1, seed=seed)
        texts.append(table.read_text())
    assert texts[0] == texts[1] != texts[2]


def test_no_two_pictures_of_digits_have_one_sentence() -> None:
    drawn = np.random.default_rng(0).integers(0, 10, (400, 4)).tolist()
    assert len({tuple(digits) for digits in drawn}) == len({sentence_of(digits) for digits in drawn})
    assert sentence_of([8, 0, 1, 8]).split()[:4] == ["an", "eight", "above", "a"] and len(NAMES) == 10
