"""Side by side in one run: two callables take turns, and the ratio of each pair of turns is what counts."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

Work = Callable[[], object]


def paired(ours: Work, theirs: Work, rounds: int, target: float = 0.02) -> dict[str, float]:
    """Time ``ours`` and ``theirs`` in turn.

    Args:
        ours: one call of what is measured.
        theirs: one call of the peer.
        rounds: pairs of turns.
        target: seconds that one turn should last at least; short calls are repeated inside a turn.

    Returns:
        milliseconds per call (medians), and ``ratio``: the median of theirs/ours, above 1 where ours is faster.
    """
    repeats = _repeats(theirs, target)
    _turn(ours, repeats)
    pairs = [_pair(ours, theirs, repeats, swapped=bool(k % 2)) for k in range(rounds)]
    ratios = sorted(other / own for own, other in pairs)
    return {
        "ours_ms": 1e3 * statistics.median(own for own, _ in pairs),
        "theirs_ms": 1e3 * statistics.median(other for _, other in pairs),
        "ratio": statistics.median(ratios),
        "ratio_low": ratios[len(ratios) // 4],
        "ratio_high": ratios[-1 - len(ratios) // 4],
    }


def _repeats(work: Work, target: float) -> int:
    work()
    once = min(_turn(work, 1) for _ in range(3))
    return max(1, round(target / once))


def _pair(ours: Work, theirs: Work, repeats: int, swapped: bool) -> tuple[float, float]:
    if swapped:
        other = _turn(theirs, repeats)
        return _turn(ours, repeats), other
    return _turn(ours, repeats), _turn(theirs, repeats)


def _turn(work: Work, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def conditions() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
    }


def save(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows and conditions as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"conditions": conditions(), "rows": rows}, indent=1) + "\n")


def table(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """Rows as a Markdown table."""
    head = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(head + ["| " + " | ".join(_cell(row[name]) for name in columns) + " |" for row in rows])


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
