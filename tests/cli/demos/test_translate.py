"""What the demo ``translate`` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from made_up_run import shown

from throughtime.cli.demos.translate import DEMO
from throughtime.data.reading import Reading

GREEK = "3 Απριλίου 2021"


class Translator:
    """Stands for a run: writes what it is told to, else what is right, and looks at one character for each."""

    def __init__(self, wrong: Mapping[str, str], *, attends: bool = True) -> None:
        self.model = SimpleNamespace(reading=Reading(target_type="sequences"), predict=self._predict)
        self.wrong, self.attends = wrong, attends

    def _predict(self, records: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        for record in records:
            said = self.wrong.get(record.content, record.target.right[0])
            attention = np.zeros((len(said), len(record.content)), np.float32)
            attention[np.arange(len(said)), np.arange(len(said)) % len(record.content)] = 0.75
            attention[:, -1] += 0.25
            yield (
                record,
                SimpleNamespace(
                    value=said,
                    attention=attention if self.attends else None,
                    tokens=tuple(said),
                    source_tokens=tuple(record.content),
                ),
            )


@pytest.fixture
def dates(tmp_path: Path) -> Path:
    rows = [
        (GREEK, "2021-04-03", "Greek"),
        ("5/4/21", "2021-04-05", "Greek"),
        ("April 3, 2021", "2021-04-03", "English"),
        ("2021年4月3日", "2021-04-03", "Japanese"),
        *((f"{day}. Mai 1999", f"1999-05-{day}", "German") for day in range(10, 19)),
        ("3 mai 1999", "1999-05-03", "Romanian"),
        ("3. toukokuuta 1999", "1999-05-03", "Finnish"),
        ("3. mai 1999", "1999-05-03", "Estonian"),
    ]
    lines = ["source\ttarget\tlanguage", *("\t".join(row) for row in rows)]
    (tmp_path / "dates-valid.tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path


def test_dates_that_are_right_and_wrong(dates: Path) -> None:
    text = shown(DEMO, Translator({GREEK: "2021-04-08", "11. Mai 1999": "1999-05-12"}), dates)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "2021-04-08 2021-04-03 ✗ Greek 3 Απριλίου 2021" in lines
    assert "2021-04-03 2021-04-03 ✓ Japanese 2021年4月3日" in lines
    assert not [line for line in lines if "Mai" in line], "one of each language that is shown"
    least = text.split("The languages it knows least")[1].splitlines()[1:]
    assert [line.split()[0] for line in least[:5]] == ["Greek", "German", "English", "Estonian", "Finnish"]
    assert least[0] == f"  Greek        {'█' * 10}{' ' * 11} 50.0%"
    assert least[1] == f"  German       {'█' * 18}{' ' * 3} 88.9%" and "100.0%" in least[2] and not least[5]
    assert text.splitlines()[-1] == "87.5% of 16 dates right, in 7 languages", "two are wrong"


def test_where_it_looks(dates: Path) -> None:
    text = shown(DEMO, Translator({GREEK: "2021"}), dates)
    assert text.count("Where it looks") == 2
    grid = text.split("(down), Greek\n")[1].splitlines()[:6]
    assert grid == [
        "    3 Απριλίου 2021",
        "  2 ▓             ░",
        "  0  ▓            ░",
        "  2   ▓           ░",
        "  1    ▓          ░",
        "",
    ]
    assert "Where it looks" not in shown(DEMO, Translator({}, attends=False), dates), "a network without attention"


def test_a_character_two_cells_wide_keeps_its_column(dates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.cli.demos.translate.LOOKED_AT", ("Japanese",))
    text = shown(DEMO, Translator({"2021年4月3日": "202104"}), dates)
    grid = text.split("(down), Japanese\n")[1].splitlines()[:7]
    assert grid[0] == "    2021年4月3日"
    assert grid[5] == "  0     ▓▓    ░░", "both cells of the year's sign are dark"
    assert grid[6] == "  4       ▓   ░░", "and what is behind it stands below its own character"
