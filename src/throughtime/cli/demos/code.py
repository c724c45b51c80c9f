"""The demo ``code``: an LSTM says of every token of Python what it is there."""

from __future__ import annotations

import inspect
import io
import tokenize
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import count_pairs, hush, predictions_of, records_of, say, share_right
from throughtime.data.demos.python_tokens import python_tokens, token_labels

__all__ = ["DEMO"]

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


def _show(console: Console, run: Any, data: Path) -> None:
    """Colour the source of a function by what the network says of each token; without colours, say it in words."""
    lines: dict[int, list[tokenize.TokenInfo]] = {}
    for token in tokenize.generate_tokens(io.StringIO(inspect.getsource(_example)).readline):
        if token.string.strip():
            lines.setdefault(token.start[0], []).append(token)
    words = [{"tokens": [token.string for token in line]} for line in lines.values()]
    coloured = console.is_terminal and not console.no_color and console.color_system is not None
    say(console, f"\nA function that it has not seen, {'coloured' if coloured else 'marked'} by the network", "bold")
    said = [prediction.value for prediction in run.predict(words, note=hush)]
    for line, labels in zip(lines.values(), said, strict=True):
        console.print(_marked(line, labels, coloured), soft_wrap=True)
    if coloured:
        console.print(Text("  ").join(Text(name, style) for name, style in COLOURS.items()))
    for mistake in _mistakes(lines.values(), said)[:3]:
        say(console, mistake, "italic")
    found = predictions_of(run, data / "tokens-valid.jsonl")
    pairs = [pair for record, prediction in found for pair in zip(record.target, prediction.value, strict=True)]
    wrong = sum(right != said for right, said in pairs)
    usual = _usual_labels(records_of(run, data / "tokens-train.jsonl"))
    guess = share_right(usual.get(word) == label for record, _ in found for word, label in _labelled(record))
    right = f"{1 - wrong / len(pairs):.2%} of {len(pairs):,} tokens right, {wrong:,} wrong, in modules it has not seen"
    say(console, f"\n{right};\neach token's commonest label would be right for {guess:.1%}", "bold")


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
        for word, labels in count_pairs(pair for record in records for pair in _labelled(record)).items()
    }


DEMO = Demo(
    task="tag",
    summary="an LSTM that reads both ways says of every token of Python what it is there",
    source="lines of this Python's own library (PSF licence), labelled by a few rules on top of its tokenize",
    data=python_tokens,
    options={"epochs": 2, "sample_every": 1000, "validate_every": 800},
    max_minutes=3,
    show=_show,
    next=(
        'echo "for word in open ( path ) . read ( ) :" | throughtime predict {run} - --format lines',
        "throughtime evaluate {run} {data}/tokens-valid.jsonl",
        "throughtime fit tag YOUR_FILE.conllu --out runs/mine",
    ),
)
