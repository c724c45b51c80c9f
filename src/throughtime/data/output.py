"""Text on its way to standard output or to a file, which is there when all is written, and only then."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from throughtime.data.files import STANDARD, suffixes
from throughtime.errors import DataError, UsageError

__all__ = ["Output", "open_output"]

_PACKED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


class Output(Protocol):
    """Takes what is to be written."""

    def put(self, text: str) -> None:
        """Write text, in UTF-8."""
        ...

    def binary(self) -> BinaryIO:
        """Give the file itself, for formats that are no text."""
        ...


@contextmanager
def open_output(out: Path) -> Generator[Output]:
    r"""Open a file beside its place; it is moved there when all went well, and is gone when not.

    Args:
        out: the file, packed where it ends in ``.gz``, ``.bz2`` or ``.xz``; ``-`` is standard output.

    Yields:
        What takes the text.

    Raises:
        DataError: it cannot be written; what was there before is untouched.

    Example:
        >>> with open_output(Path("-")) as output:
        ...     output.put("so good\n")
        so good
    """
    if out == STANDARD:
        sys.stdout.flush()
        yield _Screen()
        sys.stdout.flush()
        return
    beside = out.with_name(f".{out.name}.part")
    try:
        with _refusing(out):
            file = cast(BinaryIO, _PACKED.get(suffixes(out)[1], open)(beside, "wb"))
        try:
            yield _File(out, file)
        finally:
            with _refusing(out):
                file.close()
        with _refusing(out):
            with beside.open("rb") as written:
                os.fsync(written.fileno())
            os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _refusing(out: Path) -> Generator[None]:
    """Say in one line why a file cannot be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"cannot write {out}: {reason}; what was there before is untouched") from error


class _File:
    """A file on its way to its place."""

    def __init__(self, out: Path, file: BinaryIO) -> None:
        self.out, self.file = out, file

    def put(self, text: str) -> None:
        with _refusing(self.out):
            self.file.write(text.encode("utf-8"))

    def binary(self) -> BinaryIO:
        return self.file


class _Screen:
    """Standard output; who looks at it, or reads it through a pipe, sees each piece at once."""

    def put(self, text: str) -> None:
        if hasattr(sys.stdout, "buffer"):
            sys.stdout.buffer.write(text.encode("utf-8"))
        else:  # a notebook's
            sys.stdout.write(text)
        sys.stdout.flush()

    def binary(self) -> BinaryIO:
        raise UsageError("Parquet cannot be written to standard output; name a file")
