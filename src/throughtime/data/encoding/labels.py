"""Labels to numbers; those that were not seen in training are counted and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import cast
from unicodedata import normalize

from throughtime.data.reading import Note
from throughtime.doors import option
from throughtime.errors import DataError

__all__ = ["UNSEEN", "Labels", "composed"]

UNSEEN = -100
"""Number of a label that training never saw; the value that torch's losses ignore."""


class Labels:
    """The labels that a network can give; how Unicode composes their letters makes no other labels of them.

    Args:
        names: the labels; their numbers follow in this order from 0.

    Example:
        >>> Labels(["no", "yes"]).numbers(["yes", "perhaps"])
        [1, -100]
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._numbers = {composed(name): number for number, name in enumerate(self.names)}

    @classmethod
    def build(cls, labels: Iterable[str]) -> Labels:
        """Collect labels, in code point order."""
        return cls(sorted(set(map(composed, labels))))

    @classmethod
    def load(cls, names: object) -> Labels:
        """Take up the labels that a run has kept.

        Raises:
            ValueError: they are no list of texts, or one is there twice.
        """
        listed = cast("list[object]", names if isinstance(names, list) else [])
        labels = [name for name in listed if isinstance(name, str)]
        if not labels or len(set(labels)) != len(listed):
            raise ValueError("it has no list of labels, each there once")
        return cls(labels)

    def __len__(self) -> int:
        return len(self.names)

    def numbers(self, labels: Iterable[str]) -> list[int]:
        """Give the numbers of labels; UNSEEN for those that are not here."""
        return [self._numbers.get(composed(label), UNSEEN) for label in labels]

    def unseen(self, labels: Iterable[str]) -> Counter[str]:
        """Count the labels that are not here."""
        return Counter({label: n for label, n in Counter(labels).items() if composed(label) not in self._numbers})

    def check(self, labels: Iterable[str], note: Note, *, learning: bool = False) -> None:
        """Tell of labels that are not here.

        Args:
            labels: the labels of data to score; they may be many, and are counted as they come.
            note: called with how many there are, and which.
            learning: the data is to be learned from, so that none may be missing.

        Raises:
            DataError: not a single one is here, or one is not and is to be learned.
        """
        counts = Counter(labels)
        unseen = self.unseen(counts)
        if not unseen:
            return
        shown = ", ".join(f"{label!r} ({count:,})" for label, count in unseen.most_common(10))
        shown += f" and {len(unseen) - 10} more" if len(unseen) > 10 else ""
        if learning:
            raise DataError(
                f"the run that is gone on with has no label {shown}; start a new one, without {option('init_from')} "
                f"and {option('resume', True)}"
            )
        if unseen.total() == counts.total():
            raise DataError(
                f"not one label of the data was seen in training: {shown}; known: {', '.join(self.names[:20])}"
            )
        note(f"labels that training never saw, each counted as wrong: {shown}")


def composed(label: str) -> str:
    """Write each letter with its marks as one character where there is one (NFC), as most people type it.

    Args:
        label: any text.

    Returns:
        The same for the eye.

    Example:
        >>> composed("cafe\u0301") == "caf\u00e9"
        True
    """
    return label if label.isascii() else normalize("NFC", label)
