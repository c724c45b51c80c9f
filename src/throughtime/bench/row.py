"""What a row of the benchmark is: a workload, who takes part, and the ratio aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from throughtime.bench.workload import Workload

__all__ = ["Contender", "Goal", "Row"]

LIBRARIES = {
    "ours": "throughtime",
    "torch_layers": "torch",
    "torch_norm": "torch",
    "onnx_graphs": "onnxruntime",
    "jax_scan": "jax",
    "jax_layers": "jax",
}
"""Module in ``peers`` -> the process that it runs in."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Contender:
    """One way to do a workload; each is itself alone, whatever its fields."""

    name: str
    """What the table calls it."""
    form: str
    """The function that does it, such as "torch_layers.packed"."""
    library: str = ""
    """The process it runs in; empty: that of the form's module."""
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Fields of the workload that are other for this contender."""
    single_thread: bool = True
    """Whether one thread is tried too, beside as many as there are cores."""

    @property
    def process(self) -> str:
        """The library whose process runs it."""
        return self.library or LIBRARIES[self.form.split(".")[0]]

    def request(self, workload: Workload) -> dict[str, Any]:
        """What its worker is asked to prepare.

        Args:
            workload: the row's.
        """
        return {"form": self.form, "workload": {**asdict(workload), **self.changes}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """A ratio aimed at: a peer's time over ours, at least; or, for a cost, ours over a peer's, at most."""

    ratio: float
    """The ratio."""
    label: str = "the best"
    """The peers that it speaks of, in words."""
    of: tuple[str, ...] = ()
    """Their names; empty: all. The fastest of them counts."""
    cost: bool = False
    """Whether this is a cost: ours over theirs, at most."""

    def reached(self, ratio: float) -> bool:
        """Whether a measured ratio reaches the goal.

        Args:
            ratio: theirs over ours; for a cost, ours over theirs.
        """
        return ratio <= self.ratio if self.cost else ratio >= self.ratio


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the benchmark."""

    name: str
    """Unique, such as "infer/lstm/b32/h128"."""
    title: str
    """The table it belongs to."""
    workload: Workload
    """What is computed."""
    ours: Contender
    """How we do it."""
    peers: tuple[Contender, ...]
    """How others do it."""
    goals: tuple[Goal, ...]
    """What we aim at."""
    paused: bool = False
    """Also time single calls after a pause, as they come from a sensor or a person."""

    def shortened(self, steps: int) -> Row:
        """The same with sequences of at most ``steps`` steps.

        Args:
            steps: T at most.
        """
        return replace(self, workload=replace(self.workload, steps=min(steps, self.workload.steps)))
