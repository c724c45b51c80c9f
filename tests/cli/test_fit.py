"""``throughtime fit``: its options, and what bad input gets: one line, exit status 2, nothing half-written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from full_disk import room_for
from left_behind import contents
from small_runs import Refused

from throughtime.cli.fit import read_config
from throughtime.cli.main import status_of
from throughtime.errors import UsageError
from throughtime.tasks import TASKS, config_class
from throughtime.training.options import options_of


def config_of(run: Path) -> str:
    return (run / "config.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("task", TASKS)
def test_every_field_of_the_config_is_an_option_with_its_help(
    task: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "600")
    assert status_of(["fit", task, "--help"]) == 0
    shown = capsys.readouterr().out
    for option in options_of(config_class(task)):
        line = next(line for line in shown.splitlines() if f" --{option.name.replace('_', '-')} " in line)
        assert option.help in line
        assert option.default is None or f"[default: {str(option.default).lower()}]" in line
        assert "|".join(option.choices) in line


def test_help_says_what_is_held_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "600")
    said = {"classify": "of each label its share", "tag": "the last 10 % of its time", "generate": "of the text"}
    for task, words in said.items():
        assert status_of(["fit", task, "--help"]) == 0
        line = next(line for line in capsys.readouterr().out.splitlines() if " --valid " in line)
        assert "without it this is held out" in line and words in line


def test_a_fit_leaves_a_whole_run(text_file: Path, small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["fit", "generate", str(text_file), "--out", "run", *small, "--cell", "gru", "--tied"]) == 0
    shown = capsys.readouterr().out
    assert "last 10%" in shown, "says what is held out"
    assert "bits per character" in shown
    names = {path.name for path in Path("run").iterdir()}
    assert {
        "config.json", "model.safetensors", "vocabulary.json", "trainer.safetensors", "metrics.jsonl", "report.html"
    } <= names  # fmt: skip
    assert '"cell": "gru"' in config_of(Path("run")) and '"tied": true' in config_of(Path("run"))


@pytest.mark.parametrize(
    ("name", "text"),
    [("options.toml", 'cell = "gru"\nlearning-rate = 0.5'), ("options.json", '{"cell": "gru", "learning_rate": 0.5}')],
)
def test_options_may_come_from_a_file(text_file: Path, small: list[str], name: str, text: str) -> None:
    Path(name).write_text(text)
    arguments = ["fit", "generate", str(text_file), "--out", "run", *small, "--config", name, "--learning-rate", "0.01"]
    assert status_of(arguments) == 0
    assert '"cell": "gru"' in config_of(Path("run"))
    assert '"learning_rate": 0.01' in config_of(Path("run")), "a flag goes before the file"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("missing.toml", None, "No such file"),
        ("options.yaml", "cell: gru", ".toml or .json"),
        ("options.toml", "cell = ", "options.toml"),
        ("options.json", "{", "options.json"),
        ("options.json", "[1]", "expected an object"),
        ("folder.json", "", "folder.json"),
    ],
)
def test_a_file_of_options_that_cannot_be_read(name: str, text: str | None, words: str) -> None:
    if name.startswith("folder"):
        Path(name).mkdir()
    elif text is not None:
        Path(name).write_text(text)
    with pytest.raises(UsageError, match=words):
        read_config(Path(name))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["input.txt"]),
        (b"", ["input.txt", "empty"]),
        (b"too short", ["tbptt"]),
        (b"abc\nde\xfff\n" * 100, ["line 2", "byte", "--encoding"]),
    ],
    ids=["missing", "empty", "shorter than a window", "undecodable"],
)
def test_a_bad_file(refused: Refused, content: bytes | None, words: list[str]) -> None:
    if content is not None:
        Path("input.txt").write_bytes(content)
    line = refused("fit", "generate", "input.txt", "--out", "run")
    assert all(word in line for word in words), line
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--cell", "lsmt"], "did you mean 'lstm'?"),
        (["--unit", "charcters"], "did you mean 'characters'?"),
        (["--schedule", "cosin"], "did you mean 'cosine'?"),
        (["--encoding", "utf-9"], "utf-9"),
        (["--device", "gpu"], "gpu"),
        (["--dropout", "1.5"], "dropout"),
        (["--hidden", "0"], "hidden"),
        (["--valid", "nothing.txt"], "nothing.txt"),
        (["--init-from", "nothing"], "nothing"),
        (["--config", "options.json"], "did you mean 'hidden'?"),
        (["--resume", "--overwrite"], "overwrite"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_option_value(refused: Refused, text_file: Path, options: list[str], words: str) -> None:
    Path("options.json").write_text('{"hiden": 3}')
    assert words in refused("fit", "generate", text_file, "--out", "run", *options)
    assert not Path("run").exists()


def test_a_run_that_exists_is_not_touched(refused: Refused, trained: Path, text_file: Path, small: list[str]) -> None:
    before = contents(trained)
    line = refused("fit", "generate", text_file, "--out", trained, *small)
    assert "--resume" in line and "--overwrite" in line
    assert contents(trained) == before


def test_a_folder_that_is_no_run_is_not_overwritten(refused: Refused, text_file: Path, small: list[str]) -> None:
    Path("run").mkdir()
    Path("run/precious.txt").write_text("mine")
    refused("fit", "generate", text_file, "--out", "run", *small)
    assert contents(Path("run")) == {"precious.txt": b"mine"}


@pytest.mark.parametrize("damage", ["truncated", "garbled", "missing weights"])
def test_a_damaged_checkpoint_is_named_and_left_alone(
    refused: Refused, trained: Path, text_file: Path, small: list[str], damage: str
) -> None:
    run = Path("run")
    run.mkdir()
    for name, content in contents(trained).items():
        (run / name).write_bytes(content)
    name = "model.safetensors" if damage == "missing weights" else "trainer.safetensors"
    whole = (run / name).read_bytes()
    broken = {"truncated": whole[: len(whole) // 2], "garbled": b"\xff" * 64 + whole[64:], "missing weights": b""}
    (run / name).write_bytes(broken[damage])
    before = contents(run)
    if damage == "missing weights":
        line = refused("generate", run)
    else:
        line = refused("fit", "generate", trained.parent / "input.txt", "--out", run, *small, "--steps", 8, "--resume")
    assert name in line
    assert contents(run) == before


def test_a_loss_that_is_not_finite_stops(refused: Refused, text_file: Path, small: list[str]) -> None:
    line = refused(
        "fit", "generate", text_file, "--out", "run", *small, "--steps", 50, "--learning-rate", "1e30", "--warmup", 0
    )
    assert "try a --learning-rate below" in line


def test_a_full_disk_is_told_in_one_line(refused: Refused, text_file: Path, small: list[str]) -> None:
    with room_for(4096):
        line = refused("fit", "generate", text_file, "--out", "run", *small, "--hidden", 64)
    assert "cannot write" in line
    assert not list(Path("run").glob("*.safetensors")), "no half of a file"


def test_ctrl_c_saves_and_says_how_to_go_on(text_file: Path, small: list[str]) -> None:
    arguments = ["fit", "generate", str(text_file), "--out", "run", *small, "--steps", "1000000"]
    process = subprocess.Popen(
        [sys.executable, "-m", "throughtime", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(Path("run/metrics.jsonl"), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume" in out + err
    assert "Traceback" not in err
    done = step_of(Path("run"))
    assert done > 0
    assert status_of([*arguments[:-1], str(done + 3), "--resume"]) == 0
    assert step_of(Path("run")) == done + 3


def wait_for(path: Path, process: subprocess.Popen[str], seconds: float = 60.0) -> None:
    """Wait until a file has something in it."""
    until = time.monotonic() + seconds
    while not (path.exists() and path.stat().st_size):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, f"no {path}"
        time.sleep(0.05)


def step_of(run: Path) -> int:
    return json.loads((run / "trainer.json").read_text(encoding="utf-8"))["step"]
