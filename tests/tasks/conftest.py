"""What the tests of the tasks share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page takes longer to draw than these tiny runs take to train; tests of the runs draw it."""
    monkeypatch.setattr("throughtime.runs.fitting.write_report", lambda folder: None)
