"""Tables of texts with labels: each row is a document, and its label what it is a text for. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.encoding.labels import Labels
from throughtime.data.formats.registry import COLUMN_FORMATS, format_of, read_records
from throughtime.data.in_memory.rows import form_of_memory
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.text import Document, Text
from throughtime.data.user_data import Given
from throughtime.doors import named
from throughtime.errors import CheckpointError, DataError, UsageError
from throughtime.tasks.supervised.records import compose_labels

__all__ = ["LABELS_FILE", "label_numbers", "labelled_text", "read_labelled", "saved_labels", "written_labels"]

LABELS_FILE = "conditions.json"
"""Where a run keeps the labels that it writes texts for."""


def read_labelled(given: Given, how: Reading, note: Note) -> list[Record]:
    """Read a table of texts with labels.

    Args:
        given: tables, or one in memory that can be gone through more than once.
        how: the columns; ``target_column`` is that of the label.
        note: called with what the user should know, one line each.

    Returns:
        A record of each row.

    Raises:
        DataError: the table cannot be read, or a row has no text or no label.
        UsageError: what was given is no table with named columns.

    Example:
        >>> rows = [{"name": "Rossi", "from": "Italy"}, {"name": "Smith", "from": "England"}]
        >>> records = read_labelled(Given(memory=rows), Reading(target_column="from"), print)
        the data: the text is column 'name', the target column 'from'
        >>> records[0].content, records[0].target
        ('Rossi', 'Italy')
    """
    _require_columns(given, how)
    records = compose_labels(list(read_records(given, how, Problems(note=note), targets=True)), note)
    if not records:
        raise DataError("the table has no rows below its header; give it some")
    strange = next((record for record in records if not isinstance(record.content, str)), None)
    if strange is not None:
        raise DataError(f"{strange.place}: the column of texts holds numbers; choose one that holds texts")
    return records


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


def _require_columns(given: Given, how: Reading) -> None:
    """See that there are columns to be called by their names."""
    asked = f"{named('target_column')} names a column of labels"
    if given.memory is not None:
        if form_of_memory(given.memory, how) != "table":
            raise UsageError(
                f"{asked}, and the rows of this data have no columns with names; "
                "give a data frame, a dict of columns or a list of dicts"
            )
        return
    for path in given.paths:
        if (form := format_of(path, how)) not in COLUMN_FORMATS:
            tables = ", ".join(COLUMN_FORMATS)
            raise UsageError(f"{asked}, and {path} is read as {form}, which has none; give a table ({tables})")
