"""The telephone game: a word is whispered at the first step, much is said after it, and it is asked for at the last."""

from __future__ import annotations

import random
from pathlib import Path

from throughtime.data.demos.making import Files, writing

__all__ = ["LENGTH", "WORDS", "telephone"]

WORDS, NOISE = "abcd", "stuvwxyz"
"""What may be whispered, and what is said after it."""
LENGTH = 40
"""Steps of a game."""
LEARNED, HELD_OUT = 4000, 400
"""Games to learn from, and to see who remembers."""


def telephone(folder: Path) -> Files:
    """Write games, a letter for each step; what was whispered is the label.

    Args:
        folder: where they are written.

    Returns:
        The games to learn from, and those to validate on.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as scratch:
        ...     (games,), _ = telephone(Path(scratch))
        ...     text, word = games.read_text().splitlines()[1].split(",")
        >>> len(text), text[0] == word
        (40, True)
    """
    rng = random.Random(0)
    files: list[Path] = []
    for name, count in (("games.csv", LEARNED), ("new-games.csv", HELD_OUT)):
        with writing(folder / name) as file:
            rows = "".join(f"{_game(rng)}\n" for _ in range(count))
            file.write(f"text,label\n{rows}".encode())
        files.append(folder / name)
    return files[:1], files[1:]


def _game(rng: random.Random) -> str:
    word = rng.choice(WORDS)
    return f"{word}{''.join(rng.choices(NOISE, k=LENGTH - 1))},{word}"
