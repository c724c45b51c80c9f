"""The attention of a text as a picture: each weight is a square between its two tokens, and all of it is in sight."""

from __future__ import annotations

import subprocess
import sys
from math import cos, radians, sin
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from throughtime.errors import ShapeError, TrainingError
from throughtime.tasks.translate.pictures import LONGEST, STEEP, attention_grid, attention_image, card
from throughtime.training.pages.drawing import width_of

SVG = "{http://www.w3.org/2000/svg}"
ORANGE = np.array([0xC2, 0x41, 0x0C]) / 255
ODD = ["$\\frac$", " ", "\n", "<b>", "\u0301", "\x00", "a b", "&amp;", "\ud800", "\u202e", "_^{", "%", "مكتبة", "好"]


def random_weights(rows: int, columns: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).dirichlet(np.ones(columns), rows)


def lines_of(root: ElementTree.Element) -> NDArray[np.float64]:
    """(lines, 2 ends, 2) of the grid."""
    listed = [line.get("points", "").split() for line in root.iter(f"{SVG}polyline")]
    return np.array([[[float(number) for number in end.split(",")] for end in line] for line in listed])


def number(element: ElementTree.Element, name: str) -> float:
    return float(element.get(name, ""))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 5), (60, 60)])
def test_each_weight_is_a_square_between_its_tokens(rows: int, columns: int) -> None:
    weights = random_weights(rows, columns)
    source, written = [f"s{index}" for index in range(columns)], [f"w{index}" for index in range(rows)]
    root = ElementTree.fromstring(attention_grid(source, written, weights))
    at = {text.text: text for text in root.iter(f"{SVG}text")}
    found = np.zeros((rows, columns))
    for square in root.iter(f"{SVG}rect"):
        x, y, side = (number(square, name) for name in ("x", "y", "width"))
        # A name stands in the middle of its row; that of a column in the middle, or, turned, beginning there.
        (row,) = (k for k, name in enumerate(written) if y < number(at[name], "y") < y + side)
        (column,) = (k for k, name in enumerate(source) if x < number(at[name], "x") < x + side)
        found[row, column] = number(square, "fill-opacity")
    assert np.abs(found - weights).max() <= 0.0051, "opacities are written with two digits"
    assert len(lines_of(root)) == rows + 1 + columns + 1
    assert at["source"] is not None and at["written"] is not None


@pytest.mark.parametrize(
    ("source", "written", "turned"),
    [
        (["Haus"], ["house"], False),
        (["Donaudampfschifffahrt"], ["a"], True),
        (["a", "Donaudampfschifffahrt", "b"], ["word"] * 9, True),
        ([f"Wort{index}" for index in range(60)], ["Wort"] * 50, True),
        (list("我喜欢喝茶。"), ["▁I", "▁like"], False),
        (["书店", "书"], ["مكتبة"], False),
        (["كتاباتهم", "."], ["their", "writings"], True),
        (["x" * 99], ["y" * 99], True),
        (ODD, ODD, True),
    ],
)
def test_all_is_in_sight(source: list[str], written: list[str], turned: bool) -> None:
    root = ElementTree.fromstring(attention_grid(source, written, random_weights(len(written), len(source))))
    _, _, width, height = map(float, root.get("viewBox", "").split())
    texts = list(root.iter(f"{SVG}text"))
    assert any(f"rotate(-{STEEP:g} " in text.get("transform", "") for text in texts) is turned
    for text in texts:
        long, turn = width_of(text.text or ""), radians(float(text.get("transform", "rotate(0 ").split()[0][7:]))
        start = {"start": 0.0, "middle": -long / 2, "end": -long}[text.get("text-anchor", "")]
        for end in (start, start + long):
            assert 0 <= number(text, "x") + end * cos(turn) <= width
            assert 0 <= number(text, "y") + end * sin(turn) <= height
    ends = lines_of(root)
    assert ends.min() > 0 and ends[..., 0].max() < width and ends[..., 1].max() < height
    assert width >= 480, "few tokens are not stretched"


