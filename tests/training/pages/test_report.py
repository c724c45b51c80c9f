"""The page that shows how a run learned."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from throughtime.errors import CheckpointError
from throughtime.training.pages.charts import Curve
from throughtime.training.pages.drawing import LINE, TEXT, TRAIN, VALIDATION
from throughtime.training.pages.report import write_report

CONFIG = {"task": "generate", "throughtime": "0.1.0", "options": {"hidden": 512, "separator": "<|end|>", "tied": False}}


def rows(steps: int) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for step in range(10, steps + 1, 10):
        bits = 2 + 30 / step
        scores = {"step": step, "tokens": step * 100, "loss": bits * 0.693, "bits_per_character": bits}
        made.append({"kind": "train", **scores, "learning_rate": 1e-3, "seconds": step / 10})
        if step % 50 == 0:
            made.append({"kind": "validation", **scores})
            made.append({"kind": "sample", "step": step, "text": f"if a < b & {step}: <script>alert(1)</script>"})
    return made


def make_run(folder: Path, lines: list[dict[str, object]], tail: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + tail)
    return folder


class Page(HTMLParser):
    """Collects the tags, the words and the addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href") and value]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
def page(tmp_path: Path) -> Page:
    report = write_report(make_run(tmp_path / "shakespeare", rows(500)))
    assert report == tmp_path / "shakespeare" / "report.html"
    return Page(report.read_text(encoding="utf-8"))


def test_it_shows_curves_samples_and_configuration(page: Page) -> None:
    assert page.tags.count("svg") == 2
    for words in (
        "generate: shakespeare", "bits per character", "learning rate", "training", "validation", "2.060",
        "after 50 steps", "after 500 steps", "options.hidden", "512", "50,000", "0 min 50 s", "throughtime 0.1.0",
    ):  # fmt: skip
        assert words in page.words, words


def test_text_of_others_stays_text(page: Page) -> None:
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.words
    assert "<|end|>" in page.words


def test_it_needs_nothing_but_itself(page: Page) -> None:
    assert all(address.startswith("#") for address in page.addresses)


def test_the_charts_are_well_formed_and_follow_the_theme(tmp_path: Path) -> None:
    text = write_report(make_run(tmp_path / "run", rows(100))).read_text(encoding="utf-8")
    charts = [chunk.split("</svg>")[0] + "</svg>" for chunk in text.split("<figure")[1:]]
    for chart in charts:
        ElementTree.fromstring(chart[chart.index("<svg") :])
        assert TRAIN in chart and LINE in chart and TEXT in chart
    assert VALIDATION in charts[0]


def test_pictures_of_the_run_are_shown_and_those_of_earlier_releases_in_the_same_colours(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", rows(100))
    (folder / "a.svg").write_text('<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg fill="#030303" stroke="#020202"></svg>')
    (folder / "b.svg").write_text(f'<svg fill="{VALIDATION}" color="#040404"></svg>')
    text = write_report(folder).read_text(encoding="utf-8")
    assert f'aria-label="a"><svg fill="{TRAIN}" stroke="{LINE}"></svg></figure>' in text
    assert f'aria-label="b"><svg fill="{VALIDATION}" color="{VALIDATION}"></svg></figure>' in text


def test_few_samples_are_all_shown_and_many_are_counted(tmp_path: Path) -> None:
    few = Page(write_report(make_run(tmp_path / "few", rows(200))).read_text(encoding="utf-8"))
    assert few.words.count("after ") == 4
    assert "all are in" not in few.words
    many = Page(write_report(make_run(tmp_path / "many", rows(1000))).read_text(encoding="utf-8"))
    assert "8 of 20 samples" in many.words
    assert "after 50 steps" in many.words and "after 1,000 steps" in many.words


def smoothed(tmp_path: Path, values: list[float], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The curve of the training loss, as it is drawn."""
    drawn: list[list[float]] = []

    def chart(name: str, curves: Sequence[Curve], height: float, **how: object) -> str:
        drawn.extend(list(curve.values) for curve in curves)
        return "<svg></svg>"

    monkeypatch.setattr("throughtime.training.pages.report.line_chart", chart)
    lines: list[dict[str, object]] = [
        {"kind": "train", "step": step, "loss": value, "learning_rate": 0.1, "tokens": 1, "seconds": 1.0}
        for step, value in enumerate(values, 1)
    ]
    write_report(make_run(tmp_path / "run", lines))
    assert drawn[0] == values
    return drawn[1]


def test_a_smoothed_curve_goes_straight_on_at_its_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.signal import savgol_filter

    line = [5 - 0.02 * step for step in range(200)]
    assert smoothed(tmp_path, line, monkeypatch) == pytest.approx(line)
    noisy = [value + (-1) ** step for step, value in enumerate(line)]
    curve = smoothed(tmp_path, noisy, monkeypatch)
    assert curve == pytest.approx(savgol_filter(noisy, 11, 1).tolist())
    assert abs(curve[-1] - line[-1]) < 0.4 < abs(noisy[-1] - line[-1])


def test_few_values_are_drawn_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert smoothed(tmp_path, [3.0, 1.0, 2.0], monkeypatch) == [3.0, 1.0, 2.0]


def test_same_run_same_page(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", rows(100))
    first = write_report(folder).read_bytes()
    assert write_report(folder).read_bytes() == first
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "metrics.jsonl", "report.html"]


def test_before_anything_is_measured(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [])
    (folder / "metrics.jsonl").unlink()
    words = Page(write_report(folder).read_text(encoding="utf-8")).words
    assert "Nothing has been measured yet" in words and "There are no samples yet" in words


def test_a_line_that_is_being_written_waits(tmp_path: Path) -> None:
    whole = write_report(make_run(tmp_path / "run", rows(100))).read_bytes()
    assert write_report(make_run(tmp_path / "run", rows(100), tail='{"kind": "tr')).read_bytes() == whole


def test_without_bits_per_character_the_loss_is_drawn(tmp_path: Path) -> None:
    lines = [{k: v for k, v in row.items() if k != "bits_per_character"} for row in rows(100)]
    words = Page(write_report(make_run(tmp_path / "run", lines)).read_text(encoding="utf-8")).words
    assert "loss" in words and "bits per character" not in words


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config.json", None, "is not a whole run"),
        ("config.json", "{", "config.json is damaged"),
        ("metrics.jsonl", "{}\nnonsense\n", "metrics.jsonl is not a file of JSON lines"),
    ],
)
def test_a_broken_run_is_named(tmp_path: Path, name: str, content: str | None, words: str) -> None:
    folder = make_run(tmp_path / "run", rows(100))
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(CheckpointError, match=words):
        write_report(folder)
    assert not (folder / "report.html").exists()
