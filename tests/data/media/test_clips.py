"""Folders of frames are clips; what does not fit together is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_media import image
from small_readers import refusal

from throughtime.data.media.clips import load_clip, load_clip_labels, natural
from throughtime.data.reading import Reading
from throughtime.errors import DataError

STEPS = Reading(per_step=True)


def test_a_folder_of_frames_in_the_order_people_count(tmp_path: Path) -> None:
    for number in (10, 9, 1, 2):
        image(tmp_path / f"Frame{number}.png", shade=number)
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "labels.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\nnine\r\nten")
    frames = load_clip(tmp_path, STEPS, print)
    assert frames.shape == (4, 6)
    np.testing.assert_allclose(frames[:, 0] * 255, [1, 2, 9, 10], rtol=1e-6)
    assert load_clip_labels(tmp_path, 4, STEPS, lambda _: None) == ("one", "two", "nine", "ten")
    assert load_clip(tmp_path, Reading(colour=True), print).shape == (4, 18)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (None, "no labels.txt"),
        ("a\n", "2 frames and 1 lines in labels.txt"),
        ("a\nb\nc\n", "2 frames and 3 lines"),
        ("a\n\n", "labels.txt, line 2 is empty"),
        ("", "labels.txt is empty"),
    ],
)
def test_labels_that_do_not_fit_the_frames(tmp_path: Path, labels: str | None, words: str) -> None:
    if labels is not None:
        (tmp_path / "labels.txt").write_text(labels)
    with pytest.raises(DataError, match=words):
        load_clip_labels(tmp_path, 2, STEPS, print)


def test_folders_that_are_no_clips(tmp_path: Path) -> None:
    def refused_folder() -> str:
        return refusal(load_clip, tmp_path, STEPS, print).removeprefix(f"{tmp_path}: ")

    assert refused_folder().startswith("no frames")
    image(tmp_path / "a1.png")
    image(tmp_path / "a2.png", width=5)
    assert refused_folder() == "a2.png is 5 x 3 pixels, a1.png is 2 x 3; make all frames equally large"
    (tmp_path / "a2.png").write_bytes(b"")
    assert "a2.png: not an image" in refused_folder()
    (tmp_path / "notes.md").write_text("")
    assert refused_folder().startswith("notes.md is no image")


def test_natural_order() -> None:
    assert sorted(["b", "a10", "a2", "a02", "A1", "10", "9"], key=natural) == ["9", "10", "A1", "a02", "a2", "a10", "b"]
