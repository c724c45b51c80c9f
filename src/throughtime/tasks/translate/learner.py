"""The network of ``translate``: a text in, another one out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from throughtime.data.encoding.features import TokenFeatures, text_of
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.decoding.beam import Written, search
from throughtime.decoding.ensemble import Ensemble
from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.models.attending_decoder import Source
from throughtime.models.encoder_decoder import EncoderDecoder
from throughtime.models.inputs import TokenInput
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.recall import Copy, Recall
from throughtime.tasks.run_config import read_config, saved_options
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.learner import Batch, Learner
from throughtime.tasks.supervised.prediction import Prediction, WrittenText
from throughtime.tasks.translate.options import Config, Evaluating, Predicting, Writing
from throughtime.tasks.translate.pair_scores import Pair, write_scores
from throughtime.tasks.translate.pictures import card, draw, drawn
from throughtime.tasks.translate.reader import TranslateReader
from throughtime.tasks.translate.scores import score_texts, signature, tokenize_for
from throughtime.tasks.translate.targets import Right, WrittenTargets, all_right, right_of
from throughtime.tasks.translate.writing import beam_of, source_tokens, told

__all__ = ["Finding", "Translator"]

SHOWN = 6
"""Held-out examples in the report."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is kept of a text to score it by."""

    written: tuple[int, ...]
    """The tokens that were written, without the end."""
    nats: float
    """Loss of the first right text, its end included."""
    ended: bool
    """Whether what was written came to an end before its bound."""


def _unheard(line: str) -> None:
    """Tell nobody."""


