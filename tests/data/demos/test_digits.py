"""The digits are scikit-learn's, each image once, to learn from or to validate on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from throughtime.data.demos.digits import handwritten_digits
from throughtime.data.reading import Reading
from throughtime.data.record import Record

Records = Callable[[Path, Reading], list[Record]]


def test_digits_are_images_in_a_folder_for_each(tmp_path: Path, records: Records) -> None:
    from sklearn.datasets import load_digits

    (train,), (valid,) = handwritten_digits(tmp_path)
    read = {path: records(path, Reading()) for path in (train, valid)}
    assert [len(part) for part in read.values()] == [1438, 359]
    known = load_digits()
    seen: set[int] = set()
    for record in (*read[train], *read[valid]):
        index = int(Path(str(record.original)).stem)
        seen.add(index)
        assert record.target == str(known.target[index])
        np.testing.assert_allclose(record.content, known.images[index] / 16, atol=0.51 / 255)  # 17 shades in 256
    assert len(seen) == 1797
