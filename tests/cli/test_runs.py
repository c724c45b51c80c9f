"""``throughtime evaluate``, ``generate`` and ``describe``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import Refused, output

from throughtime.cli.main import status_of


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


NAMES = "name,country\n" + "".join(
    f"{'rossi' if n % 2 else 'smith'},{'Italy' if n % 2 else 'England'}\n" for n in range(80)
)
WELL = ["--hidden", "24", "--embedding", "8", "--steps", "150", "--learning-rate", "0.03", "--dropout", "0"]


@pytest.fixture(scope="module")
def namer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that writes a name for a country."""
    folder = tmp_path_factory.mktemp("namer")
    (folder / "names.csv").write_text(NAMES)
    data = str(folder / "names.csv")
    command = ["fit", "generate", data, "--valid", data, "--condition", "country", "--out", str(folder / "run")]
    assert status_of([*command, *WELL, "--tbptt", "16", "--warmup", "5", "--sample-every", "100"]) == 0
    return folder / "run"


def test_a_text_for_a_label_ends_by_itself(namer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "generate", namer, "--condition", "Italy", "--temperature", 0) == "rossi\n"
    assert (
        output(capsys, "generate", namer, "--condition", "England", "--temperature", 0, "--prompt", "sm") == "smith\n"
    )
    assert output(capsys, "generate", namer, "--condition", "England", "--temperature", 0, "--length", 3) == "smi\n"


def test_several_texts_are_lines_of_which_the_first_is_that_of_one(
    namer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = ("--condition", "Italy", "--seed", 3, "--temperature", 3, "--prompt", "ro")
    several = output(capsys, "generate", namer, *how, "--count", 9).splitlines()
    assert len(several) == 9 and len(set(several)) > 1 and all(line.startswith("ro") for line in several)
    assert output(capsys, "generate", namer, *how).splitlines() == several[:1]


def test_a_run_says_its_labels_and_is_scored_with_them(namer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    described = json.loads(output(capsys, "describe", namer, "--json"))
    assert described["model"]["conditions"] == ["England", "Italy"]
    other = Path("other.csv")
    other.write_text(NAMES.replace("name,country", "name,of"))
    scores = json.loads(output(capsys, "evaluate", namer, other, "--condition", "of", "--json"))
    assert scores["bits_per_character"] < 0.5


def test_labels_that_are_not_known_are_refused(refused: Refused, namer: Path) -> None:
    said = refused("generate", namer, "--condition", "Itly", "--count", 3)
    assert "unknown label 'Itly': did you mean 'Italy'? (known: England, Italy)" in said
    assert "choose one with --condition: England, Italy" in refused("generate", namer)


def test_the_samples_of_a_fit_name_their_labels(capsys: pytest.CaptureFixture[str]) -> None:
    Path("names.csv").write_text(NAMES)
    fit = ("fit", "generate", "names.csv", "--valid", "names.csv", "--condition", "country", "--out", "run")
    shown = output(capsys, *fit, "--hidden", 8, "--steps", 2, "--tbptt", 16, "--sample-every", 1)
    assert "\nEngland: " in shown and "\nItaly: " in shown
