"""Folders of pictures with captions: beside each picture a text of the same name, a caption on each of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from throughtime.data.files import open_lines, refusing
from throughtime.data.formats.file_loader import FileLoader, kind_of
from throughtime.data.media.clips import natural
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record, Sequences
from throughtime.doors import option
from throughtime.errors import DataError, UsageError

__all__ = ["read_captions"]

_TABLES = frozenset({".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet"})


def read_captions(
    path: Path, how: Reading, problems: Problems, *, targets: bool, load: FileLoader | None = None
) -> Iterator[Record]:
    """Read pictures, or grids of features, with their captions.

    ``DATA/17.png`` goes with ``DATA/17.txt``, whose lines that are not blank are its captions; folders in DATA may be
    as deep as one likes. Hidden files are left out.

    Args:
        path: the folder, or a single picture.
        how: options.
        problems: told of pictures without captions, captions without pictures, and what cannot be read.
        targets: whether captions are needed; without, they are not looked at.
        load: what the files go through, where they must fit others; None takes a new one.

    Yields:
        Pictures in the order in which people count their names; target all captions, original the path in the folder.

    Raises:
        DataError: the folder is missing, or holds no picture.
        UsageError: something else than pictures and captions was asked for.
    """
    if not how.captions:
        raise UsageError(f"pictures with captions are for a task that writes captions; leave {option('format')} out")
    if not path.exists():
        raise DataError(f"no such file or folder: {path}")
    root = path if path.is_dir() else path.parent
    pictures, texts = _search(path, problems)
    if not pictures:
        raise DataError(_nothing(path))
    loader = load or FileLoader(how, problems.note)
    for picture in pictures:
        text = texts.pop(picture.with_suffix(""), None)
        try:
            target = Sequences(_lines(picture, text, how, problems)) if targets else None
            yield Record(loader(picture), target, str(picture), picture.relative_to(root).as_posix())
        except DataError as error:
            problems.report(str(picture), str(error).removeprefix(str(picture)).lstrip(": "))
    for text in texts.values() if targets else ():
        problems.report(str(text), f"captions without a picture; put {text.stem}.png beside it, or leave it out")


def _search(path: Path, problems: Problems) -> tuple[list[Path], dict[Path, Path]]:
    """(the pictures, text by path without suffix) of a folder and of all that lie in it, or of one picture."""
    if not path.is_dir():
        text = path.with_suffix(".txt")
        return [path], {path.with_suffix(""): text} if text.exists() else {}
    pictures, texts, stems = list[Path](), dict[Path, Path](), dict[Path, Path]()
    with refusing(path):
        files = sorted((each for each in path.rglob("*") if each.is_file()), key=lambda each: natural(str(each)))
    for file in files:
        if any(part.startswith(".") or part == "__MACOSX" for part in file.relative_to(path).parts):
            continue
        kind, stem = kind_of(file), file.with_suffix("")
        if kind == "text" and file.suffix.lower() == ".txt":
            texts[stem] = file
        elif kind not in ("image", "array"):
            mend = "it is a table: give it as data itself" if file.suffix.lower() in _TABLES else "remove it"
            problems.report(str(file), f"neither a picture nor the text of one; {mend}")
        elif stem in stems:
            problems.report(str(file), f"has the name of {stems[stem].name}, so whose captions {stem.name}.txt holds "
                            "cannot be told; rename one")  # fmt: skip
        else:
            stems[stem] = file
            pictures.append(file)
    return pictures, texts


def _nothing(path: Path) -> str:
    return f"{path}: no picture; put pictures there, and beside each a text of its name: {path.name}/1.png and 1.txt"


def _lines(picture: Path, text: Path | None, how: Reading, problems: Problems) -> tuple[str, ...]:
    """The captions of a picture, one at least."""
    if text is None:
        raise DataError(f"a picture without a caption; write it into {picture.stem}.txt beside it")
    captions = tuple(line.strip() for line in open_lines(text, how.encoding, problems.note) if line.strip())
    if not captions:
        raise DataError(f"a picture without a caption: {text.name} is empty; write it there")
    return captions
