"""What learns to write a text about what it reads: a translation, a caption."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.features import text_of
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.data.source import Lengths
from throughtime.decoding.beam import Written, search
from throughtime.decoding.ensemble import Ensemble
from throughtime.doors import named, option
from throughtime.errors import UsageError
from throughtime.tasks.run_config import read_config, saved_options
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.learner import Batch, Learner
from throughtime.tasks.supervised.prediction import Prediction, WrittenText
from throughtime.tasks.writing.network import Read, WritingModel
from throughtime.tasks.writing.options import Predicting, Writing
from throughtime.tasks.writing.scores import score_texts, tokenize_for
from throughtime.tasks.writing.shifting import shifted
from throughtime.tasks.writing.targets import Right, WrittenTargets, all_right, right_of
from throughtime.tasks.writing.told import beam_of, copied, looked_most, told

__all__ = ["Finding", "WritingLearner"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is kept of a text to score it by."""

    written: tuple[int, ...]
    """The tokens that were written, without the end."""
    nats: float
    """Loss of the first right text, its end included."""
    ended: bool
    """Whether what was written came to an end before its bound."""
    looked: tuple[int, ...] = ()
    """Which step of what was read each token looked at most; empty where none is copied."""


def _unheard(line: str) -> None:
    """Tell nobody."""


