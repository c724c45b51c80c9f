"""What the demo ``digits`` shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from made_up_run import Oracle, shown

from throughtime.cli.demos.digits import DEMO
from throughtime.data.reading import Reading


def test_digits(tmp_path: Path) -> None:
    from PIL import Image

    for label, value in (("3", 0), ("5", 255)):
        for number in range(2):
            path = tmp_path / "valid" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8), value, np.uint8)).save(path)
    text = shown(DEMO, Oracle(Reading(), {"5": "3"}), tmp_path)
    assert ("█" * 16 + "  " + "█" * 16) in text.split("Read wrongly")[1]
    assert "3, is 5 (75%)" in text and "3 (75%)" in text
    assert "       3   5\n    3   2   ·\n    5   2   ·\n" in text
    assert "50.0% of 4 digits right" in text
    assert "Read wrongly" not in shown(DEMO, Oracle(Reading()), tmp_path)
