"""What the demo ``weather`` shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from forecasting_run import Forecaster
from made_up_run import shown

from throughtime.cli.demos.weather import DEMO


def test_weather(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # a long path would not fit in a line
    table = Path("seattle.csv")
    table.write_text("date,temp_max\n2015-12-30,5.0\n2015-12-31,5.58\n", encoding="utf-8")
    run = Forecaster((2.5, 1.9, 0.794), last_value=(3.0, 2.2, 0.83), slot_mean=(2.9, 2.3, 0.7))
    lines = [" ".join(line.split()) for line in shown(DEMO, run, Path()).splitlines()]
    assert "2015, which it has not seen: three days ahead, asked on 363 days" in lines
    scores = ["the network 2.50 1.90 79 %", "slot mean 2.90 2.30 70 %", "last value 3.00 2.20 83 %"]
    at = lines.index("off by CRPS inside 80 %")
    assert lines[at + 1 : at + 4] == scores, "the best first"
    won = lines.index("The network wins: off by 13.8 % less than")
    assert lines[won + 1] == "slot mean"
    assert "What comes after 2015-12-31, when temp_max was 5.6" in lines
    assert lines[-3:-1] == ["2016-01-01 6.6 -4.2 to 8.7", "2016-01-02 7.4 4.3 to 10.4"]
    assert lines[-1] == "picture: forecast.svg"
    assert [each["data"] for each in run.asked] == [table, table]
