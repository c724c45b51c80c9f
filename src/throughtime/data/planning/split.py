"""Hold out a part of the records for validation, the same part on every machine and at every call."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from throughtime.data.record import Record, raw_bytes
from throughtime.data.text import Document, RawText, Text
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = [
    "WINDOW",
    "content_hash",
    "held_out_from",
    "hold_out",
    "hold_out_end",
    "lonely",
    "require_examples",
    "require_labels",
    "windows",
]

WINDOW = 256
"""Steps of the windows that one long series is learned in, at most; what is further apart is not learned together."""


def hold_out(records: Sequence[Record], share: float) -> tuple[list[Record], list[Record]]:
    """Split records in two.

    Which records are held out depends on the records' content and labels alone, not on their order, their files or a
    seed. Copies of one record stand side by side in the draw, and may fall on both sides where the share ends. Records
    of one group go together.

    Args:
        records: all records.
        share: share that is held out, 0 < share < 1.

    Returns:
        (to learn from, held out), each in the order given. Every label with two records or more (of different groups)
        is on both sides; targets of another kind are no labels, and are drawn from as one.

    Raises:
        DataError: there are too few records to hold any out.
    """
    groups = _groups(records)
    if len(groups) < 2:
        what = f"{len(records)} record" if len(records) < 2 else f"one group of {len(records)} records"
        raise DataError(f"{what} is too little to hold out {share:.0%} for validation; give {option('valid')}")
    strata: dict[str, list[list[int]]] = defaultdict(list)
    for members in groups:
        label = records[members[0]].target
        strata[label if isinstance(label, str) else ""].append(members)
    held: set[int] = set()
    for stratum in strata.values():
        count = max(1, min(len(stratum) - 1, round(len(stratum) * share))) if len(stratum) > 1 else 0
        drawn = sorted(stratum, key=lambda members: _draw(records[members[0]]))[:count]
        held |= {index for members in drawn for index in members}
    if not held:  # of each label there is one group
        held = set(min(groups, key=lambda members: _draw(records[members[0]])))
    return (
        [record for index, record in enumerate(records) if index not in held],
        [record for index, record in enumerate(records) if index in held],
    )


def _groups(records: Sequence[Record]) -> list[list[int]]:
    """The places of records that go together, in the order of the first of each; most stand alone."""
    groups: dict[object, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        groups[index if record.group is None else record.group].append(index)
    return list(groups.values())


def hold_out_end(series: Record, share: float) -> tuple[Record, Record]:
    """Split one series in two, the later part held out.

    Args:
        series: frames (T, F) in order of time, with a label for each step.
        share: share of the steps that is held out, 0 < share < 1.

    Returns:
        (to learn from, held out).

    Raises:
        DataError: there are too few steps to hold any out.
    """
    steps = len(series.content)
    cut = held_out_from(steps, share, series.place)
    return _part(series, 0, cut), _part(series, cut, steps)


def held_out_from(steps: int, share: float, place: str) -> int:
    """Say where the later part of a series begins that is held out.

    Args:
        steps: how many it has.
        share: share of the steps that is held out, 0 < share < 1.
        place: where it stands, for the message.

    Returns:
        The first step that is held out, from 0; there is one before it, at least.

    Raises:
        DataError: there are too few steps to hold any out.

    Example:
        >>> held_out_from(50, 0.1, "a.csv"), held_out_from(3, 0.1, "a.csv")
        (45, 2)
    """
    if steps < 2:
        raise DataError(f"{place}: {steps} step is too little to hold out {share:.0%}; give {option('valid')}")
    return max(1, min(steps - 1, round(steps * (1 - share))))


def windows(series: Record, most: int = WINDOW) -> list[Record]:
    """Cut a series into windows of about equal length, one behind the other.

    Args:
        series: frames (T, F) with a label for each step.
        most: steps of a window, at most.

    Returns:
        The windows in order; every step is in one of them.
    """
    steps = len(series.content)
    count = -(-steps // most)
    edges = [steps * number // count for number in range(count + 1)]
    return [_part(series, start, stop) for start, stop in pairwise(edges)]


def _part(series: Record, start: int, stop: int) -> Record:
    target = series.target[start:stop] if isinstance(series.target, tuple) else series.target
    place = f"{series.place}, steps {start + 1} to {stop}"
    return replace(series, content=series.content[start:stop], target=target, place=place, original=None)


def _draw(record: Record) -> bytes:
    """A number drawn from a record: from its group where it has one, else from all that it holds but its target."""
    parts = [record.group] if record.group is not None else [record.content, *record.beside.values()]
    return hashlib.blake2b(b"\0".join(map(raw_bytes, parts)), digest_size=8).digest()


def content_hash(record: Record) -> bytes:
    """Tell what a record holds from what others hold: its content and what stands beside it, not its target.

    Args:
        record: any record.

    Returns:
        16 bytes; the same for records that hold the same.

    Example:
        >>> content_hash(Record("so good", "yes", "row 1")) == content_hash(Record("so good", "no", "row 9"))
        True
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, content in (("", record.content), *sorted(record.beside.items())):
        shape = content.shape if isinstance(content, np.ndarray) else type(content).__name__
        raw = raw_bytes(content)
        digest.update(f"{name}\0{shape}\0{len(raw)}\0".encode())
        digest.update(raw)
    return digest.digest()


