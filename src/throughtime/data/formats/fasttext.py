"""fastText's lines: a text, and labels that begin with ``__label__`` before it, as a rule, or anywhere in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.data.files import describe, open_lines
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Target
from throughtime.doors import option
from throughtime.errors import UsageError

__all__ = ["read_fasttext"]

_LABEL = "__label__"


def read_fasttext(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    r"""Read a text on each line, its labels in it.

    Args:
        path: the file.
        how: options; ``target_type`` is whether a text has one label or several.
        problems: told of lines without a label, with too many, or without a text.
        targets: whether labels are needed; without, they are taken off and not looked at.

    Yields:
        Records in order.

    Raises:
        UsageError: a label for each step, or a number, is wanted.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "train.txt"
        >>> _ = path.write_text("__label__pos so good\n__label__neg so bad\n")
        >>> [(each.content, each.target) for each in read_fasttext(path, Reading(), Problems(), targets=True)]
        [('so good', 'pos'), ('so bad', 'neg')]
    """
    name = describe(path)
    if targets and (how.per_step or how.target_type not in ("label", "labels")):
        raise UsageError(f"{name} has fastText's labels, one or several for each line; learn them with classify")
    for number, line in enumerate(open_lines(path, how.encoding, problems.note), 1):
        place, words = f"{name}: line {number}", line.split()
        labels = tuple(dict.fromkeys(word.removeprefix(_LABEL) for word in words if word.startswith(_LABEL)))
        text = " ".join(word for word in words if not word.startswith(_LABEL))
        if not text:
            problems.report(place, "there is no text on the line; leave it out")
        elif targets and how.target_type == "label" and len(labels) != 1:
            what = f"{len(labels)} labels, where one is needed"
            problems.report(place, f"{what}; several are learned with {option('target_type', 'labels')}")
        elif "" in labels:
            problems.report(place, f"a label is empty: {_LABEL} and nothing behind it")
        else:
            target: Target | None = (labels if how.target_type == "labels" else labels[0]) if targets else None
            yield Record(text, target, place, {"text": text})
