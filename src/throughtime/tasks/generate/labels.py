"""The labels that texts are written for: of documents, and as a run keeps them. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import Labels
from throughtime.data.record import Record
from throughtime.data.text import Document, Text
from throughtime.errors import CheckpointError, DataError

__all__ = ["LABELS_FILE", "label_numbers", "labelled_text", "saved_labels", "written_labels"]

LABELS_FILE = "conditions.json"
"""Where a run keeps the labels that it writes texts for."""


def labelled_text(records: Sequence[Record], *, as_bytes: bool) -> Text:
    """Take records as documents.

    Args:
        records: texts with labels.
        as_bytes: give bytes in place of characters.

    Returns:
        A document of each, with its label.
    """
    pairs = [(cast(str, record.content), cast(str, record.target)) for record in records]
    return Text(tuple(Document(text.encode() if as_bytes else text, label=label) for text, label in pairs))


def label_numbers(labels: Labels, text: Text, name: str) -> NDArray[np.int64]:
    """Give the numbers of the documents' labels.

    Args:
        labels: those that are known.
        text: documents with labels.
        name: what to call the text, for messages.

    Returns:
        (documents,).

    Raises:
        DataError: a label is not known.
    """
    there = [cast(str, document.label) for document in text.documents]
    if unseen := labels.unseen(there):
        shown = ", ".join(f"{label!r} ({count:,})" for label, count in unseen.most_common(10))
        shown += f" and {len(unseen) - 10} more" if len(unseen) > 10 else ""
        known = ", ".join(labels.names[:20]) + (", ..." if len(labels) > 20 else "")
        raise DataError(f"{name} has labels that were not learned from: {shown}; known: {known}; leave such rows out")
    return np.array(labels.numbers(there), np.int64)


def written_labels(labels: Labels) -> str:
    """Give the labels as a run keeps them."""
    return json.dumps({"labels": list(labels.names)}, ensure_ascii=False)


def saved_labels(folder: Path) -> Labels:
    """Load the labels that a run writes texts for.

    Args:
        folder: the run.

    Returns:
        The labels.

    Raises:
        CheckpointError: they are missing or damaged.
    """
    path = folder / LABELS_FILE
    try:
        return Labels.load(json.loads(path.read_text("utf-8"))["labels"])
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing, so {folder} is not a whole run") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; nothing was changed") from None
