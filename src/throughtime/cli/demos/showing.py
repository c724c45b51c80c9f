"""What several demos do to show their network at work on data that it has not learned from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

__all__ = ["count_pairs", "hush", "predictions_of", "records_of", "say", "share_right", "side_by_side"]


def records_of(run: Any, path: Path) -> list[Any]:
    """Read records with their targets, as the run reads them.

    Args:
        run: the run.
        path: a file or folder of the demo's data.

    Returns:
        The records.
    """
    from throughtime.data.formats.registry import read_records
    from throughtime.data.reading import Problems
    from throughtime.data.user_data import Given

    return list(read_records(Given((path,)), run.model.reading, Problems(note=hush), targets=True))


def predictions_of(run: Any, path: Path) -> list[tuple[Any, Any]]:
    """Let the run predict for each record of a file.

    Args:
        run: the run.
        path: a file or folder of the demo's data.

    Returns:
        Records with their targets, and what was predicted.
    """
    return list(run.model.predict(records_of(run, path)))


def hush(message: str) -> None:
    """Say nothing: notes about how data is read are for those who bring their own.

    Args:
        message: the note.
    """


def count_pairs(pairs: Iterable[Any]) -> dict[str, Counter[str]]:
    """Count by the first of each pair what the second is.

    Args:
        pairs: pairs of strings.

    Returns:
        First -> second -> how often.

    Example:
        >>> count_pairs([("a", "x"), ("b", "x"), ("a", "x")])
        {'a': Counter({'x': 2}), 'b': Counter({'x': 1})}
    """
    found: dict[str, Counter[str]] = {}
    for one, other in pairs:
        found.setdefault(one, Counter())[other] += 1
    return found


def share_right(right: Iterable[bool]) -> float:
    """Give the share of what is right.

    Args:
        right: for each, whether it is; there must be some.

    Returns:
        The share, from 0 to 1.
    """
    listed = list(right)
    return sum(listed) / len(listed)


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line as it is: nothing in it is markup, and the terminal wraps it.

    Args:
        console: where to.
        text: the line.
        style: how it is written where there are colours.
    """
    console.print(Text(text, style), soft_wrap=True)


def side_by_side(console: Console, pictures: Sequence[Sequence[str]]) -> None:
    """Print pictures of one height beside each other.

    Args:
        console: where to.
        pictures: of each its lines.
    """
    widths = [max(map(len, picture)) for picture in pictures]
    for parts in zip(*pictures, strict=True):
        line = "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
        say(console, line.rstrip())
