"""Small problems for a translator, options that make fits of them take a moment, and what it writes by tokens."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

import throughtime as tt
from throughtime.data.record import Record
from throughtime.data.user_data import user_data
from throughtime.tasks.supervised.examples import Prepared
from throughtime.tasks.supervised.learner import Batch
from throughtime.tasks.translate.learner import Translator
from throughtime.tasks.translate.options import Config
from throughtime.tasks.translate.reader import TranslateReader
from throughtime.tasks.writing.targets import Right
from throughtime.training.reporter import SilentReporter

TINY: dict[str, Any] = {
    "hidden": 6, "embedding": 5, "batch_size": 8, "steps": 2, "dropout": 0.0, "average": 0.0, "sample_every": 0,
    "rival": False,
}  # fmt: skip
"""Learns nothing."""
WELL: dict[str, Any] = {
    **TINY, "hidden": 32, "embedding": 24, "batch_size": 32, "steps": 200, "learning_rate": 0.02, "warmup": 20,
    "label_smoothing": 0.0, "validate_every": 10**6,
}  # fmt: skip
"""Learns what is as easy as to reverse a word."""


def words(count: int, letters: str = "abcdef", longest: int = 6) -> list[str]:
    """Different words of 2 letters and more, the same each time."""
    drawn, found = random.Random(7), dict[str, None]()
    while len(found) < count:
        found["".join(drawn.choices(letters, k=drawn.randint(2, longest)))] = None
    return list(found)


def reversals(count: int) -> list[tuple[str, str]]:
    return [(word, word[::-1]) for word in words(count)]


def fit(data: Any = None, **options: Any) -> tt.Run:
    return tt.fit("translate", data, reporter=SilentReporter(), **{"device": "cpu", **TINY, **options})


def prepared(data: Any, **options: Any) -> Prepared[Right]:
    """What a fit reads; the same is validated on as is learned from."""
    given = user_data({"data": data, "valid": data})
    return TranslateReader(config_of(options)).read(given, known=None, note=lambda _: None)


def config_of(options: dict[str, Any]) -> Config:
    return Config.from_mapping({**TINY, **options})


def untrained(data: Any, *, seed: int = 0, **options: Any) -> Translator:
    """A network with its first weights, somewhat larger, so that it writes one thing after one source and another
    after another.
    """
    torch.manual_seed(seed)
    learner = Translator(config_of(options), prepared(data, **options).inputs, torch.device("cpu"))
    with torch.no_grad():
        for parameter in learner.model.parameters():
            parameter.mul_(2.5)
    learner.model.eval()
    return learner


def arrays_of(learner: Translator, sources: Sequence[str]) -> Batch:
    records = [Record(source, None, source) for source in sources]
    return learner.batch(learner.features.items(records), np.arange(len(sources)))


@torch.no_grad()
def next_scores(learner: Translator, source: str, written: Sequence[int], models: Any = None) -> torch.Tensor:
    """Log-probabilities of the token after ``written``: the known tokens read from the start, as in training."""
    before = torch.tensor([[learner.targets.vocabulary.document, *written]])
    found: list[torch.Tensor] = []
    for model in models or [learner.model]:
        read = model.encode(arrays_of(learner, [source]).arrays)
        found.append(functional.log_softmax(model(before, torch.tensor([before.shape[1]]), read)[-1].double(), 0))
    return torch.logsumexp(torch.stack(found), 0) - math.log(len(found))


def greedy(learner: Translator, source: str, models: Any = None) -> tuple[list[int], float]:
    """Write token by token what is likeliest, never the unknown one."""
    vocabulary, written, score = learner.targets.vocabulary, list[int](), 0.0
    most = int(learner.targets.most(np.array([len(learner.features.ids(source))]))[0])
    while len(written) < most:
        scores = next_scores(learner, source, written, models)
        if vocabulary.unknown is not None:
            scores[vocabulary.unknown] = -math.inf
        best = int(scores.argmax())
        score += float(scores[best])
        if best == vocabulary.document:
            return written, score
        written.append(best)
    return written, score


@torch.no_grad()
def score_of(learner: Translator, source: str, text: Sequence[int], models: Any = None) -> float:
    """Log-probability of a text with its end, each token after those before it."""
    total = 0.0
    for place, token in enumerate([*text, learner.targets.vocabulary.document]):
        scores = next_scores(learner, source, text[:place], models)
        total += float(scores[token])
    return total
