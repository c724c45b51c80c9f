"""What the demo ``answer`` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from made_up_run import shown

from throughtime.cli.demos.answer import DEMO
from throughtime.data.encoding.statements import statement_places
from throughtime.data.reading import Reading
from throughtime.tasks.supervised.prediction import Answered

STORY = "".join(f"{n} Mary went to the garden.\n" for n in range(1, 16)) + "16 Where is the milk?\tgarden\t2 1\n"


class Reader:
    """Stands for a run: says garden, and looks at the second statement, then at the first."""

    def __init__(self) -> None:
        how = Reading(target_type="spans", beside_columns=(("question", "question"),))
        self.model = SimpleNamespace(reading=how, predict=self._predict)

    def _predict(self, records: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        for record in records:
            places = tuple(statement_places(record.content))
            looked = np.zeros((2, len(places)), np.float32)
            looked[0, 1], looked[1, 0] = 0.9, 0.8
            yield record, Answered("garden", 0.9, places=places, looked=looked)


def test_stories_with_what_was_looked_at(tmp_path: Path) -> None:
    longer = STORY.replace("16 Where", "".join(f"{n} John sat.\n" for n in range(16, 60)) + "60 Where")
    (tmp_path / "stories-valid.txt").write_text(STORY + STORY.replace("milk?\tgarden", "milk?\toffice") + longer)
    text = shown(DEMO, Reader(), tmp_path)
    assert "Where is the milk? garden (is garden)" in text and "Where is the milk? garden (is office)" in text
    assert text.count("  Mary went to the garden.  ← look 1: 90%") == 2
    assert text.count("  Mary went to the garden.  ← look 2: 80%") == 2
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert f"15 to 29 {'█' * 10} 50.0%" in lines and f"45 to 60 {'█' * 20} 100.0%" in lines
    assert text.splitlines()[-1] == "66.7% of 3 questions right, about stories it has not seen"
