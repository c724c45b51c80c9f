"""The doors without the training: what ``fit``, ``evaluate`` and ``predict`` read is kept, and no network is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.data.music.tune import Tune
from throughtime.data.panel.panel import Panel, Series
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.models.frame_model import FrameModel
from throughtime.models.language_model import LanguageModel
from throughtime.runs.folder import make_folder
from throughtime.runs.run import Run
from throughtime.tasks import task_named
from throughtime.tasks.forecast.inputs import read_inputs
from throughtime.tasks.forecast.learner import Forecasts, Learner
from throughtime.tasks.forecast.reader import ToScore
from throughtime.tasks.generate.events.corpus import Events
from throughtime.tasks.generate.events.event_writer import EventWriter
from throughtime.tasks.generate.frames.frame_writer import FrameWriter
from throughtime.tasks.generate.labels import saved_labels
from throughtime.tasks.generate.music.kept import saved_range
from throughtime.tasks.generate.text.text_model import TextModel
from throughtime.tasks.run_config import CONFIG_FILE, RunConfig
from throughtime.tasks.saved_vocabulary import saved_vocabulary
from throughtime.tasks.supervised.examples import read_saved
from throughtime.tasks.supervised.prediction import Prediction, WrittenText
from throughtime.tasks.translate.learner import Translator
from throughtime.tasks.translate.reader import TranslateReader
from throughtime.training.files import write_json
from throughtime.training.reporter import Summary


@dataclass
class Doors:
    """What the last call has read."""

    records: list[Record] = field(default_factory=list[Record])
    """Its records; none where a text was read."""
    characters: int = 0
    """Its characters, where a text was read; its tunes, where music was."""
    series: list[Series] = field(default_factory=list[Series])
    """Its series, where they are to be forecast."""

    @property
    def count(self) -> int:
        """How many records, characters or series."""
        return len(self.records) or self.characters or len(self.series)


class _Model:
    """Says the same of every record."""

    def __init__(self, doors: Doors, run: Run) -> None:
        self.doors, self.run = doors, run

    def evaluate(self, read: Any) -> dict[str, Any]:
        self.doors.records = list(getattr(read, "records", ()))
        self.doors.characters = getattr(read, "characters", 0) or len(getattr(read, "lengths", ()))
        return {"examples": len(self.doors.records)}

    def predict(self, records: Iterable[Record], *, live: bool = False) -> Iterator[tuple[Record, Prediction]]:
        self.doors.records = []
        for record in records:
            self.doors.records.append(record)
            each_step = isinstance(record.content, tuple)
            if self.run.task == "translate":
                yield record, WrittenText("a", score=0.0, tokens=("a",), source_tokens=("a",))
            else:
                yield record, Prediction(("a",) * len(record.content) if each_step else "a")

    def asked(self, how: Any, note: Note) -> _Model:
        learner, config = task_named(self.run.task).load_learner(), self.run.config
        inputs = read_saved(self.run.path, learner.reader_class(config).load_targets)
        learner(config, inputs, torch.device("cpu")).asked(how, note)
        return self

    def generate_stream(self, prompt: str, **how: Any) -> Iterator[str]:
        return self._writer().generate_stream(prompt, **how)

    def generate_texts(self, count: int, **how: Any) -> Iterator[str]:
        return self._writer().generate_texts(count, **how)

    def next_tokens(self, condition: str | None = None) -> Any:
        return self._writer().next_tokens(condition)

    def generate_tune(self, **how: Any) -> Tune:
        self.doors.records, self.doors.characters = [], 0
        config: Any = self.run.config
        pitches, labels = saved_range(self.run.path), saved_labels(self.run.path) if config.condition else None
        tiny: dict[str, Any] = {"hidden_size": 4, "embedding_size": 4, "conditions": len(labels or ())}
        if config.unit == "frames":
            return FrameWriter(config, pitches, FrameModel(88, **tiny), labels).generate_tune(**how)
        events = Events(pitches)
        return EventWriter(config, events, LanguageModel(len(events), **tiny), labels).generate_tune(**how)

    def _writer(self) -> TextModel:
        self.doors.records, self.doors.characters = [], 0
        config: Any = self.run.config
        writer = SimpleNamespace(step=lambda tokens: np.zeros((len(tokens), 2)), state=())
        network: Any = SimpleNamespace(decoder=lambda *_, **__: writer)
        labels = saved_labels(self.run.path) if config.condition else None
        return TextModel(config, saved_vocabulary(config.unit, self.run.path), network, labels)

    def describe(self) -> dict[str, object]:
        return {}


class _Forecaster(Learner):
    """The network of a run as it was before it learned; keeps what it is asked about."""

    doors: Doors

    def evaluate(self, read: ToScore) -> dict[str, Any]:
        self.doors.series = list(read.panel.series)
        return super().evaluate(read)

    def forecast(self, panel: Panel, wanted: Any, progress: Any = None) -> Forecasts:
        self.doors.series = list(panel.series)
        return super().forecast(panel, wanted, progress)


def _model(doors: Doors, run: Run) -> _Model | _Forecaster:
    if run.task != "forecast":
        return _Model(doors, run)
    config: Any = run.config
    forecaster = _Forecaster(config, read_inputs(run.path), torch.device("cpu"))
    forecaster.doors = doors
    return forecaster


def _untrained(config: Any, folder: Path, *_: object) -> Translator:
    """The network of a run as it was before it learned."""
    return Translator(config, read_saved(folder, TranslateReader(config).load_targets), torch.device("cpu"))


def without_training(monkeypatch: pytest.MonkeyPatch) -> Doors:
    """Let ``fit`` write a run without weights, and a run use a model that says the same of everything."""
    doors = Doors()

    def train(config: RunConfig, prepared: Any, folder: Path, **_: object) -> Summary:
        doors.records, doors.characters, doors.series = [], 0, []
        if config.task == "generate":
            parts = (prepared.train, prepared.valid)
            doors.characters = sum(getattr(part, "characters", len(part.lengths)) for part in parts)
        elif config.task == "forecast":
            doors.series = list(prepared.train)
        else:
            doors.records = [*prepared.train.records, *prepared.valid.records]
        make_folder(folder, prepared.artifacts)
        write_json(folder / CONFIG_FILE, config.to_json())
        return Summary(status="finished", step=1, tokens=1, seconds=0.0, path=folder)

    monkeypatch.setattr("throughtime.runs.training.train", train)
    monkeypatch.setattr(Translator, "open", staticmethod(_untrained))
    monkeypatch.setattr(Run, "model", property(lambda run: _model(doors, run)))
    return doors
