"""The one place that chooses the format of a file: any path, or data in memory, becomes records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, cast

from throughtime.data.files import STANDARD, describe, suffixes
from throughtime.data.formats.conll import CONLL, read_conll
from throughtime.data.formats.fasta import FASTA_SUFFIXES, read_fasta
from throughtime.data.formats.file_loader import FileLoader, kind_of
from throughtime.data.formats.folder import read_folder
from throughtime.data.formats.lines import read_lines
from throughtime.data.formats.memory import read_memory
from throughtime.data.media.arrays import ARRAY_SUFFIXES, read_array_clips
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record
from throughtime.data.tables.series import read_series
from throughtime.data.tables.table import TABLES, read_table
from throughtime.data.user_data import Given
from throughtime.errors import DataError, UnknownNameError, UsageError

__all__ = ["COLUMN_FORMATS", "FORMATS", "format_of", "read_records"]

FORMATS = ("csv", "tsv", "jsonl", "parquet", "series", "conll", "conllu", "lines", "fasta", "arrays", "folder")
"""Names of the formats: tables, a table with a row per step, columns of words, a text per line, DNA, .npz, folders."""
COLUMN_FORMATS = ("csv", "tsv", "jsonl", "parquet")
"""Those whose rows have named columns, so that something can stand beside a content."""


class Reader(Protocol):
    """Reads one path of a format."""

    def __call__(self, path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
        """Give its records, in order, as they are read."""
        ...


def format_of(path: Path, how: Reading) -> str:
    """Tell the format of a path by its name.

    Args:
        path: a file, a folder, or ``-`` for standard input.
        how: the options; columns for series make a table one of steps.

    Returns:
        One of FORMATS.

    Raises:
        DataError: the name tells nothing.

    Example:
        >>> format_of(Path("reviews.csv.gz"), Reading()), format_of(Path("dev.conllu"), Reading(per_step=True))
        ('csv', 'conllu')
    """
    suffix = suffixes(path)[0]
    if path == STANDARD:
        return "conll" if how.per_step else "lines"
    if path.is_dir():
        return "folder"
    if suffix in TABLES:
        if how.id_column or how.time_column:
            return "series"
        return {".tab": "tsv", ".ndjson": "jsonl"}.get(suffix, suffix[1:])
    if suffix in CONLL or (how.per_step and suffix == ".txt"):
        return "conllu" if suffix == ".conllu" else "conll"
    if suffix in FASTA_SUFFIXES:
        return "fasta"
    if suffix in ARRAY_SUFFIXES and path.exists():
        return "arrays"
    if kind_of(path) and path.exists():
        return "folder"
    if not path.exists():
        raise DataError(f"no such file: {path}")
    known = sorted({*TABLES, *CONLL, *FASTA_SUFFIXES, *ARRAY_SUFFIXES})
    raise DataError(
        f"{path}: its name does not tell what it holds; known are {' '.join(known)}, folders; or say --format"
    )


def read_records(
    given: Given,
    how: Reading,
    problems: Problems,
    *,
    targets: bool,
    form: str | None = None,
    load: FileLoader | None = None,
) -> Iterator[Record]:
    """Read files one after the other, or what is in memory.

    Args:
        given: files or data in memory.
        how: the options that the formats see.
        problems: what becomes of records that cannot be read.
        targets: whether each record needs a target.
        form: one of FORMATS, or None to tell it from each name.
        load: reads files that must go together with others read by it; None takes these by themselves.

    Yields:
        Records in order.

    Raises:
        DataError: a file cannot be read.
        UsageError: the options do not fit the format.
    """
    if given.memory is not None:
        yield from read_memory(given.memory, how, problems, targets=targets)
    else:
        files, paths = load or FileLoader(how, problems.note), cast("tuple[Path, ...]", given.paths)
        for path in paths:
            chosen = form or format_of(path, how)
            _require_columns(chosen, describe(path), how, targets=targets)
            yield from _reader(chosen, files)(path, how, problems, targets=targets)


def _require_columns(form: str, name: str, how: Reading, *, targets: bool) -> None:
    """Refuse what only a table with named columns can give: what stands beside a content, and sequences as targets."""
    sequences = targets and how.target_type == "sequences"
    if form in COLUMN_FORMATS or not (how.beside_columns or how.group_column or sequences):
        return
    needed = [column for _, column in how.beside_columns] + [how.group_column] * (how.group_column is not None)
    what = f"columns {', '.join(map(repr, needed))}" if needed else "sequences as targets"
    raise UsageError(f"{name} is read as {form}, which has no {what}; give a table ({', '.join(COLUMN_FORMATS)})")


def _reader(form: str, load: FileLoader) -> Reader:
    readers: dict[str, Reader] = {
        "series": read_series,
        "lines": read_lines,
        "fasta": read_fasta,
        "arrays": read_array_clips,
        "folder": _with(read_folder, load=load),
    }
    if form in readers:
        return readers[form]
    if form in ("conll", "conllu"):
        return _with(read_conll, suffix=f".{form}")
    if form in FORMATS:
        return _table_reader(f".{form}", load)
    raise UnknownNameError("format", form, FORMATS)


def _with(read: Callable[..., Iterator[Record]], **more: object) -> Reader:
    def reader(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
        return read(path, how, problems, targets=targets, **more)

    return reader


def _table_reader(suffix: str, load: FileLoader) -> Reader:
    def reader(path: Path, how: Reading, problems: Problems, *, targets: bool) -> Iterator[Record]:
        files = load if how.file_column else None
        return read_table(path, how, problems, targets=targets, load=files, suffix=suffix)

    return reader
