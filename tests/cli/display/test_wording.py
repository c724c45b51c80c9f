"""What both displays say."""

from __future__ import annotations

import pytest
from short_training import step

from throughtime.cli.display.wording import Pace, clock


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (75, "1:15"), (3675, "1:01:15")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_the_time_left_follows_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([100.0, 110.0])
    monkeypatch.setattr("throughtime.cli.display.wording.time.monotonic", lambda: next(now))
    pace = Pace()
    pace.add(step(10))
    assert pace.left(0.10) == "?"
    assert pace.left(0.20) == "1:20", "10 s for a tenth: 80 s for the other eight"
