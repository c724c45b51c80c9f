"""The programs of the sweep through Triton's compiler for GPUs of two generations, beside a table of what they take.

The table is ``resources.json``: registers of a thread, bytes that it spills, bytes that a program shares. Shared bytes
follow from the layout; registers move a little from one version of the compiler to the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton", reason="the sweep on a GPU needs triton")

from gpu_programs import GPUS, VARIANTS

HERE = Path(__file__).parent
TABLE: dict[str, list[int]] = json.loads((HERE / "resources.json").read_text())
FEW = ("lstm 256 bf16", "gru before 256 bf16")
MORE_REGISTERS, MORE_SPILLS = 24, 64
"""What another version of the compiler may add."""


def compiled(names: list[str], cache: Path) -> dict[str, list[int]]:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(cache)
    command = [sys.executable, "-W", "ignore", str(HERE / "gpu_programs.py"), *names]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


def held(found: dict[str, list[int]]) -> None:
    for name, (registers, spilled, shared) in found.items():
        told, capability = TABLE[name], int(name[-2:])
        assert registers <= told[0] + MORE_REGISTERS and spilled <= told[1] + MORE_SPILLS, f"{name}: {found[name]}"
        assert shared == told[2] and shared <= GPUS[capability][1], f"{name}: {found[name]}"


def test_a_few_programs_take_what_the_table_says(tmp_path: Path) -> None:
    found = compiled(list(FEW), tmp_path)
    assert len(found) == len(FEW) * 4
    held(found)


def test_plain_programs_spill_next_to_nothing() -> None:
    """16 bytes of a thread at most, where nothing is asked for but the cell, on 64 rows or fewer."""
    plain = [name for name in TABLE if "," not in name]
    assert plain and all(TABLE[name][1] <= 16 for name in plain)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_program_takes_what_the_table_says(tmp_path: Path) -> None:
    found = compiled(list(VARIANTS), tmp_path)
    assert found.keys() == TABLE.keys()
    held(found)
