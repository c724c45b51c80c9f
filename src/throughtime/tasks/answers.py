"""The kinds of answer that ``classify`` can give: one label, any number of labels, or a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.data.record import Record, Target
from throughtime.errors import DataError
from throughtime.tasks.learner import Prediction

__all__ = ["Answers", "LabelAnswers", "NumberAnswers", "SetAnswers", "answers_of", "load_answers"]

Array = NDArray[Any]


class Answers(Protocol):
    """One kind of answer."""

    @property
    def criterion(self) -> str:
        """The score that tells the best model."""
        ...

    @property
    def outputs(self) -> int:
        """Scores that the network gives."""
        ...

    def encode(self, record: Record) -> Array:
        """Turn a record's target into numbers."""
        ...

    def loss(self, scores: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        """Give the loss of a batch (B, outputs), summed."""
        ...

    def temperature(self, scores: Tensor, wanted: Array) -> float:
        """Find by what scores must be divided to become the best probabilities."""
        ...

    def metrics(self, scores: Tensor, wanted: Array) -> dict[str, float]:
        """Score answers in the field's terms."""
        ...

    def by_label(self, scores: Tensor, wanted: Array) -> dict[str, Any]:
        """Score each label by itself."""
        ...

    def prediction(self, scores: Tensor) -> Prediction:
        """Say what the scores of one record mean."""
        ...

    def to_mapping(self) -> dict[str, Any]:
        """Give all that is needed to make it again, as plain values."""
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


def _per_label(names: Sequence[str], wanted: Array, said: Array, labels: Sequence[int] | None) -> dict[str, Any]:
    """Precision, recall, F1 and number of each label."""
    sklearn: Any = import_module("sklearn.metrics")
    columns = sklearn.precision_recall_fscore_support(wanted, said, labels=labels, zero_division=0)
    terms = ("precision", "recall", "f1", "support")
    return {
        name: {term: float(column[index]) for term, column in zip(terms, columns, strict=True)}
        for index, name in enumerate(names)
    }


class LabelAnswers:
    """One label of several: a softmax.

    Args:
        labels: the labels.
    """

    criterion = "accuracy"

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self._weights: Tensor | None = None

    @staticmethod
    def count(records: Sequence[Record]) -> Counter[str]:
        """Count the labels of records."""
        return Counter(cast(str, record.target) for record in records)

    def balance(self, counts: Mapping[str, int]) -> None:
        """Weigh each label by how rare it is: n / (labels * n of the label), so that the mean weight is 1."""
        total = sum(counts.values())
        weights = [total / (len(self.labels) * max(1, counts.get(name, 0))) for name in self.labels.names]
        self._weights = torch.tensor(weights, dtype=torch.float32)

    @property
    def outputs(self) -> int:
        return len(self.labels)

    def encode(self, record: Record) -> Array:
        return np.array(self.labels.numbers([_as(str, record)])[0], np.int64)

    def loss(self, scores: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        weights = None if self._weights is None else self._weights.to(scores)
        # The mean of torch's weighted loss divides by the weights; the sum here does not, so rare labels keep theirs.
        return functional.cross_entropy(scores, wanted, weights, reduction="sum", label_smoothing=smoothing)

    def temperature(self, scores: Tensor, wanted: Array) -> float:
        scores, target = scores.double(), torch.from_numpy(wanted)
        return _best_temperature(lambda t: functional.cross_entropy(scores / t, target, ignore_index=UNSEEN).item())

    def metrics(self, scores: Tensor, wanted: Array) -> dict[str, float]:
        sklearn: Any = import_module("sklearn.metrics")
        sure, said = (part.numpy() for part in scores.softmax(1).max(1))
        seen = torch.from_numpy(wanted != UNSEEN)
        loss = functional.cross_entropy(scores[seen], torch.from_numpy(wanted)[seen])
        present = sorted(set(wanted.tolist()) | set(said.tolist()))
        return {
            "loss": loss.item(),
            "accuracy": float((said == wanted).mean()),
            "f1": float(sklearn.f1_score(wanted, said, labels=present, average="macro", zero_division=0)),
            "calibration_error": _calibration_error(sure, said == wanted),
        }

    def by_label(self, scores: Tensor, wanted: Array) -> dict[str, Any]:
        said = scores.argmax(1).numpy()
        return _per_label(self.labels.names, wanted, said, list(range(len(self.labels))))

    def prediction(self, scores: Tensor) -> Prediction:
        shares = scores.softmax(0)
        best = int(shares.argmax())
        every = dict(zip(self.labels.names, cast("list[float]", shares.tolist()), strict=True))
        return Prediction(self.labels.names[best], every[self.labels.names[best]], every)

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": "label", "labels": self.labels.names}


class SetAnswers:
    """Any number of labels: one yes or no for each.

    Args:
        labels: the labels.
    """

    criterion = "f1"

    def __init__(self, labels: Labels) -> None:
        self.labels = labels

    @property
    def outputs(self) -> int:
        return len(self.labels)

    def encode(self, record: Record) -> Array:
        row = np.zeros(len(self.labels) + 1, np.float32)
        for number in self.labels.numbers(_as(tuple, record)):
            row[number if number != UNSEEN else -1] += 1  # the last place counts labels that can never be given
        return row

    def loss(self, scores: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        return functional.binary_cross_entropy_with_logits(scores, wanted[:, :-1], reduction="sum") / self.outputs

    def temperature(self, scores: Tensor, wanted: Array) -> float:
        scores, target = scores.double(), torch.from_numpy(wanted[:, :-1]).double()
        return _best_temperature(lambda t: functional.binary_cross_entropy_with_logits(scores / t, target).item())

    def metrics(self, scores: Tensor, wanted: Array) -> dict[str, float]:
        target, said = wanted[:, :-1] > 0, (scores > 0).numpy()
        hits, misses = (target & said).sum(), (target & ~said).sum() + wanted[:, -1].sum()
        exact = (target == said).all(1) & (wanted[:, -1] == 0)
        each = [label["f1"] for label in self.by_label(scores, wanted).values() if label["support"]]
        return {
            "loss": functional.binary_cross_entropy_with_logits(scores, torch.from_numpy(target).double()).item(),
            "f1": float(2 * hits / max(1, 2 * hits + misses + (said & ~target).sum())),
            "f1_macro": float(np.mean(each)) if each else 0.0,
            "exact_match": float(exact.mean()),
        }

    def by_label(self, scores: Tensor, wanted: Array) -> dict[str, Any]:
        return _per_label(self.labels.names, wanted[:, :-1] > 0, (scores > 0).numpy(), None)

    def prediction(self, scores: Tensor) -> Prediction:
        every = dict(zip(self.labels.names, cast("list[float]", scores.sigmoid().tolist()), strict=True))
        given = tuple(name for name, share in every.items() if share > 0.5)
        return Prediction(given, tuple(every[name] for name in given), every)

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": "labels", "labels": self.labels.names}


class NumberAnswers:
    """A number: its distance from the mean, in standard deviations, is learned.

    Args:
        mean: mean in training.
        scale: standard deviation in training.
    """

    criterion, outputs = "rmse", 1

    def __init__(self, mean: float, scale: float) -> None:
        self.mean, self.scale = mean, scale

    def encode(self, record: Record) -> Array:
        return np.array((_as(float, record) - self.mean) / self.scale, np.float64)

    def loss(self, scores: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        return functional.mse_loss(scores[:, 0], wanted.to(scores), reduction="sum")

    def temperature(self, scores: Tensor, wanted: Array) -> float:
        return 1.0

    def metrics(self, scores: Tensor, wanted: Array) -> dict[str, float]:
        error = scores[:, 0].numpy() - wanted
        spread = float(((wanted - wanted.mean()) ** 2).mean())
        squared = float((error**2).mean())
        return {
            "loss": squared,
            "rmse": squared**0.5 * self.scale,
            "mae": float(abs(error).mean()) * self.scale,
            "r2": 1 - squared / spread if spread else 0.0,
        }

    def by_label(self, scores: Tensor, wanted: Array) -> dict[str, Any]:
        return {}

    def prediction(self, scores: Tensor) -> Prediction:
        return Prediction(scores.item() * self.scale + self.mean)

    def to_mapping(self) -> dict[str, Any]:
        return {"kind": "number", "mean": self.mean, "scale": self.scale}


def _as(kind: type[Any], record: Record) -> Any:
    """A record's target, which must be of a kind."""
    if not isinstance(record.target, kind):
        raise DataError(f"{record.place}: the target is {record.target!r}, not a {kind.__name__}")
    return record.target


def answers_of(kind: Literal["label", "labels", "number"], records: Sequence[Record]) -> dict[str, Any]:
    """Collect what training data says of the answers.

    Args:
        kind: one label, several, or a number.
        records: the training data.

    Returns:
        Plain values for :func:`load_answers`.

    Raises:
        DataError: there is nothing to tell apart.
    """
    targets: list[Target | None] = [record.target for record in records]
    if kind == "label":
        return LabelAnswers(Labels.build(cast("list[str]", targets))).to_mapping()
    if kind == "labels":
        labels = Labels.build(label for target in targets for label in cast("tuple[str, ...]", target))
        if not len(labels):
            raise DataError("no example has a label; give some that have")
        return SetAnswers(labels).to_mapping()
    numbers = np.array(targets, np.float64)
    if numbers.min() == numbers.max():
        raise DataError(f"all {len(numbers)} examples have the number {numbers[0]:g}; there is nothing to learn")
    return NumberAnswers(float(numbers.mean()), float(numbers.std())).to_mapping()


def load_answers(saved: Mapping[str, Any]) -> LabelAnswers | SetAnswers | NumberAnswers:
    """Make answers again from what ``to_mapping`` gave.

    Args:
        saved: plain values.

    Returns:
        The answers.

    Raises:
        ValueError: the values are damaged.
    """
    try:
        match saved["kind"]:
            case "label":
                return LabelAnswers(Labels(saved["labels"]))
            case "labels":
                return SetAnswers(Labels(saved["labels"]))
            case "number":
                return NumberAnswers(float(saved["mean"]), float(saved["scale"]))
            case kind:
                raise ValueError(f"there is no kind of answers {kind!r}")
    except (KeyError, TypeError) as error:
        raise ValueError(f"a part is missing or of the wrong kind ({error})") from None
