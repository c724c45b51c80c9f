"""The demos' data is what it says, the same each time, and what is validated on was not learned from."""

from __future__ import annotations

import csv
import json
import sys
import tokenize
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.demos import demonstration
from throughtime.data.formats.folder import read_folder
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import UsageError


def records(path: Path, how: Reading) -> list[Record]:
    return list(read_folder(path, how, Problems(note=lambda _: None), targets=True))


def test_names_are_distinct_and_split_without_overlap(tmp_path: Path) -> None:
    (train,), (valid,) = demonstration.names_by_country(tmp_path)
    parts = [list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) for path in (train, valid)]
    names = [row["name"] for part in parts for row in part]
    assert len(set(names)) == len(names) > 4000
    for part, least in zip(parts, (250, 40), strict=True):
        counts = Counter(row["country"] for row in part)
        assert set(counts) == set(demonstration.COUNTRIES) and min(counts.values()) >= least
    assert all(ord(letter) < 0x250 for name in names for letter in name)
    before = train.read_bytes()
    assert demonstration.names_by_country(tmp_path)[0][0].read_bytes() == before
    assert demonstration.names_by_country(tmp_path, seed=1)[0][0].read_bytes() != before
    assert not list(tmp_path.glob(".*")), "nothing half written is left"


def test_digits_are_images_in_a_folder_for_each(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    (train,), (valid,) = demonstration.handwritten_digits(tmp_path)
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


def test_digits_move_as_their_labels_say(tmp_path: Path) -> None:
    (train,), (valid,) = demonstration.moving_digits(tmp_path, train=40, valid=20)
    content = np.load(train)
    assert content["clips"].shape == (40, 20, 16, 16) and content["clips"].dtype == np.uint8
    moves = {name: np.array(move) for move, name in demonstration.DIRECTIONS.items()}
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
        np.load(demonstration.moving_digits(tmp_path / name, train=5, valid=2, seed=seed)[0][0])["clips"]
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_python_tokens(tmp_path: Path) -> None:
    (train,), (valid,) = demonstration.python_tokens(tmp_path, tokens=30_000)
    parts = [[json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in (train, valid)]
    for part in parts:
        assert part and all(len(row["tokens"]) == len(row["tags"]) > 1 for row in part)
        assert all(token.strip() for row in part for token in row["tokens"])
    counts = Counter(tag for row in parts[0] for tag in row["tags"])
    assert {"function", "parameter", "call", "method", "attribute", "argument", "assigned", "name"} <= set(counts)
    usual: dict[str, Counter[str]] = {}
    for row in parts[0]:
        for token, tag in zip(row["tokens"], row["tags"], strict=True):
            usual.setdefault(token, Counter())[tag] += 1
    guesses = [
        usual[token].most_common(1)[0][0] == tag if token in usual else tag == "name"
        for row in parts[1]
        for token, tag in zip(row["tokens"], row["tags"], strict=True)
    ]
    assert np.mean(guesses) < 0.9, "the token alone does not decide"


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        ("def f(a, *b, c=d):", "keyword function operator parameter operator operator parameter operator "
         "parameter operator name operator operator"),
        ("class A(B.C):", "keyword class operator name operator attribute operator operator"),
        ("from a.b import c", "keyword module operator module keyword imported"),
        ("import a as b", "keyword module keyword module"),
        ("x = f(y, z=1).g('s') # why", "assigned operator call operator name operator argument operator number "
         "operator operator method operator string operator comment"),
        ("if x == [y]:", "keyword name operator operator name operator operator"),
    ],
)  # fmt: skip
def test_what_tokens_are_called(line: str, tags: str) -> None:
    tokens = [
        token
        for token in tokenize.tokenize(BytesIO(line.encode()).readline)
        if token.type != tokenize.ENCODING and token.string.strip()
    ]
    assert demonstration.token_labels(tokens) == tags.split()


@pytest.mark.parametrize(
    ("make", "module", "package"),
    [
        (demonstration.names_by_country, "faker.providers.person.hr_HR", "Faker"),
        (demonstration.moving_digits, "sklearn.datasets", "scikit-learn"),
        (demonstration.handwritten_digits, "PIL.Image", "Pillow"),
    ],
)
def test_without_its_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"needs {package}: pip install 'throughtime\[demo\]'"):
        make(tmp_path)
