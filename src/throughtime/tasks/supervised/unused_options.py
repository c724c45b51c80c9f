"""Options that the data gives nothing to do: those that must have been given are refused, others are told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from throughtime.data.formats.file_loader import Kind
from throughtime.data.formats.memory_rows import MemoryForm, form_of_memory
from throughtime.data.formats.registry import COLUMN_FORMATS, format_of
from throughtime.data.reading import Note, Reading
from throughtime.data.user_data import Given
from throughtime.errors import UsageError
from throughtime.tasks.supervised.options import SupervisedOptions
from throughtime.training.options import options_of

__all__ = ["check_columns", "check_meaning"]

TABLES = frozenset(COLUMN_FORMATS)
COLUMNS: Mapping[str, frozenset[str]] = {
    "text_column": TABLES | {"series", "conll", "conllu"},
    "target_column": TABLES | {"series", "conll", "conllu"},
    "file_column": TABLES,
    "id_column": frozenset({"series"}),
    "time_column": frozenset({"series"}),
    "feature_columns": TABLES | {"series"},
    "ignore_columns": TABLES | {"series"},
    "wide": TABLES,
    "fill": frozenset({"series"}),
    "header": frozenset({"csv", "tsv", "series"}),
}
"""Option -> the formats that have what it names."""
IN_MEMORY: Mapping[str, frozenset[MemoryForm]] = {
    "text_column": frozenset({"table"}),
    "target_column": frozenset({"table", "series"}),
    "id_column": frozenset({"series"}),
    "time_column": frozenset({"series"}),
    "fill": frozenset({"series"}),
    "feature_columns": frozenset({"table", "series"}),
    "ignore_columns": frozenset({"table", "series"}),
    **dict.fromkeys(("file_column", "header", "format", "separator"), frozenset()),
}
"""Option -> the forms of data in memory that have what it names."""

IDLE: Mapping[str, tuple[str, ...]] = {
    "frames": ("unit", "vocabulary_size", "min_count", "spelling", "word_dropout", "character_dropout"),
    "tokens": ("min_count", "spelling", "word_dropout", "character_dropout", "frame_mask"),
    "words": ("frame_mask",),
}
"""What the network reads -> the options that do nothing then."""
FILES: Mapping[str, frozenset[Kind]] = {
    "mel_bands": frozenset({"sound"}),
    "resample": frozenset({"sound"}),
    "image_steps": frozenset({"image"}),
    "colour": frozenset({"image", "clip"}),
}
"""Option -> the kinds of files that it is about."""


def check_columns(config: SupervisedOptions, given: Given, how: Reading, note: Note) -> None:
    """See that options about columns and files are for data that has them.

    Args:
        config: the options.
        given: what to learn from: files, or data in memory that can be gone through more than once.
        how: the options as the formats see them.
        note: told where an encoding was given and there is no file.

    Raises:
        UsageError: an option was given that none of the files, or the data in memory, can honour.
    """
    if given.memory is not None:
        _check_memory(config, form_of_memory(given.memory, how), note)
        return
    forms = {format_of(path, how): path for path in given.paths}
    for name, known in COLUMNS.items():
        if forms and getattr(config, name, None) is not None and not known & forms.keys():
            form, path = next(iter(forms.items()))
            raise UsageError(
                f"{name} is for {', '.join(sorted(known))}, and {path} is read as {form}; leave the option out"
            )


def _check_memory(config: SupervisedOptions, form: MemoryForm, note: Note) -> None:
    for name, known in IN_MEMORY.items():
        if getattr(config, name) is None or form in known:
            continue
        if not known:
            raise UsageError(f"{name} is for files, and the data is in memory; leave the option out")
        if name == "fill":
            raise UsageError(
                "fill is for series, tables with one row per step; this data is none: leave the option out"
            )
        if form == "series":
            raise UsageError(f"{name} has no meaning for a table with a row for each step; leave the option out")
        raise UsageError(
            f"{name} names a column, and the rows of this data have none with a name; "
            "give a data frame, a dict of columns or a list of dicts, or leave the option out"
        )
    if config.encoding != "utf-8":
        note("of no use for data in memory: encoding")


def check_meaning(config: SupervisedOptions, kind: str, files: Iterable[Kind], note: Note) -> None:
    """See that options have something to act on.

    Args:
        config: the options.
        kind: what the network reads: words, tokens or frames.
        files: the kinds of files that were read one by one.
        note: told of options that differ from their default and do nothing with this data.

    Raises:
        UsageError: such an option has no default, so that it must have been given.
    """
    defaults = {option.name: option.default for option in options_of(type(config))}
    idle = [name for name in _idle(kind, set(files)) if getattr(config, name) != defaults[name]]
    for name in idle:
        if defaults[name] is None:
            raise UsageError(f"{name} has no meaning for {kind}, which this data is read as; leave it out")
    if idle:
        note(f"of no use for this data, which is read as {kind}: {', '.join(idle)}")


def _idle(kind: str, files: set[Kind]) -> Iterator[str]:
    yield from IDLE.get(kind, ())
    yield from (name for name, known in FILES.items() if not known & files)
