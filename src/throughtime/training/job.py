"""What the training loop asks of a job: model, data and task behind one door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

__all__ = ["Job", "State", "StepResult"]

State = tuple[Tensor, ...]
"""What is carried from step to step; the loop only detaches it. Empty at the start."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """The forward pass of one step."""

    loss: Tensor
    """Loss summed over this process' tokens, scalar, in nats."""
    state: State
    """State to hand to the next step."""
    count: int
    """Tokens scored in this step by all processes together."""
    usual: float
    """Tokens scored in a usual step. What is minimised is the loss over this number, so that a token weighs the same in
    whatever batch it comes; ``loss / count`` would give those of short batches more."""


class Job(Protocol):
    """What is trained: model, data and task behind one door."""

    @property
    def name(self) -> str:
        """Name of the task."""
        ...

    @property
    def module(self) -> nn.Module:
        """The network whose parameters are trained."""
        ...

    @property
    def steps_per_epoch(self) -> int:
        """Steps that read the training data once."""
        ...

    @property
    def content_key(self) -> str:
        """Key of all data; a resumed run must show the same."""
        ...

    @property
    def criterion(self) -> str:
        """The validation metric that tells the best model; ``scores.is_better`` knows which of two is better."""
        ...

    @property
    def counted(self) -> str:
        """What a step's count counts, in the plural: ``"tokens"``."""
        ...

    @property
    def details(self) -> Mapping[str, object]:
        """What the user may want to know, by name."""
        ...

    def step(self, step: int, state: State) -> StepResult:
        """Run the network forward on what step number ``step`` of the run reads."""
        ...

    def metrics(self, loss: float) -> dict[str, float]:
        """Express a training loss, one per token, in the field's units."""
        ...

    def validate(self) -> dict[str, float]:
        """Score the held-out data; includes ``loss`` and the criterion."""
        ...

    def sample(self, step: int) -> str:
        """Show what the network can do now; empty where the task has nothing to show."""
        ...

    def start_from(self, folder: Path) -> None:
        """Take the weights of another run."""
        ...

    def compare(self, folder: Path, run: str, best: Mapping[str, float]) -> str:
        """Score simple models beside the network, which did best with these scores, keep them in the folder of the run
        of this name and say in one line what they reach; nothing where that is not wanted.
        """
        ...

    def pictures(self) -> Mapping[str, str]:
        """Draw how the network does on the held-out data: SVG by file name, for the run and its report."""
        ...
