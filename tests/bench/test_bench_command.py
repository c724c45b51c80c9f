"""``throughtime bench`` from end to end, on four small rows, and the page of what it found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from throughtime.bench.catalogue import ROWS, select
from throughtime.bench.page import page
from throughtime.bench.report import page_of
from throughtime.cli.main import status_of

Refused = Callable[..., str]


def test_layers_measures_prints_and_writes(tiny: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["bench", "layers", "--quick", "--rounds", "2", "--json", "r.json", "--chart", "r.svg"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("| row | goal | reached |")
    assert "not available: AttributeError" in told.out
    assert "2 of 4 goals reached" in told.out
    assert told.err.count("\n") == 4
    results = json.loads(Path("r.json").read_text())
    assert [row["name"] for row in results["rows"]] == ["tiny/sure", "tiny/missing", "tiny/cost", "tiny/failing"]
    assert results["rows"][0]["command"] == "throughtime bench layers --rounds 2 --json r.json --quick"
    assert results["rows"][0]["rounds"] == 2 and results["conditions"]["quick"]
    assert set(results["conditions"]["versions"]) >= {"torch", "onnxruntime", "jax"}
    assert "<svg" in Path("r.svg").read_text()
    assert Path("r.svg").read_text().count("1970") == 0

    text = page(results, [], {"tiny/sure": "nobody is a million times as fast"})
    assert "A quick run" in text and "made by `throughtime bench layers" in text
    assert "| tiny/sure | " in text and "nobody is a million times as fast |" in text
    assert "| tiny/failing | not available |" in text and "not explained yet |" in text


@pytest.mark.slow
def test_keep_measures_some_rows_again_and_keeps_the_others(tiny: None, refused: Refused) -> None:
    assert status_of(["bench", "layers", "--quick", "--rounds", "1", "--json", "r.json", "--only", "tiny/[sc]"]) == 0
    before = json.loads(Path("r.json").read_text())
    only = ["bench", "layers", "--quick", "--rounds", "1", "--json", "r.json", "--keep", "--only", "tiny/cost"]
    assert status_of(only) == 0
    after = json.loads(Path("r.json").read_text())
    assert [row["name"] for row in after["rows"]] == ["tiny/sure", "tiny/cost"]
    assert after["rows"][0] == before["rows"][0]
    assert after["rows"][1] != before["rows"][1]
    after["conditions"]["processor"] = "another"
    Path("r.json").write_text(json.dumps(after))
    assert "measured with another processor" in refused(*only)


def test_list_times_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["bench", "layers", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(ROWS)
    assert any(line.startswith("ragged/gru/b32/h128 ") and "3.0 of torch packed" in line for line in lines)


def test_only() -> None:
    assert [row.name for row in select("stream/lstm")] == [f"stream/lstm/h{size}" for size in (64, 128, 256, 512)]
    assert {row.workload.batch for row in select("infer*/b[36]*")} == {32, 64}
    assert select(None) == list(ROWS.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("layers --only lsmt", "did you mean 'lstm'?"),
        ("layers --only qqqqqq", "no row has that in its name; --list shows them all"),
        ("layers --rounds 0", "--rounds must be 1 or more, got 0"),
        ("layers --rounds many", "'many' is not a whole number"),
        ("layers --keep", "--json FILE"),
        ("layers --quik", "did you mean --quick?"),
        ("report nowhere --out .", "nowhere/results/layers.json: there is no such file"),
        ("report --out nowhere", "there is no such folder"),
    ],
)
def test_a_wrong_command_gets_one_line(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in refused("bench", *arguments.split())


@pytest.mark.parametrize("text", ["{", "[]", '{"rows": []}'])
def test_what_is_no_result_gets_one_line(refused: Refused, tmp_path: Path, text: str) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "layers.json").write_text(text)
    assert "layers.json" in refused("bench", "report", tmp_path, "--out", tmp_path)


def test_report_writes_what_page_of_says(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["bench", "report", str(root / "benchmarks"), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "performance.md").read_text(encoding="utf-8") == page_of(root / "benchmarks")
    assert (tmp_path / "performance.svg").stat().st_size > 1000
