"""What a demo shows at its end: the network at work on data that it has not learned from."""

from __future__ import annotations

import inspect
import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

__all__ = ["show_clip", "show_code", "show_digits", "show_names", "show_text"]

NAMES = (
    "Virtanen", "Rossi", "García", "van den Berg", "Kovačić", "Chatterjee", "Dubois", "Smith", "Tolkien", "Nguyen",
    "Zzyzx",
)  # fmt: skip
"""Surnames to try: some as one knows them, some from nowhere near."""
SHADES = " ░▒▓█"
HALVES = " ▀▄█"
"""A character for two pixels, one above the other: none, the upper, the lower, both."""
ARROWS = {"up-left": "↖", "up-right": "↗", "down-left": "↙", "down-right": "↘"}
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
PLAIN = frozenset({"keyword", "string", "number", "operator", "comment", "name"})
"""What needs no word where there are no colours."""

Found = list[tuple[Any, Any]]
"""Records with their targets, and what was predicted."""


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
    """Say how well each country is told by its surnames, and where some well-known and unlikely ones are from.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    found = _predicted(run, data / "names-valid.csv")
    said = _counts((record.target, prediction.value) for record, prediction in found)
    _say(console, "\nSurnames it has not seen: the share that it gives to the right country", "bold")
    for country in sorted(said, key=lambda name: -said[name][name] / said[name].total()):
        share = said[country][country] / said[country].total()
        wrong = [name for name, _ in said[country].most_common() if name != country]
        taken = f"else mostly {wrong[0]}" if wrong else ""
        _say(console, f"  {country:<12} {'█' * round(20 * share):<20} {share:4.0%}  {taken}".rstrip())
    learned = {record.content for record in _records(run, data / "names-train.csv")}
    _say(console, "\nSurnames to try (* it has learned from); it must choose a country", "bold")
    for name, prediction in zip(NAMES, run.predict(list(NAMES)), strict=True):
        ranked = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])[:3]
        guesses = "".join(f"{f'{country} {share:.0%}':<18}" for country, share in ranked)
        _say(console, f"  {name:<13}{'*' if name in learned else ' '} {guesses}".rstrip())
    right = _share(record.target == prediction.value for record, prediction in found)
    _say(console, f"\n{right:.1%} of {len(found)} surnames right; a blind guess: {1 / len(said):.1%}", "bold")


def show_digits(console: Console, run: Any, data: Path) -> None:
    """Draw some digits with what was read, those that were read wrongly, and what was read for what.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    found = _predicted(run, data / "valid")
    right = [(record, prediction) for record, prediction in found if record.target == prediction.value]
    wrong = [(record, prediction) for record, prediction in found if record.target != prediction.value]
    for title, chosen in (("Read rightly", right[:: max(1, len(right) // 4)][:4]), ("Read wrongly", wrong[:4])):
        if chosen:
            _say(console, f"\n{title} (and how sure it is)", "bold")
            _beside(console, [_read(record, prediction) for record, prediction in chosen])
    said = _counts((record.target, prediction.value) for record, prediction in found)
    names = sorted(said)
    _say(console, "\nWhat was read (across) for which digit (down)", "bold")
    _say(console, "     " + "".join(f"{name:>4}" for name in names))
    for name in names:
        _say(console, f"  {name:>3}" + "".join(f"{said[name][other] or '·':>4}" for other in names))
    _say(console, f"\n{len(right) / len(found):.1%} of {len(found)} digits right; a blind guess: 10%", "bold")


def _read(record: Any, prediction: Any) -> list[str]:
    """The picture of a digit and, below it, what was read."""
    right = "" if record.target == prediction.value else f", is {record.target}"
    rows = ["".join(SHADES[round(4 * shade)] * 2 for shade in row) for row in record.content]
    return [*rows, f"{prediction.value}{right} ({prediction.probability:.0%})"]


def show_code(console: Console, run: Any, data: Path) -> None:
    """Colour the source of a function by what the network says of each token; without colours, say it in words.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    lines: dict[int, list[tokenize.TokenInfo]] = {}
    for token in tokenize.generate_tokens(io.StringIO(inspect.getsource(_example)).readline):
        if token.string.strip():
            lines.setdefault(token.start[0], []).append(token)
    words = [{"tokens": [token.string for token in line]} for line in lines.values()]
    coloured = console.is_terminal and not console.no_color and console.color_system is not None
    _say(console, f"\nA function that it has not seen, {'coloured' if coloured else 'marked'} by the network", "bold")
    said = [prediction.value for prediction in run.predict(words, note=_hush)]
    for line, labels in zip(lines.values(), said, strict=True):
        console.print(_marked(line, labels, coloured), soft_wrap=True)
    if coloured:
        console.print(Text("  ").join(Text(name, style) for name, style in COLOURS.items()))
    for mistake in _mistakes(lines.values(), said)[:3]:
        _say(console, mistake, "italic")
    found = _predicted(run, data / "tokens-valid.jsonl")
    pairs = [pair for record, prediction in found for pair in zip(record.target, prediction.value, strict=True)]
    wrong = sum(right != said for right, said in pairs)
    usual = _usual_labels(_records(run, data / "tokens-train.jsonl"))
    guess = _share(usual.get(word) == label for record, _ in found for word, label in _labelled(record))
    right = f"{1 - wrong / len(pairs):.2%} of {len(pairs):,} tokens right, {wrong:,} wrong, in modules it has not seen"
    _say(console, f"\n{right};\neach token's commonest label would be right for {guess:.1%}", "bold")


def _example(path: str, limit: int = 10) -> list[str]:
    """Give the longest words of a file."""
    with open(path, encoding="utf-8") as file:
        words = set(file.read().split())  # each once
    ranked = sorted(words, key=len, reverse=True)
    return [word.strip(".,") for word in ranked[:limit]]


def _marked(line: Sequence[tokenize.TokenInfo], tags: Sequence[str], coloured: bool) -> Text:
    """A line with what its tokens are: as colours, or in words behind those for which it is not plain."""
    text, column = Text(), 0
    for token, tag in zip(line, tags, strict=True):
        text.append(" " * max(0, token.start[1] - column))
        text.append(token.string, COLOURS.get(tag, "") if coloured else "")
        if not coloured and tag not in PLAIN:
            text.append(f"‹{tag}›")
        column = token.end[1]
    return text


def _mistakes(lines: Iterable[Sequence[tokenize.TokenInfo]], said: Iterable[Sequence[str]]) -> list[str]:
    """Where the network says otherwise than the rules that the labels come from."""
    from throughtime.data.demos.python_tokens import token_labels

    return [
        f"mistaken in line {token.start[0]}: {token.string} (says {label}, is {right})"
        for line, labels in zip(lines, said, strict=True)
        for token, label, right in zip(line, labels, token_labels(line), strict=True)
        if label != right
    ]


def _labelled(record: Any) -> Iterable[tuple[str, str]]:
    return zip(record.content, record.target, strict=True)


def _usual_labels(records: Iterable[Any]) -> dict[str, str]:
    """The label that each token has most often."""
    return {
        word: labels.most_common(1)[0][0]
        for word, labels in _counts(pair for record in records for pair in _labelled(record)).items()
    }


def show_clip(console: Console, run: Any, data: Path) -> None:
    """Draw frames of a clip, and of one that was misread, with what was said of each.

    Args:
        console: where to show it.
        run: the run.
        data: folder of the demo's data.
    """
    found = _predicted(run, data / "moving-valid.npz")
    wrong = [sum(map(str.__ne__, record.target, prediction.value)) for record, prediction in found]
    _say(console, "\nFrames of a clip that it has not seen, and what it says of each", "bold")
    _frames(console, *found[0], range(8))
    if any(wrong):
        worst = max(range(len(found)), key=lambda index: wrong[index])
        _say(console, f"\nThe clip it reads worst: {wrong[worst]} of {len(found[worst][1].value)} frames wrong", "bold")
        record, prediction = found[worst]
        missed = [index for index, right in enumerate(record.target) if right != prediction.value[index]][:4]
        _frames(console, record, prediction, missed)
    pairs = [
        (right.split(":"), said.split(":"))
        for record, prediction in found
        for right, said in zip(record.target, prediction.value, strict=True)
    ]
    both, digit, way = (_share(right[part] == said[part] for right, said in pairs) for part in (slice(2), 0, 1))
    _say(
        console,
        f"\n{both:.1%} of {len(pairs):,} frames right (digit {digit:.1%}, direction {way:.1%}); a blind guess: 2.5%,\n"
        "and no frame alone shows its direction",
        "bold",
    )


def _frames(console: Console, record: Any, prediction: Any, shown: Iterable[int]) -> None:
    """Draw frames, four in a row."""
    side = int(record.content.shape[1] ** 0.5)
    pictures: list[list[str]] = []
    for index in shown:
        right, said = (labels[index] for labels in (record.target, prediction.value))
        verdict = "✓" if right == said else f"✗ {_arrow(right)}"
        inside = [f"│{row}│" for row in _halves(record.content[index].reshape(side, side))]
        edges = [f"┌{'─' * side}┐", f"└{'─' * side}┘"]
        pictures.append([edges[0], *inside, edges[1], f"{index + 1}: {_arrow(said)} {verdict}"])
    for start in range(0, len(pictures), 4):
        _beside(console, pictures[start : start + 4])


def _arrow(label: str) -> str:
    digit, _, way = label.partition(":")
    return f"{digit} {ARROWS.get(way, way)}"


def _halves(picture: Any) -> list[str]:
    """A picture (H, W) in black and white, two rows in a line; H is even."""
    lit = picture > 0.4
    return [
        "".join(HALVES[int(a) + 2 * int(b)] for a, b in zip(*rows, strict=True))
        for rows in zip(lit[::2], lit[1::2], strict=True)
    ]


def _beside(console: Console, pictures: Sequence[Sequence[str]]) -> None:
    """Print pictures of one height beside each other."""
    widths = [max(map(len, picture)) for picture in pictures]
    for parts in zip(*pictures, strict=True):
        line = "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
        _say(console, line.rstrip())


def _records(run: Any, path: Path) -> list[Any]:
    """Read records with their targets, as the run reads them."""
    from throughtime.data.formats.registry import read_records
    from throughtime.data.record import Problems
    from throughtime.data.user_data import Given

    return list(read_records(Given((path,)), run.model.reading, Problems(note=_hush), targets=True))


def _predicted(run: Any, path: Path) -> Found:
    return list(run.model.predict(_records(run, path)))


def _hush(message: str) -> None:
    """Notes about how data is read are for those who bring their own."""


def _counts(pairs: Iterable[Any]) -> dict[str, Counter[str]]:
    """Count by the first of each pair what the second is."""
    counts: dict[str, Counter[str]] = {}
    for one, other in pairs:
        counts.setdefault(one, Counter())[other] += 1
    return counts


def _share(right: Iterable[bool]) -> float:
    listed = list(right)
    return sum(listed) / len(listed)


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style), soft_wrap=True)
