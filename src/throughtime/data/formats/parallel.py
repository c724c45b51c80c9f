"""Aligned texts: line n of the source files goes with line n of the target files. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal, cast

from throughtime.data.characters import of_whole_characters
from throughtime.data.files import STANDARD, describe, open_lines
from throughtime.data.in_memory.rows import form_of_memory
from throughtime.data.in_memory.values import is_array
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record, Sequences
from throughtime.data.tables.named_rows import as_in_file, as_numpy
from throughtime.data.user_data import Given
from throughtime.errors import DataError, UsageError

__all__ = ["note_lengths", "read_parallel"]

_END = object()
"""Stands where a side has no more items."""
_EMPTY = "is empty"
_ODD_SHARE = 0.01
"""Share of pairs of odd lengths from which on it is told."""
_ODD_TIMES = 9
_ODD_LENGTH = 20
"""Characters that both sides of a pair must have more of: short texts differ in length for good reasons."""


@dataclass(slots=True)
class _Side:
    """Texts in order, of which each has one beside it: lines of a file, or rows of data in memory."""

    role: str
    """``source`` or ``target``."""
    name: str
    """The file; data in memory is called by its role."""
    unit: Literal["line", "row"]
    items: Iterator[object]
    origin: object
    """The whole path, or the data."""

    def place(self, number: int) -> str:
        return f"{self.name}: line {number}" if self.unit == "line" else self.which(number)

    def which(self, number: int) -> str:
        return f"{self.unit} {number} of {self.name}"


def read_parallel(roles: Mapping[str, Given], how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
    r"""Read texts with their targets beside them, line by line, whatever the size of the files.

    As many target files as source files are paired in order. Several target files of one source hold several right
    targets of each line. Data in memory counts as one file; an item of the target may be a list of several right texts.

    Args:
        roles: ``source``, and ``target`` where targets are needed: files, or texts in memory.
        how: options; the encoding.
        problems: told of lines with an empty side, and of files that stand on both sides.
        targets: whether each line needs a target; without it the source alone is read, and no line ahead.

    Yields:
        The records in order: content the source, target ``Sequences``, original ``{"source": ..., "target": ...}``,
        where several targets are a list; place ``"train.de: line 7"``, in memory ``"row 7 of source"``.

    Raises:
        DataError: a file cannot be read, one side has more lines than the other, or a line has an empty side.
        UsageError: a role is missing, or the files cannot be paired.

    Example:
        >>> roles = {"source": Given(memory=["ein Hund"]), "target": Given(memory=[["a dog", "a hound"]])}
        >>> (record,) = read_parallel(roles, Reading(), Problems(), targets=True)
        >>> record.content, record.target.right, record.place
        ('ein Hund', ('a dog', 'a hound'), 'row 1 of source')
    """
    given = {role: roles.get(role, Given()) for role in (("source", "target") if targets else ("source",))}
    if [path for each in given.values() for path in each.paths].count(STANDARD) > 1:
        raise UsageError("standard input can be read once, and is given twice; give a file in place of one of them")
    sides = {role: list(_sides(role, each, how, problems.note)) for role, each in given.items()}
    for group in _grouped(sides["source"], sides["target"]) if targets else ([side] for side in sides["source"]):
        _tell_of_copies(group, problems.note)
        yield from of_whole_characters(_side_by_side(group, problems), problems)


def _sides(role: str, given: Given, how: Reading, note: Note) -> Iterator[_Side]:
    """Open each file, or the data in memory."""
    data = given.memory
    if data is None and not given.paths:
        raise UsageError(f"there is no {role}; give its files, or its texts in memory")
    if data is None:
        for path in given.paths:
            yield _Side(role, describe(path), "line", open_lines(path, how.encoding, note), path.resolve())
        return
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise DataError(f"{role} in memory must be texts, one after the other, not {type(data).__name__}")
    if not isinstance(data, Iterator) and form_of_memory(cast(object, data), how) != "rows":
        raise DataError(f"{role} in memory is a table; give its column of texts, or the table as data")
    yield _Side(role, role, "row", iter(cast("Iterable[object]", data)), cast(object, data))


def _grouped(sources: Sequence[_Side], targets: Sequence[_Side]) -> list[list[_Side]]:
    """Tell which sides go together: each source with its targets."""
    if len(sources) == 1:
        return [[sources[0], *targets]]
    if len(sources) == len(targets):
        return [list(pair) for pair in zip(sources, targets, strict=True)]
    several = len(targets) > len(sources) and len(targets) % len(sources) == 0
    raise UsageError(
        f"{_counted(sources)} and {_counted(targets)} cannot be paired: "
        + (
            f"if they are {len(targets) // len(sources)} right targets of each line, join the source files into one, "
            "and the target files of each set alike"
            if several
            else "give as many of the one as of the other, in the same order, or one source with several targets"
        )
    )


def _counted(sides: Sequence[_Side]) -> str:
    role = sides[0].role
    return f"{len(sides)} {role} file{'s' * (len(sides) != 1)}" if sides[0].unit == "line" else f"{role} in memory"


def _tell_of_copies(group: Sequence[_Side], note: Note) -> None:
    source, *targets = group
    if any(_is_same(source.origin, each.origin) for each in targets):
        note(f"{source.name} is both the source and the target: there is nothing to learn but copying")


def _is_same(one: object, other: object) -> bool:
    return one == other if isinstance(one, Path) and isinstance(other, Path) else one is other


def _side_by_side(group: Sequence[_Side], problems: Problems) -> Iterator[Record]:
    """Read one item of each side at a time."""
    source, empty = group[0], ""
    for number in count(1):
        row = [next(side.items, _END) for side in group]
        if any(item is _END for item in row):
            _require_equal(group, [number - (item is _END) for item in row], empty or _empty_behind(group, row, number))
            return
        texts = [_texts(item, several=side.role == "target") for side, item in zip(group, row, strict=True)]
        if all(isinstance(each, tuple) for each in texts):
            yield _record(cast("list[tuple[str, ...]]", texts), source.place(number))
            continue
        faults = [each if isinstance(each, str) else "" for each in texts]
        empty = empty or _empty_beside_text(group, faults, number)
        if empty and not problems.skip:  # where lines are lacking, that is what must be mended first
            _require_equal(group, [number] * len(group), empty)
        _report(group, faults, number, problems)


def _record(texts: Sequence[tuple[str, ...]], place: str) -> Record:
    ((content,), *targets) = texts
    right = tuple(text for each in targets for text in each)
    if not right:
        return Record(content, None, place, {"source": content})
    original = {"source": content, "target": right[0] if len(right) == 1 else list(right)}
    return Record(content, Sequences(right), place, original)


def _texts(item: object, *, several: bool) -> tuple[str, ...] | str:
    """Take an item as its text, or as its several right ones; or say what is wrong with it."""
    if several and is_array(item):
        item = cast(object, as_numpy(item).tolist())
    if not several or not isinstance(item, list | tuple):
        text, fault = _text(item)
        return fault or (text,)
    found = [_text(each) for each in cast("Sequence[object]", item)]
    wrong = next((number for number, (_, fault) in enumerate(found) if fault), None)
    if wrong is not None:
        return f"is {len(found)} texts, of which number {wrong + 1} {found[wrong][1]}" if found[1:] else found[0][1]
    return tuple(text for text, _ in found) or _EMPTY


def _text(item: object) -> tuple[str, str]:
    """(the text without a line end behind it, what is wrong with it or nothing)."""
    if not isinstance(item, str):
        return "", f"is {str(item)[:40]!r} ({type(item).__name__}), not a text" if as_in_file(item) else _EMPTY
    return (item.rstrip("\r\n"), "") if item and not item.isspace() else ("", _EMPTY)


def _empty_beside_text(group: Sequence[_Side], faults: Sequence[str], number: int) -> str:
    """Say where one side is empty and another is not; nothing where there is none of both."""
    there = next((side for side, fault in zip(group, faults, strict=True) if not fault), None)
    lacking = next((side for side, fault in zip(group, faults, strict=True) if fault == _EMPTY), None)
    return f"{lacking.which(number)} is empty, {there.which(number)} is not" if lacking and there else ""


def _empty_behind(group: Sequence[_Side], row: Sequence[object], number: int) -> str:
    """Say that the first item behind the end of another side is empty; nothing where it is not."""
    lacking = (side for side, item in zip(group, row, strict=True) if item is not _END and _text(item)[1] == _EMPTY)
    return next((f"{side.which(number)} is empty" for side in lacking), "")


def _report(group: Sequence[_Side], faults: Sequence[str], number: int, problems: Problems) -> None:
    side, fault = next((side, fault) for side, fault in zip(group, faults, strict=True) if fault)
    if len(group) == 1:
        problems.report(side.place(number), f"the source {fault}; leave it out")
        return
    both = all(each == _EMPTY for each in faults)
    what = "the source and the target are empty" if both else f"the {side.role} {fault}"
    problems.report(side.place(number), f"{what}; leave {side.unit} {number} out of the source and the target alike")


def _require_equal(group: Sequence[_Side], read: Sequence[int], empty: str) -> None:
    """See that all sides have as many items; they are read to their ends.

    Args:
        group: the sides.
        read: items that were read of each.
        empty: where one side is empty and another is not, the first time; or nothing.

    Raises:
        DataError: one side has more than another.
    """
    source, *targets = group
    first, *others = [done + sum(1 for _ in side.items) for side, done in zip(group, read, strict=True)]
    for side, found in zip(targets, others, strict=True):
        if found == first:
            continue
        longer, shorter = (source, side) if first > found else (side, source)
        raise DataError(
            f"{source.name} has {first:,} {source.unit}{'s' * (first != 1)}, {side.name} {found:,}: "
            f"{longer.which(min(first, found) + 1)} has no {shorter.unit} beside it; line n of the one must go with "
            f"line n of the other{f' ({empty})' if empty else ''}"
        )


def note_lengths(records: Iterable[Record], note: Note) -> None:
    """Say that texts look as if they were not aligned: many pairs have a side far longer than the other.

    Args:
        records: texts with their right sequences.
        note: told in one line, if more than 1 % of the pairs are so: both sides of over 20 characters, and one over
            9 times as long as the other.

    Example:
        >>> right = Sequences(("It rains all day, and all night.",))
        >>> note_lengths([Record("Es regnet. " * 30, right, "train.de: line 7")], print)
        1 of 1 pairs has a side over 9 times as long as the other, the first train.de: line 7; are the texts aligned?
    """
    pairs, odd, first = 0, 0, ""
    for record in records:
        right = record.target.right if isinstance(record.target, Sequences) else ()
        for text in right:
            if not isinstance(record.content, str) or not isinstance(text, str):
                continue
            short, long = sorted((len(record.content), len(text)))
            is_odd = short > _ODD_LENGTH and long > _ODD_TIMES * short
            pairs, odd, first = pairs + 1, odd + is_odd, first or (record.place if is_odd else "")
    if odd > pairs * _ODD_SHARE:
        note(
            f"{odd:,} of {pairs:,} pairs ha{'s' if odd == 1 else 've'} a side over {_ODD_TIMES} times as long as the "
            f"other, the first {first}; are the texts aligned?"
        )
