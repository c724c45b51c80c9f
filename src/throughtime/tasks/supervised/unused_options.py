"""Options that the data gives nothing to do: those that must have been given are refused, others are told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from throughtime.data.formats.file_loader import Kind
from throughtime.data.formats.registry import COLUMN_FORMATS, format_of
from throughtime.data.reading import Note, Reading
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


def check_columns(config: SupervisedOptions, paths: Iterable[Path], how: Reading) -> None:
    """See that options about columns are for files that have columns.

    Args:
        config: the options.
        paths: files to learn from.
        how: the options as the formats see them.

    Raises:
        UsageError: an option was given that none of the files can honour.
    """
    forms = {format_of(path, how): path for path in paths}
    if not forms and config.fill is not None:
        raise UsageError("fill is for series, tables with one row per step; this data is none: leave the option out")
    for name, known in COLUMNS.items():
        if forms and getattr(config, name, None) is not None and not known & forms.keys():
            form, path = next(iter(forms.items()))
            raise UsageError(
                f"{name} is for {', '.join(sorted(known))}, and {path} is read as {form}; leave the option out"
            )


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
