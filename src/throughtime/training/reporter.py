"""How a training run tells the world what it does: one protocol, a few listeners.

The loop calls the eight methods of :class:`Reporter`; a display, a log file or a test listens. Nothing here
loads torch.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TextIO

from throughtime.training.scores import SCORES

__all__ = [
    "PlainReporter",
    "Reporter",
    "Reporters",
    "RunInfo",
    "SilentReporter",
    "StepReport",
    "Summary",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunInfo:
    """What is about to be trained."""

    task: str
    """Name of the task, such as ``"generate"``."""
    path: Path
    """Folder of the run."""
    device: str
    """Device that trains, such as ``"cpu"``."""
    parameters: int
    """Number of trained weights."""
    total_steps: int
    """Steps of the whole run, those already done included."""
    start_step: int
    """Steps already done (more than 0 when the run is resumed)."""
    steps_per_epoch: int
    """Steps that read the training data once."""
    max_minutes: float | None
    """Time limit of this call in minutes, or None."""
    counted: str
    """What is counted as the training reads it: ``"tokens"`` or ``"examples"``."""
    details: Mapping[str, object]
    """What the task has to add, by name: cell, sizes, vocabulary, amounts of data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepReport:
    """One optimizer step, just done."""

    step: int
    """Steps done, this one included."""
    total_steps: int
    """Steps of the whole run."""
    epoch: float
    """Passes over the training data done, such as 1.25."""
    tokens: int
    """Tokens scored since the run began."""
    loss: float
    """Mean loss of this step, in nats per token."""
    metrics: Mapping[str, float]
    """The loss in the field's units, such as ``bits_per_character`` and ``perplexity``."""
    learning_rate: float
    """Learning rate of this step."""
    gradient_norm: float
    """Norm of all gradients before clipping."""
    tokens_per_second: float
    """Tokens of this step over its wall time in seconds."""
    seconds: float
    """Time spent training since the run began, in seconds."""
    progress: float
    """Share of the run that is done, 0 to 1: of its steps or of its minutes, whichever is further."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """How training ended."""

    status: str
    """``"finished"``, ``"stopped early"``, ``"out of time"`` or ``"interrupted"``."""
    step: int
    """Steps done."""
    tokens: int
    """Tokens scored."""
    seconds: float
    """Time spent training, in seconds."""
    best: Mapping[str, float] = field(default_factory=dict[str, float])
    """Metrics of the best validation, with its ``step``; empty when there was none."""
    path: Path
    """Folder of the run."""


class Reporter(Protocol):
    """What the training loop calls while it works, in this order within a step."""

    def started(self, info: RunInfo) -> None:
        """Training begins or goes on."""
        ...

    def stepped(self, report: StepReport) -> None:
        """One optimizer step is done."""
        ...

    def validated(self, metrics: Mapping[str, float]) -> None:
        """The held-out data was scored; ``metrics`` also has ``step``, ``epoch``, ``tokens`` and ``best`` (0 or 1)."""
        ...

    def sampled(self, text: str, step: int) -> None:
        """The model made a sample after ``step`` steps."""
        ...

    def watched(self, seen: Mapping[str, Any]) -> None:
        """The network was looked at; ``seen`` has ``step`` and what was watched, by name."""
        ...

    def checkpointed(self, path: Path) -> None:
        """All that is needed to go on is on disk in the file ``path``."""
        ...

    def note(self, message: str) -> None:
        """Something the user should know, in one line."""
        ...

    def finished(self, summary: Summary) -> None:
        """Training ended, for whatever reason that is not an error."""
        ...


class SilentReporter:
    """A reporter that says nothing; also the base of those that say only a part."""

    def started(self, info: RunInfo) -> None: ...

    def stepped(self, report: StepReport) -> None: ...

    def validated(self, metrics: Mapping[str, float]) -> None: ...

    def sampled(self, text: str, step: int) -> None: ...

    def watched(self, seen: Mapping[str, Any]) -> None: ...

    def checkpointed(self, path: Path) -> None: ...

    def note(self, message: str) -> None: ...

    def finished(self, summary: Summary) -> None: ...


class PlainReporter(SilentReporter):
    """Notes, validations and the end as plain lines; what Python users get unless they ask for another.

    Args:
        stream: where the lines go; standard error by default.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def _line(self, text: str) -> None:
        print(text, file=self._stream or sys.stderr, flush=True)

    def validated(self, metrics: Mapping[str, float]) -> None:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in metrics.items() if name in (*SCORES, "perplexity"))
        self._line(f"step {metrics['step']:.0f}, epoch {metrics['epoch']:.2f}: validation {shown}")

    def note(self, message: str) -> None:
        self._line(message)

    def finished(self, summary: Summary) -> None:
        self._line(f"{summary.status} after {summary.step} steps, {summary.seconds:.0f} s: {summary.path}")


class Reporters:
    """Several reporters as one: each call goes to all of them, in order.

    Args:
        members: the reporters.
    """

    def __init__(self, members: Sequence[Reporter]) -> None:
        self._members = tuple(members)

    def started(self, info: RunInfo) -> None:
        for member in self._members:
            member.started(info)

    def stepped(self, report: StepReport) -> None:
        for member in self._members:
            member.stepped(report)

    def validated(self, metrics: Mapping[str, float]) -> None:
        for member in self._members:
            member.validated(metrics)

    def sampled(self, text: str, step: int) -> None:
        for member in self._members:
            member.sampled(text, step)

    def watched(self, seen: Mapping[str, Any]) -> None:
        for member in self._members:
            member.watched(seen)

    def checkpointed(self, path: Path) -> None:
        for member in self._members:
            member.checkpointed(path)

    def note(self, message: str) -> None:
        for member in self._members:
            member.note(message)

    def finished(self, summary: Summary) -> None:
        for member in self._members:
            member.finished(summary)
