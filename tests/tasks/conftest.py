"""What the tests of the tasks share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # toy, option_cases


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page takes longer to draw than these tiny runs take to train; tests of the runs draw it."""
    monkeypatch.setattr("throughtime.runs.training.write_report", lambda folder: None)
