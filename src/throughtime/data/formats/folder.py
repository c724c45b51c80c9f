"""Folders of examples, a folder per class: texts, sounds, images, arrays, sequences, or clips that are folders too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from throughtime.data.encodings import is_unicode
from throughtime.data.files import refusing
from throughtime.data.formats.fasta import read_fasta
from throughtime.data.formats.file_loader import FileLoader, Kind, kind_of, unknown
from throughtime.data.media.arrays import read_array_clips, to_target
from throughtime.data.media.clips import load_clip_labels, natural
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Frames, Record
from throughtime.doors import option, takes
from throughtime.errors import DataError

__all__ = ["read_folder"]

_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""What systems leave in folders unasked."""
_SPLITS = frozenset({"train", "training", "valid", "validation", "val", "dev", "test", "testing"})


@dataclass(frozen=True, slots=True)
class _Found:
    """A file, or a clip's folder."""

    path: Path
    kind: Kind
    label: str | None
    """The folder that it lies in, right under the folder of all; None where it lies beside those."""


def read_folder(
    path: Path, how: Reading, problems: Problems, *, targets: bool, load: FileLoader | None = None
) -> Iterator[Record]:
    """Read a folder of examples, all of one kind.

    With a label for each example, the label is the folder: ``DATA/<label>/<file>``, or ``DATA/<label>/<clip>/<frame>``
    for clips. FASTA files lie in DATA and give their name to all their sequences; so do arrays that hold labels
    themselves. With a label for each step (``how.per_step``), DATA holds arrays with labels, or clips with
    ``labels.txt``, in folders as one likes. Hidden files are left out.

    Args:
        path: the folder, or a single file of such a kind.
        how: options.
        problems: told of files that cannot be read or do not go with the first.
        targets: whether labels are needed; without, any depth will do, and folders of frames lie as they did then.
        load: what the files go through, where they must fit those of another folder; None takes a new one.

    Yields:
        Examples in the order in which people count their names; original is the path within the folder.

    Raises:
        DataError: the folder is missing, holds nothing of use, or examples of several kinds.
    """
    if not path.exists():
        raise DataError(f"no such file or folder: {path}")
    root = path if path.is_dir() else path.parent
    found = _usable(path, list(_search(path, how, problems)), how, problems, targets=targets)
    if not found:
        raise DataError(
            f"{path}: nothing to read; put examples there as {path.name}/LABEL/FILE (text, sound, image ...)"
        )
    labels = {item.label for item in found}
    if targets and not how.per_step and labels <= _SPLITS:
        raise DataError(_parts(path, sorted(map(str, labels))))
    if targets and not how.per_step and len(labels) == 1 and (inner := _classes_below(path, labels)):
        raise DataError(f"{path}: all lies in its one folder {inner.name}; give {inner}, whose folders are the classes")
    if targets and not how.per_step and labels != {None}:
        problems.note(f"{path}: {len(found)} {found[0].kind}s in {len(labels)} classes")
    loader = load or FileLoader(how, problems.note)
    if path.is_file() and found[0].kind == "text" and not targets:
        problems.note(f"{path} is read as one text; {option('format', 'lines')} takes each of its lines as one")
    for item in found:
        yield from _records(item, root, loader, problems, targets=targets)


def _parts(path: Path, names: Sequence[str]) -> str:
    """Say that folders are parts of the data, and not its classes."""
    data = next((name for name in names if name.startswith("train")), names[0])
    other = next((name for name in names if name != data), None)
    give = f"give {path / data} as data"
    if other is not None and takes("valid"):
        give += f", and {option('valid', str(path / other))}"
    return f"{path}: folders {', '.join(names)} are no classes; {give}"


def _classes_below(path: Path, labels: set[str | None]) -> Path | None:
    """The one folder of all that lies in it, where that holds folders alone, two at least: they are the classes."""
    inner = path / str(next(iter(labels)))
    if not inner.is_dir():
        return None
    there = [item for item in inner.iterdir() if not _is_hidden(item)]
    return inner if len(there) > 1 and all(item.is_dir() for item in there) else None


def _search(path: Path, how: Reading, problems: Problems) -> Iterator[_Found]:
    """Find everything of a known kind below a path."""
    if path.is_file():
        if (kind := kind_of(path)) is None:
            raise DataError(f"{path}: {unknown(path)}")
        yield _Found(path, kind, None)
        return
    hidden: list[Path] = []
    yield from _walk(path, (), how, problems, hidden)
    if hidden:
        problems.note(
            f"{path}: {len(hidden)} hidden files or folders are left out, such as {hidden[0].relative_to(path)}"
        )


