"""Files and functions stay small; no attic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def size(root: Path, *folders: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, root / "scripts" / "size", *folders], capture_output=True, text=True)


def test_no_file_and_no_function_is_over_its_hard_limit(root: Path) -> None:
    done = size(root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("x = 1\n" * 500, 0),
        ("x = 1\n" * 501, 1),
        ("def f():\n" + "    x = 1\n" * 79, 0),
        ("def f():\n" + "    x = 1\n" * 80, 1),
        ('def f():\n    """' + "words\n" * 90 + '"""\n' + "    x = 1\n" * 70, 0),
    ],
    ids=["500 lines", "501 lines", "function of 80", "function of 81", "docstrings are free"],
)
def test_the_limits(root: Path, tmp_path: Path, text: str, status: int) -> None:
    (tmp_path / "module.py").write_text(text)
    done = size(root, str(tmp_path))
    assert done.returncode == status, done.stdout
    assert ("TOO LONG" in done.stdout) == bool(status)


def test_there_is_no_attic(root: Path) -> None:
    attics = {"utils", "util", "helpers", "misc", "common", "tools"}
    assert not [path for path in (root / "src").rglob("*") if path.stem in attics]
