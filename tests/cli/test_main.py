"""The command line itself: help, version, and what a wrong command line gets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

import throughtime
from throughtime.cli import main
from throughtime.cli.main import status_of
from throughtime.errors import TrainingError


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["--version"]) == 0
    assert capsys.readouterr().out == f"throughtime {throughtime.__version__}\n"


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"│ {name} " in shown for name in ("fit", "evaluate", "generate", "describe", "demo"))


def test_no_arguments_show_the_help_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of([]) == 2
    captured = capsys.readouterr()
    assert "Usage" in captured.out
    assert captured.err.strip() == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("genrate", "'generate'"),
        ("fit genrate", "'generate'"),
        ("fit generate x.txt --out run --hiden 3", "did you mean --hidden?"),
        ("fit generate x.txt --out run --hidden abc", "'abc' is not a whole number"),
        ("fit generate x.txt --out run --dropout lots", "'lots' is not a number"),
        ("fit generate x.txt --out run --max-minutes soon", "'soon' is not a number"),
        ("fit generate x.txt", "--out"),
        ("fit generate --out run", "nothing to learn from"),
        ("generate", "RUN"),
        ("demo genrate", "did you mean 'generate'?"),
    ],
)
def test_a_wrong_command_line_gets_one_line(refused: Callable[..., str], arguments: str, words: str) -> None:
    assert words in refused(*arguments.split())


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (TrainingError("the loss is nan\nat step 3"), "throughtime: the loss is nan at step 3\n"),
        (PermissionError(13, "Permission denied", "/etc/run"), "throughtime: /etc/run: Permission denied\n"),
        (OSError(28, "No space left on device"), "throughtime: the system: No space left on device\n"),
    ],
)
def test_errors_become_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, line: str
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    assert status_of([]) == 2
    assert capsys.readouterr().err == line


def test_errors_that_are_ours_to_mend_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise AssertionError("a bug")

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(AssertionError, match="a bug"):
        status_of([])


def test_ctrl_c_is_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "app", interrupt)
    assert status_of([]) == 130


def test_the_installed_command_is_there() -> None:
    done = subprocess.run([sys.executable, "-m", "throughtime", "fit", "nothing"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "throughtime: No such command 'nothing'.\n"
