"""A run that is made up, and what a demo shows of it, on terminals with and without colours."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.data.reading import Reading
from throughtime.tasks.supervised.prediction import Prediction


class Oracle:
    """Stands for a run: knows the right answers, but for some that it is told to get wrong."""

    def __init__(self, reading: Reading, wrong: dict[str, Any] | None = None) -> None:
        self.model = SimpleNamespace(reading=reading, predict=self._predict)
        self.wrong = wrong or {}

    def _predict(self, records: Iterable[Any]) -> Iterator[tuple[Any, Prediction]]:
        for record in records:
            said = self.wrong.get(str(record.target), record.target)
            yield record, Prediction(said, 0.75, {said: 0.75, "Elsewhere": 0.25})

    def predict(self, data: Sequence[Any], note: object = None) -> list[Prediction]:
        if isinstance(data[0], str):
            return [Prediction("Finland", 0.6, {"Spain": 0.3, "Finland": 0.6, "Italy": 0.1}) for _ in data]
        return [Prediction(tuple("call" if word == "open" else "name" for word in line["tokens"])) for line in data]


def shown(demo: Demo, run: Any, data: Path, *, colours: bool = False, width: int = 80) -> str:
    file = io.StringIO()
    system = "standard" if colours else None
    console = Console(
        file=file, force_terminal=colours, width=width, color_system=system, no_color=not colours, highlight=False
    )
    demo.show(console, run, data)
    text = file.getvalue()
    if not colours:
        assert all(len(line) <= width and line == line.rstrip() for line in text.splitlines()), text
    return text
