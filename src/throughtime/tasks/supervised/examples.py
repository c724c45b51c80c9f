"""What a task makes of its data before there is a network, and what a run keeps of it. Loads no torch."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Generic

from throughtime.data.encoding.building import load_features
from throughtime.data.encoding.embeddings import Vectors
from throughtime.data.encoding.features import Features
from throughtime.data.encoding.items import Items
from throughtime.data.planning.buckets import Costs
from throughtime.data.planning.split import content_hash
from throughtime.data.reading import Found
from throughtime.data.record import Record, Sequences, raw_bytes
from throughtime.errors import CheckpointError
from throughtime.tasks.supervised.targets import Target, Targets, labels_of
from throughtime.training.files import read_json

__all__ = ["INPUTS_FILE", "SKIPPED_FILE", "Examples", "Prepared", "SavedInputs", "artifacts_of", "read_saved"]

INPUTS_FILE = "inputs.json"
"""The file of a run that holds its :class:`SavedInputs`."""
SKIPPED_FILE = "skipped.txt"
"""The file of a run that lists the records which could not be read, a line for each."""


@dataclass(frozen=True, slots=True)
class Examples(Generic[Target]):
    """Encoded records with their targets."""

    records: Sequence[Record]
    """The records."""
    items: Items
    """What the network reads of them."""
    targets: Sequence[Target]
    """What it should say."""
    costs: Costs
    """What each costs to compute, (records,)."""
    scored: int
    """How much of the targets is scored: the records, or their steps."""
    skipped: int = 0
    """Records that could not be read and are not among these."""

    @property
    def hashes(self) -> list[bytes]:
        """A hash of what each record holds beside its target."""
        return [content_hash(record) for record in self.records]

    @property
    def label_counts(self) -> Counter[str]:
        """How often each label is there."""
        return Counter(label for record in self.records for label in labels_of(record))

    @property
    def targets_key(self) -> str:
        """A hash of all targets."""
        plain = [_plain(record.target) for record in self.records]
        return blake2b(repr(plain).encode(), digest_size=16).hexdigest()


def _plain(target: object) -> object:
    return [raw_bytes(each) for each in target.right] if isinstance(target, Sequences) else target


@dataclass(frozen=True, slots=True)
class SavedInputs(Generic[Target]):
    """What a run keeps of its data: the content of ``inputs.json``."""

    features: Features
    """What the network reads."""
    embedding: int
    """Size of the vector of a word or token, or of the layer over frames."""
    targets: Targets[Target]
    """What the network can say."""
    rate: int | None = None
    """Samples a second of the sounds that were learned from; None where there were none."""
    found: Found = field(default_factory=Found)
    """How the files that were learned from are laid out, where that was told from their content."""

    def to_json(self) -> str:
        """Write it down."""
        features = {"features": self.features.to_mapping(), "embedding": self.embedding}
        answers = {"answers": self.targets.to_mapping(), "rate": self.rate}
        found = self.found.to_mapping()
        return json.dumps({**features, **answers, **({"found": found} if found else {})}, ensure_ascii=False, indent=1)


def read_saved(folder: Path, load_targets: Callable[[Mapping[str, Any]], Targets[Target]]) -> SavedInputs[Target]:
    """Read what a run kept of its data.

    Args:
        folder: the run.
        load_targets: makes the task's targets of what was kept of them.

    Returns:
        Its ``inputs.json``.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    path = folder / INPUTS_FILE
    content = read_json(path)
    try:
        rate = content.get("rate")
        features, embedding = load_features(content["features"]), int(content["embedding"])
        found = Found.from_mapping(content.get("found", {}))
        rate = None if rate is None else int(rate)
        return SavedInputs(features, embedding, load_targets(content["answers"]), rate, found)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; nothing was changed") from None


@dataclass(frozen=True, slots=True)
class Prepared(Generic[Target]):
    """All that was read before there is a network."""

    inputs: SavedInputs[Target]
    """What the run keeps of it."""
    train: Examples[Target]
    """What is learned from."""
    valid: Examples[Target]
    """What is validated on."""
    vectors: Vectors | None
    """Vectors of words that were learned elsewhere, to start from."""
    skipped: Sequence[str]
    """What was wrong with each record that was skipped."""

    @property
    def artifacts(self) -> dict[str, str]:
        """Files beside the weights, content by name."""
        return artifacts_of(self.inputs, self.skipped)


def artifacts_of(inputs: SavedInputs[Any], skipped: Sequence[str]) -> dict[str, str]:
    """Give what a run keeps of its data as files.

    Args:
        inputs: what the network reads and can say.
        skipped: what was wrong with each record that was skipped.

    Returns:
        Content by name.
    """
    listed = {SKIPPED_FILE: "\n".join(skipped) + "\n"} if skipped else {}
    return {INPUTS_FILE: inputs.to_json(), **listed}
