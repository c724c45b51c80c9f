"""What all tests share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from throughtime.bench.pool import cores

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")

if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # workers share the cores; before torch is there, which reads this once
    os.environ["OMP_NUM_THREADS"] = str(max(1, cores() // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])))

os.environ.setdefault("TRITON_INTERPRET", "1")  # programs for GPUs are read on the CPU; asked for when they are defined

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # full_disk, left_behind, peak_memory


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """``-n auto``: a worker for each core, four at most, since each has a torch of its own in memory."""
    return min(cores(), 4)


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """SIGINT does what it does at a terminal, in the test and in the processes that it starts.

    A script that starts the tests in the background has its shell ignore SIGINT; Python then installs no handler of its
    own, and children would inherit that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """PyTorch and the core work on two threads at least, where tests that run beside each other have one."""
    import torch  # not before a test needs it: some need none

    before = torch.get_num_threads()
    torch.set_num_threads(max(2, before))
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the project."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data sets, where the machine has one; the test is skipped where not."""
    folder = Path(os.environ.get("THROUGHTIME_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}; name their folder in THROUGHTIME_DATA")
    return folder
