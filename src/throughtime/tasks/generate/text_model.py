"""A language model with its vocabulary: text in, scores out; a prompt in, text out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.vocabulary import Vocabulary, prompt_ids
from throughtime.data.planning.batch import NOT_SCORED, next_token_batch
from throughtime.data.planning.lanes import Span, plan_evaluation
from throughtime.decoding.sampling import Sampler, sample
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.models.language_model import LanguageModel
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.reader import Corpus
from throughtime.tasks.saved_vocabulary import saved_vocabulary
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State

__all__ = ["TextModel", "rates"]


class TextModel:
    """A language model with its vocabulary: scores text and writes text.

    Args:
        config: how text is read and what network it is.
        vocabulary: text to ids and back.
        model: the network, on its device.
    """

    criterion = "bits_per_character"
    """The score that tells the best model."""
    advice = "try training with more epochs, more units (hidden) or more text"
    """What to try where the network is no better than counts."""

    def __init__(self, config: Config, vocabulary: Vocabulary, model: LanguageModel) -> None:
        self.config, self.vocabulary, self.model = config, vocabulary, model

    @classmethod
    def make(cls, config: Config, vocabulary: Vocabulary, device: torch.device) -> Self:
        """Make a new model, whose first weights are drawn from torch's generator.

        Args:
            config: how text is read and what network it is.
            vocabulary: text to ids and back.
            device: where the network goes.

        Returns:
            The model.
        """
        network = LanguageModel(
            len(vocabulary),
            cell=config.cell,
            embedding_size=config.embedding,
            hidden_size=config.hidden,
            num_layers=config.layers,
            tied=config.tied,
            dropout=config.dropout,
            layer_norm=config.layer_norm,
            zoneout=config.zoneout,
            recurrent_dropout=config.recurrent_dropout,
            weight_dropout=config.weight_dropout,
        )
        return cls(config, vocabulary, network.to(device))

    @classmethod
    def open(cls, config: Config, folder: Path, device: torch.device) -> Self:
        """Open the model of a run for use.

        Args:
            config: the run's options.
            folder: the run.
            device: where the network goes.

        Returns:
            The model, ready to score and write text.

        Raises:
            CheckpointError: a file of the run is missing or damaged.
        """
        text_model = cls.make(config, saved_vocabulary(config.unit, folder), device)
        load_weights(folder / MODEL_FILE, text_model.model.eval())
        return text_model

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.model.embedding.weight.device

    def forward(self, corpus: Corpus, spans: tuple[Span, ...], state: State) -> tuple[Tensor, State]:
        """Give the loss summed over the scored tokens of one step, in nats, and the state after it."""
        batch = next_token_batch(corpus.source, spans, end=self.vocabulary.document)
        if not state:
            batch.resets[:, 0] = False  # there is nothing to clear yet
        inputs, targets, resets = (torch.from_numpy(array).to(self.device) for array in batch)
        logits, after = self.model(inputs, state or None, resets=resets if batch.resets.any() else None)
        loss = functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=NOT_SCORED, reduction="sum"
        )
        return loss, after

    @torch.no_grad()
    def evaluate(self, corpus: Corpus) -> dict[str, float]:
        """Score every token of a text once, in the field's units.

        Args:
            corpus: the text.

        Returns:
            Metrics by name: ``loss`` (nats per token), ``perplexity``, ``bits_per_character`` and for bytes
            ``bits_per_byte``; ``scored_tokens``, ``scored_characters``, ``unknown_tokens``.
        """
        plan = plan_evaluation(
            corpus.source.lengths, token_budget=self.config.lanes * self.config.tbptt, lanes=self.config.lanes
        )
        training = self.model.training
        self.model.eval()
        nats, state = 0.0, State()
        for step in range(len(plan)):
            loss, state = self.forward(corpus, plan[step], state)
            nats += loss.item()
        self.model.train(training)
        return _scores(corpus, nats)

    def score_rival(self, rival: Any, read: Corpus) -> dict[str, float]:
        """Score a simple model on a text by the metrics of the network."""
        return rates(read, rival.nats(read.source.tokens))

    def generate_stream(
        self,
        prompt: str = "",
        *,
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> Iterator[str]:
        """Write on after a prompt, as ``Run.generate_stream`` says."""
        if length < 0:
            raise UsageError(f"{named('length')} must be 0 or more, not {length}")
        mark, separator = self.vocabulary.document, self.config.separator
        banned = [self.vocabulary.unknown, None if separator else mark]
        sampler = Sampler(temperature=temperature, top_k=top_k, top_p=top_p)
        prompted = [mark, *prompt_ids(self.vocabulary, prompt)]
        decoder = self.model.decoder([prompted], restart=mark, banned=[token for token in banned if token is not None])
        steps = sample(decoder, np.array(prompted[-1:]), sampler, seed=seed)
        return self._decoded(int(step.tokens[0]) for step in islice(steps, length))

    def _decoded(self, tokens: Iterable[int]) -> Iterator[str]:
        decode = self.vocabulary.decoder()
        for token in tokens:
            piece = (self.config.separator or "") if token == self.vocabulary.document else decode(token)
            if piece:
                yield piece

    def describe(self) -> dict[str, object]:
        """Give the sizes of network and vocabulary, by name."""
        return {
            "cell": self.config.cell,
            "hidden": self.config.hidden,
            "layers": self.config.layers,
            "embedding": self.config.embedding,
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
            "unit": self.config.unit,
            "vocabulary": len(self.vocabulary),
        }


def rates(corpus: Corpus, nats: float) -> dict[str, float]:
    """Express the nats of a whole text in the field's units.

    Args:
        corpus: the text.
        nats: loss summed over all its predictions.

    Returns:
        ``loss`` (nats per token), ``bits_per_character``, ``perplexity`` and, for bytes, ``bits_per_byte``.
    """
    per_token = nats / corpus.predictions
    rates = {
        "loss": per_token,
        "bits_per_character": nats / math.log(2) / max(1, corpus.characters),
        "perplexity": math.exp(min(per_token, 700.0)),
    }
    return rates if corpus.bytes is None else {**rates, "bits_per_byte": nats / math.log(2) / max(1, corpus.bytes)}


def _scores(corpus: Corpus, nats: float) -> dict[str, float]:
    amounts = {
        "scored_tokens": corpus.predictions,
        "scored_characters": corpus.characters,
        "unknown_tokens": corpus.unknown,
    }
    return {**rates(corpus, nats), **amounts}
