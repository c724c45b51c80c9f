"""What the tests of answer share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import throughtime as tt

sys.path.insert(0, str(Path(__file__).parent))
from small_questions import WELL, coloured, fit, stories


@pytest.fixture(scope="session")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    """A run that tells how a thing is, or that nothing is said of it."""
    rows = coloured(500, none=True)
    return fit(rows, out=tmp_path_factory.mktemp("speaker") / "run", unanswerable=True, **{**WELL, "steps": 250})


@pytest.fixture(scope="session")
def follower(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    """A run that tells where somebody is, from one fact."""
    folder = tmp_path_factory.mktemp("follower")
    return fit(stories(folder / "s.txt", 800), out=folder / "run", **{**WELL, "steps": 250, "learning_rate": 0.01})
