"""What the demo ``caption`` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from made_up_run import shown

from throughtime.cli.demos.caption import DEMO
from throughtime.data.demos.captions import captioned_digits
from throughtime.data.reading import Reading


class Captioner:
    """Stands for a run: writes what is right but for the first pictures, and looks at the upper left corner."""

    def __init__(self, wrong: int, *, attends: bool = True) -> None:
        reading = Reading(target_type="sequences", image_steps="none")
        self.model = SimpleNamespace(reading=reading, predict=self._predict)
        self.wrong, self.attends = wrong, attends

    def _predict(self, records: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        for number, record in enumerate(records):
            said = "a picture" if number < self.wrong else record.target.right[0]
            attention = np.full((len(said.split()), 16), 0.01)
            attention[:, 0] = 0.85
            tokens = tuple(f" {word}" for word in said.split())
            yield record, SimpleNamespace(value=said, attention=attention if self.attends else None, tokens=tokens)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    captioned_digits(folder, train=1, valid=20)
    return folder


def test_pictures_with_what_was_said_rightly_and_wrongly(pictures: Path) -> None:
    text = shown(DEMO, Captioner(2), pictures, width=120)
    assert "90.0% of 20 captions right in every word" in text
    wrong = text.partition("Said wrongly")[2]
    assert wrong.count("a picture") == 2 and wrong.count("right: a") == 2
    looks = text.partition("Where it looks for the name of each digit")[2]
    assert looks.count("██") >= 4, "the first place of each of the four names"


def test_without_mistakes_and_without_attention_there_is_less_to_show(pictures: Path) -> None:
    text = shown(DEMO, Captioner(0, attends=False), pictures, width=120)
    assert "Said wrongly" not in text and "Where it looks" not in text and "100.0% of 20" in text
