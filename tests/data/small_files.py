"""Small files for readers, and standard input in place of one."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def files_called(name: str) -> Callable[..., Path]:
    """Give a function that writes a small file, called so if it is not told otherwise."""

    def written(folder: Path, content: str | bytes, name: str = name) -> Path:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder / name

    return written


def standard_input(monkeypatch: pytest.MonkeyPatch, content: str | bytes) -> None:
    """Let it hold what is given."""
    raw = content if isinstance(content, bytes) else content.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
