"""What the demo ``stock`` shows, and that it says so where the random walk is better."""

from __future__ import annotations

from pathlib import Path

import pytest
from forecasting_run import Forecaster
from made_up_run import shown

from throughtime.cli.demos.stock import DEMO


@pytest.mark.parametrize(
    ("mae", "said"),
    [(12.0, "The network does not win: off by 20.0 % more than"), (9.5, "The network wins: off by 5.0 % less than")],
)
def test_stock(mae: float, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # a long path would not fit in a line
    Path("share.csv").write_text("date,close\n2008-10-14,362.71\n", encoding="utf-8")
    run = Forecaster((mae, 9.0, 0.8), last_value=(10.0, 9.1, 0.69), drift=(11.0, 9.2, 0.7))
    lines = shown(DEMO, run, Path()).splitlines()
    verdict = lines.index(said)
    assert lines[verdict + 1] == "last value"
    text = " ".join(lines)
    assert "best guess for tomorrow is the price of today" in text
    assert "the network's 80 % intervals held 80 %, those of the last value repeated 69 %." in text
    assert "What comes after 2008-10-14, when close was 362.7" in lines
