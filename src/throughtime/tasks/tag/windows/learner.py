"""The network of ``tag`` over series in windows: the state is carried from each to the next of its series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor

from throughtime.data.encoding.items import FrameItems
from throughtime.data.encoding.labels import Labels
from throughtime.data.planning.series_lanes import SeriesLanes, Turn, plan_series_lanes
from throughtime.data.record import Record
from throughtime.data.series.steps import Window
from throughtime.models.parts.row_states import State, beside, first_rows, row_of
from throughtime.tasks.rivals.drawing import share_of
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.rivals.linear import Linear
from throughtime.tasks.supervised.examples import Examples
from throughtime.tasks.supervised.gathering import gather
from throughtime.tasks.supervised.learner import Batch
from throughtime.tasks.supervised.prediction import Prediction
from throughtime.tasks.tag.learner import Tagger
from throughtime.tasks.tag.rivals import learn_rivals
from throughtime.tasks.tag.scores import Numbers, Tally
from throughtime.tasks.tag.targets import StepTargets
from throughtime.tasks.tag.windows.packing import series_of, window_of
from throughtime.tasks.tag.windows.reader import SeriesTagReader
from throughtime.tasks.tag.windows.series import WindowedSeries

__all__ = ["SeriesTagger"]

DRAWN = 100_000
"""Steps that a linear model learns from, at most: it holds them all."""
Read: TypeAlias = Examples[Numbers] | WindowedSeries


class SeriesTagger(Tagger):
    """A network that gives a label to each step, of sequences that are read whole or in windows.

    Args:
        config: the options.
        inputs: what it reads and what it can say.
        device: where the network goes.
    """

    reader_class = SeriesTagReader

    def lanes(self, series: WindowedSeries, epoch: int | None = None) -> SeriesLanes:
        """Plan one pass over the windows of series; without an epoch, one that leaves nothing to chance."""
        rows = max(1, min(self.config.batch_size, self.config.batch_steps // series.size))
        return plan_series_lanes(series.counts, rows=rows, seed=self.config.seed, epoch=epoch)

    def turn(self, series: WindowedSeries, turn: Turn, state: State) -> tuple[Tensor, list[Numbers], State]:
        """Score what the lanes read at one step.

        Args:
            series: what they read.
            turn: which windows.
            state: the state after the step before; empty where there was none.

        Returns:
            (scores (B, T, labels), the right labels of each row, the state after the step).
        """
        windows = [series.window(*each) for each in zip(*turn, strict=True)]
        batch = self._batch_of([frames for frames, _ in windows])
        numbers = self._numbers(series)
        begins = torch.tensor(turn.begins)
        scores, after = self.model.carried(batch.arrays, first_rows(state, len(windows)), begins)
        return scores, [numbers[each] for _, each in windows], after

    @property
    def _known(self) -> Labels:
        return cast(StepTargets, self.inputs.targets).labels

    def _numbers(self, series: WindowedSeries) -> Numbers:
        """The network's number of each label of some series, UNSEEN for those that training never saw."""
        return np.array(self._known.numbers(series.names), np.int64)

    def _batch_of(self, frames: Sequence[Any]) -> Batch:
        return self.batch(FrameItems(frames), np.arange(len(frames)))

    def tally(self, series: WindowedSeries) -> dict[str, Any]:
        """Score all steps: the scores, and those of each label as ``labels``."""
        tally, right, state = Tally(self.labels), np.ones(len(series.stretches), np.bool_), State()
        with self.evaluating():
            for turn in self.lanes(series):
                scores, targets, state = self.turn(series, turn, state)
                found = self.compare(_rows(scores, list(map(len, targets))), targets)
                for stretch, wanted, each in zip(turn.series, targets, found, strict=True):
                    right[stretch] &= tally.add(wanted, each.said, each.loss)
        return _scored(tally, right)

    def evaluate(self, examples: Read) -> dict[str, Any]:
        if not isinstance(examples, WindowedSeries):
            return super().evaluate(examples)
        scores = self.tally(examples)
        labels = scores.pop("labels")
        unseen = self._known.unseen(examples.label_counts)
        more = {"skipped": examples.skipped} if examples.skipped else {}
        more |= {"unseen_labels": dict(unseen)} if unseen else {}
        return {**scores, "examples": len(examples.stretches), **more, "labels": labels}

    def learn_rivals(self, examples: Read) -> Mapping[str, Rival]:
        if not isinstance(examples, WindowedSeries):
            return super().learn_rivals(examples)
        windows = examples.records
        count = min(len(windows), max(1, DRAWN // examples.size))
        chosen: list[int] = np.random.default_rng(0).choice(len(windows), count, replace=False).tolist()
        drawn = [windows[index] for index in chosen]
        rivals = learn_rivals(drawn, examples.label_counts, self.labels)
        steps = share_of(sum(len(each.content) for each in drawn), examples.scored, "steps")
        for rival in rivals.values():
            cast(Any, rival).learned_from = steps if isinstance(rival, Linear) else f"all {examples.scored:,} steps"
        return rivals

    def score_rival(self, rival: Any, read: Read) -> dict[str, float]:
        if not isinstance(read, WindowedSeries):
            return super().score_rival(rival, read)
        tally, right = Tally(self.labels), np.ones(len(read.stretches), np.bool_)
        numbers = self._numbers(read)
        for stretch, count in enumerate(read.counts):
            for window in range(count):
                frames, wanted = read.window(stretch, window)
                (scores,) = rival.scores([Record(frames, None, "")])
                right[stretch] &= tally.add(numbers[wanted], scores.argmax(1))
        return {name: value for name, value in _scored(tally, right).items() if name not in ("loss", "labels")}

    def predict(self, records: Iterable[Record], *, live: bool = False) -> Iterator[tuple[Record, Prediction]]:
        states: dict[str | None, State] = {}
        config = self.config
        for in_windows, part in groupby(records, lambda record: window_of(record) is not None):
            if not in_windows:
                yield from super().predict(part, live=live)
                continue
            most, steps = config.batch_size, config.batch_steps
            for chunk in gather(part, live=live, most=most, most_steps=steps, apart=series_of):
                yield from zip(chunk, self._predict_windows(chunk, states), strict=True)

    def _predict_windows(self, chunk: Sequence[Record], states: dict[str | None, State]) -> list[Prediction]:
        """Say something of a window of each of some series, and keep the states of those that go on."""
        windows, names = [cast(Window, window_of(record)) for record in chunk], list(map(series_of, chunk))
        entering = [() if window.first else states.pop(name) for window, name in zip(windows, names, strict=True)]
        batch = self._batch_of([record.content for record in chunk])
        begins = torch.tensor([window.first for window in windows])
        with self.evaluating():
            scores, after = self.model.carried(batch.arrays, beside(entering), begins)
        for row, (window, name) in enumerate(zip(windows, names, strict=True)):
            if window.continues:
                states[name] = row_of(after, row)
        return list(self.interpret(_rows(scores, [len(record.content) for record in chunk])))


def _rows(scores: Tensor, lengths: Sequence[int]) -> list[Tensor]:
    """The scores of each row on the CPU, (T, labels), without the padding."""
    return [score[:steps] for score, steps in zip(scores.cpu(), lengths, strict=True)]


def _scored(tally: Tally, right: Any) -> dict[str, Any]:
    sequences = {"sequence_accuracy": float(right.mean())}
    return {**tally.rates(), **sequences, "f1": tally.f1, "labels": tally.by_label()}
