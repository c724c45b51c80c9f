"""What holds for every memory task: item i is a matter of (seed, part, i), and bad requests get one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from throughtime.data.memory.adding import Adding
from throughtime.data.memory.agreement import Agreement
from throughtime.data.memory.copying import Copy, SelectiveCopy
from throughtime.data.memory.counting import Brackets, CountedRuns
from throughtime.data.memory.pixels import PixelDigits
from throughtime.data.memory.recall import AssociativeRecall
from throughtime.data.memory.regular import RegularLanguage
from throughtime.data.memory.source import MemorySource, checked_length, drawn_length
from throughtime.errors import ThroughtimeError, UnknownNameError, UsageError

DRAWN: list[Callable[..., MemorySource[Any]]] = [
    Adding, Copy, SelectiveCopy, RegularLanguage, CountedRuns, Brackets, AssociativeRecall, Agreement,
]  # fmt: skip
"""Tasks whose items are drawn, not taken from images."""


def plain(item: Any) -> str:
    return repr(tuple(part.tolist() if isinstance(part, np.ndarray) else part for part in item))


@pytest.mark.parametrize("source", [*DRAWN, PixelDigits])
def test_an_item_depends_on_the_seed_the_part_and_its_number_alone(source: Callable[..., MemorySource[Any]]) -> None:
    items = [plain(item) for item in source(count=20, seed=3)]
    assert [plain(source(count=40, seed=3)[index]) for index in reversed(range(20))] == items[::-1], "in any order"
    assert items != [plain(item) for item in source(count=20, seed=4)]
    assert items != [plain(item) for item in source(count=20, seed=3, part="test")]


@pytest.mark.parametrize("source", DRAWN)
def test_no_part_and_no_seed_repeats_the_items_of_another(source: Callable[..., MemorySource[Any]]) -> None:
    long = {"length": 24}
    drawn = [
        {plain(item) for item in source(count=50, seed=seed, part=part, **long)}
        for seed in (0, 1)
        for part in ("train", "valid", "test")
    ]
    if source in (CountedRuns,):  # a^24 b^24 is one string
        return
    assert len(set.union(*drawn)) == sum(map(len, drawn))


def test_a_source_is_a_sequence() -> None:
    source = Adding(5, length=4, seed=1)
    assert len(source) == 5 and len(list(source)) == 5
    assert plain(source[-1]) == plain(source[4])
    assert [plain(item) for item in source[1:4:2]] == [plain(source[1]), plain(source[3])]
    for outside in (5, -6):
        with pytest.raises(IndexError):
            source[outside]


def test_lengths_are_drawn_evenly_from_the_fewest_to_the_most() -> None:
    counts = np.bincount([len(string) for string, _ in RegularLanguage(3000, length=(2, 4))], minlength=6)
    assert counts[[0, 1, 5]].sum() == 0
    assert np.abs(counts[2:5] - 1000).max() < 130, "five standard deviations of 26"
    assert {len(frames) for frames, _ in Adding(9, length=6)} == {6}


def test_lengths_are_checked() -> None:
    assert checked_length((3, 3), least=3) == (3, 3)
    assert drawn_length(np.random.default_rng(0), (7, 7)) == 7
    for bad in (2, (4, 3), (1, 9)):
        with pytest.raises(UsageError, match="the length of this memory task is 3 or more"):
            checked_length(bad, least=3)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Adding(0), "has at least 1 item, not 0"),
        (lambda: Adding(1, seed=-1), "is 0 or more, not -1"),
        (lambda: Adding(1, part="all"), "one of train, valid, test, not 'all'"),  # type: ignore[arg-type]
        (lambda: Adding(1, length=1), "is 2 or more, and not 1"),
        (lambda: Copy(1, length=0), "is 1 or more, and not 0"),
        (lambda: Copy(1, alphabet=27), "1 symbol or more of 2 to 26, not 10 of 27"),
        (lambda: SelectiveCopy(1, length=9), "is 10 or more, and not 9"),
        (lambda: RegularLanguage(1, length=0), "is 1 or more"),
        (lambda: CountedRuns(1, symbols="aba"), "2 different symbols or more, not of 'aba'"),
        (lambda: CountedRuns(1, length=(0, 4)), "the n of this memory task is 1 or more, and not from 0 to 4"),
        (lambda: Brackets(1, kinds=5), "1 to 4 kinds of brackets, not 5"),
        (lambda: Brackets(1, length=(2, 7)), "an even number, not from 2 to 7"),
        (lambda: Brackets(1, length=7), "an even number, not 7"),
        (lambda: AssociativeRecall(1, pairs=9), "from 1 to 8 pairs of as many keys"),
        (lambda: AssociativeRecall(1, length=3), "is 4 or more"),
        (lambda: PixelDigits(180, part="test"), "there are 179 digits of the part 'test', not 180"),
        (lambda: Agreement(1, length=-1), "is 0 or more"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make: Callable[[], object], says: str) -> None:
    with pytest.raises(ThroughtimeError) as error:
        make()
    assert says in str(error.value) and "\n" not in str(error.value)


def test_names_that_do_not_exist_are_told() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'tomita-3'"):
        RegularLanguage(1, language="tomita3")
    with pytest.raises(UnknownNameError, match="did you mean 'number'"):
        Agreement(1, kind="numbers")  # type: ignore[arg-type]
