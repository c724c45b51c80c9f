"""Which records can be used, and which are held out. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from throughtime.data.encoding.labels import composed
from throughtime.data.planning.split import hold_out, hold_out_end, require_examples, windows
from throughtime.data.reading import Note, Problems
from throughtime.data.record import Record, Spans
from throughtime.tasks.supervised.targets import labels_of

__all__ = ["HELD_OUT", "compose_labels", "count_skipped", "cut_one_series", "note_end", "split", "usable"]

HELD_OUT = 0.1
"""Share of the data that is kept for validation where none is given."""
Fault = Callable[[Record], str | None]
"""Says why a record cannot be used, or None where it can."""


def usable(records: Iterable[Record], fault: Fault, problems: Problems) -> Iterator[Record]:
    """Pass on the records that can be used.

    Args:
        records: any records.
        fault: says why one cannot be used.
        problems: what becomes of those.

    Yields:
        The others, in order.
    """
    for record in records:
        wrong = fault(record)
        if wrong is None:
            yield record
        else:
            problems.report(record.place, wrong)


def compose_labels(records: Sequence[Record], note: Note) -> list[Record]:
    """Make one label of those that differ only in how Unicode composes their letters, as names of folders may.

    Args:
        records: any records.
        note: told where a label is written in two ways.

    Returns:
        The records, their labels composed.
    """
    seen = {label for record in records for label in labels_of(record)}
    other = {label: composed(label) for label in seen if composed(label) != label}
    twice = sorted(new for new in other.values() if new in seen)
    if twice:
        note(f"the label {twice[0]!r} is written with letters in one and in two parts; both are one label")
    return [_relabelled(record, other) for record in records] if other else list(records)


def _relabelled(record: Record, names: Mapping[str, str]) -> Record:
    match record.target:
        case str(label):
            return replace(record, target=names.get(label, label))
        case tuple(labels):
            return replace(record, target=tuple(names.get(label, label) for label in labels))
        case Spans(marked):
            spans = (
                span if span.label is None else span._replace(label=names.get(span.label, span.label))
                for span in marked
            )
            return replace(record, target=Spans(tuple(spans)))
        case _:
            return record


def count_skipped(problems: Problems, *, series: bool = False) -> str:
    """Say how many records were skipped.

    Args:
        problems: what became of bad records.
        series: whether each is a series.

    Returns:
        The beginning of a sentence.

    Example:
        >>> count_skipped(Problems(skipped=["a.csv: line 2: it is empty"]))
        '1 record was skipped'
    """
    count = len(problems.skipped)
    one, many = ("series", "series") if series else ("record", "records")
    return f"1 {one} was skipped" if count == 1 else f"{count:,} {many} were skipped"


def split(records: Sequence[Record], note: Note, *, per_step: bool) -> tuple[list[Record], list[Record]]:
    """Hold a part of the records out: of one series with a label for each step its end, else whole records.

    Args:
        records: all records.
        note: told what is held out.
        per_step: whether there is a target for each step.

    Returns:
        (to learn from, held out).

    Raises:
        DataError: there are too few records, steps, or records of a label.
    """
    if per_step and _is_one_series(records):
        before, after = hold_out_end(records[0], HELD_OUT)
        note_end(len(after.content), note)
        return [before], [after]
    require_examples(records)
    train, held_out = hold_out(records, HELD_OUT)
    share = ", from each label its share" if isinstance(records[0].target, str) else ""
    together = ", those of a group together" if any(record.group is not None for record in records) else ""
    note(
        f"no validation data given: {len(held_out):,} of {len(records):,} examples are held out for it, "
        f"chosen by a hash of their content{share}{together}"
    )
    return train, held_out


def note_end(steps: int, note: Note) -> None:
    """Say that the end of the one series there is is held out.

    Args:
        steps: how much of it.
        note: told so.
    """
    note(
        f"no validation data given: of the one series the last {HELD_OUT:.0%} of the time is held out for it "
        f"({steps:,} steps)"
    )


def cut_one_series(records: list[Record], note: Note) -> list[Record]:
    """Cut one series into windows to learn from; predictions are made for a series as a whole.

    Args:
        records: the records.
        note: told of the windows.

    Returns:
        The windows where the records are one series of frames, with a target for each step, else the records.
    """
    if not _is_one_series(records):
        return records
    parts = windows(records[0])
    if len(parts) > 1:
        longest, steps = max(len(part.content) for part in parts), len(records[0].content)
        note(f"the {steps:,} steps to learn from are cut into {len(parts):,} windows of up to {longest}")
    return parts


def _is_one_series(records: Sequence[Record]) -> bool:
    return len(records) == 1 and isinstance(records[0].content, np.ndarray) and isinstance(records[0].target, tuple)
