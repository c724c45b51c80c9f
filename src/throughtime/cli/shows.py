"""What a demo shows at its end: the network at work on data that it has not learned from."""

from __future__ import annotations

import inspect
import io
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["show_clip", "show_code", "show_digits", "show_names", "show_text"]

NAMES = ("Virtanen", "Rossi", "Horvat", "Andersson", "García", "Smith", "de Vries", "Dubois", "Müller", "Novák")
"""Surnames to try, whether or not they are in the lists."""
SHADES = " .:-=+*#%@"
COLOURS = {
    "keyword": "bold magenta",
    "string": "green",
    "number": "cyan",
    "operator": "dim",
    "comment": "dim italic",
    "function": "bold yellow",
    "class": "bold yellow",
    "parameter": "bright_red",
    "argument": "red",
    "call": "blue",
    "method": "blue",
    "attribute": "bright_blue",
    "assigned": "bold",
    "module": "bright_cyan",
    "imported": "bright_cyan",
    "name": "",
}
"""What a token is -> how it is written."""


def show_text(console: Console, run: Any, data: Path) -> None:
    """Show a text that the network writes, and its score.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    console.rule("a sample")
    console.print(run.generate(length=400, temperature=0.7, seed=1), markup=False, soft_wrap=True)
    console.rule()
    bits = run.metrics["bits_per_character"]
    console.print(f"validation: {bits:.3f} bits per character (a uniform guess over bytes would need 8)", markup=False)


def show_names(console: Console, run: Any, data: Path) -> None:
    """Say where some surnames are from.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    table = Table("surname", "most likely", "next", box=None)
    for name, prediction in zip(NAMES, run.predict(list(NAMES)), strict=True):
        ranked = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])
        table.add_row(name, *(f"{country} {share:.0%}" for country, share in ranked[:2]))
    console.print(table)
    _accuracy(console, run, f"a guess is right once in {len(run.model.labels)}")


def show_digits(console: Console, run: Any, data: Path) -> None:
    """Draw some digits with what was read.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    from throughtime.data.image import load_image
    from throughtime.data.record import Reading

    paths = sorted((data / "valid").rglob("*.png"))[::60][:6]
    pictures = [load_image(path, Reading(), console.print) for path in paths]
    for rows in zip(*pictures, strict=True):
        console.print("   ".join(_shaded(row, 2) for row in rows), markup=False)
    found = run.predict(pictures)
    said = [f"read as {each.value} ({each.probability:.0%})" for each in found]
    console.print("   ".join(text.ljust(len(pictures[0][0]) * 2) for text in said), markup=False)
    _accuracy(console, run, "a guess is right once in 10")


def show_code(console: Console, run: Any, data: Path) -> None:
    """Colour the source of a function by what the network says of each token.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    source = inspect.getsource(_example)
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.string.strip()]
    lines: dict[int, list[tokenize.TokenInfo]] = {}
    for token in tokens:
        lines.setdefault(token.start[0], []).append(token)
    found = run.predict([{"tokens": [token.string for token in line]} for line in lines.values()])
    for line, prediction in zip(lines.values(), found, strict=True):
        console.print(_coloured(line, prediction.value))
    console.print(Text("  ").join(Text(name, style) for name, style in COLOURS.items()))
    _accuracy(console, run, "of the tokens of modules it has not seen")


def _example(path: str, limit: int = 10) -> list[str]:
    """Give the longest words of a file."""
    with open(path, encoding="utf-8") as file:
        words = set(file.read().split())  # each once
    ranked = sorted(words, key=len, reverse=True)
    return [word.strip(".,") for word in ranked[:limit]]


def _coloured(line: list[tokenize.TokenInfo], tags: tuple[str, ...]) -> Text:
    text = Text()
    for token, tag in zip(line, tags, strict=True):
        text.append(" " * max(0, token.start[1] - len(text.plain)))
        text.append(token.string, COLOURS.get(tag, ""))
    return text


def show_clip(console: Console, run: Any, data: Path) -> None:
    """Draw every fifth frame of a clip with what was said of it.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    from throughtime.data.arrays import read_array_clips
    from throughtime.data.record import Problems, Reading

    found = read_array_clips(data / "moving-valid.npz", Reading(per_step=True), Problems(), targets=True)
    clip: Any = next(found)
    frames, labels, side = clip.content, clip.target, int(clip.content.shape[1] ** 0.5)
    said = run.predict([frames])[0].value
    shown = range(0, len(frames), 5)
    for row in range(0, side, 2):
        cut = slice(row * side, (row + 1) * side)
        console.print("     ".join(_shaded(frames[index][cut], 1) for index in shown), markup=False)
    console.print("".join(f"{said[index]}".ljust(side + 5) for index in shown), markup=False)
    right = sum(a == b for a, b in zip(said, labels, strict=True))
    console.print(f"{right} of the {len(labels)} frames of this clip are right, digit and direction", markup=False)
    _accuracy(console, run, "of the frames of digits it has not seen")


def _shaded(row: Iterable[float], width: int) -> str:
    return "".join(SHADES[int(9 * shade)] * width for shade in row)


def _accuracy(console: Console, run: Any, beside: str) -> None:
    console.print(f"\nvalidation: {run.metrics['accuracy']:.1%} right ({beside})", markup=False)
