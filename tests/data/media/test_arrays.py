"""Clips out of arrays, with their labels; what does not fit together is refused in one line."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from small_media import arrays as saved
from small_readers import refusal

from throughtime.data.media.arrays import load_array, read_array_clips, to_target
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.errors import DataError

STEPS = Reading(per_step=True)
WHOLE = Reading()


def read(path: Path, how: Reading = STEPS, *, targets: bool = True) -> list[Record]:
    return list(read_array_clips(path, how, Problems(), targets=targets))


refused = partial(refusal, read, first=True)


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).normal(size=(3, 2, 5))
    (record,) = read(saved(tmp_path / "a.npz", frames=frames, labels=["run", "run", " fall "]))
    assert isinstance(record.content, np.ndarray) and record.content.dtype == np.float32
    np.testing.assert_array_equal(record.content, frames.reshape(3, 10).astype(np.float32))
    assert record.target == ("run", "run", "fall")
    assert record.place == record.original == str(tmp_path / "a.npz")


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, np.float16, np.float64, np.bool_, ">f4"])
def test_numbers_stay_as_they_are_but_bytes_become_0_to_1(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "a.npy", np.array([[0, 1]]).astype(dtype))
    assert load_array(tmp_path / "a.npy").tolist() == [[0, 1]]
    np.save(tmp_path / "b.npy", np.array([[0, 51, 255]], np.uint8))
    np.testing.assert_array_equal(load_array(tmp_path / "b.npy"), np.float32([[0, 51 / 255, 1]]))


def test_a_column_of_numbers_is_a_series_of_one_feature(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(4.0))
    (record,) = read(tmp_path / "a.npy", targets=False)
    assert np.shape(record.content) == (4, 1) and record.target is None


def test_many_clips_in_a_file(tmp_path: Path) -> None:
    clips = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    path = saved(tmp_path / "a.npz", clips=clips, labels=np.array([[1, 2, 3], [4, 5, 6]]))
    first, second = read(path)
    assert (first.target, second.target) == (("1", "2", "3"), ("4", "5", "6"))
    np.testing.assert_array_equal(second.content, clips[1].reshape(3, 4))
    assert (second.place, second.original) == (f"{path}: clip 1", f"{path}[1]")
    assert [record.target for record in read(path, WHOLE, targets=False)] == [None, None]
    path = saved(tmp_path / "b.npz", clips=clips, labels=["walk", "run"])
    assert [record.target for record in read(path, WHOLE)] == ["walk", "run"]


@pytest.mark.parametrize(
    ("label", "how", "target"),
    [
        ("walk", WHOLE, "walk"),
        (b"walk", WHOLE, "walk"),
        (7, WHOLE, "7"),
        (0.5, Reading(target_type="number"), 0.5),
        (["sad", "slow"], Reading(target_type="labels"), ("sad", "slow")),
        ("sad,slow", Reading(target_type="labels"), ("sad", "slow")),
        ("", Reading(target_type="labels"), ()),
    ],
)
def test_a_label_of_a_clip(tmp_path: Path, label: object, how: Reading, target: object) -> None:
    (record,) = read(saved(tmp_path / "a.npz", frames=np.ones((2, 2)), label=label), how)
    assert record.target == target


@pytest.mark.parametrize(
    ("arrays", "how", "words"),
    [
        ({"x": np.ones(3), "y": np.ones(3)}, STEPS, r"no array 'frames' in it (arrays there: 'x', 'y')"),
        ({"frames": np.ones((2, 2))}, STEPS, "no array 'labels' in it (arrays there: 'frames')"),
        ({"frames": np.ones((2, 2))}, WHOLE, "no array 'label' in it"),
        ({"frames": np.ones((2, 2)), "labels": ["a"]}, STEPS, "2 frames and labels of shape (1,)"),
        ({"frames": np.ones((2, 2)), "labels": ["a", " "]}, STEPS, "an empty label"),
        ({"frames": np.ones((2, 2)), "labels": [0.5, 1]}, STEPS, "labels of type float64"),
        ({"frames": np.ones((2, 2)), "labels": [b"\xff", b"a"]}, STEPS, "is not UTF-8"),
        ({"frames": np.ones((2, 2)), "label": ["a", "b"]}, WHOLE, "where one for the whole clip is needed"),
        ({"frames": np.ones((2, 2)), "label": "x"}, Reading(target_type="number"), "'x' is not a number"),
        ({"frames": np.ones((2, 2)), "label": np.nan}, Reading(target_type="number"), "'nan' is not a finite number"),
        ({"frames": np.ones((0, 2)), "labels": []}, STEPS, "labels of type float64"),
        ({"frames": np.ones((0, 2)), "labels": np.empty(0, str)}, STEPS, "no frames: an array of shape (0, 2)"),
        ({"frames": np.array([[1], [np.nan]]), "labels": ["a", "b"]}, STEPS, "frame 1 holds what is no finite number"),
        ({"frames": np.array([[1e300]]), "labels": ["a"]}, STEPS, "frame 0 holds what is no finite number"),
        ({"frames": np.array(["a"]), "labels": ["a"]}, STEPS, "frames of type <U1"),
        ({"frames": np.array([1j]), "labels": ["a"]}, STEPS, "frames of type complex128"),
        ({"frames": np.array([[1], None], object), "labels": ["a"]}, STEPS, "could hold code"),
        ({"frames": np.ones((1, 1)), "labels": np.array(["a"], object)}, STEPS, "np.array(labels, dtype=str)"),
        ({"clips": np.ones(3), "labels": ["a"]}, STEPS, "'clips' of shape (3,)"),
        ({"clips": np.ones((3, 2, 1)), "labels": ["a"]}, STEPS, "3 clips and labels of shape (1,)"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path: Path, arrays: dict[str, object], how: Reading, words: str) -> None:
    assert words in refused(saved(tmp_path / "a.npz", **arrays), how)


def test_a_bad_clip_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    clips = np.ones((3, 2, 1))
    clips[1, 1] = np.nan
    path = saved(tmp_path / "a.npz", clips=clips, labels=[["a", "b"]] * 3)
    problems = Problems(skip=True)
    assert len(list(read_array_clips(path, STEPS, problems, targets=True))) == 2
    assert [message.split(" holds")[0] for message in problems.skipped] == [f"{path}: clip 1: frame 1"]


def test_what_is_not_needed_may_be_anything(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", frames=np.ones((2, 2)), made_by=np.array([{"me": 1}], object))
    assert load_array(path).shape == (2, 2)


def test_broken_files(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.npz", frames=np.arange(100.0), labels=["a"] * 100).read_bytes()
    np.save(tmp_path / "whole.npy", np.arange(100.0))
    single = (tmp_path / "whole.npy").read_bytes()
    cases = {
        "no.npz": (None, "no such file"),
        "empty.npz": (b"", "broken"),
        "text.npz": (b"frames", "broken"),
        "cut.npz": (whole[:500], "broken"),
        "bits.npz": (whole.replace(b"\x08\x40", b"\x08\x41", 3), "broken"),
        "text.npy": (b"frames", "broken"),
        "cut.npy": (single[:300], "broken"),
        "large.npy": (single.replace(b"(100,)", b"(10**15,)"), "broken"),
        "vast.npy": (single.replace(b"(100,), }     ", b"(99999999999,)}"), "broken|larger than the memory"),
    }
    for name, (content, words) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        assert any(word in refused(tmp_path / name, targets=False) for word in words.split("|")), name
    assert "is a folder" in refused(tmp_path, targets=False)


def test_targets_out_of_text() -> None:
    assert to_target(" a ", WHOLE) == "a"
    several = Reading(target_type="labels", label_separator=";")
    assert to_target("a; b;a", several) == ("a", "b") and to_target(" ", several) == ()
    for text, how in (("", WHOLE), ("  ", WHOLE), ("a;;b", several)):
        with pytest.raises(DataError, match="an empty label"):
            to_target(text, how)
    for text in ("x", "1_0", "inf"):
        with pytest.raises(DataError, match="is not a"):
            to_target(text, Reading(target_type="number"))
