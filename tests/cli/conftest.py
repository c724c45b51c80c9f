"""What the tests of the command line share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from throughtime.cli.main import status_of

sys.path.insert(0, str(Path(__file__).parent))
from small_data import SENTENCE, reviews, sounds, table
from small_runs import SOUNDS, WELL, Refused, fitted

SMALL = ["--hidden", "16", "--embedding", "8", "--lanes", "2", "--tbptt", "16", "--steps", "4", "--device", "cpu"]
TEXT = "The quick brown fox jumps over the lazy dog; no one saw it coming.\n" * 40


@pytest.fixture
def small() -> list[str]:
    """Options that make a fit take a moment."""
    return list(SMALL)


@pytest.fixture(autouse=True)
def in_an_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test works in an empty folder, on a terminal of a known width."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """A file with a text that is long enough to learn from."""
    path = tmp_path / "input.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused: status 2 and one line on standard error, which is returned."""

    def run(*arguments: object) -> str:
        status = status_of([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert status == 2, captured.out + captured.err
        assert captured.err.startswith("throughtime: ")
        assert captured.err.count("\n") == 1 and captured.err.endswith("\n"), captured.err
        return captured.err

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run, trained once by the command as a person would call it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "input.txt").write_text(TEXT, encoding="utf-8")
    command = [sys.executable, "-m", "throughtime", "fit", "generate", "input.txt", "--out", "run", *SMALL]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("classifier") / "t.csv"
    table(data, reviews(60))
    return fitted("classify", data, *WELL, "--min-count", "1")


@pytest.fixture(scope="session")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("tagger") / "t.conll"
    short = "Ann\tB-per\nLee\tI-per\n\nAnn\tB-per\n\nsaw\tO\n\n"
    data.write_text("".join(SENTENCE.format(number) + short for number in range(20)))
    return fitted("tag", data, *WELL, "--spelling", "0")


@pytest.fixture(scope="session")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that learned from sounds of 8000 samples a second."""
    folder = tmp_path_factory.mktemp("listener") / "d"
    sounds(folder)
    return fitted("classify", folder, "--steps", "2", *SOUNDS)
