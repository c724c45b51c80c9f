"""What is published is what the history holds."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest


def test_a_source_distribution_holds_the_files_of_the_history_and_no_others(root: Path, tmp_path: Path) -> None:
    if not (root / ".git").exists():
        pytest.skip("this copy of the sources has no history")
    build = "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=root, check=True, capture_output=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as packed:
        published = {name.split("/", 1)[1] for name in packed.getnames()} - {"PKG-INFO"}
    listed = subprocess.run(["git", "ls-files"], cwd=root, check=True, capture_output=True, text=True).stdout
    kept = {name for name in listed.split("\n") if name and not name.startswith(".")}
    assert published == kept
