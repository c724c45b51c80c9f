"""What the tests of the layers share: their helpers, and numbers that repeat."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # oracle, cases


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test starts from the same seed, whatever ran before it."""
    torch.manual_seed(20)
