"""The files that stand beside the results of a memory task: its table and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from throughtime.bench.memory.chart import FORMS, draw
from throughtime.bench.memory.table import table
from throughtime.training.files import write_text

__all__ = ["write_pages"]


def write_pages(results: Mapping[str, Any], folder: Path) -> None:
    """Write the table, and the scores against length as SVG and as PNG.

    Args:
        results: what :func:`~throughtime.bench.memory.running.run` gave.
        folder: where to; exists.

    Raises:
        TrainingError: a file cannot be written; none is left by halves.
    """
    write_text(folder / "table.md", table(results))
    for form in FORMS:
        draw(results, folder / f"curves.{form}")
