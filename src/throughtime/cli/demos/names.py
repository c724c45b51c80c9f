"""The demo ``names``: an LSTM tells from the letters of a surname where it is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from throughtime.cli.demos.demo import Demo
from throughtime.cli.demos.showing import count_pairs, predictions_of, records_of, say, share_right
from throughtime.data.demos.making import Files

__all__ = ["DEMO"]

NAMES = (
    "Virtanen", "Rossi", "García", "van den Berg", "Kovačić", "Chatterjee", "Dubois", "Smith", "Tolkien", "Nguyen",
    "Zzyzx",
)  # fmt: skip
"""Surnames to try: some as one knows them, some from nowhere near."""


def _data(folder: Path) -> Files:
    """Write surnames of twelve countries."""
    from throughtime.data.demos.names import names_by_country  # loads numpy

    return names_by_country(folder)


def _show(console: Console, run: Any, data: Path) -> None:
    """Say how well each country is told by its surnames, and where some well-known and unlikely ones are from."""
    found = predictions_of(run, data / "names-valid.csv")
    said = count_pairs((record.target, prediction.value) for record, prediction in found)
    say(console, "\nSurnames it has not seen: the share that it gives to the right country", "bold")
    for country in sorted(said, key=lambda name: -said[name][name] / said[name].total()):
        share = said[country][country] / said[country].total()
        wrong = [name for name, _ in said[country].most_common() if name != country]
        taken = f"else mostly {wrong[0]}" if wrong else ""
        say(console, f"  {country:<12} {'█' * round(20 * share):<20} {share:4.0%}  {taken}".rstrip())
    learned = {record.content for record in records_of(run, data / "names-train.csv")}
    say(console, "\nSurnames to try (* it has learned from); it must choose a country", "bold")
    for name, prediction in zip(NAMES, run.predict(list(NAMES)), strict=True):
        ranked = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])[:3]
        guesses = "".join(f"{f'{country} {share:.0%}':<18}" for country, share in ranked)
        say(console, f"  {name:<13}{'*' if name in learned else ' '} {guesses}".rstrip())
    right = share_right(record.target == prediction.value for record, prediction in found)
    say(console, f"\n{right:.1%} of {len(found)} surnames right; a blind guess: {1 / len(said):.1%}", "bold")


DEMO = Demo(
    task="classify",
    summary="an LSTM tells from the letters of a surname which of twelve countries it is from",
    source="up to 400 surnames of each country from the lists of Faker (MIT licence), none that two of them share",
    data=_data,
    options={"target_column": "country", "epochs": 30, "sample_every": 500},
    max_minutes=3,
    show=_show,
    next=(
        "echo Lindqvist | throughtime predict {run} - --probabilities",
        "throughtime evaluate {run} {data}/names-valid.csv",
        "throughtime fit classify YOUR_TABLE.csv --target-column COLUMN --out runs/mine",
    ),
)
