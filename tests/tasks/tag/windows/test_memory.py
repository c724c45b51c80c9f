"""A process that learns from series in windows, scores or predicts them takes the same room whatever their length."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_series import latched

STEPS = 120_000
"""Steps of the short series: 4 MB of text; of the long one four times as many."""
SPARE = 12.0
"""Megabytes that two processes may differ by; the steps of the long series, held whole, take a hundred and more."""
HOW = "--tbptt 200 --no-bidirectional --id-column id --time-column time"
FIT = f"--steps 60 --hidden 8 --embedding 8 --sample-every 0 --validate-every 60 --device cpu {HOW}"


def room(*words: object) -> float:
    """Run a command in a process of its own, and give the most megabytes that it held."""
    program = "import sys\nfrom throughtime.cli.main import status_of\nsys.exit(status_of(sys.argv[1:]))"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-c", program, *map(str, words)], env=environment, **quiet)  # type: ignore[call-overload]
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss / 1024


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("long")
    return [latched(folder / f"{times}.csv", {"p": times * STEPS}, apart=50) for times in (1, 4)]


@pytest.mark.slow
def test_the_room_does_not_grow_with_the_series(series: list[Path], tmp_path: Path) -> None:
    short, long = series
    rooms = {
        "fit": [room("fit", "tag", path, "--out", tmp_path / path.stem, *FIT.split()) for path in series],
        "evaluate": [room("evaluate", tmp_path / "1", path) for path in series],
        "predict": [room("predict", tmp_path / "1", path, "--out", tmp_path / "o.csv") for path in series],
    }
    for name, (one, four) in rooms.items():
        assert abs(four - one) < SPARE, f"{name}: {one:.0f} and {four:.0f} MB"
    rows = (tmp_path / "o.csv").read_text().count("\n")
    assert rows == 4 * STEPS + 1 and short.stat().st_size * 3 < long.stat().st_size
