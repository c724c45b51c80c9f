"""What was found as a Markdown table: a row for each run, the best of each cell, and a constant answer beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from throughtime.bench.memory.catalogue import TASKS
from throughtime.bench.memory.measures import Measure
from throughtime.bench.memory.task import MemoryTask

__all__ = ["listed", "table"]


def table(results: Mapping[str, Any]) -> str:
    """Write what was found.

    Args:
        results: what :func:`~throughtime.bench.memory.running.run` gave.

    Returns:
        A Markdown table, and what papers report.
    """
    task, lengths = TASKS[results["task"]], [str(length) for length in results["lengths"]]
    head = ["cell", "seed", *(f"{task.called} {length}" for length in lengths), "steps", "minutes", "processor minutes"]
    rows = [head, ["---"] * len(head)]
    for cell, group in groupby(results["runs"], key=lambda run: run["cell"]):
        runs = list(group)
        rows += [_row(run, lengths) for run in runs]
        if len(runs) > 1:
            rows.append([f"**{cell}**", "best", *_best(runs, lengths, task.measure), "", "", ""])
    rows.append([task.measure.baseline, "", *(_figure(results["constant"][length]) for length in lengths), "", "", ""])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    fewer = "" if task.shortest is None else f"{task.shortest} to "
    said = f"{task.name}: {task.measure.name}, learned from the {task.called} {fewer}{results['longest']}"
    return "\n".join([said, "", *lines, "", *_reported(task), ""])


def _row(run: Mapping[str, Any], lengths: Sequence[str]) -> list[str]:
    scores = [_figure(run["scores"][length]) for length in lengths]
    return [
        run["cell"],
        str(run["seed"]),
        *scores,
        f"{run['step']:,}",
        f"{run['seconds'] / 60:.1f}",
        f"{run['processor'] / 60:.1f}",
    ]


def _best(runs: Sequence[Mapping[str, Any]], lengths: Sequence[str], measure: Measure) -> list[str]:
    return [_figure(measure.best([run["scores"][length] for run in runs])) for length in lengths]


def _figure(score: float) -> str:
    return f"{score:.1e}" if 0 < score < 0.01 else f"{score:.3f}"


def _reported(task: MemoryTask) -> Iterator[str]:
    for each in task.published:
        yield f"- {each.figure} ({each.paper})"


def listed() -> str:
    """List the tasks, a line each, and below it what papers report.

    Returns:
        The list.
    """
    width = max(map(len, TASKS))
    lines: list[str] = []
    for name, task in TASKS.items():
        lines.append(f"{name:<{width}}  {task.summary}")
        lines += [" " * (width + 2) + line for line in _reported(task)]
    return "\n".join(lines) + "\n"
