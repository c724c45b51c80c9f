"""What a kind of writing fills in (text, events, frames); the job of training it is the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from throughtime.data.encoding.labels import Labels
from throughtime.data.planning.lanes import LanePlan, Span
from throughtime.data.source import Lengths
from throughtime.tasks.generate.options import Config
from throughtime.tasks.rivals.keeping import Rival
from throughtime.training.job import State

__all__ = ["Corpus", "Prepared", "Writer"]


class Corpus(Protocol):
    """What is learned from, or scored: documents or tunes, laid end to end."""

    @property
    def lengths(self) -> Lengths:
        """Steps of each, its mark included, (items,)."""
        ...

    @property
    def content_key(self) -> str:
        """A hash of all of it, the same on every machine."""
        ...


class Prepared(Protocol):
    """All that was read before there is a network."""

    @property
    def train(self) -> Any:
        """What is learned from: a :class:`Corpus`."""
        ...

    @property
    def valid(self) -> Any:
        """What is held out: another one."""
        ...

    @property
    def artifacts(self) -> Mapping[str, str]:
        """Files that a run keeps beside the weights: content by name."""
        ...


class Writer(Protocol):
    """A network with what turns data into its steps and its steps into what was written."""

    config: Config
    """How data is read, and what network it is."""
    labels: Labels | None
    """What it writes for, where it has learned labels."""
    criterion: str
    """The score that tells the best model."""
    counted: str
    """What its steps are, in the plural."""
    advice: str
    """What to try where the network is no better than counts."""

    @property
    def model(self) -> nn.Module:
        """The network."""
        ...

    def forward(self, corpus: Any, spans: tuple[Span, ...], state: State) -> tuple[Tensor, State]:
        """Give the loss summed over what is scored of one step, in nats, and the state after it."""
        ...

    def scored(self, corpus: Any, plan: LanePlan, place: int) -> int:
        """Count what one step of a plan scores."""
        ...

    def lanes(self, corpus: Any) -> int:
        """Say how many places are read side by side where no number is asked for."""
        ...

    def measures(self, corpus: Any, loss: float) -> dict[str, float]:
        """Express a loss for each step in the field's units."""
        ...

    def evaluate(self, corpus: Any) -> dict[str, float]:
        """Score all of a corpus once; ``loss`` and the criterion are among the scores."""
        ...

    def learn_rivals(self, corpus: Any) -> Mapping[str, Rival]:
        """Learn simple models from the same corpus."""
        ...

    def score_rival(self, rival: Any, read: Any) -> Mapping[str, float]:
        """Score a simple model by the network's own measures."""
        ...

    def sample(self, step: int) -> str:
        """Show in words what the network writes after so many steps."""
        ...

    def pictures(self) -> Mapping[str, str]:
        """Draw what the network writes: SVG by file name."""
        ...

    def amounts(self, train: Any, valid: Any) -> Mapping[str, object]:
        """Say how much there is to learn from and to validate on, by name."""
        ...

    def describe(self) -> dict[str, object]:
        """Give the sizes of the network and what it writes, by name."""
        ...
