"""Every option of every task does something: changing it changes the run, and an option without a case fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from left_behind import tensors_of, timeless_metrics
from option_cases import BASE, DATA, NOISY, Make, cases_of

import throughtime as tt
from throughtime.errors import DataError
from throughtime.tasks import TASKS, config_class
from throughtime.training.options import options_of
from throughtime.training.reporter import SilentReporter

CASES = [(task, name) for task in DATA for name in cases_of(task)]


class Counter(SilentReporter):
    """Counts checkpoints."""

    def __init__(self) -> None:
        self.count = 0

    def checkpointed(self, path: Path) -> None:
        self.count += 1


def trace(folder: Path, task: str, make: Make, options: Mapping[str, Any]) -> tuple[object, ...]:
    """All that a run leaves behind and that does not tell the time."""
    counter = Counter()
    run = tt.fit(task, folder / make(task), out=folder / "run", reporter=counter, device="cpu", **options)
    trained = tensors_of(run.path, "trainer.safetensors")
    weights = {name: tensor for name, tensor in trained.items() if name.startswith("weights/")}
    best = tensors_of(run.path)
    inputs = [path.read_text() for path in map(run.path.joinpath, ("vocabulary.json", "inputs.json")) if path.exists()]
    assert weights and best and len(inputs) == 1
    return timeless_metrics(run.path), weights, best, inputs, counter.count, run.rivals


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Gives a new folder, and goes there."""
    count = iter(range(9))

    def new() -> Path:
        (folder := tmp_path / str(next(count))).mkdir()
        monkeypatch.chdir(folder)
        return folder

    return new


@pytest.mark.parametrize("task", TASKS)
def test_every_option_is_tried(task: str) -> None:
    assert sorted(cases_of(task)) == sorted(option.name for option in options_of(config_class(task)))


@pytest.mark.parametrize(("task", "name"), CASES)
def test_an_option_changes_the_run(task: str, name: str, folders: Callable[[], Path]) -> None:
    case = cases_of(task)[name]
    make, base = case.make or DATA[task], {**BASE[task], **case.more}
    changed = {**base, name: case.value}
    if case.needed:
        with pytest.raises(DataError):
            trace(folders(), task, make, base)
        assert trace(folders(), task, make, changed)
        return
    first = trace(folders(), task, make, base)
    if case.refused:
        with pytest.raises(DataError, match=case.refused):
            trace(folders(), task, make, changed)
        return
    assert first != trace(folders(), task, make, changed)


@pytest.mark.parametrize("task", DATA)
def test_nothing_changed_changes_nothing(task: str, folders: Callable[[], Path]) -> None:
    noisy = {**BASE[task], **NOISY[task], "seed": 3}
    assert trace(folders(), task, DATA[task], noisy) == trace(folders(), task, DATA[task], noisy)
