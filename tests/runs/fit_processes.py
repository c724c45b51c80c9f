"""``fit`` in a process of its own, which tells its steps and can be stopped by any signal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from full_disk import room_for

import throughtime as tt
from throughtime.errors import TrainingError
from throughtime.training.reporter import PlainReporter, SilentReporter

SOURCE = Path(__file__).resolve().parents[2] / "src"
PROGRAM = """
import json, sys
import throughtime as tt
from throughtime.errors import ThroughtimeError
from throughtime.training.reporter import PlainReporter

class Reporter(PlainReporter):
    def stepped(self, report):
        print(report.step, flush=True)

try:
    run = tt.fit(reporter=Reporter(), **json.loads(sys.argv[1]))
except ThroughtimeError as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(2)
print(run.status)
"""


def start(given: dict[str, Any]) -> subprocess.Popen[str]:
    """Start a fit in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(given)],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(given: dict[str, Any]) -> str:
    """Fit to the end, here and on one thread as in the other processes, and give what is said on the way."""
    said, threads = io.StringIO(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert tt.fit(reporter=PlainReporter(said), **given).status == "finished"
    finally:
        torch.set_num_threads(threads)
    return said.getvalue()


def fail(given: dict[str, Any], *, room: int) -> str:
    """Fit on a disk without enough room, and give the error."""
    with room_for(room), pytest.raises(TrainingError) as error:
        tt.fit(reporter=SilentReporter(), **given)
    return f"TrainingError: {error.value}"


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    """Read what a fit prints until it has made so many steps."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().isdigit() and int(line) >= step:
            return
    raise AssertionError(f"no step {step}: {process.communicate()[1]}")
