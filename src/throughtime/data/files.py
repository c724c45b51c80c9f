"""Text files as streams of lines, packed or plain; what cannot be read is said with its place and how to mend it."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from throughtime.data.encodings import (
    check_encoding,
    other_ends,
    own_encoding,
    told_encoding,
    undecodable,
    zero_bytes,
)
from throughtime.data.reading import Note
from throughtime.errors import DataError

__all__ = [
    "STANDARD",
    "describe",
    "first_bytes",
    "open_lines",
    "read_blocks",
    "refusing",
    "suffixes",
]

STANDARD = Path("-")
"""Standard input, or standard output."""
_PACKED: dict[str, Callable[[io.BufferedReader], io.BufferedIOBase]] = {
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_MAGIC = {b"\x1f\x8b": ".gz", b"BZh91AY&SY": ".bz2", b"\xfd7zXZ\x00": ".xz"}
_BLOCK = 1 << 20
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""The byte order mark, decoded."""


def describe(path: Path) -> str:
    """Give the name of a file for messages.

    Args:
        path: the file; ``-`` is standard input.

    Returns:
        The path as it was given, or ``standard input``.
    """
    return "standard input" if path == STANDARD else str(path)


def suffixes(path: Path) -> tuple[str, str]:
    """Tell what a file is, and how it is packed, by its name.

    Args:
        path: the file.

    Returns:
        (suffix without that of the packing, suffix of the packing or ""), in small letters.

    Example:
        >>> suffixes(Path("reviews.CSV.gz")), suffixes(Path("reviews.tsv"))
        (('.csv', '.gz'), ('.tsv', ''))
    """
    last = path.suffix.lower()
    return (Path(path.stem).suffix.lower(), last) if last in _PACKED else (last, "")


@contextmanager
def refusing(path: Path) -> Generator[None]:
    """Say in one line why a file cannot be read, whatever fails while it is opened and read.

    Args:
        path: the file.

    Yields:
        Once, while the file is read.

    Raises:
        DataError: there is no such file, it is a folder, it may not be read, or it is packed and not whole.
    """
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"no such file: {path}") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; give the files in it") from None
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError(_broken(path, error)) from None
    except OSError as error:
        # The packers raise an OSError without a number for data that is not theirs.
        raise DataError(f"cannot read {path}: {error.strerror}" if error.errno else _broken(path, error)) from None


def _broken(path: Path, error: Exception) -> str:
    return f"{path} is no whole {suffixes(path)[1]} file ({error}); is it broken, or cut off?"


def open_lines(path: Path, encoding: str, note: Note) -> Iterator[str]:
    r"""Read a text file line by line, whatever its size, as a text editor shows it.

    A file that is packed (gzip, bzip2, xz) is unpacked on the way; ``-`` is standard input. A byte order mark decides
    the encoding and is taken off; UTF-16 without one is told from its bytes. ``\n``, ``\r\n`` and ``\r`` each end a
    line, in one file too; that there are others than ``\n`` is said through ``note``, once.

    Args:
        path: the file.
        encoding: its encoding.
        note: called with what the user should know, in one line.

    Yields:
        The lines without their ends, also a last one that has none.

    Raises:
        DataError: the file is missing, a folder, empty, broken, may not be read, or is not in the encoding (the
            message has the line and the byte offset).
        UsageError: there is no such encoding.
    """
    rest: list[str] = []
    empty = True
    for text in _texts(path, encoding, note):
        empty = empty and not text
        first, *lines = text.split("\n")
        rest.append(first)
        if lines:
            yield "".join(rest)
            yield from lines[:-1]
            rest = lines[-1:]
    if empty:
        raise DataError(f"{describe(path)} is empty; give a file with text in it")
    if last := "".join(rest):
        yield last