def _walk(
    folder: Path, below: tuple[str, ...], how: Reading, problems: Problems, hidden: list[Path]
) -> Iterator[_Found]:
    """Find what is in a folder; ``below`` are the names of the folders from DATA down to it."""
    with refusing(folder):
        everything = sorted(folder.iterdir(), key=lambda item: natural(item.name))
    seen = [item for item in everything if not _is_hidden(item)]
    hidden += filter(_is_hidden, everything)
    label = below[0] if below else None
    if not seen and below:
        problems.note(f"{folder} is empty; it is left out")
    # A folder of images is a clip where images alone would lie higher up.
    if (how.per_step or len(below) >= 2) and any(kind_of(item) == "image" for item in seen):
        yield _Found(folder, "clip", label)
        return
    for item in seen:
        if not is_unicode(item.name):
            problems.report(repr(str(item)), "its name is not UTF-8; rename it")
        elif item.is_dir():
            if item.resolve() in (folder.resolve(), *folder.resolve().parents):
                problems.report(str(item), "a link to a folder that it lies in; remove it")
            else:
                yield from _walk(item, (*below, item.name), how, problems, hidden)
        elif (kind := kind_of(item)) is None and not below and not how.per_step and any(map(Path.is_dir, seen)):
            problems.note(f"{item} lies beside the folders of the classes and is no example; it is left out")
        elif kind is None:
            problems.report(str(item), unknown(item))
        else:
            yield _Found(item, kind, label)


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name in _LITTER


def _usable(path: Path, found: Sequence[_Found], how: Reading, problems: Problems, *, targets: bool) -> list[_Found]:
    """Report what has no place for a label, and refuse what is of several kinds."""
    usable: list[_Found] = []
    for item in found:
        if how.per_step and item.kind not in ("array", "clip"):
            problems.report(
                str(item.path), "no label for each step; give .npz clips, or folders of frames with labels.txt"
            )
        elif targets and item.label is None and not how.per_step and item.kind not in ("array", "sequence"):
            problems.report(str(item.path), _no_label(path, item))
        else:
            usable.append(item)
    for item in usable:
        if item.kind != usable[0].kind:
            one, other = (f"{each.kind} ({each.path.name})" for each in (usable[0], item))
            raise DataError(f"{path}: holds several kinds of files, {one} and {other}; give a folder of one kind")
    return usable


def _no_label(path: Path, item: _Found) -> str:
    """Say that a file has no label, and where it would have one."""
    if path.is_dir():
        return f"no label: move it into a folder that has its label as name, {path.name}/LABEL"
    text = item.kind == "text"
    beside = f"file ({option('file_column')})"
    if text:
        beside = f"text; if it is one already, say {option('format', 'csv')} (and {option('separator')})"
    return (
        f"one {item.kind} has no label: give a folder with a folder for each label, DATA/LABEL/{path.name}, "
        f"or a table with a label beside each {beside}"
    )


def _records(item: _Found, root: Path, loader: FileLoader, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read the examples of one file; those of a whole set go through one loader."""
    inside = targets and (loader.how.per_step or item.label is None)
    try:
        label = None if inside or not targets else to_target(item.label or "", loader.how)
        for record in _contents(item, loader, problems, targets=inside):
            within = str(record.original).removeprefix(str(item.path))
            original = item.path.relative_to(root).as_posix() + within
            yield replace(record, target=label if label is not None else record.target, original=original)
    except DataError as error:
        problems.report(str(item.path), _without(str(item.path), error))


def _without(place: str, error: DataError) -> str:
    """Give a message without its place, which is added again."""
    return str(error).removeprefix(place).lstrip(": ")


def _contents(item: _Found, loader: FileLoader, problems: Problems, *, targets: bool) -> Iterator[Record]:
    """Read the examples of one file, with their targets if those are in it."""
    path, how = item.path, loader.how
    if item.kind == "sequence":
        for record in read_fasta(path, how, problems, targets=targets):
            yield replace(record, original=f"{path}#{str(record.original).partition(' ')[0]}")
    elif item.kind == "array":
        for record in read_array_clips(path, how, problems, targets=targets):
            try:
                loader.fit_width(record.place, cast(Frames, record.content))
            except DataError as error:
                problems.report(record.place, _without(record.place, error))
            else:
                yield record
    else:
        content = loader(path)
        target = load_clip_labels(path, len(content), how, problems.note) if targets else None
        yield Record(content, target, str(path), str(path))
