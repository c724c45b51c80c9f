"""Where words have looked, drawn over the picture."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from throughtime.errors import TrainingError
from throughtime.tasks.caption.overlays import card, draw, overlays
from throughtime.tasks.supervised.prediction import WrittenText

PICTURE = np.random.default_rng(0).random((6, 9, 3)).astype(np.float32)
LOOKS = np.array([[0.5, 0.25, 0.25, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])


def said(text: str, looks: np.ndarray | None = LOOKS) -> WrittenText:
    tokens = tuple(f" {word}" for word in text.split())
    return WrittenText(text, score=-0.5, tokens=tokens, source_tokens=("x",) * 6, attention=looks)


def shaded(svg: str) -> list[tuple[float, float, float]]:
    """(x, y, opacity) of each place that is shaded."""
    found = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)"[^>]*fill="var\(--valid[^"]*" fill-opacity="([\d.]+)"', svg)
    return [(float(x), float(y), float(opacity)) for x, y, opacity in found]


def test_each_word_shades_what_it_looked_at_the_more_the_darker() -> None:
    svg = overlays(PICTURE, [" red", " fox"], LOOKS, (2, 3))
    assert svg.count("<image") == 3 and ">red<" in svg and ">fox<" in svg
    first, second, third, last = shaded(svg)
    assert [each[2] for each in (first, second, third, last)] == pytest.approx([0.75, 0.38, 0.38, 0.75], abs=0.006)
    assert first[1] == second[1] == third[1], "one row of places"
    assert second[0] - first[0] == pytest.approx(96 / 3) and last[1] - first[1] == pytest.approx(64 / 2)
    assert last[0] - third[0] == pytest.approx(96 + 10), "the same place of the next picture"


def test_rows_of_six() -> None:
    svg = overlays(PICTURE, [" a"] * 8, np.full((8, 6), 1 / 6), (2, 3))
    assert svg.count("<image") == 9
    assert len(set(re.findall(r'<image x="[\d.]+" y="([\d.]+)"', svg))) == 2


@pytest.mark.parametrize("channels", [1, 2, 4, 9])
def test_any_channels_can_be_drawn(channels: int) -> None:
    picture = np.full((4, 4, channels), 0.5, np.float32)
    assert overlays(picture, [" a"], np.full((1, 4), 0.25), (2, 2)).count("<image") == 2


def test_a_card_escapes_what_was_written(tmp_path: Path) -> None:
    shown = card(PICTURE, ["a <b>", "c"], said("x &y"), (2, 3))
    assert "<dd dir='auto'>x &amp;y</dd>" in shown and "a &lt;b&gt;" in shown and shown.count("<dt>right") == 2
    alone = card(PICTURE, ["c"], said("x y", None), (2, 3))
    assert alone.count("<image") == 1 and not shaded(alone)


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    draw(tmp_path / "1.svg", PICTURE, said("x y", None), (2, 3))
    draw(tmp_path / "2.svg", PICTURE, said("", np.zeros((0, 6))), (2, 3))
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="cannot be a folder of pictures"):
        draw(tmp_path / "file" / "1.svg", PICTURE, said("x y"), (2, 3))
