"""What the tests of the benchmark share: a small catalogue, and workers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from throughtime.bench import catalogue, results, run
from throughtime.bench.pool import Pool
from throughtime.cli.main import status_of

sys.path.insert(0, str(Path(__file__).parent))  # tiny_rows

from tiny_rows import ROWS

Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused: status 2 and one line on standard error, which is returned."""

    def refuse(*arguments: object) -> str:
        capsys.readouterr()
        assert status_of([str(argument) for argument in arguments]) == 2
        told = capsys.readouterr().err
        assert told.startswith("throughtime: ") and told.count("\n") == 1, told
        return told

    return refuse


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Four small rows in place of the catalogue, in an empty folder."""
    rows = {row.name: row for row in ROWS}
    for module in (catalogue, results, run):
        monkeypatch.setattr(module, "ROWS", rows)
    monkeypatch.setattr(results, "MEANS", ())
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def pool() -> Generator[Pool]:
    """Workers that all tests share."""
    with Pool() as pool:
        yield pool
