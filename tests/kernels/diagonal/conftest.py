"""What the tests of the sweep of diagonal cells share: the helpers beside them, and a core that wakes its threads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from throughtime.kernels.diagonal import native

sys.path.insert(0, str(Path(__file__).parent))  # sweeps


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, ...]]:
    """How many threads to ask for; small sweeps are shared out among them too."""
    monkeypatch.setattr(native, "_SMALL", 0)
    before = torch.get_num_threads()
    yield (1, 2, 3, 8)
    torch.set_num_threads(before)
