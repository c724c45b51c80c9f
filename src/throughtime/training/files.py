"""The files of a run: their names, and text files that are there whole or not at all. Loads no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from safetensors import SafetensorError

from throughtime.data.encodings import is_unicode
from throughtime.doors import option, takes
from throughtime.errors import CheckpointError, TrainingError

__all__ = [
    "CONFIG_FILE",
    "METRICS_FILE",
    "MODEL_FILE",
    "POSITION_FILE",
    "REMEMBERED_FILE",
    "RIVALS_FILE",
    "RIVAL_MODELS_FILE",
    "TRAINER_FILE",
    "read_json",
    "write_json",
    "write_text",
    "writing",
]

CONFIG_FILE = "config.json"
"""Task, options and data."""
MODEL_FILE = "model.safetensors"
"""The best weights."""
TRAINER_FILE, POSITION_FILE = "trainer.safetensors", "trainer.json"
"""All that is needed to go on: tensors and counters."""
METRICS_FILE = "metrics.jsonl"
"""What was measured, step by step."""
RIVALS_FILE, RIVAL_MODELS_FILE = "rivals.json", "rivals.safetensors"
"""What simple models reach on the same data: their scores, and those models that are small."""
REMEMBERED_FILE = "remembered.html"
"""What the network remembers of what it read last, as a part of the report, where it was watched."""


@contextmanager
def writing(path: Path) -> Generator[Path]:
    """Write a file beside its place and rename it there when it is whole.

    Args:
        path: where the file shall be.

    Yields:
        The path to write to.

    Raises:
        TrainingError: the disk is full, or the place cannot be written; what was at ``path`` is untouched and
            nothing half-written is left.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.touch()
        mode = beside.stat().st_mode
        yield beside
        beside.chmod(mode)  # safetensors makes files that only their owner can read
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(beside, path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        again = f"go on with {option('resume', True)}" if takes("resume") else "try again"
        raise TrainingError(
            f"cannot write {path}: {reason}; what was there before is untouched: free some space, then {again}"
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all.

    Args:
        path: where.
        text: what.

    Raises:
        TrainingError: it cannot be written.
    """
    with writing(path) as beside:
        beside.write_bytes(text.encode("utf-8"))


def write_json(path: Path, content: object) -> None:
    """Write a JSON file whole or not at all.

    Args:
        path: where.
        content: what; plain values, lists and mappings.

    Raises:
        TrainingError: it cannot be written.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False)
    # The name of a file need not be UTF-8: then all that is not ASCII is escaped.
    plain = text if is_unicode(text) else json.dumps(content, indent=2)
    write_text(path, plain + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Args:
        path: the file.

    Returns:
        The object.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing, so {path.parent} is not a whole run") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; nothing was changed") from None
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} is damaged: it does not hold a JSON object; nothing was changed")
    return cast(dict[str, Any], content)
