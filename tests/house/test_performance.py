"""The page of figures is what the measured results say, with no word changed by hand."""

from __future__ import annotations

from pathlib import Path

from throughtime.bench.report import page_of


def test_the_page_is_made_from_the_results(root: Path) -> None:
    page = (root / "docs" / "performance.md").read_text(encoding="utf-8")
    assert page == page_of(root / "benchmarks"), "write it anew with: throughtime bench report"
    assert (root / "docs" / "performance.svg").is_file()
