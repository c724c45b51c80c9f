"""Small tables of series, and tiny taggers that learn from them in windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

TINY: dict[str, Any] = {
    "id_column": "id", "time_column": "time", "bidirectional": False, "hidden": 6, "embedding": 4, "sample_every": 0,
    "dropout": 0.0, "frame_mask": 0.0, "device": "cpu",
}  # fmt: skip
LENGTHS = {"p": 23, "q": 1, "r": 10, "s": 4, "t": 12}
"""With windows of 5: series that end inside a window, with one, and before the first is full; one of a single step."""


def latched(
    path: Path, lengths: dict[str, int], *, apart: float = 8.0, scattered: bool = False, seed: int = 1, ends: str = "\n"
) -> Path:
    """Series whose label is the sign of the last event in x, which may be far back; y is noise."""
    draw = np.random.default_rng(seed)
    rows: list[tuple[int, str]] = []
    for name, steps in lengths.items():
        event, sign, state = draw.random(steps) < 1 / apart, draw.choice([-1, 1], steps), 1
        noise = draw.normal(size=(2, steps))
        for n in range(steps):
            state = int(sign[n]) if event[n] else state
            x = 2.0 * event[n] * sign[n] + 0.2 * noise[0, n]
            rows.append((n if scattered else 0, f"{name},{n},{x:.4f},{noise[1, n]:.4f},{'ab'[state > 0]}"))
    lines = [line for _, line in sorted(rows, key=lambda row: row[0])]
    path.write_text(ends.join(["id,time,x,y,label", *lines, ""]), newline="")
    return path


def table(path: Path) -> dict[str, tuple[Any, list[str]]]:
    """Frames and labels of each series of a table, read without the package."""
    series: dict[str, tuple[list[list[float]], list[str]]] = {}
    for line in path.read_text().splitlines()[1:]:
        name, _, x, y, label = line.split(",")[:5]
        frames, labels = series.setdefault(name, ([], []))
        frames.append([float(x), float(y)])
        labels.append(label)
    return {name: (np.array(frames, np.float32), labels) for name, (frames, labels) in series.items()}
