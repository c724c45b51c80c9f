"""How a network's score compares with those of simple models, in words. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

from throughtime.errors import CheckpointError
from throughtime.training.files import RIVALS_FILE
from throughtime.training.scores import SCORES, is_better, unit_of
from throughtime.training.seal import read_signed

__all__ = ["Rivals", "comparison", "describe_rivals", "read_rivals", "shown"]

Rivals: TypeAlias = dict[str, dict[str, Any]]
"""For each simple model by name what it ``is``, what it ``learned_from``, whether it was ``kept``, and ``scores``."""


def read_rivals(folder: Path, run: object) -> tuple[Rivals, str]:
    """Read what a run keeps of its simple models.

    Args:
        folder: the run.
        run: which run it is, as its config.json says.

    Returns:
        (the models, the digest of the file that holds them); both are empty where the run has none.

    Raises:
        CheckpointError: the file is damaged, or of another run.
    """
    path = folder / RIVALS_FILE
    if not path.exists():
        return {}, ""
    content = read_signed(path, run)
    if not isinstance(content.get("rivals"), dict) or not isinstance(content.get("models"), str):
        raise CheckpointError(f"{path} is damaged: it does not hold the scores of simple models; nothing was changed")
    return cast(Rivals, content["rivals"]), content["models"]


def comparison(name: str, network: float, rivals: Mapping[str, tuple[str, float]], *, data: str, advice: str) -> str:
    """Say what simple models reach beside a network, and where it is no better than one of them.

    Args:
        name: the score.
        network: that of the network.
        rivals: what each model is, and its score, by name.
        data: the data that all were scored on.
        advice: what to try where the network is not better.

    Returns:
        One line.

    Example:
        >>> rivals = {"linear": ("a linear model", 0.81)}
        >>> comparison("accuracy", 0.8, rivals, data="validation", advice="try more --epochs")
        'validation accuracy 0.800; a linear model: 0.810 - the network is worse than a linear model: try more --epochs'
    """
    listed = ", ".join(f"{what}: {shown(value)}" for what, value in rivals.values())
    line = f"{data} {unit_of(name)} {shown(network)}; {listed}"
    unbeaten = [(what, value) for what, value in rivals.values() if not is_better(name, network, value)]
    if not unbeaten or (name in SCORES and network == SCORES[name].best):
        return line
    best, value = unbeaten[0]
    for what, other in unbeaten[1:]:
        best, value = (what, other) if is_better(name, other, value) else (best, value)
    how = "worse" if is_better(name, value, network) else "no better"
    return f"{line} - the network is {how} than {best}: {advice}"


def describe_rivals(name: str, best: Mapping[str, float], rivals: Rivals, advice: str) -> str:
    """Say what the simple models of a run reach on its validation data, beside the network's best.

    Args:
        name: the score that tells the best model.
        best: the network's scores at its best validation.
        rivals: the models.
        advice: what to try where the network is not better.

    Returns:
        One line; a model that learned from a part of the training data says so.
    """
    values = {key: (_what(each), float(each["scores"][name])) for key, each in rivals.items()}
    return comparison(name, best[name], values, data="validation", advice=advice)


def _what(rival: Mapping[str, Any]) -> str:
    learned = str(rival["learned_from"])
    return str(rival["is"]) + ("" if learned.startswith("all ") else f" (learned from {learned})")


def shown(value: float) -> str:
    """Write a score with three digits, however large or small it is.

    Args:
        value: the score.

    Returns:
        The number as text.

    Example:
        >>> shown(0.81234), shown(1234.5), shown(0.00123)
        ('0.812', '1,234', '0.00123')
    """
    return f"{value:.3f}" if value == 0 or 0.01 <= abs(value) < 100 else f"{value:,.4g}"
