"""Labels that mark spans: B- begins one, I- goes on with it (BIO), and E-, S- end it or stand alone (BIOES)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["bio_fault", "check_bio", "looks_bio"]

_LABEL = re.compile(r"O|[BIESMLU]-.+", re.DOTALL)
_PREFIXES = ("B", "I", "M", "E", "L", "S", "U")
_GOES_ON = ("I", "M", "E", "L")
_OPEN = ("B", "I", "M")
_CLOSED = ("E-", "L-", "S-", "U-")


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


def check_bio(labels: Sequence[str]) -> str | None:
    """Find what is wrong with the spans of one sentence.

    BIO (IOB2) is checked, and where an E-, S-, L- or U- occurs, that every span is ended as in BIOES (BILOU).

    Args:
        labels: one label for each word.

    Returns:
        The first fault in one line, or None.

    Example:
        >>> check_bio(["B-person", "I-person", "O"])
        >>> check_bio(["O", "B-person", "I-group"])
        "label 3, 'I-group', follows 'B-person': a span begins with 'B-group'"
    """
    fault = bio_fault(labels)
    return None if fault is None else f"label {fault[0] + 1}, {fault[1]}"


def bio_fault(labels: Sequence[str]) -> tuple[int, str] | None:
    """Find the first label that is wrong, as :func:`check_bio` does.

    Args:
        labels: one label for each word.

    Returns:
        (its index, what is wrong with it), or None.

    Example:
        >>> bio_fault(["O", "X-person"])
        (1, "'X-person', is not O, nor does it begin with B-, I- or another prefix of BIOES")
    """
    must_end = any(label[:2] in _CLOSED for label in labels)
    before, before_prefix, before_type = "", "O", ""
    for index, label in enumerate(labels):
        prefix, _, kind = label.partition("-")
        if label != "O" and prefix not in _PREFIXES:
            return index, f"{label!r}, is not O, nor does it begin with B-, I- or another prefix of BIOES"
        goes_on = prefix in _GOES_ON
        if goes_on and not (before_prefix in _OPEN and before_type == kind):
            where = f"follows {before!r}" if before else "is the first of its sentence"
            return index, f"{label!r}, {where}: a span begins with {'B-' + kind!r}"
        if must_end and before_prefix in _OPEN and not goes_on:
            return index, f"{label!r}, follows {before!r}, a span that has no end ({'E-' + before_type!r})"
        before, before_prefix, before_type = label, prefix, kind
    if must_end and before_prefix in _OPEN:
        return len(labels) - 1, f"{before!r}, is the last of its sentence, and its span has no end"
    return None
