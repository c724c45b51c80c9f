"""What the makers of the demos' data share: a package that may be missing, and files that are whole or not there."""

from __future__ import annotations

import importlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

from throughtime.errors import UsageError

__all__ = ["Files", "lent", "writing"]

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
        raise UsageError(f"this demo needs {package}: pip install 'throughtime[demo]'") from None
