"""What all that write a token at a time share, text and events alike: a language model over a vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.labels import Labels
from throughtime.data.planning.batch import NOT_SCORED, next_token_batch, of_each_token
from throughtime.data.planning.lanes import LanePlan, Span, plan_evaluation
from throughtime.data.source import Lengths, TokenSource
from throughtime.decoding.decoder import Tokens
from throughtime.decoding.sampling import Sampler, Step, sample
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.models.language_model import LanguageDecoder, LanguageModel
from throughtime.tasks.generate.labels import number_of
from throughtime.tasks.generate.options import Config
from throughtime.training.job import State

__all__ = ["LANES", "TokenCorpus", "TokenWriter", "Tokeniser", "check_length", "network_for"]

LANES = 32
"""Places that are read side by side where no other number is asked for."""


class Tokeniser(Protocol):
    """What a language model must know of its tokens."""

    @property
    def document(self) -> int:
        """The token that stands before each document, or tune."""
        ...

    def __len__(self) -> int: ...


class TokenCorpus(Protocol):
    """What is learned from, or scored, as tokens."""

    @property
    def source(self) -> TokenSource:
        """One item for each document, or tune."""
        ...

    @property
    def lengths(self) -> Lengths:
        """Tokens of each item, (items,)."""
        ...

    @property
    def conditions(self) -> NDArray[np.int64] | None:
        """Number of the label of each item, (items,); None where they have none."""
        ...


class TokenWriter:
    """A language model with the tokens that it reads and writes.

    Args:
        config: how data is read and what network it is.
        vocabulary: what its tokens are.
        model: the network, on its device.
        labels: what it writes for, where it has learned labels.
    """

    def __init__(self, config: Config, vocabulary: Any, model: LanguageModel, labels: Labels | None = None) -> None:
        self.config, self.vocabulary, self.model, self.labels = config, vocabulary, model, labels

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.model.embedding.weight.device

    def forward(self, corpus: TokenCorpus, spans: tuple[Span, ...], state: State) -> tuple[Tensor, State]:
        """Give the loss summed over the scored tokens of one step, in nats, and the state after it."""
        batch = next_token_batch(corpus.source, spans, end=self.vocabulary.document)
        if not state:
            batch.resets[:, 0] = False  # there is nothing to clear yet
        inputs, targets, resets = (torch.from_numpy(array).to(self.device) for array in batch)
        conditions = None
        if corpus.conditions is not None:
            conditions = torch.from_numpy(of_each_token(corpus.conditions, spans)).to(self.device)
        cleared = resets if batch.resets.any() else None
        logits, after = self.model(inputs, state or None, resets=cleared, conditions=conditions)
        loss = functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=NOT_SCORED, reduction="sum"
        )
        return loss, after

    def scored(self, corpus: TokenCorpus, plan: LanePlan, place: int) -> int:
        """Count the tokens that one step of a plan scores."""
        return plan.tokens(place)

    @torch.no_grad()
    def nats(self, corpus: TokenCorpus) -> float:
        """Score every token once: the loss summed over all of them."""
        lanes = self.config.lanes or LANES
        plan = plan_evaluation(corpus.lengths, token_budget=lanes * self.config.tbptt, lanes=lanes)
        training = self.model.training
        self.model.eval()
        nats, state = 0.0, State()
        for step in range(len(plan)):
            loss, state = self.forward(corpus, plan[step], state)
            nats += loss.item()
        self.model.train(training)
        return nats

    def number(self, condition: str | None) -> int | None:
        """The number of the label that is asked for; None where the network has learned none."""
        return number_of(self.labels, condition)

    def decoder(self, before: list[int], condition: int | None, banned: Sequence[int], rows: int) -> LanguageDecoder:
        """The network after all but the last of some tokens, in rows side by side."""
        conditions = None if condition is None else [condition] * rows
        return self.model.decoder(
            [before] * rows, restart=self.vocabulary.document, banned=banned, conditions=conditions
        )

    def drawn(
        self, decoder: LanguageDecoder, last: int, rows: Tokens, sampler: Sampler, seed: int | None, *, ends: bool
    ) -> Iterator[Step]:
        """Draw rows side by side, each to where its document ends, or on and on."""
        end = self.vocabulary.document if ends else None
        return sample(decoder, np.full(len(rows), last), sampler, seed=seed, rows=rows, end=end)

    def describe(self) -> dict[str, object]:
        """Give the sizes of network and vocabulary, by name."""
        return {
            "cell": self.config.cell,
            "hidden": self.config.hidden,
            "layers": self.config.layers,
            **self.config.around(),
            "embedding": self.config.embedding,
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
            "unit": self.config.unit,
            "vocabulary": len(self.vocabulary),
            **({} if self.labels is None else {"conditions": list(self.labels.names)}),
        }


def network_for(config: Config, vocabulary: Tokeniser, device: torch.device, labels: Labels | None) -> LanguageModel:
    """Make the language model that the options ask for, its first weights drawn from torch's generator.

    Args:
        config: the options.
        vocabulary: its tokens.
        device: where it goes.
        labels: what it is to write for, if there are labels.

    Returns:
        The network.
    """
    network = LanguageModel(
        len(vocabulary),
        embedding_size=config.embedding,
        hidden_size=config.hidden,
        tied=config.tied,
        conditions=0 if labels is None else len(labels),
        **config.recurrent(),
    )
    return network.to(device)


def check_length(length: int) -> None:
    """See that so many steps can be written.

    Args:
        length: how many.

    Raises:
        UsageError: they are fewer than none.
    """
    if length < 0:
        raise UsageError(f"{named('length')} must be 0 or more, not {length}")
