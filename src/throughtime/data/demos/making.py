"""What the makers of the demos' data share: a package that may be missing, and files that are whole or not there."""

from __future__ import annotations

import importlib
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import IO, Any, TypeAlias

from throughtime.errors import UsageError

__all__ = ["Files", "lent", "lent_file", "tables_that_grow", "writing"]

Files: TypeAlias = tuple[list[Path], list[Path]]
"""Files to learn from, and files to validate on."""


@contextmanager
def writing(path: Path) -> Generator[IO[bytes]]:
    """Write a file beside its place and rename it there when it is whole.

    Args:
        path: the file; folders that it needs are made.

    Yields:
        The file beside it, open for bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as file:
        yield file
    os.replace(beside, path)


def tables_that_grow(until: Path, grown: Path, columns: str, rows: Sequence[str], first_new: str) -> Files:
    """Write a table as it was at some time, and as it is when it has grown.

    Args:
        until: the table as it was: that which is to be learned from.
        grown: the whole table.
        columns: the line of their names.
        rows: lines that begin with a date, the earliest first.
        first_new: the date, or its beginning, of the first row that the earlier table lacks.

    Returns:
        The earlier table to learn from; none to validate on, as its own end is.
    """
    for path, chosen in ((until, [row for row in rows if row < first_new]), (grown, rows)):
        with writing(path) as file:
            file.write("".join(f"{line}\n" for line in (columns, *chosen)).encode())
    return [until], []


def lent(module: str, package: str) -> Any:
    """Load a module out of a package from which a demo takes its data.

    Args:
        module: what is imported.
        package: what its package is called where packages are had.

    Returns:
        The module.

    Raises:
        UsageError: the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise _missing(package) from None


def lent_file(package: str, path: str) -> Path:
    """Find a file that a package carries, without loading the package.

    Args:
        package: what it is called where packages are had.
        path: where the file lies, from the folder of packages on.

    Returns:
        The file.

    Raises:
        UsageError: the package is not installed.
    """
    try:
        found = Path(str(metadata.distribution(package).locate_file(path)))
    except metadata.PackageNotFoundError:
        raise _missing(package) from None
    if not found.is_file():
        raise _missing(package)
    return found


def _missing(package: str) -> UsageError:
    return UsageError(f"this demo needs {package}: pip install 'throughtime[demo]'")
