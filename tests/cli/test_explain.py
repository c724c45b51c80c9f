"""``throughtime explain`` prints a table, or draws a picture, of a text or a file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_data import reviews, table
from small_runs import output

from throughtime.cli.main import status_of

ONE_STEP = ["--steps", "2", "--hidden", "5", "--embedding", "4", "--device", "cpu", "--sample-every", "0"]
SAID = "so it was (or not) and so it is. "


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run on a text, one on a table, and their data."""
    folder = tmp_path_factory.mktemp("explain")
    (folder / "a.txt").write_text(SAID * 40)
    table(folder / "t.csv", reviews())
    for task, data, more in (
        ("generate", "a.txt", ["--lanes", "2", "--tbptt", "8"]),
        ("classify", "t.csv", ["--no-bidirectional", "--batch-size", "4"]),
    ):
        fit = ["fit", task, str(folder / data), "--out", str(folder / task), "--no-rival", *ONE_STEP, *more]
        assert status_of(fit) == 0
    return folder


@pytest.fixture(autouse=True)
def here(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)


def rows(shown: str) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in shown.splitlines()]


def test_flow_is_a_table_of_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    title, head, *lines = rows(output(capsys, "explain", "generate", "so it was so"))
    assert title[0].startswith("what is left of the gradient of ")
    assert head == ["steps back", "c_l0", "h_l0"]
    assert [line[0] for line in lines] == ["0", "1", "2", "5", "10", "12"]
    assert lines[0][1:] == ["1", "1"] and all(0 <= float(cell) < 50 for line in lines for cell in line[1:])


def test_a_name_of_a_file_is_the_file_and_all_else_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    far = [rows(output(capsys, "explain", "generate", what))[-1][0] for what in ("a.txt", "so")]
    assert far == [f"{len(SAID) * 40:,}", "2"]
    assert rows(output(capsys, "explain", "classify", "t.csv", "--record", "1"))[-1][0] == "3"


@pytest.mark.parametrize(
    ("what", "more", "shows"),
    [
        ("spectrum", [], "by what the most lasting change"),
        ("horizon", [], "how many steps back an input is felt"),
        ("gates", ["--layer", "l0"], "half of a memory is left after, steps"),
        ("saliency", [], "what has spoken for"),
        ("walk", ["--unit", "2", "--at", "9"], "step 9 of l0, unit 2 of the lstm cell"),
        ("units", ["--unit", "2"], "where unit 2 of c_l0 is strongest"),
        ("units", ["--follow", "brackets"], "units that follow depth of brackets"),
        ("units", ["--span", "3:6"], "units that follow on at 3:6"),
    ],
)
def test_each_has_a_table_and_a_picture(
    what: str, more: list[str], shows: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = ["explain", "generate", SAID, "--what", what, *more]
    shown = output(capsys, *asked)
    assert shows in shown and len(shown.splitlines()) > 3
    assert status_of([*asked, "--out", str(tmp_path / "it.svg")]) == 0
    written = capsys.readouterr()
    assert written.out == "" and written.err.endswith(f"picture: {tmp_path / 'it.svg'}\n")
    assert (tmp_path / "it.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("generate so --what flew", "unknown --what 'flew': did you mean 'flow'? (known: flow, spectrum, horizon,"),
        ("generate so --what units --unit 9", "there is no unit 9 in c_l0: it has the units 0 to 4"),
        ("generate so --what gates --layer l7", "unknown layer 'l7': did you mean 'l0'? (known: l0)"),
        ("generate Zebra", "has characters that are not in the model's vocabulary: 'Z', 'e', 'b'"),
        ("generate Zebra", "(fit --unit bytes or bpe reads any text)"),
        ("generate so --at 7", "at is step 7, and what was read has the steps 0 to 2"),
        ("generate so --towards Q", "unknown score 'Q'"),
        ("generate", "nothing to look at"),
        ("classify t.csv --record 99", "there is no record 99"),
        ("nothing so", "there is no run in nothing"),
    ],
)
def test_what_is_not_there_is_refused_in_a_line(
    asked: str, says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert status_of(["explain", *asked.split(), "--out", str(tmp_path / "it.svg")]) == 2
    captured = capsys.readouterr()
    assert says in captured.err and captured.err.count("\n") == 1 and captured.out == ""
    assert not list(tmp_path.iterdir())


def test_what_needs_no_network_is_refused_without_torch() -> None:
    code = (
        "import sys\nfrom throughtime.cli.main import status_of\nstatus_of(sys.argv[1:])\nprint('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "explain", "classify", "tea", "--what", "x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False" and "unknown --what" in done.stderr
