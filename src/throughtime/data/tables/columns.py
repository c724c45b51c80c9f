"""Rows with named cells become records: what the cells that were chosen may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Content, Record, Target
from throughtime.data.tables.array_values import as_frames, as_picture
from throughtime.data.tables.column_names import listed, pick_column
from throughtime.data.tables.lists import is_number_list, read_list
from throughtime.data.tables.values import (
    MISSING,
    as_float,
    as_label,
    as_labels,
    as_sequences,
    as_step_labels,
    as_steps,
    as_text,
)
from throughtime.data.words import split_words
from throughtime.doors import option
from throughtime.errors import DataError, UsageError

__all__ = ["Columns", "Load"]

Load = Callable[[Path], Content]
"""Reads the file that a cell names; raises a DataError that starts with the path."""
_ENOUGH = 4
"""Texts that are lists of numbers, from the first on, which are enough to refuse all."""


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
    _cut_as_learned: bool = False
    """Whether texts are cut into words as those were whose marks were learned from."""
    _numbers: int | None = 0
    """How many texts were lists of numbers, all so far; None where one was not."""

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
        if original is None and self._cut_as_learned and type(row) is dict and "tokens" not in row:
            words = list(cast("tuple[str, ...]", content))  # what the predictions are of
            original = cast("object", {**cast("dict[str, object]", row), "tokens": words})
        kept = cast(object, row) if original is None else original
        return Record(content, target, place, kept, beside, group)

    def _content(self, value: object) -> Content:
        if self.load is not None:
            return self.load(self.folder / as_text(value, self.content))
        if isinstance(value, np.ndarray):
            take = as_picture if self.how.image_steps == "none" else as_frames
            return take(cast(NDArray[Any], value), self.content)
        if not self.how.per_step:
            text = as_text(value, self.content)
            self._refuse_numbers(text)
            return text
        words = as_steps(value, self.content)
        if self.how.found.spans and isinstance(value, str) and tuple(value.split()) == words:
            self._cut_as_learned = True
            return split_words(value)
        self._tell_of_list(value, words, self.content)
        return words

    def _refuse_numbers(self, text: str) -> None:
        """See that the first texts are no lists of numbers, which are no text to learn from."""
        if self.how.found.fixed or self._numbers is None:
            return
        if not is_number_list(text):
            self._numbers = None
            return
        self._numbers += 1
        if self._numbers == _ENOUGH:
            raise UsageError(
                f"column {self.content!r} holds lists of numbers, such as {text[:30]!r}, which are no texts: write a "
                f"series as a row for each step ({option('id_column')}, {option('time_column')}), or with a value in "
                f"each column ({option('wide', True)})"
            )

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
        only = self._only(value, column)
        label = as_label(only, column)
        if isinstance(only, str) and label != only:
            self._tell("trimmed", f"{place}: white space around labels is taken off, here and further on")
        if label.lower() in MISSING:
            self._tell(label, f"{place}: {label!r} is a label like others; if it stands for none, leave the rows out")
        return label

    def _only(self, value: object, column: str) -> object:
        """Take the label out of a list with one; several are no label."""
        items = read_list(value, column) if isinstance(value, str) and value[:1] == "[" else value
        if isinstance(items, np.ndarray):
            items = cast("list[object]", cast(NDArray[Any], items).tolist())
        if not isinstance(items, list | tuple):
            return value
        labels = cast("Sequence[object]", items)
        if len(labels) != 1:
            raise DataError(
                f"column {column!r} holds a list of {len(labels)} labels, {str(value)[:40]}; any number of "
                f"labels is learned with {option('target_type', 'labels')}"
            )
        self._tell(f"only {column}", f"column {column!r} holds lists of one label; it is taken out of them")
        return labels[0]


def _cell(row: Mapping[str, object], column: str) -> object:
    if column not in row:
        raise DataError(f"no field {column!r}; there are {listed(list(row)) or 'none'}")
    return row[column]
