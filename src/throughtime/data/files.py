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
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import cast

from throughtime.data.reading import Note
from throughtime.errors import DataError, UsageError

__all__ = [
    "STANDARD",
    "check_encoding",
    "describe",
    "open_lines",
    "refusing",
    "suffixes",
    "undecodable",
    "windows_ends",
]

STANDARD = Path("-")
"""Standard input, or standard output."""
_PACKED: dict[str, Callable[[Path], io.BufferedIOBase]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_MAGIC = {b"\x1f\x8b": ".gz", b"BZh91AY&SY": ".bz2", b"\xfd7zXZ\x00": ".xz"}
_BLOCK = 1 << 20


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


def check_encoding(encoding: str) -> None:
    """See that an encoding is one that Python knows.

    Args:
        encoding: its name.

    Raises:
        UsageError: there is none of that name, or it is no encoding of text.

    Example:
        >>> check_encoding("utf-16")
    """
    try:
        b"x".decode(encoding, errors="ignore")
    except LookupError:
        raise UsageError(f"unknown encoding {encoding!r}; try utf-8, latin-1, cp1252, utf-16 ...") from None


def open_lines(path: Path, encoding: str, note: Note) -> Iterator[str]:
    r"""Read a text file line by line, whatever its size, as a text editor shows it.

    A file that ends in ``.gz``, ``.bz2`` or ``.xz`` is unpacked on the way; ``-`` is standard input. A byte order mark
    is taken off. ``\n``, ``\r\n`` and ``\r`` each end a line, in one file too; that there are others than ``\n`` is
    said through ``note``, once.

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
    check_encoding(encoding)
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    size = lines = 0
    begun = False
    told: set[str] = set()
    for block in _blocks(path):
        size += len(block)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            # What failed is the end of all that was read: bytes the decoder had kept back, and this block.
            start = size - len(error.object)
            raise DataError(undecodable(describe(path), error, encoding, lines=lines, offset=start)) from None
        except UnicodeError as error:
            raise DataError(f"{describe(path)} is not {encoding} ({error}); {_ENCODINGS}") from None
        if not begun:
            text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
        begun = begun or bool(text)
        lines += text.count("\n")
        _tell(describe(path), decoder.newlines, told, note)
        yield text


def _tell(name: str, seen: object, told: set[str], note: Note) -> None:
    ends = cast(tuple[str, ...], seen) if isinstance(seen, tuple) else (str(seen),)
    for end in set(ends) - told - {"None", "\n"}:
        told.add(end)
        note(windows_ends(name) if end == "\r\n" else rf"{name} has bare carriage returns (\r); each ends a line")


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the unpacked bytes as they come, and an empty block at the end."""
    with refusing(path), _open(path) as stream:
        block = stream.read1(_BLOCK)
        for magic, suffix in _MAGIC.items():
            if block.startswith(magic):
                raise DataError(f"{describe(path)} is packed: unpack it, or give a file whose name ends in {suffix}")
        while block:
            yield block
            block = stream.read1(_BLOCK)
        yield b""


def _open(path: Path) -> AbstractContextManager[io.BufferedIOBase]:
    if path == STANDARD:
        return nullcontext(cast(io.BufferedIOBase, sys.stdin.buffer))
    packed = _PACKED.get(suffixes(path)[1])
    return packed(path) if packed else path.open("rb")


def windows_ends(name: str) -> str:
    """Say that a file has Windows line ends.

    Args:
        name: the file.

    Returns:
        One line for the user.
    """
    return f"{name} has Windows line ends; they are read as plain line ends"


_ENCODINGS = "give the file's own encoding (--encoding latin-1, cp1252, utf-16 ...)"


def undecodable(name: str, error: UnicodeDecodeError, encoding: str, *, lines: int = 0, offset: int = 0) -> str:
    """Say where the bytes of a file are not in its encoding, and how to mend it.

    Args:
        name: the file.
        error: what the decoder said.
        encoding: the encoding it was read in.
        lines: line ends in the file before the bytes that the error is about.
        offset: bytes in the file before those.

    Returns:
        One line with file, line, byte offset, byte and remedy.
    """
    # Decoding what comes before counts the lines rightly in encodings of several bytes per character too.
    line = lines + error.object[: error.start].decode(encoding, errors="ignore").count("\n") + 1
    return (
        f"{name}: line {line}, byte offset {offset + error.start}: byte 0x{error.object[error.start]:02x} is not "
        f"{encoding} ({error.reason}); {_ENCODINGS}"
    )
