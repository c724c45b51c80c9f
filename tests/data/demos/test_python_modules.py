"""The modules of Python's own library are enough, and the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.demos.python_modules import standard_library
from throughtime.errors import DataError


def test_the_corpus_is_two_megabytes_of_source_and_always_the_same() -> None:
    files, held_out = standard_library(Path())
    assert (files, held_out) == standard_library(Path())
    assert held_out and not set(files) & set(held_out)
    assert 2.0e6 <= sum(path.stat().st_size for path in [*files, *held_out]) < 2.4e6
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert text.count("\ndef ") > 500


def test_a_python_without_source_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("throughtime.data.demos.python_modules.sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(DataError, match="too little"):
        standard_library(Path())
