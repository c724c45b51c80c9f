"""The pictures of the demo ``caption``: four handwritten digits each, and a sentence that says which stands where.

Source and licence: the digits are those of the demo ``digits`` (Alpaydin and Kaynak 1998, CC BY 4.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.demos.digits import divided_digits
from throughtime.data.demos.making import Files, lent, writing

__all__ = ["captioned_digits", "sentence_of"]

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ALIKE = 0.25
"""Share of the digits that are drawn to be the same as the one above them or to the left of them."""


def captioned_digits(folder: Path, *, train: int = 8_000, valid: int = 1_000, seed: int = 0) -> Files:
    """Write pictures of four handwritten digits, 2 x 2, and a table with a sentence about each.

    No digit of those to validate on stands in a picture to learn from.

    Args:
        folder: where the files go.
        train: pictures to learn from.
        valid: pictures to validate on.
        seed: of which digits stand where.

    Returns:
        Two tables, columns image and caption; the images of 16 x 16 pixels lie in folders beside them.

    Raises:
        UsageError: scikit-learn or Pillow is not installed.
    """
    image = lent("PIL.Image", "Pillow")
    train_images, valid_images, images, labels = divided_digits(seed)
    random = np.random.default_rng(seed)
    tables: list[list[Path]] = []
    for name, own, count in (("train", train_images, train), ("valid", valid_images, valid)):
        of_digit = [[place for place in own if labels[place] == digit] for digit in range(10)]
        lines = ["image,caption"]
        for number in range(count):
            digits = _draw(random)
            chosen = [images[random.choice(of_digit[digit])] for digit in digits]
            place = f"{name}/{number:05}.png"
            with writing(folder / place) as file:
                image.fromarray(np.block([chosen[:2], chosen[2:]])).save(file, format="png")
            lines.append(f'{place},"{sentence_of(digits)}"')
        table = folder / f"captions-{name}.csv"
        with writing(table) as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
        tables.append([table])
    return tables[0], tables[1]


def _draw(random: np.random.Generator) -> list[int]:
    """Draw four digits, row by row; now and then one is as that above it, or the right side as the left one."""
    first, second, third, fourth = random.integers(0, 10, 4).tolist()
    alike = (random.random(3) < ALIKE).tolist()
    third, fourth = first if alike[0] else third, second if alike[1] else fourth
    return [first, first, third, third] if alike[2] else [first, second, third, fourth]


def sentence_of(digits: Sequence[int]) -> str:
    """Say which digits stand where: the left column, then the right one, in the shortest way there is.

    Args:
        digits: upper left, upper right, lower left, lower right.

    Returns:
        The one sentence that is right.

    Example:
        >>> sentence_of([3, 8, 7, 2]), sentence_of([3, 1, 3, 2])
        ('a three above a seven , then an eight above a two', 'two threes , then a one above a two')
        >>> sentence_of([5, 5, 6, 6]), sentence_of([6, 6, 6, 6])
        ('twice a five above a six', 'four sixes')
    """
    left, right = (digits[0], digits[2]), (digits[1], digits[3])
    if len(set(digits)) == 1:
        return f"four {_plural(digits[0])}"
    if left == right:
        return f"twice {_column(left)}"
    return f"{_column(left)} , then {_column(right)}"


def _column(pair: tuple[int, int]) -> str:
    above, below = pair
    return f"two {_plural(above)}" if above == below else f"{_one(above)} above {_one(below)}"


def _one(digit: int) -> str:
    return f"{'an' if NAMES[digit][0] in 'aeiou' and digit != 1 else 'a'} {NAMES[digit]}"


def _plural(digit: int) -> str:
    return "sixes" if digit == 6 else f"{NAMES[digit]}s"