class Translator(Learner[Right, Finding]):
    """A network that reads a text and writes another one.

    Args:
        config: the options.
        inputs: what it reads and what it can write.
        device: where the network goes.
    """

    name, counted, reader_class = "translate", "target tokens", TranslateReader
    config: Config
    model: EncoderDecoder
    how: Writing = Predicting(beam=1)
    """How it writes: while it learns, what is likeliest at each step."""
    voters: Sequence[EncoderDecoder] = ()
    """Other networks that vote on each token."""
    note: Note = staticmethod(_unheard)
    """Told what the user should know; while it learns, the scores say how many texts were broken off."""

    @classmethod
    def open(cls, config: Any, folder: Path, device: torch.device) -> Self:
        opened = super().open(config, folder, device)
        opened.how = Predicting()
        return opened

    def asked(self, how: Writing, note: Note) -> Translator:
        """Give the same network as it was asked to write.

        Args:
            how: what was asked for.
            note: told what the user should know.

        Returns:
            Another learner with the same network.

        Raises:
            UsageError: this network cannot do that, or another one cannot vote with it.
            CheckpointError: another run is missing or damaged.
        """
        if how.copy_unknown and self.targets.vocabulary.unknown is None:
            unit = self.targets.vocabulary.unit
            raise UsageError(
                f"{named('copy_unknown')} has nothing to do: this run writes {unit}, and knows all of them"
            )
        other = copy(self)
        other.how, other.note = how, note
        other.voters = [self._voter(Path(folder)) for folder in how.ensemble]
        blind = [model for model in (self.model, *other.voters) if not model.decoder.attends]
        for name in ("plot", "copy_unknown", "coverage_penalty"):
            if blind and getattr(how, name, None):
                which = "this one" if blind[0] is self.model else "one that votes"
                raise UsageError(f"{named(name)} needs a network with attention, and {which} has none; leave it out")
        return other

    def network(self) -> EncoderDecoder:
        config, features = self.config, self.features
        read = TokenInput(len(features.vocabulary), self.inputs.embedding, dropout=config.dropout)
        model = EncoderDecoder(
            read,
            len(self.targets.vocabulary),
            cell=config.cell,
            decoder_cell=config.decoder_cell,
            hidden_size=config.hidden,
            num_layers=config.layers,
            embedding_size=self.inputs.embedding,
            bidirectional=config.bidirectional,
            bridge=config.bridge,
            attention=config.attention,
            tied=config.tied,
            feeding=config.input_feeding,
            dropout=config.dropout,
            layer_norm=config.layer_norm,
            zoneout=config.zoneout,
            recurrent_dropout=config.recurrent_dropout,
            weight_dropout=config.weight_dropout,
        )
        if config.joint:
            read.embedding.weight = model.decoder.embedding.weight
        return model

    def _voter(self, folder: Path) -> EncoderDecoder:
        """Open the network of another run that is to vote on each token."""
        saved = read_config(folder)
        if saved["task"] != self.name:
            raise UsageError(f"{folder} is a run of the task {saved['task']}, and cannot vote here")
        other = Translator.open(saved_options(folder, saved), folder, self.device)
        same_source = other.features.to_mapping() == self.features.to_mapping()
        if same_source and other.targets.to_mapping()["vocabulary"] == self.targets.to_mapping()["vocabulary"]:
            return other.model
        raise UsageError(
            f"{folder} {'writes' if same_source else 'reads'} other tokens, and cannot vote here; train it on the same "
            f"data, or start it from this run ({option('init_from')})"
        )

    @property
    def features(self) -> TokenFeatures:
        """What it reads."""
        return cast(TokenFeatures, self.inputs.features)

    @property
    def targets(self) -> WrittenTargets:
        """What it can write."""
        return cast(WrittenTargets, self.inputs.targets)

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

    def _shifted(self, rows: Sequence[Any]) -> tuple[Tensor, Tensor, Tensor]:
        """(the token before each (B, T), the tokens (N,), their number in each row (B,) on the CPU)."""
        lengths = torch.tensor([len(row) for row in rows])
        padded = pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True)
        start = torch.full((len(rows), 1), self.targets.vocabulary.document)
        before = torch.cat([start, padded[:, :-1]], 1)
        there = torch.arange(padded.shape[1]) < lengths[:, None]
        return before.to(self.device), padded[there].to(self.device), lengths

    def _guessed(self, before: Tensor, lengths: Tensor, source: Source) -> Tensor:
        """Put the network's own guesses in place of a share of the tokens before; the first is none of them."""
        with torch.no_grad():
            guesses = torch.zeros_like(before)
            there = (torch.arange(before.shape[1]) < lengths[:, None]).to(self.device)
            guesses[there] = self.model(before, lengths, source).argmax(1)
        own = torch.rand(before.shape, device=self.device)[:, 1:] < self.config.scheduled_sampling
        return torch.cat([before[:, :1], torch.where(own, guesses[:, :-1], before[:, 1:])], 1)

    def _read(self, batch: Batch) -> list[tuple[EncoderDecoder, Source]]:
        """Have each network read a batch: this one first, then those that vote with it."""
        return [(model, model.encode(batch.arrays)) for model in (self.model, *self.voters)]

    def _nats(self, targets: Sequence[Right], read: Sequence[tuple[EncoderDecoder, Source]]) -> list[float]:
        """Give the loss of each first right text, its end included, by the mean of all networks' probabilities."""
        before, wanted, lengths = self._shifted([right[0] for right in targets])
        losses = [functional.cross_entropy(net(before, lengths, own), wanted, reduction="none") for net, own in read]
        each = math.log(len(read)) - torch.stack(losses).double().neg().logsumexp(0).cpu()
        row = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
        return cast("list[float]", torch.zeros(len(lengths)).double().index_add_(0, row, each).tolist())

    def _find(self, read: Sequence[tuple[EncoderDecoder, Source]]) -> list[list[Written]]:
        """Search for texts: for each row the best ones."""
        unknown, mark = self.targets.vocabulary.unknown, self.targets.vocabulary.document
        banned = [] if unknown is None or self.how.copy_unknown else [unknown]
        writers = [model.decoder.writer(source, banned=banned) for model, source in read]
        decoder = writers[0] if len(writers) == 1 else Ensemble(writers)
        lengths = read[0][1].lengths.numpy()
        first, most = np.full(len(lengths), mark), self.targets.most(lengths)
        return search(decoder, first, beam_of(self.how), end=mark, most=most)

    def examine(self, batch: Batch, targets: Sequence[Right]) -> list[Finding]:
        read = self._read(batch)
        return [
            Finding(tuple(texts[0].tokens.tolist()), nats, texts[0].ended)
            for texts, nats in zip(self._find(read), self._nats(targets, read), strict=True)
        ]

    def metrics(self, examples: Examples[Right], findings: Sequence[Finding]) -> dict[str, float]:
        texts = [self.targets.text(self.targets.tokens(each.written)) for each in findings]
        unended = sum(not each.ended for each in findings)
        nats = sum(each.nats for each in findings)
        scores = {"loss": nats / examples.scored, **self._scored(examples, texts)}
        return {**scores, **({"broken_off": unended} if unended else {})}

    def _scored(self, examples: Examples[Right], texts: Sequence[str]) -> dict[str, float]:
        """Score texts by all that is right for their sources."""
        right = all_right(examples.records)
        ids = [[self._ids(text) for text in each] for each in right]
        tokens = ([self._ids(text) for text in texts], ids)
        scores = score_texts(texts, right, tokenize=self._tokenize(right), tokens=tokens)
        wanted = self.targets.sentences or self.criterion in ("bleu", "chrf") or self._tokenize_asked is not None
        if not wanted:
            del scores["bleu"], scores["chrf"]  # which count runs of words
        return scores

    def _ids(self, text: str) -> tuple[int, ...]:
        """The tokens of a text, without its end."""
        return tuple(self.targets.ids(text)[:-1].tolist())

    @property
    def _tokenize_asked(self) -> str | None:
        return self.how.tokenize if isinstance(self.how, Evaluating) else None

    def _tokenize(self, right: Sequence[Sequence[str]]) -> str:
        """How BLEU cuts texts."""
        return self._tokenize_asked or tokenize_for([texts[0] for texts in right])

    def learn_rivals(self, examples: Examples[Right]) -> dict[str, Rival]:
        if self.criterion == "loss":  # which they have none of
            return {}
        return {"copy": Copy(), "recall": Recall.learn(examples.records)}

    def score_rival(self, rival: Copy | Recall, read: Examples[Right]) -> dict[str, float]:
        return self._scored(read, list(rival.write(read.records)))

    def evaluate(self, examples: Examples[Right]) -> dict[str, Any]:
        if isinstance(self.how, Evaluating) and self.how.scores is not None:
            with self.evaluating():
                scoring = partial(self._pair_nats, examples)
                write_scores(examples, scoring, self.plan, Path(self.how.scores), self.note)
        found, right = super().evaluate(examples), all_right(examples.records)
        if "bleu" in found:
            found["signature"] = signature(right, tokenize=self._tokenize(right))
        if broken := found.get("broken_off"):
            self.note(f"{broken} of {len(right):,} texts reached their bound without an end")
        return found

    def _pair_nats(self, examples: Examples[Right], pairs: Sequence[Pair]) -> list[float]:
        batch = self.batch(examples.items, np.array([row for row, _ in pairs]))
        targets = [examples.targets[row][place : place + 1] for row, place in pairs]
        return self._nats(targets, self._read(batch))

    def predictions(self, batch: Batch, records: Sequence[Record]) -> Iterator[Prediction]:
        found = self._find(self._read(batch))
        for texts, record in zip(found, records, strict=True):
            read = source_tokens(self.features, text_of(record))
            yield told(texts, self.targets, read, self.how)

    def predict(self, records: Iterable[Record], *, live: bool = False) -> Iterator[tuple[Record, Prediction]]:
        broken = count = 0
        for count, (record, said) in enumerate(super().predict(records, live=live), 1):
            broken += isinstance(said, WrittenText) and not said.ended
            if isinstance(self.how, Predicting) and self.how.plot is not None:
                draw(Path(self.how.plot) / f"{count:04}.{self.how.plot_format}", cast(WrittenText, said))
            yield record, said
        if broken:
            self.note(f"{broken:,} of {count:,} texts reached their bound without an end")

    def sample(self, record: Record, prediction: Prediction) -> str:
        """Write the source, what became of it, and what should have."""
        right = right_of(record)
        mark = "✓" if prediction.value in right else "✗"
        instead = "" if mark == "✓" else f"\n  right: {right[0]}"
        return f"{mark} {text_of(record)}\n      → {prediction.value}{instead}"

    def pictures(self, examples: Examples[Right], findings: Sequence[Finding]) -> dict[str, str]:
        chosen = np.random.default_rng(self.config.seed).permutation(len(examples.records))[:SHOWN]
        records = [examples.records[place] for place in cast("list[int]", chosen.tolist())]
        cards = [self._card(record, cast(WrittenText, said)) for record, said in self.predict(records)]
        return {"examples.html": "\n".join(cards)}

    def _card(self, record: Record, said: WrittenText) -> str:
        return card(text_of(record), right_of(record), str(said.value), said.score, drawn(said), name="log-probability")
