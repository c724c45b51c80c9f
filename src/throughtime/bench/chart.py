"""Results as a picture: every ratio as a dot, one line for each kind of work."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from throughtime.bench.results import Results

__all__ = ["draw"]


def _ratios(results: Results) -> dict[str, list[dict[str, Any]]]:
    """Title -> the ratios to the best peer; costs are another matter."""
    rows = [row for row in results["rows"] if row["state"] == "measured"]
    told = {
        title: [row["goals"][0] for row in group if row["goals"][0]["reached"] is not None]
        for title, group in groupby(rows, key=lambda row: row["title"])
    }
    return {title: goals for title, goals in told.items() if goals and not goals[0]["cost"]}


def draw(results: Results, path: Path) -> None:
    """Draw the ratios on a logarithmic axis: a dot for each row, a tick for its goal.

    Args:
        results: what a run found.
        path: the SVG file to write.
    """
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    ratios = _ratios(results)
    with pyplot.rc_context({"svg.hashsalt": "throughtime", "svg.fonttype": "none", "font.size": 9}):
        figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.3 * len(ratios)), layout="constrained")
        for place, goals in enumerate(ratios.values()):
            axes.plot([goal["goal"] for goal in goals], [place] * len(goals), "|", color="#9aa3b5", markersize=14)
            axes.plot([goal["ratio"] for goal in goals], [place] * len(goals), "o", color="#c2410c", alpha=0.6)
        axes.axvline(1, color="#22252b", linewidth=0.8)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_yticks(range(len(ratios)), ratios)
        axes.invert_yaxis()
        axes.set_xlabel("times as fast as the best peer (first goal of each row); |: the goal")
        axes.spines[["top", "right", "left"]].set_visible(False)
        figure.savefig(path, format="svg", metadata={"Date": None})
        pyplot.close(figure)
