"""The network of the toy task: two encoders, and a decoder that is taught with the right sequence or writes its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.data.encoding.joined import JoinedFeatures
from throughtime.data.record import Record, Sequences
from throughtime.layers import GRU
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.learner import Batch, Learner
from throughtime.tasks.supervised.network import make_input
from throughtime.tasks.supervised.prediction import Prediction
from toy.options import Config
from toy.reader import Ids, ToyReader, WrittenTargets


class Network(nn.Module):
    """Reads a text and a question, and scores what comes next of the answer."""

    def __init__(self, text: nn.Module, question: nn.Module, tokens: int, hidden: int) -> None:
        super().__init__()
        self.text, self.question = text, question
        self.text_encoder = GRU(cast(int, text.output_size), hidden, batch_first=True)
        self.question_encoder = GRU(cast(int, question.output_size), hidden, batch_first=True)
        self.answer = nn.Embedding(tokens, hidden)
        self.decoder = GRU(hidden, hidden, batch_first=True)
        self.output = nn.Linear(hidden, tokens)

    def encode(self, arrays: dict[str, Tensor]) -> Tensor:
        text = self.text(arrays["content_tokens"])
        question = self.question(arrays["question_words"])
        _, h_text = self.text_encoder(text, lengths=arrays["content_lengths"])
        _, h_question = self.question_encoder(question, lengths=arrays["question_lengths"])
        return h_text + h_question

    def forward(self, before: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        y, state = self.decoder(self.answer(before), state)
        return self.output(y), state


@dataclass(frozen=True, slots=True)
class Finding:
    """What was written of a record, and the loss of the right sequence."""

    written: str
    nats: float


class Writer(Learner[Ids, Finding]):
    name, counted, reader_class = "toy", "characters", ToyReader
    config: Config
    model: Network

    def network(self) -> Network:
        features = cast(JoinedFeatures, self.inputs.features)
        parts = [
            make_input(self.config, features.parts[name], self.inputs.embedding, rare_only=False)
            for name in ("content", "question")
        ]
        return Network(*parts, len(self.vocabulary), self.config.hidden)

    @property
    def criterion(self) -> str:
        return "loss"

    @property
    def vocabulary(self):
        return cast(WrittenTargets, self.inputs.targets).vocabulary

    def _nats(self, batch: Batch, targets: Sequence[Ids]) -> Tensor:
        """The loss of each right sequence, (B,): the decoder sees what comes before each of its characters."""
        wanted = nn.utils.rnn.pad_sequence([torch.from_numpy(each) for each in targets], True, -100)
        start = torch.full((len(targets), 1), self.vocabulary.document)
        before = torch.cat([start, wanted[:, :-1].clamp(min=0)], 1).to(self.device)
        scores, _ = self.model(before, self.model.encode(batch.arrays))
        return functional.cross_entropy(scores.mT, wanted.to(self.device), reduction="none").sum(1)

    def loss(self, batch: Batch, targets: Sequence[Ids]) -> tuple[Tensor, int]:
        return self._nats(batch, targets).sum(), sum(map(len, targets))

    def _write(self, batch: Batch) -> Iterator[str]:
        """Write what is likeliest, character by character."""
        state = self.model.encode(batch.arrays)
        token = torch.full((state.shape[1], 1), self.vocabulary.document, device=self.device)
        rows: list[np.ndarray] = []
        for _ in range(self.config.longest):
            scores, state = self.model(token, state)
            token = scores.argmax(2)
            rows.append(token[:, 0].cpu().numpy())
        for written in np.stack(rows, 1).tolist():
            ended = [*written, self.vocabulary.document].index(self.vocabulary.document)
            decode = self.vocabulary.decoder()
            yield "".join(decode(each) for each in written[:ended] if each != self.vocabulary.unknown)

    def examine(self, batch: Batch, targets: Sequence[Ids]) -> list[Finding]:
        pairs = zip(self._write(batch), self._nats(batch, targets).tolist(), strict=True)
        return [Finding(written, nats) for written, nats in pairs]

    def metrics(self, examples: Examples[Ids], findings: Sequence[Finding]) -> dict[str, float]:
        pairs = zip(examples.records, findings, strict=True)
        right = [found.written in cast(Sequences, record.target).right for record, found in pairs]
        nats = sum(found.nats for found in findings)
        return {"loss": nats / examples.scored, "exact_match": float(np.mean(right))}

    def predictions(self, batch: Batch, records: Sequence[Record]) -> list[Prediction]:
        return [Prediction(written) for written in self._write(batch)]

    def sample(self, record: Record, prediction: Prediction) -> str:
        return f"{record.content}, {record.beside['question']}: {prediction.value}"
