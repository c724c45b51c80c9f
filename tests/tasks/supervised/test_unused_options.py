"""Options that the data in memory gives nothing to do are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import throughtime as tt
from throughtime.errors import UsageError


def test_gaps_are_filled_in_tables_of_steps_alone(tmp_path: Path) -> None:
    data = [(np.full((3, 2), number % 2, np.float32), "ab"[number % 2]) for number in range(20)]
    with pytest.raises(UsageError, match="fill is for series, tables with one row per step"):
        tt.fit("classify", data, out=tmp_path / "run", fill="zero")
    assert not (tmp_path / "run").exists()
