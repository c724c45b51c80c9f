"""What scores are called, and which of two is better: one list for the loop, the displays and the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["SCORES", "Score", "headline", "is_better", "unit_of"]


@dataclass(frozen=True, slots=True)
class Score:
    """One kind of score."""

    unit: str
    """What its axis is called."""
    larger_is_better: bool = False
    """Whether 1 is better than 0."""
    best: float | None = None
    """What none is better than; None where that is not known beforehand."""
    wanted: float | None = None
    """What it is to be near to, from either side; None where more is better, or less."""


SCORES: dict[str, Score] = {
    "bits_per_character": Score("bits per character"),
    "bits_per_byte": Score("bits per byte"),
    "nll_per_frame": Score("nats per frame"),
    "nll_per_event": Score("nats per event"),
    "entity_f1": Score("entity F1", larger_is_better=True, best=1.0),
    "accuracy": Score("accuracy", larger_is_better=True, best=1.0),
    "f1": Score("F1", larger_is_better=True, best=1.0),
    "bleu": Score("BLEU", larger_is_better=True, best=100.0),
    "bleu_1": Score("BLEU-1", larger_is_better=True, best=100.0),
    "bleu_2": Score("BLEU-2", larger_is_better=True, best=100.0),
    "bleu_3": Score("BLEU-3", larger_is_better=True, best=100.0),
    "exact_match": Score("exact match", larger_is_better=True, best=1.0),
    "word_accuracy": Score("words right", larger_is_better=True, best=1.0),
    "token_error_rate": Score("token error rate", best=0.0),
    "character_error_rate": Score("character error rate", best=0.0),
    "word_error_rate": Score("word error rate", best=0.0),
    "chrf": Score("chrF", larger_is_better=True, best=100.0),
    "crps_scaled": Score("CRPS / change of the series", best=0.0),
    "rmse": Score("root mean squared error"),
    "mase": Score("MASE", best=0.0),
    "smape": Score("sMAPE (%)", best=0.0),
    "mae": Score("mean absolute error", best=0.0),
    "crps": Score("CRPS", best=0.0),
    "quantile_loss": Score("quantile loss", best=0.0),
    "coverage_80": Score("inside the interval of 80 %", wanted=0.8),
    "loss": Score("loss"),
}
"""Name of a score -> what it is; the first one that a report has is its headline."""


def headline(names: Iterable[str]) -> str:
    """Choose the score to show.

    Args:
        names: the scores that there are.

    Returns:
        One name, ``"loss"`` where none is known.

    Example:
        >>> headline(["loss", "accuracy", "seconds"])
        'accuracy'
    """
    there = set(names)
    return next((name for name in SCORES if name in there), "loss")


def unit_of(name: str) -> str:
    """Say what the axis of a score is called.

    Args:
        name: the score.

    Returns:
        Its unit; the name itself where it is not known.
    """
    return SCORES[name].unit if name in SCORES else name


def is_better(name: str, value: float, than: float | None) -> bool:
    """Say whether a score is better than another of the same name.

    Args:
        name: the score; smaller is better where it is not known to be otherwise, of a share what is nearer to it.
        value: the new one.
        than: the old one, or None where there is none.

    Returns:
        Whether the new one is better; equal is not.

    Example:
        >>> is_better("accuracy", 0.9, 0.8), is_better("loss", 0.9, 0.8), is_better("loss", 0.9, None)
        (True, False, True)
        >>> is_better("coverage_80", 0.78, 0.85)
        True
    """
    if than is None:
        return True
    wanted = SCORES[name].wanted if name in SCORES else None
    if wanted is not None:
        return abs(value - wanted) < abs(than - wanted)
    larger = name in SCORES and SCORES[name].larger_is_better
    return value > than if larger else value < than
