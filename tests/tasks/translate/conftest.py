"""What the tests of translate share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import throughtime as tt

sys.path.insert(0, str(Path(__file__).parent))
from small_pairs import WELL, fit, reversals


@pytest.fixture(scope="session")
def reverser(tmp_path_factory: pytest.TempPathFactory) -> tt.Run:
    """A run that reverses words of six letters."""
    return fit(reversals(600), out=tmp_path_factory.mktemp("reverser") / "run", **WELL)
