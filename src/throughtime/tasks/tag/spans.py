"""What the labels of steps are, told from all of them: spans in a scheme, or single steps. Loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from throughtime.data.bio import (
    Scheme,
    Spelling,
    bio_fault,
    count_faults,
    looks_bio,
    rewrite,
    spelling_of,
)
from throughtime.data.formats.tagged.conll import Sentence
from throughtime.data.reading import Found, Problems
from throughtime.data.record import Record
from throughtime.doors import option
from throughtime.tasks.supervised.targets import labels_of

__all__ = ["settle_spans"]

_NAMES: dict[Scheme, str] = {"IOB1": "IOB1", "BIO": "BIO (IOB2)", "BIOES": "BIOES"}
_CLEAR = 10
"""How many times more labels must speak against one of two schemes than against the other."""


def settle_spans(records: list[Record], found: Found, problems: Problems) -> list[Record]:
    """Bring labels that mark spans into one scheme: BIO, or BIOES where spans have marked ends.

    Args:
        records: all records of what is learned from, validated on or scored.
        found: what was found in what was learned from; filled in where this is that.
        problems: told of what is changed, and of spans that are not whole.

    Returns:
        The records with whole spans; all, unchanged, where labels mark none.

    Raises:
        DataError: a span is not whole.
    """
    there = {label for record in records for label in labels_of(record)}
    spelling = spelling_of(there)
    if spelling is None:
        _tell_of_mixture(there, problems)
        return records
    sentences = [[spelling.names[label] for label in labels_of(record)] for record in records]
    scheme, against = _scheme_of(sentences, {name[0] for name in spelling.names.values()})
    wanted: Scheme = cast("Scheme | None", found.scheme) or ("BIOES" if scheme == "BIOES" else "BIO")
    _tell(spelling, scheme, wanted, problems)
    if not found.fixed:
        found.scheme, found.labels_were = wanted, _were(spelling, scheme, wanted)
    return [
        replace(record, target=rewrite(labels, scheme, wanted)) if _changes(spelling, scheme, wanted) else record
        for record, labels in zip(records, sentences, strict=True)
        if _is_whole(record, labels, scheme, against, problems)
    ]


def _scheme_of(sentences: Sequence[Sequence[str]], marks: set[str]) -> tuple[Scheme, str]:
    """(the scheme, what speaks for it)."""
    if marks & {"E", "S"}:
        return "BIOES", "the ends of spans are marked in this data"
    faults = count_faults(sentences)
    if faults["BIO"] > _CLEAR * faults["IOB1"]:
        return "IOB1", f"{faults['BIO']:,} spans of this data begin with I-, as in IOB1"
    if not faults["IOB1"]:
        return "BIO", ""
    more = f", and {faults['BIO']:,} with I-, as in IOB1" if faults["BIO"] * _CLEAR > faults["IOB1"] else ""
    return "BIO", f"{faults['IOB1']:,} spans of this data begin with B-, as in BIO (IOB2){more}"


def _changes(spelling: Spelling, scheme: Scheme, wanted: Scheme) -> bool:
    return spelling.said is not None or scheme != wanted


def _were(spelling: Spelling, scheme: Scheme, wanted: Scheme) -> str | None:
    """What the labels are, where they become something else."""
    if not _changes(spelling, scheme, wanted):
        return None
    return _NAMES[scheme] + (f" with {spelling.said}" if spelling.said else "")


def _tell(spelling: Spelling, scheme: Scheme, wanted: Scheme, problems: Problems) -> None:
    were = _were(spelling, scheme, wanted)
    if were is None:
        return
    means = " (I- begins a span, B- one that touches another of its type)" if scheme == "IOB1" else ""
    ends = ", E-TYPE ends it, S-TYPE stands alone" if wanted == "BIOES" else ""
    problems.note(
        f"the labels are {were}{means}; they become {_NAMES[wanted]}: "
        f"B-TYPE begins a span, I-TYPE goes on with it{ends}"
    )


def _is_whole(record: Record, labels: Sequence[str], scheme: Scheme, against: str, problems: Problems) -> bool:
    fault = bio_fault(labels, scheme)
    if fault is None:
        return True
    index, what = fault
    place, which = record.place, f"label {index + 1}, "
    if isinstance(record.original, Sentence):
        place, which = record.original.place(index), "the label "
    why = f"; {against}" if against else ""
    problems.report(place, f"{which}{what}{why}; mend it, or leave such sentences out with {option('skip_bad', True)}")
    return False


def _tell_of_mixture(labels: set[str], problems: Problems) -> None:
    """Say so where most labels mark spans and a few do not."""
    spans = {label for label in labels if label != "O" and looks_bio([label])}
    others = sorted(labels - spans - {"O"})
    if "O" in labels and len(spans) > len(others):
        shown = ", ".join(map(repr, others[:5])) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        problems.note(
            f"labels are taken one by one and not as spans, for beside {min(spans)!r} and its like there is {shown}"
        )
