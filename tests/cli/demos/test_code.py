"""What the demo ``code`` shows, with colours and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_run import Oracle, shown

from throughtime.cli.demos.code import DEMO
from throughtime.data.reading import Reading


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    row = {"tokens": ["f", "(", "x", ")"], "tags": ["call", "operator", "name", "operator"]}
    other = {"tokens": ["f", "=", "x"], "tags": ["assigned", "operator", "name"]}
    (tmp_path / "tokens-train.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (tmp_path / "tokens-valid.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps(other)}\n", encoding="utf-8")
    return tmp_path


def test_code_without_colours(tokens: Path) -> None:
    text = shown(DEMO, Oracle(Reading(per_step=True)), tokens)
    assert "    with open‹call›(path, encoding=" in text
    assert "each once\n" in text and "\x1b" not in text
    assert "mistaken in line 1: def (says name, is keyword)\n" in text
    assert "100.00% of 7 tokens right, 0 wrong" in text
    assert "right for 71.4%" in text, "5 of 7: f is no call and = was never seen"


def test_code_with_colours(tokens: Path) -> None:
    text = shown(DEMO, Oracle(Reading(per_step=True)), tokens, colours=True)
    assert "\x1b[34mopen\x1b[0m(" in text and "‹" not in text
    assert "\x1b[1;35mkeyword\x1b[0m" in text, "the colours are explained"
