"""The runs of a lab, each opened twice: one answers while one types, the other works out what takes longer."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from throughtime.errors import UnknownNameError, UsageError
from throughtime.insight.walk import RECIPES
from throughtime.lab.readers import TextReader, reader_for
from throughtime.layers import Recurrent
from throughtime.runs import Run

__all__ = ["Lab", "OpenedText"]


class OpenedText:
    """A run that reads texts, in the lab.

    Insight puts other things in the place of a network's layers while it works, so each network has a lock, and what
    takes long has a network of its own.

    Args:
        name: what the page calls it.
        path: its folder.

    Raises:
        CheckpointError: there is no run, or it is damaged.
        UsageError: it reads no texts, or its layers cannot show what they do.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.run = Run(path)
        self.reader = reader_for(self.run)
        self.lock, self.long_lock = threading.Lock(), threading.Lock()
        self.tracks = _tracks(self.reader.recurrent)

    @cached_property
    def long(self) -> TextReader:
        """The same on a network of its own; only with ``long_lock`` held."""
        return reader_for(Run(self.path))

    @cached_property
    def first_text(self) -> str:
        """What the page begins with; only with ``lock`` held."""
        return self.reader.first_text()

    def described(self) -> dict[str, Any]:
        """What the page has to know, as JSON holds it."""
        layer = self.reader.recurrent
        lanes = [f"l{number}{back}" for number in range(layer.num_layers) for back in ("", "_reverse")]
        return {
            "name": self.name,
            "task": self.run.task,
            "cell": layer.cell.name,
            "lanes": [lane for lane in lanes if layer.bidirectional or not lane.endswith("_reverse")],
            "carried": list(layer.cell.carry(layer.proj_size > 0)),
            "tracks": self.tracks,
            "walks": layer.cell.name in RECIPES and not any(layer.zoneout),
            "touches": self.reader.gives_shares,
            "bothWays": layer.bidirectional,
            "conditions": list(self.reader.conditions),
            "text": self.first_text,
        }


@torch.no_grad()
def _tracks(layer: Recurrent) -> dict[str, int]:
    """Each gate and part of the carry, and its width."""
    x = torch.zeros(1, 1, layer.input_size)
    traced = layer(x, trace=True)[2]
    return {name: track.shape[-1] for name, track in traced.items()}


class Lab:
    """Runs by the names that the page calls them: the last part of their path, or all of it where two end alike.

    Args:
        paths: folders of runs, one at least.

    Raises:
        CheckpointError: there is no run, or it is damaged.
        UsageError: a run reads no texts, or is given twice.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        if twice := next((path for path in paths if paths.count(path) > 1), None):
            raise UsageError(f"{twice} is given twice: give each run once")
        ends = [path.resolve().name for path in paths]
        names = [end if ends.count(end) == 1 else str(path) for end, path in zip(ends, paths, strict=True)]
        self.runs: Mapping[str, OpenedText] = {
            name: OpenedText(name, path) for name, path in zip(names, paths, strict=True)
        }

    def __getitem__(self, name: str) -> OpenedText:
        if name not in self.runs:
            raise UnknownNameError("run", name, self.runs)
        return self.runs[name]
