"""The page of a folder of results."""

from __future__ import annotations

import json
from pathlib import Path

from throughtime.bench.gpu.page import part
from throughtime.bench.page import page
from throughtime.bench.results import read
from throughtime.errors import DataError

__all__ = ["page_of"]

TASKS = ("fit_generate", "translate", "forecast", "scan")
"""Scripts of benchmarks/ that set a whole task beside a plain one."""


def page_of(folder: Path) -> str:
    """The page docs/performance.md, from the files of a folder.

    Args:
        folder: it holds ``results/layers.json``; ``results/fit_generate.json``, those of other tasks and ``gpu.json``,
            if they were measured; and ``reasons.json``, which gives for patterns of row names why such rows do not
            reach their goals.

    Returns:
        Markdown.

    Raises:
        DataError: a file is missing or holds something else.
    """
    on_gpu = folder / "results" / "gpu.json"
    fits, reasons = (folder / "results" / f"{name}.json" for name in TASKS), folder / "reasons.json"
    return page(
        read(folder / "results" / "layers.json"),
        [read(fit, "figure") for fit in fits if fit.exists()],
        _reasons(reasons) if reasons.exists() else {},
        part(read(on_gpu, "title") if on_gpu.exists() else None),
    )


def _reasons(path: Path) -> dict[str, str]:
    try:
        return {str(pattern): str(reason) for pattern, reason in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError) as error:
        raise DataError(f"{path}: {error}; give a JSON object of patterns and reasons") from None
