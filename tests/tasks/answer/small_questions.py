"""Small problems for what answers questions, and options that make a fit of them take a moment."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import throughtime as tt
from throughtime.data.demos.stories import one_fact
from throughtime.training.reporter import SilentReporter

TINY: dict[str, Any] = {
    "hidden": 6, "embedding": 5, "batch_size": 8, "steps": 2, "average": 0.0, "sample_every": 0, "rival": False,
    "spelling": 3,
}  # fmt: skip
"""Learns nothing."""
WELL: dict[str, Any] = {
    **TINY, "hidden": 24, "embedding": 24, "batch_size": 32, "learning_rate": 0.02, "warmup": 20, "dropout": 0.0,
    "word_dropout": 0.0, "spelling": 0, "validate_every": 10**6,
}  # fmt: skip
"""Learns what is easy."""
COLOURS = ("red", "blue", "green", "grey", "pink", "black")
THINGS = ("car", "house", "hat", "bird", "door", "cup", "bag", "shoe")


def coloured(count: int, *, none: bool = False) -> list[dict[str, Any]]:
    """Things with a colour of two words each: ``the car is very red , ...``; of some of them none is asked."""
    random, rows = Random(3), list[dict[str, Any]]()
    for _ in range(count):
        things = random.sample(THINGS, 4)
        said = {thing: f"{random.choice(('very', 'quite'))} {random.choice(COLOURS)}" for thing in things[:3]}
        context = ", ".join(f"the {thing} is {colour}" for thing, colour in said.items())
        thing = random.choice(things if none else things[:3])
        start = context.index(f"the {thing} is ") + len(f"the {thing} is ") if thing in said else None
        answer = {"answer": said.get(thing, ""), "answer_start": start}
        rows.append({"context": context, "question": f"How is the {thing}?", **answer})
    return rows


def stories(path: Path, count: int) -> Path:
    random, lines = Random(5), list[str]()
    for _ in range(count):
        story = one_fact(random)
        lines += [f"{number} {text}" for number, text in enumerate(story.statements, 1)]
        facts = " ".join(str(fact + 1) for fact in story.facts)
        lines.append(f"{len(story.statements) + 1} {story.question}\t{story.answer}\t{facts}")
    path.write_text("\n".join(lines) + "\n")
    return path


def fit(data: Any, **options: Any) -> tt.Run:
    return tt.fit("answer", data, reporter=SilentReporter(), **{"device": "cpu", **TINY, **options})
