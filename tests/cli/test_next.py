"""``throughtime next``: with a text, and key by key on a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import Refused, output

import throughtime as tt
from throughtime.cli.next import SEEN, typed_on


def test_candidates_and_the_rest(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, "next", trained, "The", "--top", 3).splitlines()
    found = tt.load(trained).next("The", 3)
    assert [line.split("  ")[0].strip() for line in lines] == [
        *(each.name for each in found.candidates),
        f"{found.others} others",
    ]
    written = [float(re.search(r"([\d.]+)%", line)[1]) for line in lines]  # type: ignore[index]
    assert written == pytest.approx(
        [*(100 * each.probability for each in found.candidates), 100 * found.rest], abs=0.06
    )


def test_as_json(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(output(capsys, "next", trained, "The", "--top", 2, "--json"))
    assert len(found["candidates"]) == 2 and set(found["candidates"][0]) == {"text", "probability", "name"}
    assert found["rest"] + sum(each["probability"] for each in found["candidates"]) == pytest.approx(1)


def test_nothing_is_a_text_too(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "%" in output(capsys, "next", trained, "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["☃"], "☃"),
        (["The", "--top", "0"], "--top must be at least 1"),
        (["The", "--condition", "verse"], "leave --condition out"),
        ([], "give a TEXT"),
        (["--json"], "give a TEXT"),
    ],
)
def test_what_is_refused(refused: Refused, trained: Path, given: list[str], words: str) -> None:
    assert words in refused("next", trained, *given)


def test_runs_that_write_nothing(refused: Refused, classifier: Path) -> None:
    assert "writes no text" in refused("next", classifier, "good")


@pytest.mark.parametrize(
    ("text", "key", "after"),
    [
        ("HE", "L", "HEL"),
        ("HE", "\x7f", "H"),
        ("HE", "\b", "H"),
        ("", "\x7f", ""),
        ("HE", "\x15", ""),
        ("HE", "\r", "HE\n"),
        ("HE", "LLO 🙂", "HELLO 🙂"),
        ("HE", "\x01\x00", "HE"),
        ("HE", "\t", "HE\t"),
    ],
)
def test_keys(text: str, key: str, after: str) -> None:
    assert typed_on(text, key) == after


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: object) -> None:
        self.ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "throughtime", *map(str, arguments)]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40", "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C is for whom the terminal belongs to
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def until(self, words: str, seconds: float = 60) -> str:
        """What is shown until these words are; what was read is not read again."""
        ends = time.monotonic() + seconds
        while words not in self.seen:
            assert time.monotonic() < ends, f"{words!r} did not come: {self.seen!r}"
            if select.select([self.ours], [], [], 0.2)[0]:
                with contextlib.suppress(OSError):  # closed at its other end
                    self.seen += os.read(self.ours, 65_536).decode(errors="replace")
        shown, self.seen = self.seen, ""
        return shown

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())


@pytest.fixture
def terminal(trained: Path) -> Iterator[Terminal]:
    opened = Terminal("next", trained)
    yield opened
    opened.process.kill()
    opened.process.wait()
    os.close(opened.ours)


def test_key_by_key(terminal: Terminal, trained: Path) -> None:
    terminal.until("Ctrl-D ends")
    run = tt.load(trained)
    for key, text in [("T", "T"), ("h", "Th"), ("\x7f", "T"), ("\x1b[A", "T"), ("☃", "T☃"), ("\x7f", "T")]:
        if key == "\x1b[A":
            terminal.press(key)  # an arrow changes nothing, and nothing is shown
            continue
        terminal.press(key)
        shown = terminal.until("Ctrl-D ends")
        assert f"{text}▏" in shown
        wanted = "not in the model's vocabulary: '☃'" if "☃" in text else run.next(text, 1).candidates[0].name
        assert wanted in shown
    terminal.press("\x04")
    assert terminal.process.wait(30) == 0


@pytest.mark.parametrize(("end", "status"), [("\x03", 130), ("\x04", 0)])
def test_it_ends_and_the_terminal_is_as_it_was(trained: Path, end: str, status: int) -> None:
    opened = Terminal("next", trained)
    before = termios.tcgetattr(opened.ours)
    opened.until("Ctrl-D ends")
    assert not termios.tcgetattr(opened.ours)[3] & termios.ECHO, "keys are not shown twice"
    opened.press("The" + end)
    assert opened.process.wait(30) == status
    assert termios.tcgetattr(opened.ours) == before
    os.close(opened.ours)


def test_of_a_long_text_the_end_is_in_sight(terminal: Terminal) -> None:
    terminal.until("Ctrl-D ends")
    terminal.press("The " * (SEEN // 2))
    shown = terminal.until("Ctrl-D ends")
    assert "…The The" in shown and shown.count("The") == SEEN // 4


@pytest.mark.alone
def test_a_key_takes_a_moment(terminal: Terminal) -> None:
    terminal.until("Ctrl-D ends")
    took = []
    for key in "The the the the ":
        began = time.monotonic()
        terminal.press(key)
        terminal.until("Ctrl-D ends")
        took.append(time.monotonic() - began)
    assert sorted(took)[len(took) // 2] < 0.03
