"""Labels that mark spans: the schemes IOB1, BIO (IOB2) and BIOES (BILOU), told apart, checked and turned into another.

In BIO, B- begins a span and I- goes on with it; in IOB1 I- begins one too, and B- only one that touches another of its
type; in BIOES, E- ends a span and S- stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Scheme", "Spelling", "bio_fault", "count_faults", "looks_bio", "rewrite", "spelling_of"]

Scheme: TypeAlias = Literal["IOB1", "BIO", "BIOES"]
"""How labels mark spans."""
_LABEL = re.compile(r"O|[BIESMLU]-.+", re.DOTALL)
_OTHERS = (
    (re.compile(r"(.+)-([BIESMLU])", re.DOTALL), 2, 1, "the type before the mark, as in 'PER-B'"),
    (re.compile(r"([BIESMLU])[_:/.](.+)", re.DOTALL), 1, 2, "another sign than - behind the mark"),
    (re.compile(r"([biesmlu])-(.+)", re.DOTALL), 1, 2, "the mark in small letters"),
)
"""Other ways to write the same: pattern, its group of the mark, that of the type, and how to say it."""
_PREFIXES = ("B", "I", "E", "S")
_SYNONYMS = {"M": "I", "L": "E", "U": "S"}
"""Marks of BILOU and BMES -> those of BIOES."""
_OPEN = ("B", "I")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the labels of some data are written."""

    names: Mapping[str, str]
    """Label -> the same as O, or as B, I, E or S, a dash and the type."""
    said: str | None
    """What is another about them, or None."""


def spelling_of(labels: Iterable[str]) -> Spelling | None:
    """Tell how labels that mark spans are written.

    Args:
        labels: all labels of the data.

    Returns:
        Their spelling; None where they mark no spans.

    Example:
        >>> spelling = spelling_of(["O", "PER-B", "PER-I"])
        >>> spelling.names["PER-I"], spelling.said
        ('I-PER', "the type before the mark, as in 'PER-B'")
        >>> spelling_of(["O", "U-x", "B-x", "L-x"]).names["L-x"], spelling_of(["NOUN", "O"])
        ('E-x', None)
    """
    there = set(labels)
    spans = there - {"O"}
    if not spans:
        return None
    if looks_bio(there):
        names = {label: _SYNONYMS.get(label[0], label[0]) + label[1:] for label in spans} | {"O": "O"}
        other = sorted({label[0] for label in spans} & _SYNONYMS.keys())
        said = f"the marks {', '.join(f'{mark}-' for mark in other)}" if other else None
        return Spelling(names, said)
    for pattern, mark, kind, said in _OTHERS:
        found = {label: match for label in there if label.upper() != "O" and (match := pattern.fullmatch(label))}
        outside = there - found.keys()
        if len(outside) != 1 or outside.pop().upper() != "O" or not found:
            continue
        marks = {label: match[mark].upper() for label, match in found.items()}
        if "B" in marks.values() or "I" in marks.values():
            names = {label: f"{_SYNONYMS.get(marks[label], marks[label])}-{m[kind]}" for label, m in found.items()}
            return Spelling(names | {"O": "O", "o": "O"}, said)
    return None


def looks_bio(labels: Iterable[str]) -> bool:
    """Tell whether labels are all of the form O, B-TYPE, I-TYPE, or of E-, S-, M-, L-, U- with a type.

    A bare ``B`` or ``E`` is no such label: single letters are labels of other kinds too.

    Args:
        labels: the labels.

    Returns:
        Whether each of them is.

    Example:
        >>> looks_bio(["O", "B-person", "I-person"]), looks_bio(["O", "NOUN"]), looks_bio(["E", "B"])
        (True, False, False)
    """
    return all(_LABEL.fullmatch(label) for label in labels)


