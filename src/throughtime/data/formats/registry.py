"""The one place that chooses the format of a file: any path, or data in memory, becomes records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from throughtime.data.characters import of_whole_characters
from throughtime.data.files import STANDARD, describe, suffixes
from throughtime.data.formats.captions import read_captions
from throughtime.data.formats.evidence.by_lines import format_by_bytes, format_by_lines, sample_lines
from throughtime.data.formats.evidence.foreign import foreign_lines
from throughtime.data.formats.evidence.tables import table_by_lines
from throughtime.data.formats.fasta import FASTA_SUFFIXES, read_fasta
from throughtime.data.formats.fasttext import read_fasttext
from throughtime.data.formats.file_loader import FileLoader, kind_of
from throughtime.data.formats.folder import read_folder
from throughtime.data.formats.json.array import read_json_array
from throughtime.data.formats.lines import read_lines
from throughtime.data.formats.named_series import read_any_series
from throughtime.data.formats.questions.babi import read_babi
from throughtime.data.formats.questions.squad import read_squad
from throughtime.data.formats.table import read_table
from throughtime.data.formats.tagged.conll import read_conll
from throughtime.data.formats.tagged.spans import read_spans
from throughtime.data.in_memory.records import read_memory
from throughtime.data.media.arrays import ARRAY_SUFFIXES, read_array_clips
from throughtime.data.reading import Note, Problems, Reading
from throughtime.data.record import Record
from throughtime.data.user_data import Given
from throughtime.doors import option
from throughtime.errors import DataError, UnknownNameError, UsageError

__all__ = ["COLUMN_FORMATS", "FORMATS", "Format", "format_of", "read_records"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A format of files."""

    read: Callable[..., Iterator[Record]]
    """Reads one path: ``(path, how, problems, *, targets)``, and ``load`` or ``suffix`` where it takes them."""
    suffixes: frozenset[str] = frozenset()
    """How the names of its files end, before that of a packing."""
    text: bool = True
    """Whether its files are text, so that what is in them may contradict their name."""
    columns: bool = False
    """Whether its rows have named columns: something can stand beside a content, and a cell can name a file."""
    questions: bool = False
    """Whether its records are questions beside their contexts, with no columns to name."""
    suffix: str | None = None
    """What the reader takes as its suffix, where it reads several formats."""


FORMATS: dict[str, Format] = {
    "csv": Format(read=read_table, suffixes=frozenset({".csv"}), columns=True, suffix=".csv"),
    "tsv": Format(read=read_table, suffixes=frozenset({".tsv", ".tab"}), columns=True, suffix=".tsv"),
    "jsonl": Format(read=read_table, suffixes=frozenset({".jsonl", ".ndjson"}), columns=True, suffix=".jsonl"),
    "json": Format(read=read_json_array, suffixes=frozenset({".json"}), columns=True),
    "parquet": Format(read=read_table, suffixes=frozenset({".parquet"}), columns=True, suffix=".parquet", text=False),
    "series": Format(read=read_any_series),
    "conll": Format(read=read_conll, suffixes=frozenset({".conll", ".bio", ".iob", ".iob2"}), suffix=".conll"),
    "conllu": Format(read=read_conll, suffixes=frozenset({".conllu"}), suffix=".conllu"),
    "spans": Format(read=read_spans),
    "lines": Format(read=read_lines),
    "squad": Format(read=read_squad, questions=True),
    "babi": Format(read=read_babi, questions=True),
    "fasttext": Format(read=read_fasttext),
    "fasta": Format(read=read_fasta, suffixes=FASTA_SUFFIXES),
    "arrays": Format(read=read_array_clips, suffixes=ARRAY_SUFFIXES, text=False),
    "folder": Format(read=read_folder, text=False),
    "captions": Format(read=read_captions, text=False),
}
"""The formats by name: tables, a table with a row per step, columns of words, marked texts, a text per line, questions
about texts, DNA, .npz, folders, pictures with captions."""
COLUMN_FORMATS = tuple(name for name, form in FORMATS.items() if form.columns)
"""Those whose rows have named columns."""


