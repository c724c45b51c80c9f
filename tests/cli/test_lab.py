"""``throughtime lab`` up to where it serves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import throughtime.cli.lab as lab
from throughtime.cli.main import status_of
from throughtime.web.door import Door


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Door, bool]]:
    calls: list[tuple[Any, Door, bool]] = []

    def serve(app: Any, door: Door, *, browser: bool) -> None:
        door.socket.close()
        calls.append((app, door, browser))

    monkeypatch.setattr(lab, "serve", serve)
    return calls


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One demo, of a few steps, in a folder of its own."""
    demo = lab.DEMOS["demo-hello"]
    monkeypatch.setattr(lab, "DEMOS", {"demo-hello": replace(demo, options={**demo.options, "steps": 4})})
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("quick")
def test_a_demo_is_learned_once(served: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["lab", "--demo", "--port", "0", "--no-open"]) == 0
    weights = tmp_path / "runs/demo-hello/model.safetensors"
    first = weights.stat().st_mtime_ns
    assert "learns one word" in capsys.readouterr().err
    assert status_of(["lab", "--demo", "--port", "0"]) == 0
    told = capsys.readouterr().err
    assert weights.stat().st_mtime_ns == first and "learns one word" not in told
    assert told.startswith("lab: http://127.0.0.1:") and "warning" not in told
    assert [browser for *_, browser in served] == [False, True]
    assert TestClient(served[0][0]).get("/").status_code == 200


@pytest.mark.usefixtures("quick")
def test_where_others_reach_it_there_is_a_warning_and_a_token(
    served: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["lab", "--demo", "--port", "0", "--host", "0.0.0.0", "--no-open"]) == 0
    told = capsys.readouterr().err
    assert "warning: others on the network can reach the lab" in told
    assert f"?token={served[0][1].token}" in told


def test_what_is_missing_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab, "PARTS", ("fastapi", "no_such_module"))
    assert status_of(["lab", "--demo"]) == 2
    told = capsys.readouterr().err
    assert told == "throughtime: the lab needs no_such_module: pip install 'throughtime[lab]'\n"


def test_a_run_that_is_none_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["lab", str(tmp_path / "none"), "--port", "0"]) == 2
    told = capsys.readouterr().err
    assert "there is no run in" in told and told.count("\n") == 1
