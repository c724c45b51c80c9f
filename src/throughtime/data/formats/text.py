"""Text from files or memory, as documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import cast

from throughtime.data.characters import refuse_half_pairs
from throughtime.data.encodings import other_ends, own_encoding, told_encoding, undecodable, zero_bytes
from throughtime.data.files import read_blocks
from throughtime.data.reading import Note
from throughtime.data.text import Document, RawText, Text
from throughtime.data.user_data import Given
from throughtime.errors import DataError

__all__ = ["read_text"]


def read_text(
    given: Given, *, encoding: str = "utf-8", as_bytes: bool = False, separator: str | None = None, note: Note
) -> Text:
    r"""Read files, or take text from memory, as documents.

    Characters of a file are read as any text editor shows them: a byte order mark is taken off, and line ends of
    Windows (``\r\n``) and of old Macs (``\r``) become ``\n``, which is said through ``note``. Bytes, and text from
    memory, are taken as they are. A packed file is unpacked either way.

    Args:
        given: files, each the start of a new document; or a str, bytes or a sequence of them, one per document.
        encoding: encoding of the files, for characters.
        as_bytes: read bytes in place of characters.
        separator: text between documents inside a file, or None.
        note: called with what the user should know, one line each.

    Returns:
        The documents.

    Raises:
        DataError: a file is missing, not a file, empty, not readable, or not in the encoding (the message says where
            and how to mend it), or what is in memory is no text.

    Example:
        >>> [document.content for document in read_text(Given(memory="one|two"), separator="|", note=print).documents]
        ['one', 'two']
    """
    if given.memory is not None:
        contents = _from_memory(given.memory, as_bytes)
    else:
        contents = [_from_file(path, encoding, as_bytes, note) for path in given.paths]
    return Text(tuple(document for content in contents for document in _split(content, separator)))


def _from_file(path: Path, encoding: str, as_bytes: bool, note: Note) -> RawText:
    raw = b"".join(read_blocks(path, note))
    content = raw if as_bytes else _decode(path, raw, encoding, note)
    if not content:
        raise DataError(f"{path} is empty; give a file with text in it")
    return content


def _from_memory(memory: object, as_bytes: bool) -> list[RawText]:
    """Check that it is one text or a sequence of texts, with something in it."""
    pieces: Sequence[object] = [memory]
    if isinstance(memory, Sequence) and not isinstance(memory, str | bytes):
        pieces = cast(Sequence[object], memory)
    for number, piece in enumerate(pieces, 1):
        refuse_half_pairs(piece, "the text given" if len(pieces) == 1 else f"text {number} of those given")
    contents = [_as_unit(piece, as_bytes) for piece in pieces]
    if not any(contents):
        raise DataError("the text given is empty")
    return contents


def _as_unit(content: object, as_bytes: bool) -> RawText:
    if isinstance(content, bytes) and not as_bytes:
        raise DataError("bytes were given as text: decode them first, or use the unit bytes")
    if not isinstance(content, str | bytes):
        raise DataError(f"text must be a str or a sequence of str, not {type(content).__name__}")
    return content.encode("utf-8") if as_bytes and isinstance(content, str) else content


def _decode(path: Path, raw: bytes, encoding: str, note: Note) -> str:
    name = str(path)
    encoding = told_encoding(name, raw, encoding, note)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(undecodable(name, error, encoding)) from None
    except UnicodeError as error:
        raise DataError(f"{path} is not {encoding} ({error}); {own_encoding()}") from None
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    for end in ("\r\n", "\r"):
        if end in text:
            note(other_ends(name, end))
            text = text.replace(end, "\n")
    if "\0" in text:
        raise DataError(zero_bytes(name, text.count("\n", 0, text.index("\0")) + 1))
    return text


def _split(content: RawText, separator: str | None) -> Iterable[Document]:
    """Cut one file's content into documents; the empty ones stay, so that nothing is lost."""
    if separator is None:
        return [Document(content)]
    if isinstance(content, bytes):
        mark = separator.encode("utf-8")
        pieces, gap = content.split(mark), len(mark)
    else:
        pieces, gap = content.split(separator), len(separator)
    return [Document(piece, gap) for piece in pieces[:-1]] + [Document(pieces[-1])]
