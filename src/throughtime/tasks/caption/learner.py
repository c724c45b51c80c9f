"""The network of ``caption``: a picture in, words about it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.pictures import PictureFeatures, is_grid
from throughtime.data.record import Picture, Record
from throughtime.models.captioner import CaptionDecoder, Captioner, uncovered
from throughtime.models.parts.picture_encoders import GridEncoder, PictureEncoder
from throughtime.tasks.caption.options import Config
from throughtime.tasks.caption.overlays import card, draw
from throughtime.tasks.caption.reader import CaptionReader
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.likest import LikestPicture
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.learner import Batch
from throughtime.tasks.supervised.prediction import WrittenText
from throughtime.tasks.writing.learner import Finding, WritingLearner
from throughtime.tasks.writing.scores import bleu_by_order, signature, word_accuracy
from throughtime.tasks.writing.targets import Right, all_right, right_of

__all__ = ["CaptionLearner"]

SHOWN = 6
"""Held-out pictures in the report."""


class CaptionLearner(WritingLearner):
    """A network that looks at a picture and writes about it.

    Args:
        config: the options.
        inputs: what it reads and what it can write.
        device: where the network goes.
    """

    name, counted, reader_class = "caption", "caption tokens", CaptionReader
    config: Config
    model: Captioner
    reads_otherwise = "reads pictures of another size or scale"

    def network(self) -> Captioner:
        config, features = self.config, self.features
        height, width, channels = features.shape
        shared: dict[str, Any] = {"size": (height, width), "width": config.features, "dropout": config.dropout}
        read: PictureEncoder | GridEncoder
        if is_grid(np.empty((1, 1, channels), np.float32)):
            read = GridEncoder(features.mean, features.scale, **shared)
        else:
            read = PictureEncoder(features.mean, features.scale, most=config.places, **shared)
        decoder = CaptionDecoder(
            len(self.targets.vocabulary),
            read.output_size,
            embedding_size=self.inputs.embedding,
            hidden_size=config.hidden,
            attention=config.attention,
            **config.recurrent(),
        )
        return Captioner(read, decoder)

    @property
    def features(self) -> PictureFeatures:
        """What it reads."""
        return cast(PictureFeatures, self.inputs.features)

    @property
    def criterion(self) -> str:
        return self.config.criterion or ("bleu" if self.targets.sentences else "token_error_rate")

    def loss(self, batch: Batch, targets: Sequence[Right]) -> tuple[Tensor, int]:
        before, wanted, lengths = self._shifted([caption for right in targets for caption in right])
        picture = torch.repeat_interleave(torch.arange(len(targets)), torch.tensor([len(right) for right in targets]))
        seen = self.model.encode(batch.arrays).select(picture)
        logits, looks = self.model.decoder.look_and_score(before, lengths, seen)
        smoothing = self.config.label_smoothing
        loss = functional.cross_entropy(logits, wanted, label_smoothing=smoothing, reduction="sum")
        if self.config.coverage and looks is not None:
            loss = loss + self.config.coverage * uncovered(looks)
        return loss, len(wanted)

    def scored(self, examples: Examples[Right], texts: Sequence[str]) -> dict[str, float]:
        right = all_right(examples.records)
        scores = {**super().scored(examples, texts), "word_accuracy": word_accuracy(texts, right)}
        return {**scores, **bleu_by_order(texts, right, tokenize=self._tokenize(right))}

    def looked_at(self, record: Record) -> tuple[str, ...]:
        rows, columns = self.model.read.grid
        return tuple(f"row {row + 1}, column {column + 1}" for row in range(rows) for column in range(columns))

    def learn_rivals(self, examples: Examples[Right]) -> dict[str, Rival]:
        return {} if self.criterion == "loss" else {"likest": LikestPicture.learn(examples.records)}

    def score_rival(self, rival: LikestPicture, read: Examples[Right]) -> dict[str, float]:
        return self.scored(read, list(rival.write(read.records)))

    def evaluate(self, examples: Examples[Right]) -> dict[str, Any]:
        found, right = super().evaluate(examples), all_right(examples.records)
        return {**found, "signature": signature(right, tokenize=self._tokenize(right))}

    def shown(self, record: Record) -> str:
        return record.place

    def draw(self, path: Path, record: Record, said: WrittenText) -> None:
        draw(path, cast(Picture, record.content), said, self.model.read.grid)

    def pictures(self, examples: Examples[Right], findings: Sequence[Finding]) -> dict[str, str]:
        chosen = np.random.default_rng(self.config.seed).permutation(len(examples.records))[:SHOWN]
        records = [examples.records[place] for place in cast("list[int]", chosen.tolist())]
        grid = self.model.read.grid
        cards = [
            card(cast(Picture, record.content), right_of(record), cast(WrittenText, said), grid)
            for record, said in self.predict(records)
        ]
        return {"examples.html": "\n".join(cards)}
