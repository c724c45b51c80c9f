"""Rows with named cells become records: which column is which, and what a cell may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Content, Record, Target
from throughtime.data.tables.values import (
    as_float,
    as_frames,
    as_label,
    as_labels,
    as_picture,
    as_sequences,
    as_step_labels,
    as_steps,
    as_text,
)
from throughtime.doors import option
from throughtime.errors import DataError, UsageError

__all__ = ["Columns", "Load", "choose_columns", "known_column", "pick_column", "say_columns"]

Load = Callable[[Path], Content]
"""Reads the file that a cell names; raises a DataError that starts with the path."""

_TEXTS = (
    *("text", "sentence", "review", "content", "message", "document", "comment", "tweet", "headline", "question"),
    *("body", "phrase", "name", "title", "sequence"),
)
_TARGETS = (
    "label",
    "labels",
    "class",
    "target",
    "category",
    "sentiment",
    "tag",
    "tags",
    "y",
    "score",
    "rating",
    "language",
)
_WORDS = ("tokens", "words", *_TEXTS)
_TAGS = ("tags", "labels", "ner_tags", "pos_tags", "chunk_tags", "upos", "xpos", "ner", "pos", *_TARGETS)
_WORD_TAGS = ("tag", "label", "ner_tag", "pos_tag", "chunk_tag", *_TAGS)
_SHOWN = 20


def known_column(names: Sequence[str], how: Reading, role: str) -> str | None:
    """Find a column by the names that such columns usually have, whatever the size of their letters.

    Args:
        names: the columns there are.
        how: whether there is a target for each step.
        role: ``"text"``, ``"target"``, or ``"word's target"`` where each row has a word and its label.

    Returns:
        The first in the order of the usual names, or None.

    Example:
        >>> known_column(["id", "Review", "title"], Reading(), "text")
        'Review'
    """
    usual = {("text", False): _TEXTS, ("text", True): _WORDS, ("target", False): _TARGETS, ("target", True): _TAGS}
    usual |= {("word's target", True): _WORD_TAGS, ("word's target", False): _TARGETS}
    there = {name.strip().casefold(): name for name in reversed(names)}
    return next((there[name] for name in usual[role, how.per_step] if name in there), None)


def pick_column(names: Sequence[str], asked: str, where: str, asking: str) -> str:
    """Find the column that the user asked for, by its name or else by its number, from 1.

    Args:
        names: the columns there are.
        asked: name or number.
        where: the file, for the message.
        asking: the option that asked, for the message.

    Returns:
        Its name.

    Raises:
        DataError: there is none; the message lists those there are.

    Example:
        >>> pick_column(["id", "plot"], "plot", "a.csv", "text_column"), pick_column(["id", "plot"], "1", "", "")
        ('plot', 'id')
    """
    if asked in names:
        return asked
    if asked.isdecimal() and 1 <= int(asked) <= len(names):
        return names[int(asked) - 1]
    near = get_close_matches(asked, names, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise DataError(f"{where} has no column {asked!r}{hint}; it has {_listed(names)}: choose one with {option(asking)}")


def choose_columns(
    names: Sequence[str], how: Reading, problems: Problems, where: str, *, targets: bool
) -> tuple[str, str | None]:
    """Tell which columns hold the text (or the file's name) and the target.

    Args:
        names: the columns there are.
        how: the columns that were asked for; None takes one that has a usual name, and says so.
        problems: where notes go.
        where: the file, for messages.
        targets: whether the target is needed; without it that column is not looked for.

    Returns:
        (column of the text or file, column of the target or None).

    Raises:
        DataError: one is missing; the message lists those there are.
        UsageError: both a column of texts and one of files were asked for.

    Example:
        >>> choose_columns(["id", "text", "label"], Reading(), Problems(), "a.csv", targets=True)
        a.csv: the text is column 'text', the target column 'label'
        ('text', 'label')
    """
    if how.file_column is not None and how.text_column is not None:
        raise UsageError(f"give {option('text_column')} or {option('file_column')}, not both")
    if how.file_column is not None:
        content = pick_column(names, how.file_column, where, "file_column")
    else:
        content = _asked_or_known(names, how.text_column, how, where, "text")
    target = _asked_or_known(names, how.target_column, how, where, "target") if targets else None
    if content == target:
        raise DataError(f"{where}: the text and the target are both column {content!r}; choose two different ones")
    if how.text_column is how.file_column is None or (targets and how.target_column is None):
        problems.note(f"{where}: {say_columns(content, target)}")
    return content, target


def say_columns(content: str, target: str | None) -> str:
    """Say which columns are read.

    Args:
        content: column of the text, or of the file's name.
        target: column of the target, or None.

    Returns:
        The end of a sentence.

    Example:
        >>> say_columns("text", None)
        "the text is column 'text'"
    """
    return f"the text is column {content!r}" + ("" if target is None else f", the target column {target!r}")


def _asked_or_known(names: Sequence[str], asked: str | None, how: Reading, where: str, role: str) -> str:
    if asked is not None:
        return pick_column(names, asked, where, f"{role}_column")
    known = known_column(names, how, role)
    if known is None:
        raise DataError(
            f"{where} has no column with a usual name for the {role}; it has {_listed(names)}: "
            f"say which with {option(f'{role}_column')}"
        )
    return known


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


@dataclass(slots=True)
class Columns:
    """Which columns matter, and what makes a record out of a row."""

    content: str
    """Column of the text, the words, or the file's name."""
    target: str | None
    """Column of the target, or None where it is not read."""
    how: Reading
    """What the target is."""
    problems: Problems
    """Where a row that is bad is told of."""
    load: Load | None = None
    """Reads the file that ``content`` names; None takes the cell itself."""
    folder: Path = field(default_factory=Path)
    """Where the paths of such files start."""
    beside: Mapping[str, str] = field(default_factory=dict[str, str])
    """Column of what stands beside the content, by its name."""
    group: str | None = None
    """Column that says which records belong together, or None."""
    _told: set[str] = field(default_factory=set[str])
    """What was told already."""

    @classmethod
    def choose(
        cls,
        names: Sequence[str],
        content: str,
        target: str | None,
        how: Reading,
        problems: Problems,
        where: str,
        *,
        load: Load | None = None,
        folder: Path | None = None,
    ) -> Columns:
        """Find those that stand beside the content and the target, by the names that ``how`` asks for.

        Args:
            names: the columns there are.
            content: column of the content.
            target: column of the target, or None.
            how: the options.
            problems: where bad rows go.
            where: the file, for messages.
            load: reads the file that ``content`` names.
            folder: where the paths of such files start.

        Returns:
            The columns.

        Raises:
            DataError: one that was asked for is not there; the message lists those there are.
        """
        beside = {name: pick_column(names, asked, where, f"{name}_column") for name, asked in how.beside_columns}
        group = None if how.group_column is None else pick_column(names, how.group_column, where, "group_column")
        return cls(content, target, how, problems, load, folder or Path(), beside, group)

    def record(self, row: Mapping[str, object], place: str, original: object = None) -> Record | None:
        """Make a record of a row.

        Args:
            row: cells by column.
            place: file and line.
            original: what a writer needs; None is the row.

        Returns:
            The record; None where the row is bad and bad ones are skipped.

        Raises:
            DataError: the row is bad.
        """
        try:
            content = self._content(_cell(row, self.content))
            target = None if self.target is None else self._target(_cell(row, self.target), content, place)
            beside = {name: self._beside(_cell(row, column), column) for name, column in self.beside.items()}
            group = None if self.group is None else as_label(_cell(row, self.group), self.group)
        except DataError as error:
            self.problems.report(place, str(error))
            return None
        return Record(content, target, place, row if original is None else original, beside, group)

    def _content(self, value: object) -> Content:
        if self.load is not None:
            return self.load(self.folder / as_text(value, self.content))
        if isinstance(value, np.ndarray):
            take = as_picture if self.how.image_steps == "none" else as_frames
            return take(cast(NDArray[Any], value), self.content)
        if not self.how.per_step:
            return as_text(value, self.content)
        words = as_steps(value, self.content)
        self._tell_of_list(value, words, self.content)
        return words

    def _tell(self, kind: str, message: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            self.problems.note(message)

    def _tell_of_list(self, value: object, items: Sequence[str], column: str) -> None:
        if isinstance(value, str) and value.lstrip()[:1] in ("[", "(", "a") and value.split() != list(items):
            self._tell(column, f"column {column!r} holds lists that are written as text; they are read as lists")

    def _beside(self, value: object, column: str) -> Content:
        return as_frames(cast(NDArray[Any], value), column) if isinstance(value, np.ndarray) else as_text(value, column)

    def _target(self, value: object, content: Content, place: str) -> Target:
        column = self.target or ""
        if self.how.per_step:
            labels = as_step_labels(value, column)
            if len(labels) != len(content) and not isinstance(content, str):
                raise DataError(f"{len(content)} steps in {self.content!r}, but {len(labels)} labels in {column!r}")
            self._tell_of_list(value, labels, column)
            return labels
        if self.how.target_type == "number":
            return as_float(value, column)
        if self.how.target_type == "labels":
            several = as_labels(value, column, self.how.label_separator)
            if isinstance(value, str) and value.lstrip()[:1] == "[" and not any(label[0] == "[" for label in several):
                self._tell_of_list(value, several, column)
            return several
        if self.how.target_type == "sequences":
            return as_sequences(value, column)
        label = as_label(value, column)
        if isinstance(value, str) and label != value:
            self._tell("trimmed", f"{place}: white space around labels is taken off, here and further on")
        return label


def _cell(row: Mapping[str, object], column: str) -> object:
    if column not in row:
        raise DataError(f"no field {column!r}; there are {_listed(list(row)) or 'none'}")
    return row[column]
