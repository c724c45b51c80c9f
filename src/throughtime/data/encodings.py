"""In which encoding a text is, and what to say of one that cannot be decoded."""

from __future__ import annotations

import codecs

from throughtime.data.reading import Note
from throughtime.doors import option
from throughtime.errors import UsageError

__all__ = [
    "check_encoding",
    "is_unicode",
    "other_ends",
    "own_encoding",
    "told_encoding",
    "undecodable",
    "zero_bytes",
]

_MARKS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
"""Byte order marks, the longer ones first, and the encodings that read them."""


def own_encoding() -> str:
    """Say what to do about a text in another encoding.

    Returns:
        The end of a sentence.

    Example:
        >>> own_encoding()
        "give the file's own encoding (--encoding latin-1, cp1252, utf-16 ...)"
    """
    return f"give the file's own encoding ({option('encoding', 'latin-1')}, cp1252, utf-16 ...)"


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


def told_encoding(name: str, begun: bytes, asked: str, note: Note) -> str:
    r"""Tell the encoding of a text from how it begins.

    A byte order mark decides. Without one, text in which every second byte is zero is UTF-16, whatever ``asked`` says,
    if that is UTF-8 (the usual default): in UTF-8 those would be characters NUL, which no text has.

    Args:
        name: the file, for messages.
        begun: its first bytes.
        asked: the encoding that it is said to have.
        note: told where another one is taken.

    Returns:
        The encoding to decode it in.

    Raises:
        UsageError: there is no encoding of the name asked for.

    Example:
        >>> told_encoding("a.txt", "so good".encode("utf-16-le"), "utf-8", print)
        a.txt is UTF-16 (utf-16-le), as its bytes show; it is read as such
        'utf-16-le'
    """
    check_encoding(asked)
    plain = codecs.lookup(asked).name
    marked = next((encoding for mark, encoding in _MARKS.items() if begun.startswith(mark)), None)
    if marked is not None:
        if marked != "utf-8" and not plain.startswith(marked[:6]):
            note(f"{name} begins with the mark of {marked.upper()}; it is read as such")
        return plain if plain.startswith(marked[:6]) and plain != "utf-8" else marked
    if plain == "utf-8" and (wide := _wide(begun[:4096])):
        note(f"{name} is UTF-16 ({wide}), as its bytes show; it is read as such")
        return wide
    return asked


def _wide(begun: bytes) -> str | None:
    """Tell UTF-16 without a mark by its zero bytes: in text of the Latin script every second one is."""
    halves = begun[0::2], begun[1::2]
    shares = [half.count(0) / max(1, len(half)) for half in halves]
    if len(begun) >= 4 and max(shares) > 0.4 and min(shares) < 0.05:
        return "utf-16-le" if shares[1] > shares[0] else "utf-16-be"
    return None


def zero_bytes(name: str, line: int) -> str:
    """Say that a file is no text.

    Args:
        name: the file.
        line: where the first character NUL stands.

    Returns:
        One line for the user.
    """
    return f"{name}: line {line} holds a character NUL, so this is no text, or in another encoding; {own_encoding()}"


def is_unicode(text: str) -> bool:
    r"""Tell whether a text can be written as UTF-8: half of a surrogate pair, as in a file name of other bytes, cannot.

    Args:
        text: any text.

    Returns:
        Whether it can.

    Example:
        >>> is_unicode("café"), is_unicode("caf\udce9")
        (True, False)
    """
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def other_ends(name: str, end: str) -> str:
    r"""Say that a file has other line ends than ``\n``.

    Args:
        name: the file.
        end: its line end, ``\r\n`` or ``\r``.

    Returns:
        One line for the user.
    """
    if end == "\r\n":
        return f"{name} has Windows line ends; they are read as plain line ends"
    return rf"{name} has bare carriage returns (\r); each ends a line"


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
        f"{encoding} ({error.reason}); {own_encoding()}"
    )
