"""Every memory task of the benchmark, with the settings that learn it and what papers report of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

from throughtime.bench.memory.measures import ACCURACY, RECALL, SQUARED_ERROR, STRINGS
from throughtime.bench.memory.published import PUBLISHED
from throughtime.bench.memory.task import MemoryTask
from throughtime.data.memory.adding import Adding
from throughtime.data.memory.agreement import Agreement
from throughtime.data.memory.copying import Copy, SelectiveCopy
from throughtime.data.memory.counting import Brackets, CountedRuns
from throughtime.data.memory.pixels import PixelDigits
from throughtime.data.memory.recall import AssociativeRecall
from throughtime.data.memory.regular import AUTOMATA, RegularLanguage
from throughtime.data.memory.source import Length
from throughtime.errors import UnknownNameError

__all__ = ["TASKS", "task_called"]


def _adding() -> Iterator[MemoryTask]:
    yield MemoryTask(
        name="adding",
        summary="two numbers of a long sequence are marked: what is their sum?",
        task="classify",
        source=Adding,
        measure=SQUARED_ERROR,
        length=200,
        tested=(200,),
        options={
            "target_type": "number", "hidden": 64, "embedding": 16, "learning_rate": 5e-3, "steps": 800,
        },
        of_cell={"rnn": {"learning_rate": 1e-3}},
        published=PUBLISHED["adding"],
    )  # fmt: skip


def _copying() -> Iterator[MemoryTask]:
    shared: dict[str, Any] = {"task": "tag", "measure": RECALL, "length": 100, "tested": (100,), "cells": ("gru",)}
    options = {"hidden": 128, "embedding": 16, "learning_rate": 6e-3, "batch_size": 32, "steps": 8000}
    yield MemoryTask(
        name="copy",
        summary="ten symbols, a long blank, and the ten symbols again",
        source=Copy,
        shortest=1,
        called="blanks",
        examples=40_000,
        options=options,
        published=PUBLISHED["copy"],
        **shared,
    )
    yield MemoryTask(
        name="selective-copy",
        summary="ten symbols anywhere among blanks, and then the ten in their order",
        source=SelectiveCopy,
        shortest=10,
        examples=40_000,
        options=options,
        published=PUBLISHED["selective-copy"],
        **shared,
    )


def _regular() -> Iterator[MemoryTask]:
    for name, automaton in AUTOMATA.items():
        yield MemoryTask(
            name=name,
            summary=automaton.summary,
            task="classify",
            source=partial(RegularLanguage, language=name),
            measure=ACCURACY,
            length=40,
            shortest=1,
            tested=(40, 100, 500),
            examples=60_000,
            chrono=0,
            options={
                "unit": "characters", "hidden": 64, "embedding": 16, "learning_rate": 3e-3, "label_smoothing": 0.0,
                "steps": 8000,
            },
            published=PUBLISHED.get(name, ()),
        )  # fmt: skip


def _counting() -> Iterator[MemoryTask]:
    options = {"hidden": 16, "embedding": 8, "learning_rate": 2e-2, "batch_size": 32, "steps": 4000}
    for name, symbols in (("anbn", "ab"), ("anbncn", "abc")):
        yield MemoryTask(
            name=name,
            summary=f"as many {' as '.join(symbols)}: what may come next at each step?",
            task="tag",
            source=partial(CountedRuns, symbols=symbols),
            measure=STRINGS,
            length=50,
            shortest=1,
            tested=(50, 100, 200),
            each=True,
            called="n",
            chrono=len(symbols),
            options=options,
            published=PUBLISHED[name],
        )
    for kinds in (1, 2):
        yield MemoryTask(
            name=f"dyck-{kinds}",
            summary=f"brackets of {kinds} kind{'s' if kinds > 1 else ''}: which may close at each step?",
            task="tag",
            source=partial(Brackets, kinds=kinds),
            measure=STRINGS,
            length=50,
            shortest=2,
            tested=(50, 100, 200),
            chrono=4,
            options={**options, "learning_rate": 1e-2, **({"hidden": 64, "steps": 8000} if kinds > 1 else {})},
            published=PUBLISHED.get(f"dyck-{kinds}", ()),
        )


def _recall() -> Iterator[MemoryTask]:
    yield MemoryTask(
        name="recall",
        summary="four pairs of key and value, then each key again: which value?",
        task="tag",
        source=AssociativeRecall,
        measure=RECALL,
        length=16,
        tested=(16, 32, 64),
        called="steps of asking",
        examples=60_000,
        options={"hidden": 128, "embedding": 32, "learning_rate": 5e-3, "batch_size": 32, "steps": 16_000},
        published=PUBLISHED["recall"],
    )


def _pixels() -> Iterator[MemoryTask]:
    for permuted in (False, True):
        yield MemoryTask(
            name="permuted-pixels" if permuted else "pixels",
            summary=f"a digit of 8 x 8 pixels, one a step, in {'a mixed' if permuted else 'the usual'} order: which?",
            task="classify",
            source=partial(_digits, permuted),
            measure=ACCURACY,
            length=64,
            tested=(64,),
            fixed=True,
            called="pixels",
            options={
                "hidden": 128, "embedding": 32, "learning_rate": 3e-3, "label_smoothing": 0.0, "average": 0.998,
                "steps": 2500,
            },
            published=PUBLISHED["pixels"],
        )  # fmt: skip


def _digits(permuted: bool, count: int, *, length: Length, seed: int, part: Any) -> PixelDigits:
    """All digits of a part, whatever count and length are asked for."""
    return PixelDigits(permuted=permuted, seed=seed, part=part)


def _sentences() -> Iterator[MemoryTask]:
    yield MemoryTask(
        name="agreement",
        summary="sentences whose next word was decided long before: is or are, and which language?",
        task="classify",
        source=Agreement,
        measure=ACCURACY,
        length=50,
        shortest=1,
        tested=(5, 10, 20, 30, 40, 50),
        called="words between",
        cells=("lstm", "rnn"),
        options={
            "unit": "words", "hidden": 64, "embedding": 32, "learning_rate": 5e-3, "label_smoothing": 0.0,
            "steps": 1200,
        },
        of_cell={"rnn": {"learning_rate": 1e-3, "init": "orthogonal", "steps": 3000}},
        published=PUBLISHED["agreement"],
    )  # fmt: skip


TASKS: dict[str, MemoryTask] = {
    task.name: task
    for task in chain(_adding(), _copying(), _regular(), _counting(), _recall(), _pixels(), _sentences())
}
"""Memory tasks by name, in the order of the list."""


def task_called(name: str) -> MemoryTask:
    """Find a memory task.

    Args:
        name: its name.

    Returns:
        The task.

    Raises:
        UnknownNameError: there is none of that name.

    Example:
        >>> task_called("adding").learned(200), task_called("parity").learned(40)
        (200, (1, 40))
    """
    if name not in TASKS:
        raise UnknownNameError("memory task", name, TASKS)
    return TASKS[name]