def format_of(path: Path, how: Reading, note: Note = lambda _: None) -> str:
    """Tell the format of a path: as asked for, by unmistakable first bytes, by its name, or by what is in it.

    Args:
        path: a file, a folder, or ``-`` for standard input.
        how: the options; columns for series make a table one of steps.
        note: told where what is in a file contradicts its name.

    Returns:
        One of FORMATS.

    Raises:
        DataError: the file is not there, or nothing tells.
        UnknownNameError: there is no format of the name asked for.

    Example:
        >>> format_of(Path("reviews.csv.gz"), Reading()), format_of(Path("dev.conllu"), Reading(per_step=True))
        ('csv', 'conllu')
    """
    if how.format is not None:
        if how.format not in FORMATS:
            raise UnknownNameError("format", how.format, FORMATS)
        return how.format
    if path == STANDARD:
        return "conll" if how.per_step else "lines"
    if how.captions and (path.is_dir() or kind_of(path) in ("image", "array")):
        return "captions"
    if path.is_dir():
        return "folder"
    named = _by_name(path)
    if not path.exists():
        named = named or ("conll" if how.per_step and kind_of(path) == "text" else None)
        if named is None or named == "arrays":
            raise DataError(f"no such file: {path}")
        return _series_or(named, how)
    form = format_by_bytes(path)
    if form is not None:
        if named is not None and form != named and not (form == "folder" and kind_of(path)):
            note(f"{path} is {form}, whatever its name says; it is read as such")
        return _series_or(form, how)
    return _series_or(_by_content(path, named, how, note), how)


def _by_name(path: Path) -> str | None:
    suffix = suffixes(path)[0]
    return next((name for name, form in FORMATS.items() if suffix in form.suffixes), None)


def _series_or(form: str, how: Reading) -> str:
    """A table whose rows are steps, where columns say so; or windows of them, which are of delimited text alone."""
    asked = how.tbptt is not None and form in ("csv", "tsv") and not how.names_files
    return "series" if asked or (form in COLUMN_FORMATS and (how.id_column or how.time_column)) else form


def _by_content(path: Path, named: str | None, how: Reading, note: Note) -> str:
    """Tell a text by its lines where its name tells nothing, or another thing."""
    plain = kind_of(path) == "text"
    if named is not None and not FORMATS[named].text:
        return named
    if named is None and kind_of(path) not in (None, "text"):
        return "folder"
    lines = sample_lines(path, how)
    if (what := foreign_lines(lines)) is not None:
        raise DataError(f"{path} is {what}")
    found = format_by_lines(lines, per_step=how.per_step) or (None if named else table_by_lines(lines, how))
    if (named, found) == ("json", "squad"):  # which is JSON, of a form of its own
        return "squad"
    if found is not None and found != named and not _alike(named, found):
        if named is not None or plain:
            note(
                f"{path} holds {found}, whatever its name says; it is read as such ({option('format')} says otherwise)"
            )
        else:
            note(f"{path} is read as {found}, by what is in it")
        return found
    if named is not None:
        return named
    if plain:
        return "conll" if how.per_step else "folder"
    known = sorted({suffix for form in FORMATS.values() for suffix in form.suffixes})
    raise DataError(
        f"{path}: neither its name nor its lines tell what it holds; "
        f"known are {' '.join(known)}, folders; or say which with {option('format')}"
    )


def _alike(named: str | None, found: str) -> bool:
    """Whether a name stands for what was found in a wider sense: columns of words are told apart by their name."""
    return {named, found} <= {"conll", "conllu"}


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
        form: one of FORMATS, or None to tell it from each file.
        load: reads files that must go together with others read by it; None takes these by themselves.

    Yields:
        Records in order.

    Raises:
        DataError: a file cannot be read.
        UsageError: the options do not fit the format.
    """
    records = _read(given, how, problems, targets=targets, form=form, load=load)
    yield from of_whole_characters(records, problems)


def _read(
    given: Given, how: Reading, problems: Problems, *, targets: bool, form: str | None, load: FileLoader | None
) -> Iterator[Record]:
    if given.memory is not None:
        yield from read_memory(given.memory, how, problems, targets=targets)
        return
    files, paths = load or FileLoader(how, problems.note), cast("tuple[Path, ...]", given.paths)
    for path in paths:
        chosen = form or format_of(path, how, problems.note)
        if chosen not in FORMATS:
            raise UnknownNameError("format", chosen, FORMATS)
        _require_columns(chosen, describe(path), how, targets=targets)
        more: dict[str, Any] = {}
        if chosen in ("folder", "captions") or (FORMATS[chosen].columns and how.names_files):
            more["load"] = files
        if FORMATS[chosen].suffix is not None:
            more["suffix"] = FORMATS[chosen].suffix
        yield from FORMATS[chosen].read(path, how, problems, targets=targets, **more)


def _require_columns(form: str, name: str, how: Reading, *, targets: bool) -> None:
    """Refuse what only a table with named columns can give: what stands beside a content, and sequences as targets."""
    sequences = targets and how.target_type == "sequences"
    if (
        form in (*COLUMN_FORMATS, "captions")
        or FORMATS[form].questions
        or not (how.beside_columns or how.group_column or sequences)
    ):
        return
    needed = [column for _, column in how.beside_columns] + [how.group_column] * (how.group_column is not None)
    what = f"columns {', '.join(map(repr, needed))}" if needed else "sequences as targets"
    raise UsageError(f"{name} is read as {form}, which has no {what}; give a table ({', '.join(COLUMN_FORMATS)})")
