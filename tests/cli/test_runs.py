"""``throughtime evaluate``, ``generate`` and ``describe``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import Refused, output


def test_evaluate_as_json(trained: Path, text_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = json.loads(output(capsys, "evaluate", trained, text_file, "--json"))
    assert 0 < scores["bits_per_character"] < 8
    assert scores["perplexity"] > 1


def test_evaluate_for_people(trained: Path, text_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = output(capsys, "evaluate", trained, text_file)
    assert "bits_per_character" in shown and "{" not in shown


def test_evaluate_takes_several_files(trained: Path, text_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    once = json.loads(output(capsys, "evaluate", trained, text_file, "--json"))
    twice = json.loads(output(capsys, "evaluate", trained, text_file, text_file, "--json"))
    assert twice["scored_tokens"] > 1.9 * once["scored_tokens"]


def test_describe(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    described = json.loads(output(capsys, "describe", trained, "--json"))
    assert described["task"] == "generate"
    shown = output(capsys, "describe", trained)
    assert "lstm" in shown and "bits_per_character" in shown


def test_same_seed_same_text(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = output(capsys, "generate", trained, "--prompt", "The ", "--length", 50, "--seed", 3)
    again = output(capsys, "generate", trained, "--prompt", "The ", "--length", 50, "--seed", 3)
    other = output(capsys, "generate", trained, "--prompt", "The ", "--length", 50, "--seed", 4)
    assert first == again != other
    assert len(first.removeprefix("The ").removesuffix("\n")) == 50


@pytest.mark.parametrize("options", [["--temperature", "0"], ["--top-k", "1"], ["--top-p", "0.0001"]])
def test_ways_to_draw_the_likeliest(trained: Path, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    drawn = {output(capsys, "generate", trained, "--length", 30, "--seed", seed, *options) for seed in range(3)}
    assert len(drawn) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--prompt", "snow \u2603"], "\u2603"),
        (["--temperature", "-1"], "temperature"),
        (["--top-k", "0"], "--top-k"),
        (["--top-p", "2"], "--top-p"),
        (["--length", "-5"], "length"),
    ],
)
def test_what_generate_refuses(refused: Refused, trained: Path, options: list[str], words: str) -> None:
    assert words in refused("generate", trained, *options)


@pytest.mark.parametrize("command", ["generate", "describe", "evaluate"])
def test_a_folder_that_is_no_run(refused: Refused, text_file: Path, command: str) -> None:
    Path("empty").mkdir()
    arguments = [text_file] if command == "evaluate" else []
    assert "empty" in refused(command, "empty", *arguments)
    assert "nowhere" in refused(command, "nowhere", *arguments)


def test_text_comes_as_it_is_drawn_and_a_closed_pipe_ends_it_quietly(trained: Path) -> None:
    command = [sys.executable, "-m", "throughtime", "generate", str(trained), "--length", "100000000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.read(20)
    process.stdout.close()
    assert process.wait(timeout=30) != 0
    assert process.stderr.read() == b""
    process.stderr.close()
