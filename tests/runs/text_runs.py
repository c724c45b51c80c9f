"""Small runs of generate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import throughtime as tt
from throughtime.training.reporter import SilentReporter

TEXT = "It was the best of times, it was the worst of times. " * 30
SMALL: dict[str, Any] = {
    "hidden": 8, "embedding": 4, "lanes": 2, "tbptt": 8, "steps": 6, "validate_every": 3, "sample_every": 3,
    "warmup": 0, "learning_rate": 0.01,
}  # fmt: skip


class Notes(SilentReporter):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def fit(data: Path | list[Path] | None, out: Path | None, **how: Any) -> tt.Run:
    return tt.fit("generate", data, out=out, **{"reporter": SilentReporter(), **SMALL, **how})
