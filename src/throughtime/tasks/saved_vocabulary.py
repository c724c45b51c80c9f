"""The vocabulary that a run of a language model keeps. Loads no torch."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.encoding.vocabulary import Vocabulary, load_vocabulary
from throughtime.errors import CheckpointError

__all__ = ["saved_vocabulary"]


def saved_vocabulary(unit: str, folder: Path) -> Vocabulary:
    """Load the vocabulary of a run.

    Args:
        unit: characters, bytes, words or bpe.
        folder: the run.

    Returns:
        The vocabulary.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    path = folder / ("tokenizer.json" if unit == "bpe" else "vocabulary.json")
    try:
        return load_vocabulary(unit, path.read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing, so {folder} is not a whole run") from None
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; nothing was changed") from None
