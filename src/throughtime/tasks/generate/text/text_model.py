"""A language model with its vocabulary: text in, scores out; a prompt in, text out."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from throughtime.data.encoding.labels import Labels
from throughtime.data.encoding.vocabulary import Vocabulary, prompt_ids
from throughtime.decoding.decoder import Tokens
from throughtime.decoding.sampling import Sampler, Step
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.models.language_model import LanguageDecoder
from throughtime.tasks.generate.labels import saved_labels
from throughtime.tasks.generate.next_tokens import NextTokens
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.text.reader import Corpus, PreparedText
from throughtime.tasks.generate.text.rivals import learn_rivals
from throughtime.tasks.generate.token_writer import LANES, TokenWriter, check_length, network_for
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.saved_vocabulary import saved_vocabulary
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE

__all__ = ["TextModel", "rates"]

STEPS = 100
"""Steps of an epoch over a table, where there are texts enough for as many."""
SIDE_BY_SIDE = 256
"""Texts that are drawn at a time, at most."""
SAMPLE_LENGTH = 200
SAMPLE_TEMPERATURE = 0.8
MOST_LABELS = 4
"""Labels that a sample is drawn for, at most."""


class TextModel(TokenWriter):
    """A language model with its vocabulary: scores text and writes text.

    Args:
        config: how text is read and what network it is.
        vocabulary: text to ids and back.
        model: the network, on its device.
        labels: what it writes texts for, where it has learned labels.
    """

    vocabulary: Vocabulary
    counted = "tokens"

    criterion = "bits_per_character"
    """The score that tells the best model."""
    advice = "try training with more epochs, more units (hidden) or more text"
    """What to try where the network is no better than counts."""

    @classmethod
    def make(cls, config: Config, prepared: PreparedText, device: torch.device) -> Self:
        """Make a new model, whose first weights are drawn from torch's generator.

        Args:
            config: how text is read and what network it is.
            prepared: what was read.
            device: where the network goes.

        Returns:
            The model.
        """
        vocabulary, labels = prepared.vocabulary, prepared.labels
        made = cls(config, vocabulary, network_for(config, vocabulary, device, labels), labels)
        # Vectors of tokens that training sees seldom or never start at zero, so that they disturb nothing.
        rare = [token for token in (vocabulary.document, vocabulary.unknown) if token is not None]
        with torch.no_grad():
            made.model.embedding.weight[rare] = 0.0
        return made

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
        vocabulary = saved_vocabulary(config.unit, folder)
        text_model = cls(config, vocabulary, network_for(config, vocabulary, device, labels), labels)
        load_weights(folder / MODEL_FILE, text_model.model.eval())
        return text_model

    def lanes(self, corpus: Corpus) -> int:
        """Say how many lanes there are by default; of a table of few texts fewer, so that an epoch has some steps."""
        if corpus.conditions is None:
            return LANES
        return min(LANES, max(1, len(corpus.source.tokens) // (self.config.tbptt * STEPS)))

    def measures(self, corpus: Corpus, loss: float) -> dict[str, float]:
        """Express a loss for each token with a text's mean characters per token."""
        return rates(corpus, loss * corpus.predictions)

    def evaluate(self, corpus: Corpus) -> dict[str, float]:
        """Score every token of a text once, in the field's units.

        Args:
            corpus: the text.

        Returns:
            Metrics by name: ``loss`` (nats per token), ``perplexity``, ``bits_per_character`` and for bytes
            ``bits_per_byte``; ``scored_tokens``, ``scored_characters``, ``unknown_tokens``.
        """
        return _scores(corpus, self.nats(corpus))

    def learn_rivals(self, corpus: Corpus) -> dict[str, Rival]:
        """Count the tokens of a text, and what follows what."""
        return learn_rivals(corpus, self.vocabulary)

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
        prompted, number = self._prompted(prompt, length), self.number(condition)
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
        prompted, number = self._prompted(prompt, length), self.number(condition)
        sampler = Sampler(temperature=temperature, top_k=top_k, top_p=top_p)
        seed = secrets.randbits(64) if seed is None else seed
        parts = (np.arange(start, min(start + SIDE_BY_SIDE, count)) for start in range(0, count, SIDE_BY_SIDE))
        return chain.from_iterable(
            self._texts(len(rows), islice(self._steps(prompted, number, rows, sampler, seed), length)) for rows in parts
        )

    def _prompted(self, prompt: str, length: int) -> list[int]:
        """The tokens before what is written."""
        check_length(length)
        return [self.vocabulary.document, *prompt_ids(self.vocabulary, prompt)]

    def _steps(
        self, prompted: list[int], condition: int | None, rows: Tokens, sampler: Sampler, seed: int | None
    ) -> Iterator[Step]:
        """Draw texts side by side; one for a label ends where documents end, another goes on."""
        decoder = self._decoder(prompted, condition, len(rows))
        return self.drawn(decoder, prompted[-1], rows, sampler, seed, ends=condition is not None)

    def _decoder(self, prompted: list[int], condition: int | None, rows: int = 1) -> LanguageDecoder:
        """The network after all but the last of some tokens, in rows side by side; it never writes what is unknown."""
        return self.decoder(prompted, condition, self.never_written(condition), rows)

    def never_written(self, condition: int | None) -> list[int]:
        """Give the tokens that it never writes: the unknown one, and the mark where no document ends.

        Args:
            condition: number of the label that it writes for, or None.

        Returns:
            Their numbers.
        """
        mark = None if condition is not None or self.config.separator else self.vocabulary.document
        return [token for token in (self.vocabulary.unknown, mark) if token is not None]

    def next_tokens(self, condition: str | None = None) -> NextTokens:
        """Make ready to say what comes next in a text that grows, as ``Run.next`` says."""
        number = self.number(condition)
        return NextTokens(lambda tokens: self._decoder(tokens, number), self.vocabulary, self.config.separator)

    def _texts(self, count: int, steps: Iterable[Step]) -> Iterator[str]:
        written: list[list[int]] = [[] for _ in range(count)]
        for step in steps:
            for row, token in zip(step.rows, step.tokens, strict=True):
                written[row].append(int(token))
        return ("".join(self._decoded(tokens)) for tokens in written)

    def _decoded(self, tokens: Iterable[int]) -> Iterator[str]:
        decode = self.vocabulary.decoder()
        for token in tokens:
            piece = (self.config.separator or "") if token == self.vocabulary.document else decode(token)
            if piece:
                yield piece

    def sample(self, step: int) -> str:
        """Write a text for the eye, after so many steps of training."""
        how: dict[str, Any] = {"length": SAMPLE_LENGTH, "temperature": SAMPLE_TEMPERATURE}
        how["seed"] = self.config.seed + step
        if self.labels is not None:
            return self._sample_of_labels(self.labels, step, how)
        text = ""
        for piece in self.generate_stream(**how):
            text += piece
            if len(text) >= SAMPLE_LENGTH:
                break
        return text

    def _sample_of_labels(self, labels: Labels, step: int, how: Mapping[str, Any]) -> str:
        """A text for each of some labels, which take turns; of long texts one is enough."""
        start, text = step // max(1, self.config.sample_every) * MOST_LABELS % len(labels), ""
        for label in [*labels.names[start:], *labels.names[:start]][:MOST_LABELS]:
            text += f"{label}: {''.join(self.generate_stream(condition=label, **how))}\n"
            if len(text) >= SAMPLE_LENGTH:
                break
        return text

    def pictures(self) -> Mapping[str, str]:
        """Draw nothing: a text is read."""
        return {}

    def amounts(self, train: Corpus, valid: Corpus) -> Mapping[str, object]:
        """Say how much text there is, by name."""
        return {
            "training_characters": train.characters,
            "training_tokens": train.predictions,
            "training_documents": len(train.source),
            "validation_characters": valid.characters,
            "validation_tokens": valid.predictions,
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
