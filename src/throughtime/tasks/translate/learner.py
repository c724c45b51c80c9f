"""The network of ``translate``: a text in, another one out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.features import TokenFeatures, text_of
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.models.encoder_decoder import EncoderDecoder
from throughtime.models.parts.attending_decoder import Source
from throughtime.models.parts.inputs import TokenInput
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.recall import Copy, Recall
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.learner import Batch
from throughtime.tasks.supervised.prediction import WrittenText
from throughtime.tasks.translate.options import Config, Evaluating
from throughtime.tasks.translate.pair_scores import Pair, write_scores
from throughtime.tasks.translate.pictures import card, draw, drawn
from throughtime.tasks.translate.reader import TranslateReader
from throughtime.tasks.writing.learner import Finding, WritingLearner
from throughtime.tasks.writing.options import Writing
from throughtime.tasks.writing.scores import signature
from throughtime.tasks.writing.targets import Right, all_right, right_of
from throughtime.tasks.writing.told import source_tokens

__all__ = ["Translator"]

SHOWN = 6
"""Held-out examples in the report."""


class Translator(WritingLearner):
    """A network that reads a text and writes another one.

    Args:
        config: the options.
        inputs: what it reads and what it can write.
        device: where the network goes.
    """

    name, counted, reader_class = "translate", "target tokens", TranslateReader
    config: Config
    model: EncoderDecoder

    def asked(self, how: Writing, note: Note) -> Self:
        if getattr(how, "copy_unknown", False) and self.targets.vocabulary.unknown is None:
            unit = self.targets.vocabulary.unit
            raise UsageError(
                f"{named('copy_unknown')} has nothing to do: this run writes {unit}, and knows all of them"
            )
        return super().asked(how, note)

    def network(self) -> EncoderDecoder:
        config, features = self.config, self.features
        read = TokenInput(len(features.vocabulary), self.inputs.embedding, dropout=config.dropout)
        model = EncoderDecoder(
            read,
            len(self.targets.vocabulary),
            decoder_cell=config.decoder_cell,
            hidden_size=config.hidden,
            embedding_size=self.inputs.embedding,
            bidirectional=config.bidirectional,
            bridge=config.bridge,
            attention=config.attention,
            tied=config.tied,
            feeding=config.input_feeding,
            **config.recurrent(),
        )
        if config.joint:
            read.embedding.weight = model.decoder.embedding.weight
        return model

    @property
    def features(self) -> TokenFeatures:
        """What it reads."""
        return cast(TokenFeatures, self.inputs.features)

    @property
    def criterion(self) -> str:
        return self.config.criterion or ("bleu" if self.targets.sentences else "token_error_rate")

    def loss(self, batch: Batch, targets: Sequence[Right]) -> tuple[Tensor, int]:
        chosen = [right[int(torch.randint(len(right), ())) if len(right) > 1 else 0] for right in targets]
        before, wanted, lengths = self._shifted(chosen)
        source = self.model.encode(batch.arrays)
        if self.config.scheduled_sampling:
            before = self._guessed(before, lengths, source)
        logits = self.model(before, lengths, source)
        smoothing = self.config.label_smoothing
        return functional.cross_entropy(logits, wanted, label_smoothing=smoothing, reduction="sum"), len(wanted)

    def _guessed(self, before: Tensor, lengths: Tensor, source: Source) -> Tensor:
        """Put the network's own guesses in place of a share of the tokens before; the first is none of them."""
        with torch.no_grad():
            guesses = torch.zeros_like(before)
            there = (torch.arange(before.shape[1]) < lengths[:, None]).to(self.device)
            guesses[there] = self.model(before, lengths, source).argmax(1)
        own = torch.rand(before.shape, device=self.device)[:, 1:] < self.config.scheduled_sampling
        return torch.cat([before[:, :1], torch.where(own, guesses[:, :-1], before[:, 1:])], 1)

    def scored(self, examples: Examples[Right], texts: Sequence[str]) -> dict[str, float]:
        scores = super().scored(examples, texts)
        asked = getattr(self.how, "tokenize", None) is not None
        if not (self.targets.sentences or self.criterion in ("bleu", "chrf") or asked):
            del scores["bleu"], scores["chrf"]  # which count runs of words
        return scores

    def looked_at(self, record: Record) -> tuple[str, ...]:
        return source_tokens(self.features, text_of(record))

    def draw(self, path: Path, record: Record, said: WrittenText) -> None:
        draw(path, said)

    def learn_rivals(self, examples: Examples[Right]) -> dict[str, Rival]:
        if self.criterion == "loss":  # which they have none of
            return {}
        return {"copy": Copy(), "recall": Recall.learn(examples.records)}

    def score_rival(self, rival: Copy | Recall, read: Examples[Right]) -> dict[str, float]:
        return self.scored(read, list(rival.write(read.records)))

    def evaluate(self, examples: Examples[Right]) -> dict[str, Any]:
        if isinstance(self.how, Evaluating) and self.how.scores is not None:
            with self.evaluating():
                scoring = partial(self._pair_nats, examples)
                write_scores(examples, scoring, self.plan, Path(self.how.scores), self.note)
        found = super().evaluate(examples)
        if "bleu" in found:
            right = all_right(examples.records)
            found["signature"] = signature(right, tokenize=self._tokenize(right))
        return found

    def _pair_nats(self, examples: Examples[Right], pairs: Sequence[Pair]) -> list[float]:
        batch = self.batch(examples.items, np.array([row for row, _ in pairs]))
        targets = [examples.targets[row][place : place + 1] for row, place in pairs]
        return self._nats(targets, self._read(batch))

    def pictures(self, examples: Examples[Right], findings: Sequence[Finding]) -> dict[str, str]:
        chosen = np.random.default_rng(self.config.seed).permutation(len(examples.records))[:SHOWN]
        records = [examples.records[place] for place in cast("list[int]", chosen.tolist())]
        cards = [self._card(record, cast(WrittenText, said)) for record, said in self.predict(records)]
        return {"examples.html": "\n".join(cards)}

    def _card(self, record: Record, said: WrittenText) -> str:
        return card(text_of(record), right_of(record), str(said.value), said.score, drawn(said), name="log-probability")
