"""A language model of events: tunes in, scores out; a primer in, a tune out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from throughtime.data.music.tune import Tune
from throughtime.models.language_model import LanguageModel
from throughtime.tasks.generate.events.corpus import MARK, EventCorpus, Events, events_of, notes_of
from throughtime.tasks.generate.labels import saved_labels
from throughtime.tasks.generate.music.kept import PreparedTunes, saved_range
from throughtime.tasks.generate.music.writing import TuneWriter, Wanted
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.token_writer import LANES, TokenWriter, network_for
from throughtime.tasks.rivals.drawing import share_of
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.ngram import NGram
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE

__all__ = ["EventWriter"]

STEPS = 50
"""Steps of an epoch, where there are events enough for as many."""
TOKENS = 2_000_000
"""Tokens that are counted at most for a simple model."""
ORDER = 4
"""Tokens of the longest n-gram."""


class EventWriter(TokenWriter, TuneWriter):
    """A language model of events: scores tunes and writes tunes.

    Args:
        config: how tunes are read and what network it is.
        vocabulary: the events.
        model: the network, on its device.
        labels: what it writes tunes for, where it has learned labels.
    """

    vocabulary: Events
    criterion, counted = "nll_per_event", "events"
    advice = "try training with more epochs, more tunes, or each in more keys (transpose)"

    @classmethod
    def make(cls, config: Config, prepared: PreparedTunes, device: torch.device) -> Self:
        """Make a new one, whose first weights are drawn from torch's generator."""
        events = Events(prepared.pitches)
        return cls(config, events, network_for(config, events, device, prepared.labels), prepared.labels)

    @classmethod
    def open(cls, config: Config, folder: Path, device: torch.device) -> Self:
        """Open that of a run for use; a CheckpointError says that a file is missing or damaged."""
        labels = None if config.condition is None else saved_labels(folder)
        events = Events(saved_range(folder))
        network: LanguageModel = network_for(config, events, device, labels)
        load_weights(folder / MODEL_FILE, network.eval())
        return cls(config, events, network, labels)

    def lanes(self, corpus: EventCorpus) -> int:
        """Say how many lanes there are by default: fewer where there are few events."""
        return min(LANES, max(1, int(corpus.lengths.sum()) // (STEPS * self.config.tbptt)))

    def measures(self, corpus: EventCorpus, loss: float) -> dict[str, float]:
        """Express a loss for each event."""
        return {"loss": loss, "nll_per_event": loss, "perplexity": math.exp(min(loss, 700.0))}

    def evaluate(self, corpus: EventCorpus) -> dict[str, float]:
        """Score every event of all tunes once, their ends too.

        Args:
            corpus: the tunes.

        Returns:
            Metrics by name: ``nll_per_event`` and ``loss`` (nats for each event), ``perplexity``; ``scored_events``,
            ``scored_notes``, ``tunes``.
        """
        amounts = {"scored_events": corpus.predictions, "scored_notes": corpus.notes, "tunes": len(corpus.lengths)}
        return {**self.measures(corpus, self.nats(corpus) / corpus.predictions), **amounts}

    def learn_rivals(self, corpus: EventCorpus) -> dict[str, Rival]:
        """Count the events, and what follows what."""
        tokens = corpus.source.tokens
        part = tokens[-TOKENS:]
        learned_from = share_of(len(part), len(tokens), "events")
        return {
            name: NGram.learn(part, len(self.vocabulary), order, "events", learned_from)
            for name, order in (("unigram", 1), ("ngram", ORDER))
        }

    def score_rival(self, rival: Any, read: EventCorpus) -> dict[str, float]:
        """Score a simple model on tunes by the measures of the network."""
        return self.measures(read, rival.nats(read.source.tokens) / read.predictions)

    def write(self, wanted: Wanted) -> Tune:
        """Write a tune, to where the network ends it, or as long as is wanted.

        Args:
            wanted: what is to be written.

        Returns:
            The tune, which begins with the primer.
        """
        number = self.number(wanted.condition)
        given = [] if wanted.primer is None else events_of(wanted.primer)
        before = [MARK, *given]
        decoder = self.decoder(before, number, (), 1)
        steps = self.drawn(decoder, before[-1], np.arange(1), wanted.sampler, wanted.seed, ends=True)
        written = [int(step.tokens[0]) for step in islice(steps, wanted.length)]
        return Tune(notes_of([*given, *written]), given=0.0 if wanted.primer is None else wanted.primer.length)

    def amounts(self, train: EventCorpus, valid: EventCorpus) -> Mapping[str, object]:
        """Say how much music there is, by name."""
        return {
            "training_tunes": len(train.lengths),
            "training_events": train.predictions,
            "training_notes": train.notes,
            "validation_tunes": len(valid.lengths),
            "validation_events": valid.predictions,
        }

    def describe(self) -> dict[str, object]:
        """Give the sizes of network and vocabulary, and the pitches that were learned."""
        return {**super().describe(), "pitches": str(self.vocabulary.pitches)}
