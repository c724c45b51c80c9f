"""Scores against length as a picture: a line for each cell, and what a constant answer scores."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from throughtime.bench.memory.catalogue import TASKS
from throughtime.training.files import writing

__all__ = ["FORMS", "draw"]

FORMS = ("svg", "png")
"""What pictures are written as, by the end of their name."""
COLOURS = ("#c2410c", "#1d4ed8", "#15803d", "#7e22ce", "#b45309", "#0e7490", "#be185d", "#4d7c0f")
MARKS = "osD^vP*X"


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Draw how well each cell did at each length: the mean of its runs, and from the worst to the best of them.

    Args:
        results: what :func:`~throughtime.bench.memory.running.run` gave, with one run at least.
        path: the file, SVG or PNG by its name.
    """
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    task, lengths = TASKS[results["task"]], results["lengths"]
    with pyplot.rc_context({"svg.hashsalt": "throughtime", "svg.fonttype": "none", "font.size": 11}):
        figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
        for place, (cell, group) in enumerate(groupby(results["runs"], key=lambda run: run["cell"])):
            by_length = [[run["scores"][str(length)] for length in lengths] for run in group]
            columns = list(zip(*by_length, strict=True))
            means = [sum(column) / len(column) for column in columns]
            colour, mark = COLOURS[place % len(COLOURS)], MARKS[place % len(MARKS)]
            axes.plot(lengths, means, marker=mark, label=cell, color=colour, linewidth=2.2)
            axes.fill_between(lengths, list(map(min, columns)), list(map(max, columns)), alpha=0.15, color=colour)
        constant = [results["constant"][str(length)] for length in lengths]
        axes.plot(lengths, constant, "--" if len(lengths) > 1 else "_", color="#6b7280", label=task.measure.baseline)
        figure.suptitle(f"{task.name}: {task.summary}", fontsize=11, x=0.01, horizontalalignment="left")
        _describe(axes, results)
        with writing(path) as beside:
            metadata = {"Date": None} if path.suffix == ".svg" else {}
            figure.savefig(beside, format=path.suffix.removeprefix("."), metadata=metadata, dpi=150)
        pyplot.close(figure)


def _describe(axes: Any, results: Mapping[str, Any]) -> None:
    """Name the axes, and mark the longest that was learned from where longer ones are tested."""
    task, longest = TASKS[results["task"]], results["longest"]
    if longest < max(results["lengths"]):
        axes.axvline(longest, color="#9aa3b5", linewidth=1, linestyle=":")
        axes.annotate("learned from up to here", (longest, 0.02), xycoords=("data", "axes fraction"), fontsize=9)
    axes.set_xlabel(task.called)
    axes.set_ylabel(task.measure.name)
    if task.measure.error:
        axes.set_yscale("log")
    else:
        axes.set_ylim(-0.03, 1.03)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
