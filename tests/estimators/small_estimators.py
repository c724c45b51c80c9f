"""Small data, and estimators that learn it in a moment."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import throughtime as tt

FEW: dict[str, Any] = {
    "hidden": 8, "embedding": 8, "batch_size": 4, "warmup": 10, "learning_rate": 0.02, "random_state": 0,
    "device": "cpu",
}  # fmt: skip
"""For few examples: more steps in an epoch than usual, and a learning rate that is there at once."""
ANIMALS = ["fox", "cow", "cat", "owl", "elk"]
TEXTS = [f"the {animal} is {mood}" for animal in ANIMALS for mood in ("good", "bad") for _ in range(4)]
MOODS = ["up" if "good" in text else "down" for text in TEXTS]
WORDS = [text.split() for text in TEXTS]
KINDS = [["D", "N", "V", "A"] for _ in TEXTS]
FORECASTER: dict[str, Any] = {
    "horizon": 4, "season": "12", "hidden": 8, "embedding": 8, "epochs": 1, "random_state": 0, "device": "cpu",
}  # fmt: skip
YEARS: NDArray[np.float64] = 10 + 3 * np.sin(np.arange(150) * 2 * np.pi / 12)
YEARS += np.random.default_rng(0).normal(size=150) / 10


def classifier(**more: Any) -> Any:
    """A classifier that learns TEXTS and MOODS."""
    return tt.SequenceClassifier(**{**FEW, "epochs": 8, **more})


def regressor(**more: Any) -> Any:
    """A regressor that learns what waves hold."""
    return tt.SequenceRegressor(**{**FEW, "epochs": 8, "dropout": 0.0, "frame_mask": 0.0, "pooling": "last", **more})


def tagger(**more: Any) -> Any:
    """A tagger that learns WORDS and KINDS."""
    return tt.SequenceTagger(**{**FEW, "epochs": 8, "spelling": 0, **more})


def forecaster(**more: Any) -> Any:
    """A forecaster that learns YEARS."""
    return tt.Forecaster(**{**FORECASTER, **more})


def waves(count: int = 60, steps: int = 6) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Walks (N, T), and the mean of each."""
    walks = np.random.default_rng(0).normal(size=(count, steps)).cumsum(1)
    return walks, walks.mean(1)
