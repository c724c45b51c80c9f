"""What was read, written back in its own form with predictions beside it, row by row."""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np

from throughtime.data.files import suffixes
from throughtime.data.formats.table import Unnamed, import_polars
from throughtime.data.formats.tagged.conll import CONLL, Sentence
from throughtime.data.output import Output, open_output
from throughtime.data.reading import Note
from throughtime.data.record import Record
from throughtime.errors import DataError, UsageError

__all__ = ["Writer", "open_writer", "written_suffix"]

_BATCH = 10_000


class Writer(ABC):
    """Takes records with their predictions, one after the other; :func:`open_writer` makes the one that fits."""

    def __init__(self, output: Output, note: Note, separator: str, replace: bool) -> None:
        self.output, self.note, self.separator, self.replace = output, note, separator, replace
        self.columns: tuple[str, ...] = ()
        self.names: dict[str, str] = {}

    @abstractmethod
    def write(self, record: Record, prediction: Mapping[str, object]) -> None:
        """Write one record.

        Args:
            record: what was read; its ``original``, as the format's reader left it, is written back.
            prediction: what is added, by name; the same names for every record.

        Raises:
            DataError: the record does not fit into a file of this form, or the disk is full.
        """

    def finish(self) -> None:  # noqa: B027
        """Write what is left when the last record was written."""

    def row(self, record: Record, prediction: Mapping[str, object]) -> dict[str, object]:
        """Give the cells of a row with the predictions behind them, under names that are free."""
        row = _cells(record)
        if not self.columns:
            self.names = {name: self._free(name, row) for name in prediction}
            self.columns = (*row, *self.names.values())
        for name, value in prediction.items():
            if self.names[name] in row:
                raise DataError(f"{record.place}: has a field {self.names[name]!r}, where the prediction is to stand")
            row[self.names[name]] = value
        return row

    def _free(self, name: str, row: Mapping[str, object]) -> str:
        free, number = name, 1
        while free in row:
            number += 1
            free = f"{name}_{number}"
        if free != name:
            self.note(f"there is a column {name!r} already; the prediction's is {free!r}")
        return free


def _cells(record: Record) -> dict[str, object]:
    """Give what was read as cells by column, whatever its form; what has no columns of its own is named by ``file``."""
    original = record.original
    if isinstance(original, Mapping):
        return dict(cast(Mapping[str, object], original))
    if isinstance(original, Sentence):
        labels = {} if record.target is None else {"tags": record.target}
        return {"tokens": record.content, **labels}
    return {"file": record.place if original is None else str(original)}


def written_suffix(form: str) -> str:
    """Tell the form that predictions are written in where their file's name does not.

    Args:
        form: format of what is read.

    Returns:
        The suffix that the format is called like, where there is a writer for it; all else is written as a table.

    Example:
        >>> written_suffix("conllu"), written_suffix("folder")
        ('.conllu', '.csv')
    """
    return f".{form}" if f".{form}" in _FORMS else ".csv"


@contextmanager
def open_writer(out: Path, like: str, note: Note, *, separator: str = ",", replace: bool = False) -> Generator[Writer]:
    """Open a file for predictions, or standard output; the file is there when all is written, and only then.

    The form is that of the suffix of ``out``, packed where it ends in ``.gz``, ``.bz2`` or ``.xz``, else that of what
    was read. Text is UTF-8 with plain line ends.

    - Tables keep their columns, in order, and get one for each prediction; one without a header is written without.
      Where a column has a prediction's name already, the prediction's is ``NAME_2``, which is said. JSON lines get
      fields. A Parquet file is built in memory.
    - Lines of CoNLL get a column for each prediction, at their end. Those of CoNLL-U do too, with ``_`` where a line is
      no word, and are no CoNLL-U then; with ``replace`` the one prediction takes the place of the column that was
      read as target (``upos``), and they are.

    Args:
        out: the file; ``-`` is standard output.
        like: suffix of what was read, such as ``".csv"``.
        note: called with what the user should know, in one line.
        separator: what stands between several values in one cell of delimited text.
        replace: whether the prediction takes the place of a column of CoNLL-U.

    Yields:
        The writer.

    Raises:
        DataError: the file cannot be written, or a record does not fit into it.
        UsageError: the form is unknown, or cannot hold what was read.

    Example:
        >>> with open_writer(Path("-"), ".csv", print) as writer:
        ...     writer.write(Record("so good", None, "a.csv: line 2", {"text": "so good"}), {"predicted": "positive"})
        text,predicted
        so good,positive
    """
    form = suffixes(out)[0] or like
    make = _FORMS.get(form)
    if make is None:
        raise UsageError(f"predictions cannot be written to {out}; known are {', '.join(_FORMS)}")
    with open_output(out) as output:
        writer = make(output, note, separator, replace)
        yield writer
        writer.finish()


