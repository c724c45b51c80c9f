"""What is made of a classifier's scores: loss, metrics and predictions, for each kind of target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.labels import UNSEEN
from throughtime.tasks.classify.targets import Array, LabelTargets, NumberTargets, SetTargets
from throughtime.tasks.supervised.prediction import Prediction
from throughtime.tasks.supervised.targets import Targets

__all__ = ["Finding", "Head", "LabelHead", "NumberHead", "SetHead", "head_of"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is kept of a record to score it by."""

    said: Array
    """Number of the label that was given; whether each label was given, (labels,); or the scaled number."""
    sure: float
    """Probability of the label that was given; 0 for several labels and for a number."""
    loss: float
    """Loss of the record in nats; nan where its label was never seen."""


class Head(Protocol):
    """What is made of the scores of one kind of target."""

    @property
    def criterion(self) -> str:
        """The score that tells the best model."""
        ...

    @property
    def outputs(self) -> int:
        """Scores that the network gives."""
        ...

    def loss(self, scores: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        """Give the loss of a batch (B, outputs), summed."""
        ...

    def temperature(self, scores: Tensor, wanted: Array) -> float:
        """Find by what scores must be divided to become the best probabilities."""
        ...

    def find(self, scores: Tensor, wanted: Array) -> list[Finding]:
        """Give what is kept of each row of (B, outputs)."""
        ...

    def metrics(self, found: Sequence[Finding], wanted: Array) -> dict[str, float]:
        """Score what was found in the field's terms."""
        ...

    def by_label(self, found: Sequence[Finding], wanted: Array) -> dict[str, Any]:
        """Score each label by itself."""
        ...

    def prediction(self, scores: Tensor) -> Prediction:
        """Say what the scores of one record mean."""
        ...


def _best_temperature(loss: Callable[[float], float]) -> float:
    """Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks", section 4.2."""
    scipy: Any = import_module("scipy.optimize")

    def of_power(power: float) -> float:
        return loss(float(np.exp(power)))

    return float(np.exp(scipy.minimize_scalar(of_power, bounds=(-3.0, 3.0), method="bounded").x))


def _calibration_error(sure: Array, right: Array, bins: int = 15) -> float:
    """How far the mean probability is from the share that is right, bin by bin (Guo et al. 2017, equation 3)."""
    places = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs((sure - right)[places == each].sum()) for each in range(bins)]
    return float(sum(gaps) / len(sure))


def _per_label(names: Sequence[str], hits: Array, given: Array, right: Array) -> dict[str, Any]:
    """Precision, recall, F1 and number of each label, from how often it was given rightly, given, and right."""
    shares = {
        "precision": hits / np.maximum(1, given),
        "recall": hits / np.maximum(1, right),
        "f1": 2 * hits / np.maximum(1, given + right),
        "support": right,
    }
    return {name: {term: float(each[index]) for term, each in shares.items()} for index, name in enumerate(names)}


def _said(found: Sequence[Finding]) -> Array:
    """What was said of every record, first axis records."""
    return np.stack([each.said for each in found])


