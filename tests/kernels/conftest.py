"""What the tests of the kernels share: their helpers, repeatable numbers, and memory that starts as NaN."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from throughtime.kernels import packing

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "layers")]  # calls; oracle


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Every test starts from the same seed, whatever ran before it."""
    torch.manual_seed(20)


@pytest.fixture(autouse=True)
def poisoned() -> Iterator[None]:
    """``torch.empty`` gives NaN, so that a value that nobody wrote is seen."""
    before = torch.utils.deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)
        torch.utils.deterministic.fill_uninitialized_memory = before


@pytest.fixture
def forced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The core runs on the CPU target that the test names."""
    monkeypatch.setenv("THROUGHTIME_CPU", request.param)
    packing.target.cache_clear()
    yield request.param
    packing.target.cache_clear()