class _Delimited(Writer):
    """Comma-separated text; quoted where need be."""

    def write(self, record: Record, prediction: Mapping[str, object]) -> None:
        begun = bool(self.columns)
        row = self.row(record, prediction)
        if not begun and not isinstance(record.original, Unnamed):
            self.line(self.columns, record.place)
        known = set(self.columns)
        if not known.issuperset(row):
            extra = ", ".join(repr(name) for name in row if name not in known)
            raise DataError(f"{record.place}: has fields that the first row has not, {extra}; write .jsonl")
        self.line([self.cell(row.get(name), record.place) for name in self.columns], record.place)

    def line(self, cells: Sequence[str], place: str) -> None:
        # A bare carriage return ends a line too, and the csv module does not quote it.
        quoting = csv.QUOTE_ALL if any("\r" in cell for cell in cells) else csv.QUOTE_MINIMAL
        csv.writer(_Put(self.output.put), lineterminator="\n", quoting=quoting).writerow(cells)

    def cell(self, value: object, place: str) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, list | tuple) and all(isinstance(v, str) for v in cast(Sequence[object], value)):
            items = cast(Sequence[str], value)
            if any(self.separator in item for item in items):
                raise DataError(f"{place}: an item holds {self.separator!r}, which separates items; write .jsonl")
            return self.separator.join(items)
        if value is None:
            return ""
        if isinstance(value, Mapping | list | tuple | bool):
            return _json(cast(object, value), place)
        return str(value)


class _Put:
    """A file, as far as the csv module needs one."""

    def __init__(self, put: Callable[[str], None]) -> None:
        self.write = put


class _Tabs(_Delimited):
    """Tab-separated text; nothing in it is quoted."""

    def line(self, cells: Sequence[str], place: str) -> None:
        if any("\t" in cell or "\n" in cell or "\r" in cell for cell in cells):
            raise DataError(f"{place}: a cell holds a tab or a line end, which a .tsv cannot hold; write .csv")
        self.output.put("\t".join(cells) + "\n")


class _JsonLines(Writer):
    def write(self, record: Record, prediction: Mapping[str, object]) -> None:
        self.output.put(_json(self.row(record, prediction), record.place) + "\n")


def _json(value: object, place: str) -> str:
    def plain(value: object) -> object:
        if isinstance(value, np.ndarray | np.generic):
            return cast(object, cast(Any, value).tolist())
        if isinstance(value, bytes):
            raise DataError(f"{place}: bytes cannot be written as JSON")
        return str(value)

    return json.dumps(value, ensure_ascii=False, default=plain)


class _Parquet(Writer):
    """Rows become a table, batch by batch, so that only its columns are in memory."""

    def __init__(self, output: Output, note: Note, separator: str, replace: bool) -> None:
        super().__init__(output, note, separator, replace)
        self.file = output.binary()
        self.polars = import_polars("writing Parquet")
        self.rows: list[dict[str, object]] = []
        self.tables: list[Any] = []

    def write(self, record: Record, prediction: Mapping[str, object]) -> None:
        self.rows.append(self.row(record, prediction))
        if len(self.rows) >= _BATCH:
            self._pack()

    def _pack(self) -> None:
        self.tables.append(self.polars.DataFrame(self.rows, infer_schema_length=None))
        self.rows = []

    def finish(self) -> None:
        self._pack()
        self.polars.concat(self.tables, how="diagonal_relaxed").write_parquet(self.file)


class _Columns(Writer):
    """Lines of CoNLL and CoNLL-U."""

    def write(self, record: Record, prediction: Mapping[str, object]) -> None:
        original = record.original
        if not isinstance(original, Sentence):
            raise UsageError("what was read are no lines of CoNLL; write it in its own form, or as .jsonl")
        lines = list(original.lines)
        columns = [self._column(name, value, original, record.place) for name, value in prediction.items()]
        if self.replace:
            self._replace(lines, columns, original)
        else:
            for line in original.others:
                lines[line] += "\t_" * len(columns)
            for index, line in enumerate(original.tokens):
                lines[line] += "".join(original.separator + column[index] for column in columns)
        self.output.put("\n".join(lines) + "\n")

    def _column(self, name: str, value: object, sentence: Sentence, place: str) -> list[str]:
        items = [str(item) for item in cast(Sequence[object], value)] if isinstance(value, list | tuple) else []
        if len(items) != len(sentence.tokens):
            raise DataError(f"{place}: {name!r} has {len(items)} items for {len(sentence.tokens)} words")
        if any(not item or item.split() != [item] for item in items):
            raise DataError(f"{place}: {name!r} has an item with white space in it, which a column cannot hold")
        return items

    def _replace(self, lines: list[str], columns: Sequence[Sequence[str]], sentence: Sentence) -> None:
        if len(columns) != 1 or sentence.separator != "\t" or sentence.target is None:
            raise UsageError("one prediction can replace one column of CoNLL-U, and this is not so here")
        for index, line in enumerate(sentence.tokens):
            cells = lines[line].split("\t")
            cells[sentence.target] = columns[0][index]
            lines[line] = "\t".join(cells)


_FORMS: dict[str, type[Writer]] = {
    ".csv": _Delimited,
    **dict.fromkeys((".tsv", ".tab"), _Tabs),
    **dict.fromkeys((".jsonl", ".ndjson"), _JsonLines),
    ".parquet": _Parquet,
    **dict.fromkeys(CONLL, _Columns),
}
"""Suffix -> what writes files that end so."""
