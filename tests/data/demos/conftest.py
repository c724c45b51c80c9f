"""What the tests of the demos' data share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from throughtime.data.formats.folder import read_folder
from throughtime.data.reading import Problems, Reading
from throughtime.data.record import Record


@pytest.fixture
def records() -> Callable[[Path, Reading], list[Record]]:
    """Reads what was written, with its targets, as a run would."""
    return lambda path, how: list(read_folder(path, how, Problems(note=lambda _: None), targets=True))
