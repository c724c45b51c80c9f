"""Options that the data gives nothing to do: those that must have been given are refused, others are told of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from throughtime.data.formats.file_loader import Kind
from throughtime.data.formats.registry import COLUMN_FORMATS, format_of
from throughtime.data.in_memory.rows import MemoryForm, form_of_memory
from throughtime.data.reading import Note, Reading
from throughtime.data.user_data import Given
from throughtime.doors import named
from throughtime.errors import UsageError
from throughtime.tasks.supervised.options import DataOptions
from throughtime.training.options import options_of

__all__ = ["check_columns", "check_meaning", "check_validation", "no_meaning"]

TABLES = frozenset(COLUMN_FORMATS)
COLUMNS: Mapping[str, frozenset[str]] = {
    "text_column": TABLES | {"series", "conll", "conllu"},
    "source_column": TABLES,
    "target_column": TABLES | {"series", "conll", "conllu"},
    "file_column": TABLES,
    "id_column": frozenset({"series"}),
    "time_column": frozenset({"series"}),
    "feature_columns": TABLES | {"series"},
    "ignore_columns": TABLES | {"series"},
    "wide": TABLES,
    "fill": frozenset({"series"}),
    "header": frozenset({"csv", "tsv", "series"}),
    "separator": frozenset({"csv", "tsv", "series"}),
}
"""Option -> the formats that have what it names."""
IN_MEMORY: Mapping[str, frozenset[MemoryForm]] = {
    "text_column": frozenset({"table"}),
    "source_column": frozenset({"table"}),
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
    "tokens": ("min_count", "spelling", "word_dropout", "character_dropout", "frame_mask", "tbptt"),
    "words": ("frame_mask", "tbptt"),
}
"""What the network reads -> the options that do nothing then."""
FILES: Mapping[str, frozenset[Kind]] = {
    "mel_bands": frozenset({"sound"}),
    "resample": frozenset({"sound"}),
    "image_steps": frozenset({"image"}),
    "colour": frozenset({"image", "clip"}),
}
"""Option -> the kinds of files that it is about."""


_OF_FILES = ("header", "format", "separator")
"""Options of how files are written, which say nothing of what stands beside them in memory."""


def check_columns(
    config: DataOptions, given: Given, how: Reading, note: Note, *, asked: Collection[str] | None = None
) -> None:
    """See that options about columns and files are for data that has them.

    Args:
        config: the options.
        given: what to read: files, or data in memory that can be gone through more than once.
        how: the options as the formats see them.
        note: told where an encoding was given and there is no file.
        asked: options that were given for this data; None takes all of the config's as such.

    Raises:
        UsageError: an option was given that none of the files, or the data in memory, can honour.
    """
    if given.memory is not None:
        wanted = [name for name in IN_MEMORY if _is_given(config, name, asked)]
        _check_memory(wanted, form_of_memory(given.memory, how))
        if config.encoding != "utf-8" and (asked is None or "encoding" in asked):
            note(f"of no use for data in memory: {named('encoding')}")
        return
    forms = {format_of(path, how): path for path in given.paths}
    for name, known in COLUMNS.items():
        if forms and _is_given(config, name, asked) and not known & forms.keys():
            form, path = next(iter(forms.items()))
            raise UsageError(
                f"{named(name)} is for {', '.join(sorted(known))}, and {path} is read as {form}; leave the option out"
            )


def check_validation(config: DataOptions, given: Given, how: Reading, *, beside_files: bool) -> None:
    """See that validation data in memory has what options name, as what is learned from has.

    Args:
        config: the options.
        given: what is validated on.
        how: the options as the formats see them.
        beside_files: whether files are learned from, which options of files are for then.

    Raises:
        UsageError: an option was given that it cannot honour.
    """
    if given.memory is not None:
        left = _OF_FILES if beside_files else ()
        wanted = [name for name in IN_MEMORY if name not in left and _is_given(config, name, None)]
        _check_memory(wanted, form_of_memory(given.memory, how), "the validation data")


def _is_given(config: DataOptions, name: str, asked: Collection[str] | None) -> bool:
    value = getattr(config, name, None)
    value = None if name == "wide" and not value else value  # to read rows as texts is what all else does
    return value is not None and (asked is None or name in asked)


def _check_memory(wanted: Iterable[str], form: MemoryForm, what: str | None = None) -> None:
    data = what or "this data"
    for name in wanted:
        known = IN_MEMORY[name]
        if form in known:
            continue
        if not known:
            raise UsageError(f"{named(name)} is for files, and {what or 'the data'} is in memory; leave the option out")
        if name == "fill":
            raise UsageError(
                f"{named('fill')} is for series, tables with one row per step; {data} is none: leave the option out"
            )
        if form == "series":
            raise UsageError(f"{named(name)} has no meaning for a table with a row for each step; leave the option out")
        raise UsageError(
            f"{named(name)} names a column, and the rows of {data} have none with a name; "
            "give a data frame, a dict of columns or a list of dicts, or leave the option out"
        )


def check_meaning(config: DataOptions, kind: str, files: Iterable[Kind], note: Note) -> None:
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
    there = (name for name in _idle(kind, set(files)) if name in defaults)
    idle = [name for name in there if getattr(config, name) != defaults[name]]
    for name in idle:
        if defaults[name] is None:
            raise no_meaning(name, kind)
    if idle:
        note(f"of no use for this data, which is read as {kind}: {', '.join(map(named, idle))}")


def no_meaning(name: str, kind: str) -> UsageError:
    """Refuse an option that has nothing to act on.

    Args:
        name: the option.
        kind: what the network reads: words, tokens or frames.

    Returns:
        What is to be raised.
    """
    return UsageError(f"{named(name)} has no meaning for {kind}, which this data is read as; leave it out")


def _idle(kind: str, files: set[Kind]) -> Iterator[str]:
    yield from IDLE.get(kind, ())
    yield from (name for name, known in FILES.items() if not known & files)
