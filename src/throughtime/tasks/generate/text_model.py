"""A language model with its vocabulary: text in, scores out; a prompt in, text out."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.data.encoding.vocabulary import Vocabulary, prompt_ids
from throughtime.data.planning.batch import NOT_SCORED, next_token_batch, of_each_token
from throughtime.data.planning.lanes import Span, plan_evaluation
from throughtime.decoding.decoder import Tokens
from throughtime.decoding.sampling import Sampler, Step, sample
from throughtime.doors import named, option
from throughtime.errors import UnknownNameError, UsageError
from throughtime.models.language_model import LanguageDecoder, LanguageModel
from throughtime.tasks.generate.labels import saved_labels
from throughtime.tasks.generate.next_tokens import NextTokens
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.reader import Corpus
from throughtime.tasks.saved_vocabulary import saved_vocabulary
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State

__all__ = ["LANES", "TextModel", "rates"]

LANES = 32
"""Places in a text that are read side by side where no other number is asked for."""
SIDE_BY_SIDE = 256
"""Texts that are drawn at a time, at most."""


class TextModel:
    """A language model with its vocabulary: scores text and writes text.

    Args:
        config: how text is read and what network it is.
        vocabulary: text to ids and back.
        model: the network, on its device.
        labels: what it writes texts for, where it has learned labels.
    """

    criterion = "bits_per_character"
    """The score that tells the best model."""
    advice = "try training with more epochs, more units (hidden) or more text"
    """What to try where the network is no better than counts."""

    def __init__(
        self, config: Config, vocabulary: Vocabulary, model: LanguageModel, labels: Labels | None = None
    ) -> None:
        self.config, self.vocabulary, self.model, self.labels = config, vocabulary, model, labels

    @classmethod
    def make(cls, config: Config, vocabulary: Vocabulary, device: torch.device, labels: Labels | None = None) -> Self:
        """Make a new model, whose first weights are drawn from torch's generator.

        Args:
            config: how text is read and what network it is.
            vocabulary: text to ids and back.
            device: where the network goes.
            labels: what it is to write texts for, if there are labels.

        Returns:
            The model.
        """
        network = LanguageModel(
            len(vocabulary),
            embedding_size=config.embedding,
            hidden_size=config.hidden,
            tied=config.tied,
            conditions=0 if labels is None else len(labels),
            **config.recurrent(),
        )
        return cls(config, vocabulary, network.to(device), labels)

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
        labels = None if config.condition is None else saved_labels(folder)
        text_model = cls.make(config, saved_vocabulary(config.unit, folder), device, labels)
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
        conditions = None
        if corpus.conditions is not None:
            conditions = torch.from_numpy(of_each_token(corpus.conditions, spans)).to(self.device)
        cleared = resets if batch.resets.any() else None
        logits, after = self.model(inputs, state or None, resets=cleared, conditions=conditions)
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
        lanes = self.config.lanes or LANES
        plan = plan_evaluation(corpus.source.lengths, token_budget=lanes * self.config.tbptt, lanes=lanes)
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
        condition: str | None = None,
    ) -> Iterator[str]:
        """Write on after a prompt, as ``Run.generate_stream`` says."""
        prompted, number = self._prompted(prompt, length), self._number(condition)
        sampler = Sampler(temperature=temperature, top_k=top_k, top_p=top_p)
        steps = islice(self._steps(prompted, number, np.arange(1), sampler, seed), length)
        return self._decoded(int(step.tokens[0]) for step in steps)

    def generate_texts(
        self,
        count: int,
        prompt: str = "",
        *,
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        condition: str | None = None,
    ) -> Iterator[str]:
        """Write several texts after a prompt, as ``Run.generate_texts`` says."""
        if count < 1:
            raise UsageError(f"{named('count')} must be at least 1, not {count}")
        prompted, number = self._prompted(prompt, length), self._number(condition)
        sampler = Sampler(temperature=temperature, top_k=top_k, top_p=top_p)
        seed = secrets.randbits(64) if seed is None else seed
        parts = (np.arange(start, min(start + SIDE_BY_SIDE, count)) for start in range(0, count, SIDE_BY_SIDE))
        return chain.from_iterable(
            self._texts(len(rows), islice(self._steps(prompted, number, rows, sampler, seed), length)) for rows in parts
        )

    def _prompted(self, prompt: str, length: int) -> list[int]:
        """The tokens before what is written."""
        if length < 0:
            raise UsageError(f"{named('length')} must be 0 or more, not {length}")
        return [self.vocabulary.document, *prompt_ids(self.vocabulary, prompt)]

    def _steps(
        self, prompted: list[int], condition: int | None, rows: Tokens, sampler: Sampler, seed: int | None
    ) -> Iterator[Step]:
        """Draw texts side by side; one for a label ends where documents end, another goes on."""
        end = None if condition is None else self.vocabulary.document
        first = np.full(len(rows), prompted[-1])
        return sample(self._decoder(prompted, condition, len(rows)), first, sampler, seed=seed, rows=rows, end=end)

    def _decoder(self, prompted: list[int], condition: int | None, rows: int = 1) -> LanguageDecoder:
        """The network after all but the last of some tokens, in rows side by side; it never writes what is unknown."""
        mark = self.vocabulary.document
        banned = [self.vocabulary.unknown, None if condition is not None or self.config.separator else mark]
        return self.model.decoder(
            [prompted] * rows,
            restart=mark,
            banned=[token for token in banned if token is not None],
            conditions=None if condition is None else [condition] * rows,
        )

    def next_tokens(self, condition: str | None = None) -> NextTokens:
        """Make ready to say what comes next in a text that grows, as ``Run.next`` says."""
        number = self._number(condition)
        return NextTokens(lambda tokens: self._decoder(tokens, number), self.vocabulary, self.config.separator)

    def _texts(self, count: int, steps: Iterable[Step]) -> Iterator[str]:
        written: list[list[int]] = [[] for _ in range(count)]
        for step in steps:
            for row, token in zip(step.rows, step.tokens, strict=True):
                written[row].append(int(token))
        return ("".join(self._decoded(tokens)) for tokens in written)

    def _number(self, condition: str | None) -> int | None:
        """The number of the label that is asked for; None where the network has learned none."""
        if self.labels is None:
            if condition is not None:
                raise UsageError(f"this run has learned from no labels; leave {named('condition')} out")
            return None
        if condition is None:
            raise UsageError(
                f"this run writes a text for a label; choose one with {option('condition')}: "
                f"{', '.join(self.labels.names)}"
            )
        (number,) = self.labels.numbers([condition])
        if number == UNSEEN:
            raise UnknownNameError("label", condition, self.labels.names)
        return number

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
            **self.config.around(),
            "embedding": self.config.embedding,
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
            "unit": self.config.unit,
            "vocabulary": len(self.vocabulary),
            **({} if self.labels is None else {"conditions": list(self.labels.names)}),
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
