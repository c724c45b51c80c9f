"""What a run leaves behind in its folder, to compare one run with another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from throughtime.training.checkpoint import read_tensors
from throughtime.training.metrics import read_metrics


def timeless_metrics(run: Path) -> list[dict[str, Any]]:
    """The rows of its metrics, without what tells the time."""
    return [
        {name: value for name, value in row.items() if name not in ("seconds", "tokens_per_second")}
        for row in read_metrics(run)
    ]


def tensors_of(run: Path, file: str = "model.safetensors") -> dict[str, Any]:
    """The tensors of one of its files as lists, which can be compared as they are."""
    return {name: tensor.tolist() for name, tensor in read_tensors(run / file)[0].items()}


def contents(folder: Path) -> dict[str, bytes]:
    """Each file in it, by its path in the folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
