"""Hold out a part of the records for validation, the same part on every machine and at every call."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from throughtime.data.record import Record
from throughtime.errors import DataError

__all__ = ["hold_out", "require_examples"]


def hold_out(records: Sequence[Record], share: float, *, ordered: bool = False) -> tuple[list[Record], list[Record]]:
    """Split records in two.

    Which records are held out depends on their content alone, not on their order or on a seed: the same record is on
    the same side whatever else the file holds, up to the share that each label must give.

    Args:
        records: all records.
        share: share that is held out, 0 < share < 1.
        ordered: the records are in order of time, so the last ones are held out.

    Returns:
        (to learn from, held out), each in the order given. Every label with two records or more is on both sides.

    Raises:
        DataError: there are too few records to hold any out.
    """
    if len(records) < 2:
        raise DataError(f"{len(records)} record is too little to hold out {share:.0%} for validation; give --valid")
    if ordered:
        cut = max(1, min(len(records) - 1, round(len(records) * (1 - share))))
        return list(records[:cut]), list(records[cut:])
    strata: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        label = record.target
        strata[label if isinstance(label, str) else ""].append(index)
    held: set[int] = set()
    for members in strata.values():
        count = max(1, round(len(members) * share)) if len(members) > 1 else 0
        held |= set(sorted(members, key=lambda index: _draw(records[index]))[:count])
    return (
        [record for index, record in enumerate(records) if index not in held],
        [record for index, record in enumerate(records) if index in held],
    )


def _draw(record: Record) -> bytes:
    """A number drawn from a record's content."""
    content = record.content
    raw = (
        content.tobytes() if isinstance(content, np.ndarray) else "\n".join(_words(content)).encode("utf-8", "replace")
    )
    return hashlib.blake2b(raw, digest_size=8).digest()


def _words(content: str | tuple[str, ...]) -> tuple[str, ...]:
    return (content,) if isinstance(content, str) else content


def require_examples(records: Sequence[Record]) -> None:
    """Raise where a label has one record only: it cannot be both learned and checked.

    Args:
        records: all records, with labels.

    Raises:
        DataError: there are such labels, or only one label in all; they are listed.
    """
    counts = Counter(record.target for record in records if isinstance(record.target, str))
    single = {each.target: each.place for each in records if isinstance(each.target, str) and counts[each.target] == 1}
    if single:
        shown = ", ".join(f"{label!r} ({place})" for label, place in list(single.items())[:5])
        more = f" and {len(single) - 5} more" if len(single) > 5 else ""
        raise DataError(
            f"a label needs at least two examples; with one: {shown}{more}; give more of them, or leave them out"
        )
    if len(counts) == 1:
        raise DataError(f"all {counts.total()} examples have the label {next(iter(counts))!r}; give two labels or more")
