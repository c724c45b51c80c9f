"""A model of frames: tunes in, scores out; a primer in, a tune out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.labels import Labels
from throughtime.data.music.midi_reading import BEAT
from throughtime.data.music.tune import Tune, tune_of_frames
from throughtime.data.planning.lanes import LanePlan, Span
from throughtime.models.frame_model import FrameModel
from throughtime.tasks.generate.frames.corpus import KEYS, LOWEST, FrameBatch, FrameCorpus, frame_batch, keys_of
from throughtime.tasks.generate.frames.drawing import check_sampler, drawn_frames
from throughtime.tasks.generate.labels import number_of, saved_labels
from throughtime.tasks.generate.music.kept import PreparedTunes, Range, saved_range
from throughtime.tasks.generate.music.writing import TuneWriter, Wanted
from throughtime.tasks.generate.options import Config
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.keys import KeyChances
from throughtime.training.checkpoint import load_weights
from throughtime.training.files import MODEL_FILE
from throughtime.training.job import State

__all__ = ["FrameWriter"]

LANES = 16
"""Tunes that are read side by side in training where no other number is asked for."""
ROWS, WINDOW = 64, 512
"""Tunes that are scored side by side, at most, and steps of them at a time."""


class FrameWriter(TuneWriter):
    """A model of frames: scores tunes and writes tunes.

    Args:
        config: how tunes are read and what network it is.
        pitches: those that were learned.
        model: the network, on its device.
        labels: what it writes tunes for, where it has learned labels.
    """

    criterion, counted = "nll_per_frame", "frames"
    advice = "try training with more epochs, more tunes, or each in more keys (transpose)"

    def __init__(self, config: Config, pitches: Range, model: FrameModel, labels: Labels | None = None) -> None:
        self.config, self.pitches, self.model, self.labels = config, pitches, model, labels

    @classmethod
    def make(cls, config: Config, prepared: PreparedTunes, device: torch.device) -> Self:
        """Make a new one, whose first weights are drawn from torch's generator; its output begins with how often each
        key sounds.
        """
        made = cls(config, prepared.pitches, _network(config, device, prepared.labels), prepared.labels)
        corpus: FrameCorpus = prepared.train
        made.model.expect((corpus.rows.sum(0, dtype=np.int64) + 0.5) / (corpus.frames + 1))
        return made

    @classmethod
    def open(cls, config: Config, folder: Path, device: torch.device) -> Self:
        """Open that of a run for use; a CheckpointError says that a file is missing or damaged."""
        labels = None if config.condition is None else saved_labels(folder)
        opened = cls(config, saved_range(folder), _network(config, device, labels), labels)
        load_weights(folder / MODEL_FILE, opened.model.eval())
        return opened

    def forward(self, corpus: FrameCorpus, spans: tuple[Span, ...], state: State) -> tuple[Tensor, State]:
        """Give the loss summed over the frames of one step, in nats, and the state after it."""
        batch = frame_batch(corpus, spans)
        if not state:
            batch.resets[:, 0] = False  # there is nothing to clear yet
        return self._loss(batch, state)

    def _loss(self, batch: FrameBatch, state: State) -> tuple[Tensor, State]:
        """The nats of each key, summed over keys and the frames that are scored."""
        inputs, targets, scored, resets = (torch.from_numpy(part).to(self.model.device) for part in batch[:4])
        conditions = None if batch.conditions is None else torch.from_numpy(batch.conditions).to(self.model.device)
        cleared = resets if batch.resets.any() else None
        log_odds, after = self.model(inputs, state or None, resets=cleared, conditions=conditions)
        nats = functional.binary_cross_entropy_with_logits(log_odds, targets, reduction="none").sum(-1)
        return (nats * scored).sum(), after

    def scored(self, corpus: FrameCorpus, plan: LanePlan, place: int) -> int:
        """Count the frames that one step of a plan scores: the ends of tunes are none."""
        ends = sum(span.scored and span.stop == int(corpus.lengths[span.item]) for span in plan[place])
        return max(1, plan.tokens(place) - ends)

    def lanes(self, corpus: FrameCorpus) -> int:
        """Say how many lanes there are by default: fewer where there are few frames."""
        return min(LANES, max(1, len(corpus.rows) // (4 * self.config.tbptt)))

    def measures(self, corpus: FrameCorpus, loss: float) -> dict[str, float]:
        """Express a loss for each frame."""
        return {"loss": loss, "nll_per_frame": loss}

    @torch.no_grad()
    def evaluate(self, corpus: FrameCorpus) -> dict[str, float]:
        """Score every frame of all tunes once, each tune from its start on.

        .. code-block:: text

            nll_per_frame = - 1/N sum over frames, over the 88 keys: v log s + (1 - v) log(1 - s)

        Args:
            corpus: the tunes.

        Returns:
            Metrics by name: ``nll_per_frame`` and ``loss`` (nats for each frame), ``scored_frames``, ``tunes``.

        Source: the log-likelihood per time step of Boulanger-Lewandowski et al. 2012, its mean over all frames.
        """
        training = self.model.training
        self.model.eval()
        nats = sum(self._nats(corpus, tunes) for tunes in _together(corpus))
        self.model.train(training)
        amounts = {"scored_frames": corpus.frames, "tunes": len(corpus.lengths)}
        return {**self.measures(corpus, nats / max(1, corpus.frames)), **amounts}

    def _nats(self, corpus: FrameCorpus, tunes: list[int]) -> float:
        """The nats of tunes side by side, window by window; what is beyond the end of one is not scored."""
        longest, nats, state = max(int(corpus.lengths[tune]) for tune in tunes), 0.0, State()
        for start in range(0, longest - 1, WINDOW):
            width = min(WINDOW, longest - 1 - start)
            inputs = np.zeros((len(tunes), width, KEYS + 1), np.float32)
            targets, scored = np.zeros((len(tunes), width, KEYS), np.float32), np.zeros((len(tunes), width), np.bool_)
            for row, tune in enumerate(tunes):
                read, following = corpus[tune][start : start + width], corpus[tune][start + 1 : start + width + 1]
                inputs[row, : len(read), :KEYS] = read
                inputs[row, 0, KEYS] = start == 0
                targets[row, : len(following)] = following
                scored[row, : len(following)] = True
            labels = None
            if corpus.conditions is not None:
                labels = np.repeat(corpus.conditions[tunes][:, None], width, 1)
            loss, state = self._loss(FrameBatch(inputs, targets, scored, np.zeros_like(scored), labels), state)
            nats += loss.item()
        return nats

    def learn_rivals(self, corpus: FrameCorpus) -> dict[str, Rival]:
        """Count how often each key sounds, and how often it does so again."""
        learned_from = f"all {corpus.frames:,} frames"
        return {
            name: KeyChances.learn(corpus.rows, corpus.lengths, looks_back=looks_back, learned_from=learned_from)
            for name, looks_back in (("shares", False), ("again", True))
        }

    def score_rival(self, rival: Any, read: FrameCorpus) -> dict[str, float]:
        """Score a simple model on tunes by the measures of the network."""
        return self.measures(read, rival.nats(read.rows, read.lengths) / max(1, read.frames))

    def write(self, wanted: Wanted) -> Tune:
        """Write a tune as long as is wanted.

        Args:
            wanted: what is to be written; its steps are frames.

        Returns:
            The tune, which begins with the primer.

        Raises:
            UsageError: a value outside its range, or one that frames have no use for.
        """
        check_sampler(wanted.sampler)
        number = number_of(self.labels, wanted.condition)
        given = np.zeros((0, KEYS), np.uint8) if wanted.primer is None else keys_of(wanted.primer)
        before = np.zeros((len(given) + 1, KEYS + 1), np.float32)
        before[0, KEYS] = 1.0
        before[1:, :KEYS] = given
        decoder = self.model.decoder([before], None if number is None else [number])
        drawn = list(islice(drawn_frames(decoder, before[-1], wanted.sampler, wanted.seed), wanted.length))
        step = BEAT / (self.config.steps_per_beat or 1)
        rows = np.concatenate([given.astype(bool), *(each[None] for each in drawn)])
        tune = tune_of_frames([(np.flatnonzero(row) + LOWEST).tolist() for row in rows], step)
        return Tune(tune.notes, step, len(rows), given=len(given) * step)

    def amounts(self, train: FrameCorpus, valid: FrameCorpus) -> Mapping[str, object]:
        """Say how much music there is, by name."""
        return {
            "training_tunes": len(train.lengths),
            "training_frames": train.frames,
            "validation_tunes": len(valid.lengths),
            "validation_frames": valid.frames,
        }

    def describe(self) -> dict[str, object]:
        """Give the sizes of the network, and the pitches that were learned."""
        return {
            "cell": self.config.cell,
            "hidden": self.config.hidden,
            "layers": self.config.layers,
            **self.config.around(),
            "embedding": self.config.embedding,
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
            "unit": self.config.unit,
            "pitches": str(self.pitches),
            **({} if self.labels is None else {"conditions": list(self.labels.names)}),
        }


def _network(config: Config, device: torch.device, labels: Labels | None) -> FrameModel:
    return FrameModel(
        KEYS,
        embedding_size=config.embedding,
        hidden_size=config.hidden,
        conditions=0 if labels is None else len(labels),
        **config.recurrent(),
    ).to(device)


def _together(corpus: FrameCorpus) -> Iterator[list[int]]:
    """The tunes in groups that are scored side by side, those of about the same length together."""
    order: list[int] = np.argsort(-corpus.lengths, kind="stable").tolist()
    return (order[start : start + ROWS] for start in range(0, len(order), ROWS))
