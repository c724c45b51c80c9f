"""What the tests of memory tasks share: a small one in place of the catalogue's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from throughtime.bench.memory import catalogue, running
from throughtime.bench.memory.task import MemoryTask


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, MemoryTask]]:
    """All tasks, with few items, few steps and small networks, in an empty folder."""
    tiny = {"hidden": 6, "embedding": 4, "steps": 3, "batch_size": 8}
    tasks = {
        name: replace(task, examples=40, options={**task.options, **tiny}, of_cell={})
        for name, task in catalogue.TASKS.items()
    }
    for name, task in tasks.items():
        monkeypatch.setitem(catalogue.TASKS, name, task)
    monkeypatch.setattr(running, "TESTED", 20)
    monkeypatch.setattr(running, "VALIDATED", 20)
    monkeypatch.chdir(tmp_path)
    yield tasks
