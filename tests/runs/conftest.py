"""What the tests of the runs share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # damage, fit_processes, text_runs
from text_runs import TEXT, fit


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A file with a text that is long enough to learn from."""
    path = tmp_path / "book.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def made(book: Path, tmp_path: Path) -> Path:
    """A small run on the book."""
    return fit(book, tmp_path / "run").path
