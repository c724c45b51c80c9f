"""Items of a list in memory: a pair (x, y), x alone, or a sentence of (word, tag) pairs, decided over all items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from typing import Literal, cast

from throughtime.data.bio import looks_bio
from throughtime.data.in_memory.values import is_numbers
from throughtime.data.reading import Reading
from throughtime.data.tables.named_rows import FAULT
from throughtime.errors import DataError

__all__ = ["as_pair", "as_tagged", "decide", "is_pair", "kind_of_item"]


_FLAT = 50
"""Items that are looked at to tell whether a list may be flat; then all of them are."""


def is_pair(item: object) -> bool:
    """Whether it is a tuple or list of two.

    Args:
        item: anything.

    Returns:
        Whether it is.

    Example:
        >>> is_pair(("so good", "yes")), is_pair("no")
        (True, False)
    """
    return isinstance(item, tuple | list) and len(cast(Sequence[object], item)) == 2


def kind_of_item(item: object) -> str:
    """Say what an item is, for messages.

    Args:
        item: anything.

    Returns:
        Its kind.

    Example:
        >>> kind_of_item((1, 2, 3)), kind_of_item("a")
        ('a tuple of 3', 'str')
    """
    if isinstance(item, tuple | list):
        return f"a {type(cast(object, item)).__name__} of {len(cast(Sequence[object], item))}"
    return f"{type(item).__name__}"


def as_pair(item: object, names: tuple[str, str], how: Reading, targets: bool) -> Mapping[str, object]:
    """Take an item as a pair (x, y), or where there need be no target as x alone.

    Args:
        item: the item.
        names: columns of x and y.
        how: whether there is a target for each step.
        targets: whether there must be a target.

    Returns:
        The row, or what is wrong with it under FAULT.
    """
    if not targets and (not is_pair(item) or _is_content(item, how)):
        return {names[0]: item}
    if not is_pair(item):
        return {FAULT: f"is {kind_of_item(item)}, not a pair (x, y)"}
    return dict(zip(names, cast(Sequence[object], item), strict=True))


def _is_content(item: object, how: Reading) -> bool:
    """Whether a list of two is what is read, not a pair: two words of a sentence, two numbers, or two frames."""
    first, second = cast(Sequence[object], item)
    if how.per_step and isinstance(first, str) and isinstance(second, str):
        return True
    return is_numbers(item) and (not is_numbers(first) or (isinstance(item, list) and is_numbers(second)))


def as_tagged(item: object, names: tuple[str, str]) -> Mapping[str, object]:
    """Take an item as a sentence of (word, tag) pairs.

    Args:
        item: the item.
        names: columns of the words and of the tags.

    Returns:
        The row, or what is wrong with it under FAULT.

    Example:
        >>> as_tagged([("a", "DET"), ("fox", "NOUN")], ("words", "labels"))
        {'words': ['a', 'fox'], 'labels': ['DET', 'NOUN']}
    """
    if not _is_tagged(item):
        return {FAULT: f"is {kind_of_item(item)}, not a list of (word, tag) pairs as the others"}
    pairs = cast(Sequence[Sequence[object]], item)
    return {names[0]: [word for word, _ in pairs], names[1]: [tag for _, tag in pairs]}


def decide(items: Iterator[object], *, targets: bool) -> tuple[Literal["pairs", "tagged"], Iterable[object]]:
    """Tell pairs (words, tags) from sentences of (word, tag) pairs, by the first item that can be only one of them.

    A flat list of (word, tag) pairs is one sentence where a span goes on from pair to pair.

    Args:
        items: the items.
        targets: whether there must be tags; without, two texts are two words.

    Returns:
        (what they are, all items).

    Raises:
        DataError: every item can be both.

    Example:
        >>> decide(iter([[("a", "DET"), ("fox", "NOUN")], [("Stop", "VERB")]]), targets=True)[0]
        'tagged'
    """
    ahead: list[object] = []
    unclear = False
    if targets:
        ahead = list(islice(items, _FLAT))
        if len(ahead) > 1 and all(map(_is_one_word, ahead)):
            ahead += items
            return _flat_or_pairs(ahead)
        items, ahead = chain(ahead, items), []
    for item in items:
        ahead.append(item)
        reading = _reading(item)
        if reading is not None:
            return reading, chain(ahead, items)
        unclear = unclear or is_pair(item)
    if unclear:
        raise DataError(
            "every row of the data has length two, so that [(a, b), (c, d)] may be (words, tags) or two (word, tag) "
            'pairs; write {"words": [a, b], "tags": [c, d]} for the one or {"words": [a, c], "tags": [b, d]} for the '
            "other"
        )
    return "pairs", ahead


def _is_one_word(item: object) -> bool:
    """Whether it is a pair of texts of one word each."""
    return is_pair(item) and all(
        isinstance(text, str) and len(text.split()) == 1 for text in cast(Sequence[object], item)
    )


def _flat_or_pairs(items: list[object]) -> tuple[Literal["pairs", "tagged"], Iterable[object]]:
    """Take pairs of one word each as a sentence where a span goes on from one to the next."""
    if not all(map(_is_one_word, items)):
        return "pairs", items
    tags = [tag for _, tag in cast(list[tuple[str, str]], items)]
    goes_on = any(a[:2] in ("B-", "I-") and b[:2] in ("I-", "E-") and a[2:] == b[2:] for a, b in pairwise(tags))
    if looks_bio(tags) and goes_on:
        return "tagged", [items]
    raise DataError(
        "every row of the data is a pair of two words, so that [(a, b), (c, d)] may be one sentence of (word, tag) "
        'pairs or sentences of one word; write [{"words": [a, c], "tags": [b, d]}] for the one or '
        '[{"words": [a], "tags": [b]}, {"words": [c], "tags": [d]}] for the other'
    )


def _reading(item: object) -> Literal["pairs", "tagged"] | None:
    """What an item can only be; None where it can be both, or is empty."""
    if not _is_tagged(item):
        return None if isinstance(item, list | tuple) and not item else "pairs"
    if not is_pair(item):
        return "tagged"
    # A tuple of two lists is how a pair (x, y) is written, and never how a sentence is.
    lists = isinstance(item, tuple) and all(isinstance(part, list) for part in cast(Sequence[object], item))
    return "pairs" if lists else None


def _is_tagged(item: object) -> bool:
    if not isinstance(item, list | tuple) or not item:
        return False
    return all(
        is_pair(part) and all(isinstance(text, str) for text in cast(Sequence[object], part))
        for part in cast(Sequence[object], item)
    )
