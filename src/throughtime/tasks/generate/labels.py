"""The labels that texts are written for: of documents, and as a run keeps them. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import UNSEEN, Labels
from throughtime.data.record import Record
from throughtime.data.text import Document, Text
from throughtime.doors import named, option
from throughtime.errors import CheckpointError, DataError, UnknownNameError, UsageError

__all__ = ["LABELS_FILE", "label_numbers", "labelled_text", "number_of", "saved_labels", "written_labels"]

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


def label_numbers(labels: Labels, there: Sequence[str], name: str) -> NDArray[np.int64]:
    """Give the numbers of the labels of documents, or of tunes.

    Args:
        labels: those that are known.
        there: the label of each.
        name: what to call the text, for messages.

    Returns:
        (documents,).

    Raises:
        DataError: a label is not known.
    """
    if unseen := labels.unseen(there):
        shown = ", ".join(f"{label!r} ({count:,})" for label, count in unseen.most_common(10))
        shown += f" and {len(unseen) - 10} more" if len(unseen) > 10 else ""
        known = ", ".join(labels.names[:20]) + (", ..." if len(labels) > 20 else "")
        raise DataError(f"{name} has labels that were not learned from: {shown}; known: {known}; leave such rows out")
    return np.array(labels.numbers(there), np.int64)


def number_of(labels: Labels | None, condition: str | None) -> int | None:
    """Give the number of the label that is to be written for.

    Args:
        labels: those that were learned; None where there are none.
        condition: the label.

    Returns:
        Its number; None where none was learned.

    Raises:
        UsageError: a label is missing or not known, or there is none to choose.
    """
    if labels is None:
        if condition is not None:
            raise UsageError(f"this run has learned from no labels; leave {named('condition')} out")
        return None
    if condition is None:
        names = ", ".join(labels.names)
        raise UsageError(f"this run writes a text for a label; choose one with {option('condition')}: {names}")
    (number,) = labels.numbers([condition])
    if number == UNSEEN:
        raise UnknownNameError("label", condition, labels.names)
    return number


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