def bio_fault(labels: Sequence[str], scheme: Scheme = "BIO") -> tuple[int, str] | None:
    """Find the first label of a sentence that is wrong.

    Args:
        labels: O, or B, I, E or S with a type, one for each word.
        scheme: what they are to be. In BIO and IOB1 there is no E and no S.

    Returns:
        (its index, what is wrong with it), or None.

    Example:
        >>> bio_fault(["O", "B-person", "I-group"])
        (2, "'I-group', follows 'B-person': a span begins with 'B-group'")
        >>> bio_fault(["O", "I-group"], "IOB1"), bio_fault(["O", "X-person"])[1][:20]
        (None, "'X-person', is not O")
    """
    before, before_prefix, before_type = "", "O", ""
    for index, label in enumerate(labels):
        prefix, _, kind = label.partition("-")
        if label != "O" and prefix not in _PREFIXES:
            return index, f"{label!r}, is not O, nor does it begin with B-, I- or another prefix of BIOES"
        inside = before_prefix in _OPEN and before_type == kind
        where = f"follows {before!r}" if before else "is the first of its sentence"
        if scheme == "IOB1":
            if prefix == "B" and not inside:
                return index, f"{label!r}, {where}: in IOB1 a span that touches none of its type begins with 'I-{kind}'"
        elif prefix in ("I", "E") and not inside:
            return index, f"{label!r}, {where}: a span begins with {'B-' + kind!r}"
        if scheme == "BIOES" and before_prefix in _OPEN and prefix not in ("I", "E"):
            return index, f"{label!r}, follows {before!r}, a span that has no end ({'E-' + before_type!r})"
        before, before_prefix, before_type = label, prefix, kind
    if scheme == "BIOES" and before_prefix in _OPEN:
        return len(labels) - 1, f"{before!r}, is the last of its sentence, and its span has no end"
    return None


def count_faults(sentences: Iterable[Sequence[str]]) -> dict[Scheme, int]:
    """Count the labels that speak against BIO, and those that speak against IOB1.

    Args:
        sentences: O, or B and I with a type, one for each word.

    Returns:
        Their number by scheme. Both are 0 only where there is no span.

    Example:
        >>> count_faults([["I-x", "I-x", "O", "I-y"], ["I-x", "B-x"]])
        {'BIO': 3, 'IOB1': 0}
    """
    faults: dict[Scheme, int] = {"BIO": 0, "IOB1": 0}
    for labels in sentences:
        before = "O"
        for label in labels:
            if label != "O" and (before == "O" or before[1:] != label[1:]):
                faults["IOB1" if label[0] == "B" else "BIO"] += 1
            before = label
    return faults


def rewrite(labels: Sequence[str], scheme: Scheme, wanted: Scheme) -> tuple[str, ...]:
    """Mark the same spans in another scheme.

    Args:
        labels: sound labels of a sentence.
        scheme: the scheme they are in.
        wanted: BIO or BIOES.

    Returns:
        The labels in that one.

    Example:
        >>> rewrite(["I-x", "I-x", "B-x", "O"], "IOB1", "BIO"), rewrite(["B-x", "I-x", "O", "B-y"], "BIO", "BIOES")
        (('B-x', 'I-x', 'B-x', 'O'), ('B-x', 'E-x', 'O', 'S-y'))
    """
    if scheme == wanted:
        return tuple(labels)
    begins = [
        label != "O" and (label[0] in "BS" or index == 0 or labels[index - 1][1:] != label[1:])
        for index, label in enumerate(labels)
    ]
    ends = [
        label != "O" and (index + 1 == len(labels) or begins[index + 1] or labels[index + 1] == "O")
        for index, label in enumerate(labels)
    ]
    marks = {(True, True): "S", (True, False): "B", (False, True): "E", (False, False): "I"}
    if wanted == "BIO":
        marks = {(first, last): "B" if first else "I" for first, last in marks}
    return tuple(
        label if label == "O" else marks[first, last] + label[1:]
        for label, first, last in zip(labels, begins, ends, strict=True)
    )
