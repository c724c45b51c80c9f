"""Several inputs of a record are read side by side, each by its own features, under its own name."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from throughtime.data.encoding.building import build_features, load_features
from throughtime.data.encoding.items import FrameItems, TokenItems
from throughtime.data.encoding.joined import CONTENT, JoinedFeatures, JoinedItems, part_of
from throughtime.data.record import Record

RECORDS = [
    Record("abc", "x", "row 1", beside={"question": "who is it", "sound": np.ones((2, 3), np.float32)}),
    Record("b", "y", "row 2", beside={"question": "who", "sound": np.zeros((4, 3), np.float32)}),
]


def features() -> JoinedFeatures:
    parts = {name: [part_of(record, name) for record in RECORDS] for name in (CONTENT, "question", "sound")}
    units = {CONTENT: "characters", "question": "words", "sound": None}
    return JoinedFeatures(
        {name: build_features(part, unit=units[name], spelled=False, per_word=False) for name, part in parts.items()}  # type: ignore[arg-type]
    )


def test_each_input_has_its_arrays_under_its_name() -> None:
    items = features().items(RECORDS)
    batch = items.batch([1, 0])
    assert set(batch) == {
        "content_tokens", "content_lengths", "question_words", "question_lengths", "sound_frames", "sound_lengths",
    }  # fmt: skip
    for name in (CONTENT, "question", "sound"):
        alone = features().parts[name].items([part_of(record, name) for record in RECORDS]).batch([1, 0])
        for array, values in alone.items():
            assert np.array_equal(batch[f"{name}_{array}"], values)
    assert batch["question_lengths"].tolist() == [1, 3]


def test_the_first_input_tells_the_lengths_of_the_whole() -> None:
    items = features().items(RECORDS)
    assert items.lengths.tolist() == items.answered.tolist() == [3, 1]


def test_the_key_is_that_of_every_input() -> None:
    whole = features().items(RECORDS).content_key
    other = [RECORDS[0], replace(RECORDS[1], beside={**RECORDS[1].beside, "question": "it"})]
    assert features().items(other).content_key != whole == features().items(RECORDS).content_key
    parts = {"a": TokenItems([np.array([1])]), "b": FrameItems([np.ones((1, 1), np.float32)])}
    assert JoinedItems(parts).content_key != JoinedItems(dict(zip("ba", parts.values(), strict=True))).content_key


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (RECORDS[0], None),
        (replace(RECORDS[0], beside={"question": "who"}), "it has no sound"),
        (replace(RECORDS[0], beside={**RECORDS[0].beside, "question": "."}), None),
        (replace(RECORDS[0], beside={**RECORDS[0].beside, "question": " "}), "its question: the text ' ' has no word"),
        (replace(RECORDS[0], content=np.ones((1, 1), np.float32)), "it holds numbers, but the network reads text"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_input(record: Record, problem: str | None) -> None:
    found = features().problem(record)
    assert found == problem or (problem is not None and str(found).startswith(problem))


def test_they_are_saved_and_loaded() -> None:
    built = features()
    loaded = load_features(json.loads(json.dumps(built.to_mapping())))
    assert loaded.to_mapping() == built.to_mapping() and loaded.describe() == built.describe()
    assert built.describe()["question_words"] == 3 and built.describe()["vocabulary"] == 5
    with pytest.raises(ValueError, match="there is no kind of features"):
        load_features({"kind": "joined", "parts": {"a": {"kind": "smell"}}})
    with pytest.raises(ValueError, match="a part is missing"):
        load_features({"kind": "joined"})
