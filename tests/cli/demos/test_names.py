"""What the demo ``names`` shows."""

from __future__ import annotations

from pathlib import Path

from made_up_run import Oracle, shown

from throughtime.cli.demos.names import DEMO
from throughtime.data.reading import Reading


def test_names(tmp_path: Path) -> None:
    (tmp_path / "names-train.csv").write_text("name,country\nVirtanen,Finland\n", encoding="utf-8")
    (tmp_path / "names-valid.csv").write_text("name,country\nAho,Finland\nRey,Spain\nSoto,Spain\n", encoding="utf-8")
    text = shown(DEMO, Oracle(Reading(target_column="country"), {"Spain": "Italy"}), tmp_path)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines.index("Finland ████████████████████ 100%") < lines.index("Spain 0% else mostly Italy")
    assert "Virtanen * Finland 60% Spain 30% Italy 10%" in lines
    assert "Rossi Finland 60% Spain 30% Italy 10%" in lines
    assert lines[-1] == "33.3% of 3 surnames right; a blind guess: 50.0%"