def lonely(records: Sequence[Record]) -> Callable[[Record], str | None]:
    """Find the records that are the only ones of their label, to leave them out.

    Args:
        records: all records.

    Returns:
        What says of a record why it cannot be used, or None where it can.
    """
    counts = Counter(record.target for record in records if isinstance(record.target, str))

    def fault(record: Record) -> str | None:
        if isinstance(record.target, str) and counts[record.target] == 1:
            return f"the only example of the label {record.target!r}; a label needs at least two"
        return None

    return fault


def require_examples(records: Sequence[Record]) -> None:
    """Raise where a label has one record only: it cannot be both learned and held out.

    Args:
        records: all records, with labels.

    Raises:
        DataError: there are such labels; they are listed.
    """
    counts = Counter(record.target for record in records if isinstance(record.target, str))
    single = {each.target: each.place for each in records if isinstance(each.target, str) and counts[each.target] == 1}
    if single:
        shown = ", ".join(f"{label!r} ({place})" for label, place in list(single.items())[:5])
        more = f" and {len(single) - 5} more" if len(single) > 5 else ""
        raise DataError(
            f"a label needs at least two examples; with one: {shown}{more}; "
            f"give more of them, leave them out, or give {option('valid')}"
        )


def require_labels(records: Sequence[Record]) -> None:
    """Raise where all records have the same label, so that there is nothing to tell apart.

    Args:
        records: all records, with labels.

    Raises:
        DataError: there is only one label in all.
    """
    counts = Counter(record.target for record in records if isinstance(record.target, str))
    if len(counts) == 1:
        raise DataError(f"all {counts.total()} examples have the label {next(iter(counts))!r}; give two labels or more")


def hold_out_text(text: Text, share: float) -> tuple[Text, Text]:
    """Cut the text in two at a character, the second part holding the last ``share`` of it.

    Args:
        text: the documents.
        share: share of the length that goes to the second part, 0 < share < 1.

    Returns:
        (first part, second part). A document across the cut gives a piece to each.

    Raises:
        DataError: the text is too short to be cut in two.
    """
    cut, whole = round(len(text) * (1 - share)), 0
    documents = text.documents
    while whole < len(documents) and cut >= len(documents[whole].content) + documents[whole].gap:
        cut -= len(documents[whole].content) + documents[whole].gap
        whole += 1
    first, rest = list(documents[:whole]), list(documents[whole:])
    if rest and (cut := _whole_character(rest[0].content, min(cut, len(rest[0].content)))):
        first.append(Document(rest[0].content[:cut]))
        rest[0] = Document(rest[0].content[cut:], rest[0].gap)
    parts = Text(tuple(first)), Text(tuple(rest))
    if not all(any(document.content for document in part.documents) for part in parts):
        raise DataError(f"a text of length {len(text)} is too short to hold out {share:.0%} of it; give more text")
    return parts


def _whole_character(content: RawText, cut: int) -> int:
    """Move a cut in bytes back to where a UTF-8 character starts."""
    if isinstance(content, bytes):
        while 0 < cut < len(content) and content[cut] & 0xC0 == 0x80:
            cut -= 1
    return cut
