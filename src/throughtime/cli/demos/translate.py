"""The demo ``translate``: an LSTM reads dates in forty languages, and another writes them as ISO dates."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import predictions_of, say, share_right
from throughtime.data.demos.dates import dates_in_languages

__all__ = ["DEMO"]

SHOWN = ("English", "French", "Hungarian", "Greek", "Armenian", "Arabic", "Bangla", "Thai", "Japanese")
"""Languages of which a date is shown: of other scripts, and of other orders of day, month and year."""
LOOKED_AT = ("English", "Greek")
"""Languages of which is shown where the network looks: their letters are one cell of a terminal wide."""
SHADES = " ░▒▓█"


def _show(console: Console, run: Any, data: Path) -> None:
    """Say what is written for dates of several languages, where it looks meanwhile, and which languages it knows."""
    by_language: defaultdict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for record, prediction in predictions_of(run, data / "dates-valid.tsv"):
        by_language[record.original["language"]].append((record, prediction))
    for found in by_language.values():
        found.sort(key=lambda pair: len(pair[0].content))
    say(console, "\nDates it has not seen in any language: what it writes, and what is right", "bold")
    for language in filter(by_language.__contains__, SHOWN):
        record, prediction = by_language[language][len(by_language[language]) // 2]
        verdict = "✓" if _is_right(record, prediction) else "✗"
        right = f"{record.target.right[0]} {verdict}"
        say(console, f"  {prediction.value:<10}  {right}  {language:<9}  {record.content}")
    for language in filter(by_language.__contains__, LOOKED_AT):
        _, prediction = by_language[language][-1]
        if prediction.attention is not None:
            say(console, f"\nWhere it looks (across) for what it writes (down), {language}", "bold")
            _grid(console, prediction)
    shares = {name: share_right(_is_right(*pair) for pair in found) for name, found in by_language.items()}
    say(console, "\nThe languages it knows least: the share that it gets right", "bold")
    for language in sorted(shares, key=lambda name: (shares[name], name))[:5]:
        say(console, f"  {language:<12} {'█' * round(20 * shares[language]):<20} {shares[language]:6.1%}")
    everything = [pair for found in by_language.values() for pair in found]
    right = share_right(_is_right(*pair) for pair in everything)
    say(console, f"\n{right:.1%} of {len(everything):,} dates right, in {len(shares)} languages", "bold")


def _is_right(record: Any, prediction: Any) -> bool:
    return prediction.value in record.target.right


def _grid(console: Console, prediction: Any) -> None:
    """Draw the attention: the darker, the more it looks there; the source is above, what is written on the left."""
    source = prediction.source_tokens
    widths = [max(1, cell_len(token)) for token in source]
    above = "".join(token + " " * (width - cell_len(token)) for token, width in zip(source, widths, strict=True))
    say(console, f"    {above}".rstrip())
    for token, row in zip(prediction.tokens, prediction.attention, strict=True):
        shades = "".join(SHADES[round(4 * float(share))] * width for share, width in zip(row, widths, strict=True))
        say(console, f"  {token} {shades}".rstrip())


DEMO = Demo(
    task="translate",
    summary="an LSTM reads a date as any of forty languages writes it, and another writes it as 2021-04-03",
    source="22,000 dates as Babel writes them (BSD licence) with the data of Unicode's CLDR (Unicode licence)",
    data=dates_in_languages,
    options={
        "unit": "characters",
        "hidden": 96,
        "embedding": 64,
        "dropout": 0.05,
        "learning_rate": 4e-3,
        "epochs": 5,
        "sample_every": 500,
    },
    max_minutes=2,
    show=_show,
    next=(
        'echo "3 avril 2021" | throughtime predict {run} -',
        "throughtime predict {run} FILE --plot DIR",
        "throughtime fit translate --source YOURS.de --target YOURS.en --out runs/mine",
    ),
)
