"""What a run keeps of its rivals: their scores as JSON, and models that are small, without pickle."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from throughtime.errors import CheckpointError
from throughtime.tasks.rivals.constant import Constant, WordLabels
from throughtime.tasks.rivals.linear import Linear
from throughtime.tasks.rivals.ngram import NGram
from throughtime.training.files import RIVAL_MODELS_FILE, RIVALS_FILE, read_json, write_json, writing
from throughtime.training.rivals import Rivals

__all__ = ["Rival", "keep", "scores_beside"]

KEPT = 16_000_000
"""Bytes of a model that a run keeps at most; of a larger one it keeps the scores alone."""
KINDS: Mapping[str, type[Any]] = {each.kind: each for each in (Constant, WordLabels, Linear, NGram)}
Array = NDArray[Any]


class Rival(Protocol):
    """A simple model beside the network."""

    @property
    def kind(self) -> str:
        """Name of its class in what is kept."""
        ...

    @property
    def title(self) -> str:
        """What it is called beside the network."""
        ...

    @property
    def learned_from(self) -> str:
        """How much of the training data it learned from, in words."""
        ...

    def to_parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Give (arrays, plain values) that it can be made of again."""
        ...


def keep(folder: Path, rivals: Mapping[str, Rival], score: Callable[[Any], Mapping[str, float]]) -> Rivals:
    """Score rivals on the validation data, and leave them in the folder of the run.

    Args:
        folder: the run.
        rivals: the models by name.
        score: scores one of them.

    Returns:
        What ``rivals.json`` holds now: by name what each is, what it learned from and its scores.

    Raises:
        TrainingError: a file cannot be written.
    """
    scored: Rivals = {}
    arrays: dict[str, Array] = {}
    plain: dict[str, Any] = {}
    for name, rival in rivals.items():
        parts, values = rival.to_parts()
        kept = sum(part.nbytes for part in parts.values()) <= KEPT
        if kept:
            arrays |= {f"{name}/{part}": array for part, array in parts.items()}
            plain[name] = {"kind": rival.kind, **values}
        about = {"is": rival.title, "learned_from": rival.learned_from, "kept": kept}
        scored[name] = {**about, "scores": dict(score(rival))}
    with writing(folder / RIVAL_MODELS_FILE) as beside:
        save_file(arrays, beside, {"rivals": json.dumps(plain, ensure_ascii=False)})
    write_json(folder / RIVALS_FILE, scored)
    return scored


def scores_beside(folder: Path, score: Callable[[Any], Mapping[str, float]]) -> dict[str, dict[str, Any]]:
    """Score the rivals of a run on new data.

    Args:
        folder: the run.
        score: scores one of them.

    Returns:
        By name what each is, ``on`` which data it was scored, and its scores; those of the validation data where the
        model was too large to be kept. Empty where the run has no rivals.

    Raises:
        CheckpointError: what was kept is damaged.
    """
    if not (folder / RIVALS_FILE).exists():
        return {}
    models = dict(_models(folder / RIVAL_MODELS_FILE))
    beside: dict[str, dict[str, Any]] = {}
    for name, about in read_json(folder / RIVALS_FILE).items():
        new = name in models
        scores = score(models[name]) if new else about["scores"]
        beside[name] = {"is": about["is"], "on": "this data" if new else "the validation data", **scores}
    return beside


def _models(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        with cast(Any, safe_open(path, framework="np")) as opened:
            names: list[str] = list(opened.keys())
            written: dict[str, str] = opened.metadata() or {}
            plain: dict[str, Any] = json.loads(written["rivals"])
            for name, values in plain.items():
                parts = {part: opened.get_tensor(part) for part in names if part.startswith(f"{name}/")}
                arrays = {part.removeprefix(f"{name}/"): array for part, array in parts.items()}
                yield name, KINDS[values["kind"]].from_parts(arrays, values)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing, so {path.parent} is not a whole run") from None
    except (OSError, SafetensorError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; nothing was changed") from None
