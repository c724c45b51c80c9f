"""What a run keeps of its rivals: their scores as JSON, and models that are small, without pickle."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from throughtime.data.reading import Note
from throughtime.errors import CheckpointError
from throughtime.tasks.rivals.constant import Constant, WordLabels
from throughtime.tasks.rivals.keys import KeyChances
from throughtime.tasks.rivals.likest import LikestPicture
from throughtime.tasks.rivals.linear import Linear
from throughtime.tasks.rivals.naive import Drift, LastValue, Season, SlotMean
from throughtime.tasks.rivals.ngram import NGram
from throughtime.tasks.rivals.recall import Copy, Recall
from throughtime.training.files import RIVAL_MODELS_FILE, RIVALS_FILE, write_json, writing
from throughtime.training.rivals import Rivals, comparison, describe_rivals, read_rivals
from throughtime.training.seal import digest_of, signed

__all__ = ["Compared", "Rival", "compare", "rivals_beside"]

KEPT = 16_000_000
"""Bytes of a model that a run keeps at most; of a larger one it keeps the scores alone."""
KINDS: Mapping[str, type[Any]] = {
    each.kind: each
    for each in (
        Constant, WordLabels, Linear, NGram, KeyChances, Copy, Recall, LikestPicture, LastValue, Season, Drift,
        SlotMean,
    )
}  # fmt: skip
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


class Compared(Protocol):
    """A network that simple models are compared with: what a task opens a run as."""

    @property
    def criterion(self) -> str:
        """The score that tells the best model."""
        ...

    @property
    def advice(self) -> str:
        """What to try where the network is no better than a simple model."""
        ...

    def score_rival(self, rival: Any, read: Any) -> Mapping[str, float]:
        """Score a simple model on what the task has read, by the network's own metrics."""
        ...


def compare(
    folder: Path, run: str, network: Compared, rivals: Mapping[str, Rival], read: Any, best: Mapping[str, float]
) -> str:
    """Score rivals on the validation data, and leave them in the folder of the run in place of older ones.

    Args:
        folder: the run.
        run: which run it is.
        network: scores them.
        rivals: the models by name; where there are none, none are left.
        read: the validation data.
        best: the network's scores on it.

    Returns:
        What they reach beside the network, in one line; nothing where there are none.

    Raises:
        TrainingError: a file cannot be written.
    """
    # The scores go first and come last: what is killed in between is a run without rivals.
    for name in (RIVALS_FILE, RIVAL_MODELS_FILE):
        (folder / name).unlink(missing_ok=True)
    if not rivals:
        return ""
    scored: Rivals = {}
    arrays: dict[str, Array] = {}
    plain: dict[str, Any] = {}
    for name, rival in rivals.items():
        parts, values = rival.to_parts()
        kept = sum(part.nbytes for part in parts.values()) + sum(map(len, _strings(values))) <= KEPT
        if kept:
            arrays |= {f"{name}/{part}": array for part, array in parts.items()}
            plain[name] = {"kind": rival.kind, **values}
        about = {"is": rival.title, "learned_from": rival.learned_from, "kept": kept}
        scored[name] = {**about, "scores": dict(network.score_rival(rival, read))}
    models = folder / RIVAL_MODELS_FILE
    with writing(models) as beside:
        save_file(arrays, beside, {"rivals": json.dumps(plain)})
    write_json(folder / RIVALS_FILE, signed({"run": run, "rivals": scored, "models": digest_of(models.read_bytes())}))
    return describe_rivals(network.criterion, best, scored, network.advice)


def _strings(values: Mapping[str, Any]) -> Iterator[str]:
    """The texts in the lists among the values."""
    for value in values.values():
        yield from value if isinstance(value, list | tuple) else ()


def rivals_beside(
    folder: Path, run: object, network: Compared, read: Any, scores: Mapping[str, Any], note: Note
) -> dict[str, Any]:
    """Score the rivals of a run on new data beside its network.

    Args:
        folder: the run.
        run: which run it is, as its config.json says.
        network: scores them.
        read: the data.
        scores: the network's scores on it.
        note: told what they reach, and where the network is no better.

    Returns:
        ``rivals``: by name what each is, ``on`` which data it was scored, and its scores; those of the validation data
        where the model was too large to be kept. Nothing where the run has no rivals.

    Raises:
        CheckpointError: what was kept is missing or damaged.
    """
    rivals, digest = read_rivals(folder, run)
    if not rivals:
        return {}
    models = dict(_models(folder / RIVAL_MODELS_FILE, digest))
    here = {name: dict(network.score_rival(model, read)) for name, model in models.items()}
    name = network.criterion
    values = {key: (str(rivals[key]["is"]), each[name]) for key, each in here.items()}
    if values:
        note(comparison(name, scores[name], values, data="on this data:", advice=network.advice))
    for key, about in rivals.items():
        if key not in here:
            note(f"{about['is']} was too large for the run to keep: its scores here are those of the validation data")
    return {
        "rivals": {
            key: {"is": about["is"], "on": "this data", **here[key]}
            if key in here
            else {"is": about["is"], "on": "the validation data", **about["scores"]}
            for key, about in rivals.items()
        }
    }


def _models(path: Path, digest: str) -> Iterator[tuple[str, Any]]:
    try:
        if digest_of(path.read_bytes()) != digest:
            raise ValueError("it is not what was written")
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