def test_tokens_are_shown_as_what_can_be_seen() -> None:
    root = ElementTree.fromstring(attention_grid([*ODD, "x" * 99], ["a"], random_weights(1, len(ODD) + 1)))
    shown = [text.text or "" for text in root.iter(f"{SVG}text")][: len(ODD) + 1]
    assert shown[:6] == ["$\\frac$", "␣", "↵", "<b>", "◌\u0301", "\ufffd"]
    assert shown[6:10] == ["a␣b", "&amp;", "\ufffd", "◌\u202e"]
    assert shown[10:] == ["_^{", "%", "مكتبة", "好", "x" * (LONGEST - 1) + "…"]


@pytest.mark.parametrize("shape", [(2, 3), (3, 2, 1), (0, 2)])
def test_weights_of_another_shape_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    written = [] if shape[0] == 0 else ["a", "b", "c"]
    with pytest.raises(ShapeError, match=rf"\({len(written)}, 2\).* not \({shape[0]}, "):
        attention_grid(["x", "y"], written, np.zeros(shape))
    with pytest.raises(ShapeError, match="weights are"):
        attention_image(tmp_path / "a.png", ["x", "y"], written, np.zeros(shape))


def squares(path: Path, weight: float) -> NDArray[np.int64]:
    """(pixels, 2) row and column of what has the colour of a weight."""
    picture = imread(path)[..., :3]
    return np.argwhere((np.abs(picture - (1 - weight * (1 - ORANGE))) < 0.02).all(-1))


@pytest.mark.parametrize("weight", [1.0, 0.5, 0.25])
def test_an_image_has_the_colours_of_the_light_page(weight: float, tmp_path: Path) -> None:
    attention_image(tmp_path / "a.png", ["Haus"], ["house"], np.array([[weight]]))
    assert len(squares(tmp_path / "a.png", weight)) == pytest.approx((28 * 160 / 72) ** 2, rel=0.1)


def test_an_image_has_its_rows_from_above_and_its_columns_from_the_left(tmp_path: Path) -> None:
    middles: dict[tuple[int, int], NDArray[np.float64]] = {}
    for row, column in np.ndindex(2, 3):
        weights = np.zeros((2, 3))
        weights[row, column] = 1.0
        attention_image(tmp_path / "a.png", ["a", "b", "c"], ["x", "y"], weights)
        middles[row, column] = squares(tmp_path / "a.png", 1.0).mean(0)
    side = 28 * 160 / 72
    for (row, column), middle in middles.items():
        assert middle - middles[0, 0] == pytest.approx([row * side, column * side], abs=2)


def test_an_image_of_odd_tokens_is_drawn_in_silence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    attention_image(tmp_path / "a.png", ODD, ODD[::-1], random_weights(len(ODD), len(ODD)))
    assert imread(tmp_path / "a.png").shape[0] > 28 * len(ODD)
    assert "findfont" not in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"], "nothing is left beside it"


def test_an_image_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"cannot write .*a\.png"):
        attention_image(tmp_path / "no" / "a.png", ["a"], ["b"], np.ones((1, 1)))


def test_an_image_leaves_pyplot_alone(tmp_path: Path) -> None:
    draws = f"attention_image(Path({str(tmp_path / 'a.png')!r}), ['a'], ['b'], np.ones((1, 1)))"
    imports = "import sys, numpy as np; from pathlib import Path"
    ours = "from throughtime.tasks.translate.pictures import attention_image"
    code = f"{imports}\n{ours}\n{draws}\nprint({{'torch', 'matplotlib.pyplot'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "set()", done.stderr


def test_a_card_shows_a_text_beside_its_references() -> None:
    grid = attention_grid(["<"], ["&"], np.ones((1, 1)))
    root = ElementTree.fromstring(card("a < b", ["b > a", "b &amp; a"], "مكتبة\x00", 0.25, grid, name="chrf"))
    assert root.get("class") == "sample"
    assert [each.text for each in root.iter("header")] == ["chrF 0.250"]
    texts = zip(root.iter("dt"), root.iter("dd"), strict=True)
    assert [(what.text, text.text) for what, text in texts] == [
        ("source", "a < b"),
        ("right", "b > a"),
        ("right", "b &amp; a"),
        ("written", "مكتبة\ufffd"),
    ]
    assert {text.get("dir") for text in root.iter("dd")} == {"auto"}
    assert len(list(root.iter(f"{SVG}rect"))) == 1
    assert ElementTree.fromstring(card("a", ["b"], "c", 1.0, "")).find("header") is not None
