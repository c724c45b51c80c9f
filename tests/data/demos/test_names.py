"""The names are distinct, the same each time, and what is validated on was not learned from."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from throughtime.data.demos.names import COUNTRIES, names_by_country


def test_names_are_distinct_and_split_without_overlap(tmp_path: Path) -> None:
    (train,), (valid,) = names_by_country(tmp_path)
    parts = [list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) for path in (train, valid)]
    names = [row["name"] for part in parts for row in part]
    assert len(set(names)) == len(names) > 4000
    for part, least in zip(parts, (250, 40), strict=True):
        counts = Counter(row["country"] for row in part)
        assert set(counts) == set(COUNTRIES) and min(counts.values()) >= least
    assert all(ord(letter) < 0x250 for name in names for letter in name)
    before = train.read_bytes()
    assert names_by_country(tmp_path)[0][0].read_bytes() == before
    assert names_by_country(tmp_path, seed=1)[0][0].read_bytes() != before
    assert not list(tmp_path.glob(".*")), "nothing half written is left"
