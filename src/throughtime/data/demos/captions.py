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
            digits: list[int] = random.integers(0, 10, 4).tolist()
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


def sentence_of(digits: Sequence[int]) -> str:
    """Say which digits stand where: the left column, then the right one.

    Args:
        digits: upper left, upper right, lower left, lower right.

    Returns:
        The one sentence that is right.

    Example:
        >>> sentence_of([3, 8, 7, 1])
        'a three above a seven , then an eight above a one'
    """
    upper_left, upper_right, lower_left, lower_right = map(_named, digits)
    return f"{upper_left} above {lower_left} , then {upper_right} above {lower_right}"


def _named(digit: int) -> str:
    return f"{'an' if digit == 8 else 'a'} {NAMES[digit]}"