class WritingLearner(Learner[Right, Finding]):
    """A network that reads something and writes a text about it.

    A task fills in its network (:class:`WritingModel`), its loss, and the names of what it looks at.

    Args:
        config: the options.
        inputs: what it reads and what it can write.
        device: where the network goes.
    """

    how: Writing = Predicting(beam=1)
    """How it writes: while it learns, what is likeliest at each step."""
    voters: Sequence[WritingModel] = ()
    """Other networks that vote on each token."""
    note: Note = staticmethod(_unheard)
    """Told what the user should know; while it learns, the scores say how many texts were broken off."""

    _packed: Sequence[Any] = ()
    """The weights of all networks, laid out for writing while they do not change."""

    @classmethod
    def open(cls, config: Any, folder: Path, device: torch.device) -> Self:
        opened = super().open(config, folder, device)
        opened.how = Predicting()
        return opened

    def asked(self, how: Writing, note: Note) -> Self:
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
        other = copy(self)
        other.how, other.note = how, note
        other.voters = [self._voter(Path(folder)) for folder in how.ensemble]
        blind = [model for model in (self.network_that_writes, *other.voters) if not model.decoder.attends]
        for name in ("plot", "copy_unknown", "coverage_penalty"):
            if blind and getattr(how, name, None):
                which = "this one" if blind[0] is self.network_that_writes else "one that votes"
                raise UsageError(f"{named(name)} needs a network with attention, and {which} has none; leave it out")
        return other

    @contextmanager
    def evaluating(self) -> Generator[None]:
        with super().evaluating():
            self._packed = [model.decoder.pack() for model in (self.network_that_writes, *self.voters)]
            try:
                yield
            finally:
                self._packed = ()

    @property
    def network_that_writes(self) -> WritingModel:
        """The network, as what it can do."""
        return cast(WritingModel, self.model)

    def _voter(self, folder: Path) -> WritingModel:
        """Open the network of another run that is to vote on each token."""
        saved = read_config(folder)
        if saved["task"] != self.name:
            raise UsageError(f"{folder} is a run of the task {saved['task']}, and cannot vote here")
        other = type(self).open(saved_options(folder, saved), folder, self.device)
        same_source = other.inputs.features.to_mapping() == self.inputs.features.to_mapping()
        if same_source and other.targets.to_mapping()["vocabulary"] == self.targets.to_mapping()["vocabulary"]:
            return other.network_that_writes
        what = "writes other tokens" if same_source else self.reads_otherwise
        raise UsageError(
            f"{folder} {what}, and cannot vote here; train it on the same data, or start it from this run "
            f"({option('init_from')})"
        )

    reads_otherwise = "reads other tokens"
    """What is said of a run that reads other things than this one."""

    @property
    def targets(self) -> WrittenTargets:
        """What it can write."""
        return cast(WrittenTargets, self.inputs.targets)

    @abstractmethod
    def looked_at(self, record: Record) -> tuple[str, ...]:
        """Name what can be looked at in a record: as many as it has steps."""

    def _shifted(self, rows: Sequence[Any]) -> tuple[Tensor, Tensor, Tensor]:
        return shifted(rows, self.targets.vocabulary.document, self.device)

    def _read(self, batch: Batch) -> list[tuple[WritingModel, Read]]:
        """Have each network read a batch: this one first, then those that vote with it."""
        return [(model, model.encode(batch.arrays)) for model in (self.network_that_writes, *self.voters)]

    def _nats(self, targets: Sequence[Right], read: Sequence[tuple[WritingModel, Read]]) -> list[float]:
        """Give the loss of each first right text, its end included, by the mean of all networks' probabilities."""
        before, wanted, lengths = self._shifted([right[0] for right in targets])
        losses = [functional.cross_entropy(net(before, lengths, own), wanted, reduction="none") for net, own in read]
        each = math.log(len(read)) - torch.stack(losses).double().neg().logsumexp(0).cpu()
        row = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
        return cast("list[float]", torch.zeros(len(lengths)).double().index_add_(0, row, each).tolist())

    @property
    def _banned(self) -> list[int]:
        """Tokens that are never written."""
        unknown = self.targets.vocabulary.unknown
        return [] if unknown is None or self._copies else [unknown]

    @property
    def _copies(self) -> bool:
        """Whether unknown tokens are copied from what was read."""
        return getattr(self.how, "copy_unknown", False)

    def _most(self, lengths: Lengths) -> Lengths:
        """Give how many tokens may be written, (B,), for what has so many steps."""
        return self.targets.most(lengths)

    def _find(self, read: Sequence[tuple[WritingModel, Read]]) -> list[list[Written]]:
        """Search for texts: for each row the best ones."""
        mark = self.targets.vocabulary.document
        packed = self._packed or [None] * len(read)
        writers = [
            model.decoder.writer(source, banned=self._banned, packed=weights)
            for (model, source), weights in zip(read, packed, strict=True)
        ]
        decoder = writers[0] if len(writers) == 1 else Ensemble(writers)
        lengths = read[0][1].lengths.numpy()
        first, most = np.full(len(lengths), mark), self._most(lengths)
        return search(decoder, first, beam_of(self.how), end=mark, most=most)

    def examine(self, batch: Batch, targets: Sequence[Right]) -> list[Finding]:
        read = self._read(batch)
        pairs = zip((texts[0] for texts in self._find(read)), self._nats(targets, read), strict=True)
        return [
            Finding(tuple(best.tokens.tolist()), nats, best.ended, looked_most(best) if self._copies else ())
            for best, nats in pairs
        ]

    def texts(self, examples: Examples[Right], findings: Sequence[Finding]) -> list[str]:
        """Give what was written of each."""
        return [self._text(record, each) for record, each in zip(examples.records, findings, strict=True)]

    def _text(self, record: Record, found: Finding) -> str:
        written, read = found.written, self.looked_at(record) if found.looked else ()
        return self.targets.text(
            copied(written, self.targets, read, found.looked) if read else self.targets.tokens(written)
        )

    def metrics(self, examples: Examples[Right], findings: Sequence[Finding]) -> dict[str, float]:
        unended, nats = sum(not each.ended for each in findings), sum(each.nats for each in findings)
        scores = {"loss": nats / self._scored_tokens(examples), **self.scored(examples, self.texts(examples, findings))}
        return {**scores, **({"broken_off": unended} if unended else {})}

    def _scored_tokens(self, examples: Examples[Right]) -> int:
        """Count the tokens of the first right text of each."""
        return sum(len(right[0]) for right in examples.targets)

    def scored(self, examples: Examples[Right], texts: Sequence[str]) -> dict[str, float]:
        """Score texts by all that is right for what was read."""
        right = all_right(examples.records)
        ids = [[self._ids(text) for text in each] for each in right]
        tokens = ([self._ids(text) for text in texts], ids)
        return score_texts(texts, right, tokenize=self._tokenize(right), tokens=tokens)

    def _ids(self, text: str) -> tuple[int, ...]:
        """The tokens of a text, without its end."""
        return tuple(self.targets.ids(text)[:-1].tolist())

    def _tokenize(self, right: Sequence[Sequence[str]]) -> str:
        """How BLEU cuts texts."""
        return getattr(self.how, "tokenize", None) or tokenize_for([texts[0] for texts in right])

    def evaluate(self, examples: Examples[Right]) -> dict[str, Any]:
        found = super().evaluate(examples)
        if broken := found.get("broken_off"):
            self.note(f"{broken} of {len(examples.records):,} texts reached their bound without an end")
        return found

    def predictions(self, batch: Batch, records: Sequence[Record]) -> Iterator[Prediction]:
        found = self._find(self._read(batch))
        for texts, record in zip(found, records, strict=True):
            yield told(texts, self.targets, self.looked_at(record), self.how)

    def predict(self, records: Iterable[Record], *, live: bool = False) -> Iterator[tuple[Record, Prediction]]:
        broken = count = 0
        for count, (record, said) in enumerate(super().predict(records, live=live), 1):
            broken += isinstance(said, WrittenText) and not said.ended
            if isinstance(self.how, Predicting) and self.how.plot is not None:
                place = Path(self.how.plot) / f"{count:04}.{self.how.plot_format}"
                self.draw(place, record, cast(WrittenText, said))
            yield record, said
        if broken:
            self.note(f"{broken:,} of {count:,} texts reached their bound without an end")

    @abstractmethod
    def draw(self, path: Path, record: Record, said: WrittenText) -> None:
        """Draw where a text has looked, .svg or .png as the path says."""

    def shown(self, record: Record) -> str:
        """What was read, as a line of a sample."""
        return text_of(record)

    def sample(self, record: Record, prediction: Prediction) -> str:
        """Write what was read, what became of it, and what should have."""
        right = right_of(record)
        mark = "✓" if prediction.value in right else "✗"
        instead = "" if mark == "✓" else f"\n  right: {right[0]}"
        return f"{mark} {self.shown(record)}\n      → {prediction.value}{instead}"
