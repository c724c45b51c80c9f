"""Each line of docs/in_place_of_torch.md names tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "in_place_of_torch.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("|") and not line.startswith(("| what |", "|---"))]


def test_the_page_has_its_parts() -> None:
    assert re.findall(r"^## (.*)$", PAGE, re.MULTILINE) == [
        "The same",
        "More",
        "Tools around a model",
        "What differs",
    ]
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_a_line_names_the_tests_that_hold_it(row: str) -> None:
    held_by = row.strip().strip("|").rsplit("|", 1)[1]
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", held_by)
    assert named, "no test is named"
    for path, function in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (
            f"{path}::{function}"
        )
