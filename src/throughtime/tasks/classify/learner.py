"""The network of ``classify``: one answer for a whole sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from throughtime.data.encoding.labels import UNSEEN
from throughtime.data.record import Content, Record
from throughtime.models.many_to_one import ManyToOne
from throughtime.tasks.classify.confusion import confusion_picture
from throughtime.tasks.classify.heads import Finding, LabelHead, head_of
from throughtime.tasks.classify.options import Config
from throughtime.tasks.classify.rivals import learn_rivals
from throughtime.tasks.classify.targets import Array, ClassifyReader, LabelTargets
from throughtime.tasks.rivals.keeping import Rival
from throughtime.tasks.supervised.examples import Examples, SavedInputs
from throughtime.tasks.supervised.network import make_input, make_recurrent
from throughtime.tasks.supervised.prediction import Prediction
from throughtime.tasks.supervised.scored_learner import ScoredLearner

__all__ = ["Classifier"]

CALIBRATED = 20_000
"""Records whose scores the temperature is fitted on, at most."""
SCORED = 1024
"""Records that a simple model scores at a time: their scores of all labels are there together."""


class Classifier(ScoredLearner[Array, Finding]):
    """A network that gives one answer for a sequence.

    Args:
        config: the options.
        inputs: what it reads and what it can say.
        device: where the network goes.
    """

    name, counted, reader_class = "classify", "examples", ClassifyReader
    config: Config
    model: ManyToOne

    def __init__(self, config: Config, inputs: SavedInputs[Array], device: torch.device) -> None:
        self.head = head_of(inputs.targets)
        super().__init__(config, inputs, device)

    def network(self) -> ManyToOne:
        config = self.config
        read = make_input(config, self.inputs.features, self.inputs.embedding, rare_only=False)
        recurrent = make_recurrent(config, cast(int, read.output_size))
        return ManyToOne(read, recurrent, self.head.outputs, pooling=config.pooling, dropout=config.dropout)

    @property
    def criterion(self) -> str:
        return self.head.criterion

    def before_training(self, examples: Examples[Array]) -> None:
        if self.config.class_weights == "balanced" and isinstance(self.head, LabelHead):
            self.head.balance(LabelTargets.count(examples.records))

    def score_loss(self, scores: Tensor, targets: Sequence[Array]) -> tuple[Tensor, int]:
        wanted = torch.from_numpy(np.stack(targets)).to(scores.device)
        return self.head.loss(scores, wanted, self.config.smoothing), len(targets)

    def calibrate(self, examples: Examples[Array]) -> None:
        """Fit the temperature, so that probabilities mean what they say (Guo et al. 2017)."""
        costs = examples.costs[:CALIBRATED]
        scores = torch.empty(len(costs), self.head.outputs)
        with self.evaluating():
            for rows in self.plan(costs):
                scores[rows] = self.model(self.batch(examples.items, rows).arrays).cpu()
        self.model.temperature.fill_(self.head.temperature(scores, np.stack(examples.targets[:CALIBRATED])))

    def compare(self, scores: Sequence[Tensor], targets: Sequence[Array]) -> list[Finding]:
        return self.head.find(self._calibrated(scores), np.stack(targets))

    def metrics(self, examples: Examples[Array], findings: Sequence[Finding]) -> dict[str, float]:
        return self.head.metrics(findings, np.stack(examples.targets))

    def details(self, examples: Examples[Array], findings: Sequence[Finding]) -> dict[str, Any]:
        """Give the scores of each label."""
        return self.head.by_label(findings, np.stack(examples.targets))

    def learn_rivals(self, examples: Examples[Array]) -> Mapping[str, Rival]:
        return learn_rivals(examples, self.inputs)

    def score_rival(self, rival: Any, read: Examples[Array]) -> dict[str, float]:
        wanted, found = np.stack(read.targets), list[Finding]()
        for start in range(0, len(wanted), SCORED):
            part = slice(start, start + SCORED)
            scores = torch.from_numpy(np.stack(list(rival.scores(read.records[part]))))
            found += self.head.find(scores.double(), wanted[part])
        metrics = self.head.metrics(found, wanted)
        # Only what is said is compared: these scores are no probabilities.
        return {name: value for name, value in metrics.items() if name not in ("loss", "calibration_error")}

    def interpret(self, scores: Sequence[Tensor]) -> Iterator[Prediction]:
        return map(self.head.prediction, self._calibrated(scores))

    def _calibrated(self, scores: Sequence[Tensor]) -> Tensor:
        return torch.stack(list(scores)).double() / self.model.temperature.double().cpu()

    def pictures(self, examples: Examples[Array], findings: Sequence[Finding]) -> dict[str, str]:
        if not isinstance(self.head, LabelHead):
            return {}
        said, wanted = np.stack([each.said for each in findings]), np.stack(examples.targets)
        seen = wanted != UNSEEN
        return {"confusion.svg": confusion_picture(self.head.labels.names, wanted[seen], said[seen])}

    def sample(self, record: Record, prediction: Prediction) -> str:
        """Write what was said, whether it is right, and the beginning of the text."""
        said = prediction.value if isinstance(prediction.value, str) else _text(prediction.value)
        wanted = "" if record.target is None else _text(record.target)
        right = "" if isinstance(prediction.value, float) else "✓ " if said == wanted else "✗ "
        sure = f" {prediction.probability:.2f}" if isinstance(prediction.probability, float) else ""
        instead = "" if right == "✓ " else f" (is {wanted})"
        content = record.place if isinstance(record.content, np.ndarray) else _beginning(record.content)
        return f"{right}{said}{sure}{instead}: {content}"


def _text(value: object) -> str:
    match value:
        case float():
            return f"{value:.4g}"
        case tuple():
            return ", ".join(sorted(cast("tuple[str, ...]", value))) or "-"
        case _:
            return str(value)


def _beginning(content: Content) -> str:
    text = " ".join(content) if isinstance(content, tuple) else cast(str, content)
    text = " ".join(text[:200].split())
    return text if len(text) <= 100 else text[:99] + "…"
