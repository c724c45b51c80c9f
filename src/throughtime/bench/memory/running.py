"""A memory task learned by some cells with some seeds: items made, ordinary runs, their scores at each length."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from throughtime.bench.memory.task import MemoryTask
from throughtime.bench.results import conditions
from throughtime.errors import UnknownNameError, UsageError
from throughtime.models.parts.cells import CELLS
from throughtime.runs import fit
from throughtime.training.files import write_json
from throughtime.training.reporter import Reporter

__all__ = ["RESULTS_FILE", "Asked", "Results", "run"]

Results = dict[str, Any]
"""What was asked and what was found, as the JSON file holds it."""
RESULTS_FILE = "results.json"
VALIDATED, TESTED = 200, 1000
"""Items that are validated on, once at the end, and that are tested at each length."""
SAMPLED = 2000
"""Items that the constant answer is made of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be run."""

    task: MemoryTask
    """The task."""
    cells: Sequence[str]
    """The cells, one after the other."""
    length: int
    """The longest items that are learned from."""
    lengths: Sequence[int]
    """The lengths that are tested, growing."""
    seeds: Sequence[int]
    """A run with each of them: of its items, its weights and the order."""
    max_minutes: float | None = None
    """The training of each run stops after this time."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options of the task in place of the catalogue's."""
    command: str = ""
    """What was typed."""

    def check(self) -> None:
        """See that all of it can be run.

        Raises:
            UnknownNameError: there is no such cell.
            UsageError: a length that makes no sense, or one where the data gives it.
        """
        for cell in self.cells:
            if cell not in CELLS:
                raise UnknownNameError("cell", cell, CELLS)
        given = {self.length, *self.lengths} - {self.task.length}
        if self.task.fixed and given:
            raise UsageError(f"{self.task.name} has {self.task.length} {self.task.called}, and not {min(given)}")
        self.task.items(1, self.task.learned(self.length), seed=0, part="train")
        for length in self.lengths:
            self.task.to_test(length, seed=0, count=1)


def run(
    asked: Asked,
    *,
    folder: Path | None,
    watch: Callable[[str, int], Reporter],
    told: Callable[[Mapping[str, Any]], None],
    keep: bool = False,
) -> Results:
    """Learn a task with each cell and seed, and score what was learned at each length.

    Args:
        asked: what is to be run.
        folder: where ``results.json`` is written after every run; None writes none.
        watch: gives what is told of the training of a cell with a seed.
        told: called with what came of each run.
        keep: leave each run in the folder too, by cell and seed, in place of what is there.

    Returns:
        What was asked and found.

    Raises:
        KeyboardInterrupt: a run was interrupted; those before it are in the file.
        UsageError: an option that cannot be honoured.
    """
    asked.check()
    results = _begun(asked)
    for cell in asked.cells:
        for seed in asked.seeds:
            where = folder / f"{cell}-{seed}" if folder is not None and keep else None
            results["runs"].append(found := _one(asked, cell, seed, where, watch(cell, seed)))
            told(found)
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                write_json(folder / RESULTS_FILE, results)
    return results


def _begun(asked: Asked) -> Results:
    """All that is known before the first run."""
    task, seed = asked.task, asked.seeds[0]
    shown = task.items(SAMPLED, task.learned(asked.length), seed=seed, part="train")
    answer = task.measure.constant(shown[:SAMPLED])
    constant: dict[str, float] = {}
    for length in asked.lengths:
        tested = list(task.to_test(length, seed=seed, count=TESTED))
        constant[str(length)] = task.measure.score(tested, [answer(content) for content, _ in tested])
    return {
        "task": task.name,
        "measure": task.measure.name,
        "longest": asked.length,
        "lengths": list(asked.lengths),
        "command": asked.command,
        "conditions": conditions(),
        "max_minutes": asked.max_minutes,
        "settings": {cell: task.settings(cell, asked.length, asked.options) for cell in asked.cells},
        "constant": constant,
        "runs": [],
    }


def _one(asked: Asked, cell: str, seed: int, where: Path | None, reporter: Reporter) -> dict[str, Any]:
    """Learn it once, and score it."""
    task, learned = asked.task, asked.task.learned(asked.length)
    began = time.process_time()
    trained = fit(
        task.task,
        task.items(task.examples, learned, seed=seed, part="train"),
        valid=task.items(VALIDATED, learned, seed=seed, part="valid"),
        out=where,
        overwrite=where is not None,
        max_minutes=asked.max_minutes,
        reporter=reporter,
        seed=seed,
        **task.settings(cell, asked.length, asked.options),
    )
    if trained.status == "interrupted":
        raise KeyboardInterrupt
    processor = time.process_time() - began
    scores: dict[str, float] = {}
    for length in asked.lengths:
        tested = list(task.to_test(length, seed=seed, count=TESTED))
        said = trained.predict([content for content, _ in tested], note=_hush)
        assert isinstance(said, list)
        scores[str(length)] = task.measure.score(tested, [each.value for each in said])
    about = trained.describe()
    return {"cell": cell, "seed": seed, "scores": scores, **_training(about), "processor": processor}


def _training(about: Mapping[str, Any]) -> dict[str, Any]:
    """How a run was trained."""
    training = {name: about["training"][name] for name in ("status", "step", "seconds")}
    return {**training, "parameters": about["model"]["parameters"]}


def _hush(message: str) -> None:
    """Say nothing of how the items are read: they are ours."""