class LabelHead:
    """One label of several: a softmax.

    Args:
        targets: the labels.
    """

    criterion = "accuracy"

    def __init__(self, targets: LabelTargets) -> None:
        self.labels = targets.labels
        self._weights: Tensor | None = None

    def balance(self, counts: Mapping[str, int]) -> None:
        """Weigh each label by how rare it is: n / (labels * n of the label), so that the mean weight is 1."""
        total = sum(counts.values())
        weights = [total / (len(self.labels) * max(1, counts.get(name, 0))) for name in self.labels.names]
        self._weights = torch.tensor(weights, dtype=torch.float32)

    @property
    def outputs(self) -> int:
        return len(self.labels)

    def loss(self, scores: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        weights = None if self._weights is None else self._weights.to(scores)
        # The mean of torch's weighted loss divides by the weights; the sum here does not, so rare labels keep theirs.
        return functional.cross_entropy(scores, wanted, weights, reduction="sum", label_smoothing=smoothing)

    def temperature(self, scores: Tensor, wanted: Array) -> float:
        scores, target = scores.double(), torch.from_numpy(wanted)
        return _best_temperature(lambda t: functional.cross_entropy(scores / t, target, ignore_index=UNSEEN).item())

    def find(self, scores: Tensor, wanted: Array) -> list[Finding]:
        sure, said = scores.softmax(1).max(1)
        losses = functional.cross_entropy(scores, torch.from_numpy(wanted), reduction="none", ignore_index=UNSEEN)
        shares, nats = cast("list[float]", sure.tolist()), cast("list[float]", losses.tolist())
        rows = zip(said.numpy(), shares, nats, wanted, strict=True)
        return [Finding(name, share, np.nan if right == UNSEEN else loss) for name, share, loss, right in rows]

    def metrics(self, found: Sequence[Finding], wanted: Array) -> dict[str, float]:
        said, sure = _said(found), np.array([each.sure for each in found])
        # Every label that is right or given somewhere counts, one that was never seen too.
        present, numbers = np.unique(np.concatenate([wanted, said]), return_inverse=True)
        hits = np.bincount(numbers[: len(wanted)][said == wanted], minlength=len(present))
        return {
            "loss": float(np.nanmean([each.loss for each in found])),
            "accuracy": float((said == wanted).mean()),
            "f1": float((2 * hits / np.bincount(numbers)).mean()),
            "calibration_error": _calibration_error(sure, said == wanted),
        }

    def by_label(self, found: Sequence[Finding], wanted: Array) -> dict[str, Any]:
        said, size = _said(found), len(self.labels)
        known = wanted[wanted != UNSEEN]
        hits, given, right = (np.bincount(each, minlength=size) for each in (said[said == wanted], said, known))
        return _per_label(self.labels.names, hits, given, right)

    def prediction(self, scores: Tensor) -> Prediction:
        shares = scores.softmax(0)
        best = int(shares.argmax())
        every = dict(zip(self.labels.names, cast("list[float]", shares.tolist()), strict=True))
        return Prediction(self.labels.names[best], every[self.labels.names[best]], every)


class SetHead:
    """Any number of labels: one yes or no for each.

    Args:
        targets: the labels.
    """

    criterion = "f1"

    def __init__(self, targets: SetTargets) -> None:
        self.labels = targets.labels

    @property
    def outputs(self) -> int:
        return len(self.labels)

    def loss(self, scores: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        return functional.binary_cross_entropy_with_logits(scores, wanted[:, :-1], reduction="sum") / self.outputs

    def temperature(self, scores: Tensor, wanted: Array) -> float:
        scores, target = scores.double(), torch.from_numpy(wanted[:, :-1]).double()
        return _best_temperature(lambda t: functional.binary_cross_entropy_with_logits(scores / t, target).item())

    def find(self, scores: Tensor, wanted: Array) -> list[Finding]:
        target = torch.from_numpy(wanted[:, :-1] > 0).to(scores)
        losses = functional.binary_cross_entropy_with_logits(scores, target, reduction="none").mean(1)
        nats = cast("list[float]", losses.tolist())
        return [Finding(said, 0.0, loss) for said, loss in zip((scores > 0).numpy(), nats, strict=True)]

    def metrics(self, found: Sequence[Finding], wanted: Array) -> dict[str, float]:
        target, said = wanted[:, :-1] > 0, _said(found)
        hits, misses = (target & said).sum(), (target & ~said).sum() + wanted[:, -1].sum()
        exact = (target == said).all(1) & (wanted[:, -1] == 0)
        each = [label["f1"] for label in self.by_label(found, wanted).values() if label["support"]]
        return {
            "loss": float(np.mean([one.loss for one in found])),
            "f1": float(2 * hits / max(1, 2 * hits + misses + (said & ~target).sum())),
            "f1_macro": float(np.mean(each)) if each else 0.0,
            "exact_match": float(exact.mean()),
        }

    def by_label(self, found: Sequence[Finding], wanted: Array) -> dict[str, Any]:
        right, said = wanted[:, :-1] > 0, _said(found)
        return _per_label(self.labels.names, (right & said).sum(0), said.sum(0), right.sum(0))

    def prediction(self, scores: Tensor) -> Prediction:
        every = dict(zip(self.labels.names, cast("list[float]", scores.sigmoid().tolist()), strict=True))
        given = tuple(name for name, share in every.items() if share > 0.5)
        return Prediction(given, tuple(every[name] for name in given), every)


class NumberHead:
    """A number: its distance from the mean, in standard deviations, is learned.

    Args:
        targets: mean and standard deviation in training.
    """

    criterion, outputs = "rmse", 1

    def __init__(self, targets: NumberTargets) -> None:
        self.mean, self.scale = targets.mean, targets.scale

    def loss(self, scores: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        return functional.mse_loss(scores[:, 0], wanted.to(scores), reduction="sum")

    def temperature(self, scores: Tensor, wanted: Array) -> float:
        return 1.0

    def find(self, scores: Tensor, wanted: Array) -> list[Finding]:
        said = scores[:, 0].numpy()
        return [Finding(number, 0.0, loss) for number, loss in zip(said, ((said - wanted) ** 2).tolist(), strict=True)]

    def metrics(self, found: Sequence[Finding], wanted: Array) -> dict[str, float]:
        error = _said(found) - wanted
        spread = float(((wanted - wanted.mean()) ** 2).mean())
        squared = float((error**2).mean())
        return {
            "loss": squared,
            "rmse": squared**0.5 * self.scale,
            "mae": float(abs(error).mean()) * self.scale,
            "r2": 1 - squared / spread if spread else 0.0,
        }

    def by_label(self, found: Sequence[Finding], wanted: Array) -> dict[str, Any]:
        return {}

    def prediction(self, scores: Tensor) -> Prediction:
        return Prediction(scores.item() * self.scale + self.mean)


def head_of(targets: Targets[Array]) -> LabelHead | SetHead | NumberHead:
    """Make what goes with a kind of targets.

    Args:
        targets: the targets.

    Returns:
        Its head.
    """
    match targets:
        case LabelTargets():
            return LabelHead(targets)
        case SetTargets():
            return SetHead(targets)
        case NumberTargets():
            return NumberHead(targets)
        case _:
            raise TypeError(f"no head for {targets!r}")
