"""``fit`` in a process of its own, which tells its steps and can be stopped by any signal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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
LIMIT = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))
"""


def start(given: dict[str, Any], *, room: int | None = None) -> subprocess.Popen[str]:
    """Start a fit, on a disk with room for files of so many bytes if that is given."""
    program = PROGRAM if room is None else LIMIT.format(room) + PROGRAM
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(given)],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(given: dict[str, Any]) -> str:
    """Fit to the end, and give what is said on the way."""
    out, err = start(given).communicate(timeout=200)
    assert out.split()[-1:] == ["finished"], err
    return err


def fail(given: dict[str, Any], *, room: int) -> str:
    """Fit on a disk without enough room, and give what is said of it."""
    process = start(given, room=room)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 2 and "Traceback" not in err
    return err


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    """Read what a fit prints until it has made so many steps."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().isdigit() and int(line) >= step:
            return
    raise AssertionError(f"no step {step}: {process.communicate()[1]}")
