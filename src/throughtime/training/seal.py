"""What holds the files of a run together: a digest inside its weights, and one inside its checkpoint. Loads no torch.

Each of the two carries, in its safetensors metadata, what it goes with (the run, the options that fix the network
and what it says, digests of the vocabulary and its like), and a SHA-256 of itself with all of that in it. One rename
brings the tensors and their digest, so there is no moment at which a kill leaves one without the other. Reading them
again costs 0.7 ms for each MB on a processor with instructions for it, once when a run is opened.

A file without a seal is one of a run that was made before there were seals: it opens as it always did, without a word,
for there is nothing that its owner could do or know.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from throughtime.errors import CheckpointError
from throughtime.training.files import CONFIG_FILE, read_json

__all__ = ["Seal", "check_seal", "digest_of", "read_signed", "seal_metadata", "signed", "stamp"]

SEAL, DIGEST = "seal", "digest"
"""Names under which a file keeps its seal, and the seal its digest."""
OTHERS = {"position", "format"}
"""Names of the metadata that a file may have beside its seal."""
BLANK = "0" * 64
"""Stands where the digest will be, while it is computed."""
_PLACE = re.compile(rb'\{\\"digest\\": \\"([0-9a-f]{64})\\"')
"""The digest in the header of the file: the seal is JSON inside JSON, with the digest in front."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What the weights of a run were made with, and must be found with."""

    run: str
    """Which run it is: the same for the same first weights, data and options."""
    task: str
    """Name of the task."""
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    """The options that the network, or what it says, depends on."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Digests of the files that it is opened with, by name."""
    about: Mapping[str, object] = field(default_factory=dict[str, object])
    """The sizes of the network and of what it reads, by name."""


def digest_of(content: bytes) -> str:
    """Give the digest of a file's content."""
    return hashlib.sha256(content).hexdigest()


def seal_metadata(seal: Seal) -> dict[str, str]:
    """Give what goes into the metadata of a safetensors file before it is stamped.

    Args:
        seal: what the file goes with.

    Returns:
        One name and its value.
    """
    return {SEAL: json.dumps({DIGEST: BLANK, **asdict(seal)}, ensure_ascii=True)}


def stamp(path: Path) -> None:
    """Put the digest of a whole file in its place; the file was just written with :func:`seal_metadata`.

    Args:
        path: the file, which has not been renamed to its name yet.
    """
    start = _place_of_digest(_header(path)[1])
    assert start is not None
    digest = _digest(path, start)
    with path.open("r+b") as file:
        file.seek(start)
        file.write(digest.encode())


def check_seal(path: Path) -> Seal | None:
    """See that a file of a run is what was written, and that the files beside it are those it was made with.

    Args:
        path: its weights, or its checkpoint.

    Returns:
        Its seal; None where it was written before there were seals.

    Raises:
        CheckpointError: it is missing or damaged, or it goes with other options or files than those beside it.
    """
    try:
        header, raw = _header(path)
        metadata: dict[str, str] = header.get("__metadata__") or {}
        start = _place_of_digest(raw)
        if start is None and not set(metadata) - OTHERS:
            return None
        content: dict[str, Any] = json.loads(metadata[SEAL])
        if start is None or _digest(path, start) != content.pop(DIGEST):
            raise ValueError("it is not what was written")
        seal = Seal(**content)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing, so {path.parent} is not a whole run") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        why = str(error) if isinstance(error, ValueError | OSError) else "its header makes no sense"
        raise CheckpointError(f"{path} is corrupt or truncated: {why}; nothing was changed") from None
    _check_config(path, seal)
    _check_files(path, seal)
    return seal


def _check_config(path: Path, seal: Seal) -> None:
    """Raise unless the run's config.json has the options that the weights were made with."""
    place = path.parent / CONFIG_FILE
    config = read_json(place)
    if config.get("task") != seal.task or config.get("run") != seal.run:
        raise CheckpointError(f"{path} and {place} are not of the same run; nothing was changed")
    options: Mapping[str, object] = config.get("options", {})
    for name, value in seal.options.items():
        if name not in options or not _same(options[name], value):
            there = repr(options[name]) if name in options else "missing"
            raise CheckpointError(
                f"{place} was changed: {name} is {there}, but the weights were made with {value!r}; put that back"
            )


def _same(one: object, other: object) -> bool:
    """Whether two values of an option mean the same: 1 and 1.0 do, 1 and true do not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _check_files(path: Path, seal: Seal) -> None:
    for name, digest in seal.files.items():
        place = path.parent / name
        try:
            content = place.read_bytes()
        except FileNotFoundError:
            raise CheckpointError(f"{place} is missing, so {path.parent} is not a whole run") from None
        except OSError as error:
            raise CheckpointError(f"{place} cannot be read: {error.strerror}; nothing was changed") from None
        if digest_of(content) != digest:
            raise CheckpointError(f"{place} is damaged: it is not what {path.name} was made with; nothing was changed")


def _header(path: Path) -> tuple[dict[str, Any], bytes]:
    """The header of a safetensors file, read and as it stands: 8 bytes of length, and JSON."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > path.stat().st_size - 8:
            raise ValueError("it ends within its header")
        raw = file.read(size)
    header = json.loads(raw)
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    return cast(dict[str, Any], header), raw


def _place_of_digest(raw: bytes) -> int | None:
    """Where in the file the digest stands; None where there is not exactly one."""
    found = list(_PLACE.finditer(raw))
    return 8 + found[0].start(1) if len(found) == 1 else None


def _digest(path: Path, start: int) -> str:
    """The digest of a file whose own digest, from ``start`` on, is read as blank."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(start))
        digest.update(BLANK.encode())
        file.seek(start + len(BLANK))
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def signed(content: Mapping[str, object]) -> dict[str, object]:
    """Give the content of a JSON file with its digest.

    Args:
        content: plain values.

    Returns:
        The same, and ``digest``.

    Example:
        >>> read = signed({"step": 3})
        >>> sorted(read), read["digest"] == signed({"step": 4})["digest"]
        (['digest', 'step'], False)
    """
    return {**content, DIGEST: digest_of(json.dumps(content, sort_keys=True).encode())}


def read_signed(path: Path, run: object) -> dict[str, Any]:
    """Read a JSON file that :func:`signed` made the content of.

    Args:
        path: the file.
        run: which run it must be of, as its config.json says.

    Returns:
        The content, with ``run`` and ``digest`` taken out; all of it where it has no digest, being older than those.

    Raises:
        CheckpointError: the file is missing or damaged, or of another run.
    """
    content = read_json(path)
    digest = content.pop(DIGEST, None)
    if digest is None and "run" not in content:
        return content
    if digest != signed(content)[DIGEST]:
        raise CheckpointError(f"{path} is damaged: it is not what was written; nothing was changed")
    if content.pop("run", None) != run:
        raise CheckpointError(f"{path} and {path.parent / CONFIG_FILE} are not of the same run; nothing was changed")
    return content
