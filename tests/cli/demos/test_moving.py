"""What the demo ``moving`` shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from made_up_run import Oracle, shown

from throughtime.cli.demos.moving import DEMO
from throughtime.data.reading import Reading


def clips(folder: Path) -> Path:
    frames = np.zeros((2, 9, 16, 16), np.uint8)
    frames[:, :, 0, 0] = 255
    frames[:, :, 1, 1] = 255
    labels = np.array([["7:up-right"] * 9, ["8:down-left"] * 9])
    np.savez(folder / "moving-valid.npz", clips=frames, labels=labels)
    return folder


def test_a_clip(tmp_path: Path) -> None:
    right = ("8:down-left",) * 9
    said = (*right[:8], "3:down-left")
    text = shown(DEMO, Oracle(Reading(per_step=True), {str(right): said}), clips(tmp_path))
    assert "│▀▄              │  │▀▄" in text
    assert "1: 7 ↗ ✓" in text and "8: 7 ↗ ✓" in text and "9: 7" not in text
    worst = text.split("The clip it reads worst: 1 of 9 frames wrong")[1]
    assert "9: 3 ↙ ✗ 8 ↙" in worst, "the wrong frame is among those that are drawn"
    assert "94.4% of 18 frames right (digit 94.4%, direction 100.0%); a blind guess: 2.5%" in text
    assert "worst" not in shown(DEMO, Oracle(Reading(per_step=True)), tmp_path)