def _texts(path: Path, encoding: str, note: Note) -> Iterator[str]:
    """Yield the text block by block, line ends made plain."""
    name = describe(path)
    check_encoding(encoding)
    decoder: io.IncrementalNewlineDecoder | None = None
    size = lines = 0
    begun = ""
    told: set[str] = set()
    for block in read_blocks(path, note):
        size += len(block)
        if decoder is None:
            begun_with = block if path == STANDARD else first_bytes(path, 4096)
            encoding = told_encoding(name, begun_with, encoding, note)
            decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            # What failed is the end of all that was read: bytes the decoder had kept back, and this block.
            start = size - len(error.object)
            raise DataError(undecodable(name, error, encoding, lines=lines, offset=start)) from None
        except UnicodeError as error:
            raise DataError(f"{name} is not {encoding} ({error}); {own_encoding()}") from None
        if _MARK in text:
            text = _without_marks(name, text, lines, begun, told, note)
        begun = text[-1] if text else begun
        if (place := text.find("\0")) >= 0:
            raise DataError(zero_bytes(name, lines + text.count("\n", 0, place) + 1))
        lines += text.count("\n")
        _tell(name, decoder.newlines, told, note)
        yield text


def _without_marks(name: str, text: str, lines: int, before: str, told: set[str], note: Note) -> str:
    """Take byte order marks off lines; they stand inside a file that was put together from several."""
    line = None
    if before in ("", "\n") and text.startswith(_MARK):
        text, line = text.removeprefix(_MARK), lines + 1 if before else None
    if (place := text.find(f"\n{_MARK}")) >= 0:
        line = line or lines + text.count("\n", 0, place) + 2
        text = text.replace(f"\n{_MARK}", "\n")
    if line is not None and _MARK not in told:
        told.add(_MARK)
        note(f"{name}: line {line} begins with a byte order mark; it is taken off, here and further on")
    return text


def _tell(name: str, seen: object, told: set[str], note: Note) -> None:
    ends = cast(tuple[str, ...], seen) if isinstance(seen, tuple) else (str(seen),)
    for end in set(ends) - told - {"None", "\n"}:
        told.add(end)
        note(other_ends(name, end))


def read_blocks(path: Path, note: Note) -> Iterator[bytes]:
    """Read a file block by block, unpacked.

    Whether it is packed is told from its first bytes; that a name does not say so is told through ``note``.

    Args:
        path: the file; ``-`` is standard input.
        note: called with what the user should know, in one line.

    Yields:
        The bytes as they come, and an empty block at the end.

    Raises:
        DataError: the file is missing, a folder, broken, may not be read, or is not packed though its name says so.
    """
    with refusing(path), _opened(path) as raw:
        found = _packing_of(raw)
        named = suffixes(path)[1]
        if named and not found and path != STANDARD:
            raise DataError(f"{path} is not packed, though its name ends in {named}; take that off its name")
        if found and found != named:
            note(f"{describe(path)} is packed ({found}); it is unpacked on the way")
        stream = _PACKED[found](raw) if found else raw
        while block := stream.read1(_BLOCK):
            yield block
        yield b""


def first_bytes(path: Path, count: int = 1 << 16) -> bytes:
    """Look at how a file begins, unpacked.

    Args:
        path: the file.
        count: bytes that are looked at, at most.

    Returns:
        The bytes; all of them where the file is shorter.

    Raises:
        DataError: as for :func:`read_blocks`.
    """
    begun = bytearray()
    for block in read_blocks(path, lambda _: None):
        begun += block
        if len(begun) >= count:
            break
    return bytes(begun[:count])


def _packing_of(stream: io.BufferedReader) -> str:
    """Tell how a stream is packed without reading on in it."""
    begun = stream.peek(6)
    return next((suffix for magic, suffix in _MAGIC.items() if begun.startswith(magic)), "")


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    if path != STANDARD:
        with path.open("rb") as file:
            yield file
    elif isinstance(sys.stdin.buffer, io.BufferedReader):
        yield cast(io.BufferedReader, sys.stdin.buffer)
    else:  # what stands in for it, in a notebook or a test
        stream = io.BufferedReader(cast(io.RawIOBase, sys.stdin.buffer))
        yield stream
        stream.detach()
