"""Events: tunes as tokens and back, their score, and tunes that are written."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch.nn import functional

import throughtime as tt
from throughtime.data.music.notes import Note, tidy
from throughtime.data.music.tune import Tune
from throughtime.data.user_data import user_data
from throughtime.tasks.generate.events.corpus import (
    LOUDNESS,
    MARK,
    OFF,
    ON,
    SHIFT,
    Events,
    event_corpus,
    events_of,
    notes_of,
)
from throughtime.tasks.generate.events.event_writer import EventWriter
from throughtime.tasks.generate.job import GenerateJob, make_job
from throughtime.tasks.generate.music.kept import Range
from throughtime.tasks.generate.options import Config
from throughtime.tasks.generate.reader import reader_for
from throughtime.training.reporter import SilentReporter

SMALL: Mapping[str, Any] = {
    "unit": "events", "hidden": 24, "embedding": 12, "lanes": 2, "tbptt": 16, "dropout": 0.0, "warmup": 0,
    "sample_every": 0,
}  # fmt: skip


def tune(seed: int, notes: int = 12) -> Tune:
    draw = random.Random(seed)
    starts = [draw.randrange(0, 500) / 100 for _ in range(notes)]
    drawn = (
        Note(start, start + draw.randrange(1, 300) / 100, draw.randrange(50, 70), draw.randrange(1, 128))
        for start in starts
    )
    return Tune(tidy(drawn))


def job(train: list[Tune], valid: list[Tune], **options: Any) -> GenerateJob:
    torch.manual_seed(0)
    config = Config.from_mapping({**SMALL, **options})
    prepared = reader_for(config).read(user_data({"data": train, "valid": valid}), known=None, note=lambda _: None)
    return make_job(EventWriter, config, prepared, device=torch.device("cpu"), note=print)


def test_the_tokens_are_those_of_the_paper() -> None:
    """128 beginnings, 128 ends, 100 times from 10 ms to 1 s, 32 velocities; and a mark."""
    assert (ON, OFF, SHIFT, LOUDNESS, len(Events(Range(0, 127)))) == (1, 129, 257, 357, 389)
    notes = (Note(0.0, 2.5, 60, 100), Note(0.5, 2.5, 64, 100), Note(2.5, 2.51, 60, 7))
    assert events_of(Tune(notes)) == [
        LOUDNESS + 25, ON + 60, SHIFT + 49, ON + 64, SHIFT + 99, SHIFT + 99, OFF + 60, OFF + 64, LOUDNESS + 1, ON + 60,
        SHIFT + 0, OFF + 60,
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_tunes_become_events_and_tunes_again(seed: int) -> None:
    written = notes_of(events_of(tune(seed)))
    expected = [(round(n.start, 2), round(n.end, 2), n.pitch, n.velocity // 4) for n in tune(seed).notes]
    assert [(round(n.start, 2), round(n.end, 2), n.pitch, n.velocity // 4) for n in written] == expected


def test_any_events_are_a_tune() -> None:
    draw = random.Random(1)
    for _ in range(50):
        notes = notes_of(draw.randrange(1, 389) for _ in range(200))
        assert notes == tidy(notes) and all(0 <= n.pitch <= 127 and 1 <= n.velocity <= 127 for n in notes)
    assert notes_of([ON + 60, SHIFT + 9, MARK, ON + 61, SHIFT + 9]) == (Note(0.0, 0.1, 60),)
    assert notes_of([OFF + 60, ON + 60]) == (Note(0.0, 0.01, 60),)


def test_the_score_is_that_of_reading_all_tunes_from_the_start() -> None:
    valid = [tune(seed) for seed in range(20, 24)]
    prepared = job([tune(seed) for seed in range(6)], valid, lanes=1)
    scores = prepared.validate()
    model = prepared.writer.model.eval()
    nats, count = 0.0, 0
    for place, each in enumerate(valid):
        ids = [MARK, *events_of(each)]
        targets = ids[1:] + ([MARK] if place + 1 < len(valid) else [])
        with torch.no_grad():
            logits = model(torch.tensor([ids]))[0][0, : len(targets)]
        nats += functional.cross_entropy(logits, torch.tensor(targets), reduction="sum").item()
        count += len(targets)
    assert scores["scored_events"] == count and scores["scored_notes"] == sum(len(each.notes) for each in valid)
    assert scores["nll_per_event"] == pytest.approx(nats / count, rel=1e-5)
    assert scores["perplexity"] == pytest.approx(math.exp(scores["nll_per_event"]))


def test_a_tune_is_learned_by_heart_gone_on_from_and_ended() -> None:
    notes = tuple(
        Note(step / 4, step / 4 + 0.25, pitch, 66) for step, pitch in enumerate([60, 62, 64, 65, 67, 69, 71, 72])
    )
    how = {"reporter": SilentReporter(), **SMALL, "steps": 200, "learning_rate": 0.02, "hidden": 48}
    run = tt.fit("generate", [Tune(notes)] * 12, valid=[Tune(notes)], **how)
    assert run.metrics["nll_per_event"] < 0.2
    whole = run.generate(temperature=0.0)
    times = [value for note in whole.notes for value in note]
    assert times == pytest.approx([value for note in notes for value in note])  # it ends where the tune does
    begun = run.generate(primer=Tune(notes[:3]), temperature=0.0, length=6)
    assert [n.pitch for n in begun.notes] == [60, 62, 64, 65, 67] and begun.given == 0.75
    assert (
        run.generate(temperature=1.0, seed=3, length=9).notes == run.generate(temperature=1.0, seed=3, length=9).notes
    )
    assert run.generate(length=0).notes == ()
    assert run.rivals["ngram"]["scores"]["nll_per_event"] > 0


def test_a_corpus_tells_itself_from_others() -> None:
    one, other = event_corpus([tune(0), tune(1)]), event_corpus([tune(0), tune(2)])
    assert one.content_key != other.content_key and one.content_key == event_corpus([tune(0), tune(1)]).content_key
    assert one.lengths.tolist() == [len(events_of(tune(0))) + 1, len(events_of(tune(1))) + 1]
