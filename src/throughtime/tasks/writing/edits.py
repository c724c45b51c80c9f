"""How many edits texts need to become their references. Loads no torch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

__all__ = ["References", "Tokens", "edit_distance", "error_rate"]

Tokens: TypeAlias = Sequence[Sequence[Hashable]]
"""The tokens of each text: numbers, words, or, where it is a str, characters."""
References: TypeAlias = Sequence[Sequence[Sequence[Hashable]]]
"""The tokens of each reference of each text, one or more a text."""


def error_rate(written: Tokens, right: References) -> float:
    """Give the edits that texts need for each token of their references, over all texts together.

    .. code-block:: text

        sum_n distance(w_n, r_n) / sum_n |r_n|

    r_n is the reference nearest to text n: that of the least distance / length, the first of equal ones. Of
    pronunciations this is the phoneme error rate: the distance to the nearest variant over that variant's length, both
    summed over the words.

    Args:
        written: the tokens of each text.
        right: the tokens of its references, one or more.

    Returns:
        The rate: 0 where all are right, above 1 where more is wrong than there is. References without a token count as
        one token.

    Source: Levenshtein 1966, "Binary codes capable of correcting deletions, insertions, and reversals".

    Example:
        >>> error_rate(["abcd", "x"], [["abce", "ab"], ["x"]])
        0.2
    """
    edits = _nearest(written, right)
    return sum(distance for distance, _ in edits) / max(1, sum(length for _, length in edits))


def _nearest(written: Tokens, right: References) -> list[tuple[int, int]]:
    """For each text its distance to the nearest reference, and the tokens of that one."""

    def rate(edits: tuple[int, int]) -> float:
        return edits[0] / max(1, edits[1])

    return [
        min(((edit_distance(text, reference), len(reference)) for reference in references), key=rate)
        for text, references in zip(written, right, strict=True)
    ]


def edit_distance(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """Count the tokens that have to be put in, taken out or replaced to make one sequence another.

    A column of the table of distances is two integers, a bit for each row: where a step down adds one, and where it
    takes one away.

    Args:
        one: its tokens.
        other: those of the other.

    Returns:
        The least number of edits.

    Source: Hyyrö 2003, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances", figure 3 (after
    Myers 1999).

    Example:
        >>> edit_distance("kitten", "sitting"), edit_distance([7, 8], [8])
        (3, 1)
    """
    long, short = (one, other) if len(one) >= len(other) else (other, one)
    if not short or long == short:
        return len(long) - len(short)
    rows: dict[Hashable, int] = {}
    for row, token in enumerate(long):
        rows[token] = rows.get(token, 0) | 1 << row
    whole, last, distance = (1 << len(long)) - 1, 1 << len(long) - 1, len(long)
    more, less = whole, 0
    for token in short:
        same = rows.get(token, 0)
        diagonal = (((same & more) + more) ^ more) | same | less
        right_more, right_less = less | whole & ~(diagonal | more), more & diagonal
        distance += bool(right_more & last) - bool(right_less & last)
        right_more = right_more << 1 | 1
        more, less = (right_less << 1 | ~(diagonal | right_more)) & whole, right_more & diagonal & whole
    return distance
