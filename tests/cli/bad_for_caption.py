"""Data that ``throughtime fit caption`` must refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from bad_data import Bad, after, cut, raw
from PIL import Image


def pictures() -> None:
    """A folder of twelve pictures with their captions, and a table of the same."""
    Path("d").mkdir()
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 256, (4, 4, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(f"d/{number}.png")
        Path(f"d/{number}.txt").write_text(f"a thing {number}\n")
    rows = "".join(f"d/{number}.png,a thing {number}\n" for number in range(12))
    Path("t.csv").write_text(f"image,caption\n{rows}")


def row(text: str) -> Callable[[], object]:
    """The table with one row more."""

    def add() -> None:
        with Path("t.csv").open("a") as file:
            file.write(text)

    return after(pictures, add)


def grids(*shapes: tuple[int, ...]) -> None:
    Path("g").mkdir()
    for number, shape in enumerate(shapes):
        np.savez(f"g/{number}.npz", grid=np.full(shape, float(number)))
        Path(f"g/{number}.txt").write_text("a thing\n")


CASES: dict[str, Bad] = {
    "a picture without a caption": Bad(
        after(pictures, lambda: Path("d/4.txt").unlink()), "d",
        ("d/4.png", "a picture without a caption", "write it into 4.txt beside it"), skips=1,
    ),
    "an empty caption": Bad(
        after(pictures, raw("d/4.txt", b" \n\n")), "d", ("d/4.png", "4.txt is empty"), skips=1,
    ),
    "a caption without a picture": Bad(
        after(pictures, raw("d/x.txt", b"a thing\n")), "d",
        ("d/x.txt", "captions without a picture", "put x.png beside it, or leave it out"), skips=1,
    ),
    "a broken picture": Bad(
        after(pictures, raw("d/4.png", b"\x89PNG and nothing more")), "d",
        ("d/4.png", "not an image that can be read", "save it again"), skips=1,
    ),
    "a picture that was cut off": Bad(
        after(pictures, lambda: cut("d/4.png", 60)), "d", ("d/4.png", "save it again"), skips=1,
    ),
    "two pictures of a name": Bad(
        after(pictures, lambda: Image.new("RGB", (4, 4)).save("d/4.bmp")), "d",
        ("d/4.png", "has the name of 4.bmp", "rename one"), skips=1,
    ),
    "something else in the folder": Bad(
        after(pictures, raw("d/notes.md", b"x")), "d", ("d/notes.md", "neither a picture nor the text of one"), skips=1,
    ),
    "an empty folder": Bad(lambda: Path("d").mkdir(), "d", ("d: no picture", "put pictures there")),
    "no folder": Bad(pictures, "no", ("no such file: no",)),
    "one picture": Bad(pictures, "d/4.png", ("1 record is too little to hold out", "--valid")),
    "a row without a picture": Bad(row(",a thing\n"), "t.csv", ("t.csv: line 14", "'image' is empty"), skips=1),
    "a row without a caption": Bad(row("d/4.png,\n"), "t.csv", ("t.csv: line 14", "'caption' is empty"), skips=1),
    "a row with a picture that is not there": Bad(
        row("d/x.png,a thing\n"), "t.csv", ("t.csv: line 14", "d/x.png: no such file"), skips=1,
    ),
    "a row with a text in place of a picture": Bad(
        row("d/4.txt,a thing\n"), "t.csv", ("t.csv: line 14", "d/4.txt: no picture"), skips=1,
    ),
    "no usual name of a column": Bad(
        after(pictures, lambda: Path("t.csv").write_text(Path("t.csv").read_text().replace("image", "what"))), "t.csv",
        ("t.csv has no column with a usual name for the file", "--file-column"),
    ),
    "grids of two shapes": Bad(
        lambda: grids((2, 2, 8), (2, 2, 8), (2, 3, 8), *[(2, 2, 8)] * 9), "g",
        ("g/2.npz", "it is a grid of (2, 3) places", "(2, 2)"), skips=1,
    ),
    "grids of other features": Bad(
        lambda: grids((2, 2, 8), (2, 2, 9), *[(2, 2, 8)] * 9), "g", ("g/1.npz", "it has 9 channels, not 8"), skips=1,
    ),
    "a grid that is none": Bad(
        lambda: grids((2, 2, 8), (8,), *[(2, 2, 8)] * 9), "g", ("g/1.npz", "has shape (8,), not (H, W, C)"), skips=1,
    ),
}  # fmt: skip
