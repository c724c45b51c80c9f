"""Regular languages: strings of two symbols or three, and what a finite automaton says of each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from throughtime.data.memory.source import Length, MemorySource, Part, checked_length, drawn_length
from throughtime.errors import UnknownNameError

__all__ = ["AUTOMATA", "Automaton", "RegularLanguage"]


@dataclass(frozen=True, slots=True)
class Automaton:
    """A finite automaton; it starts in state 0."""

    summary: str
    """What it tells of a string, in one line."""
    alphabet: str
    """Its symbols."""
    moves: tuple[tuple[int, ...], ...]
    """From each state, with each symbol, to which state."""
    labels: tuple[str, ...]
    """What a string is that ends in each state."""

    def label(self, string: str) -> str:
        """Say what a string is."""
        state = 0
        for symbol in string:
            state = self.moves[state][self.alphabet.index(symbol)]
        return self.labels[state]


def _tomita(number: int, summary: str, moves: tuple[tuple[int, int], ...], accepted: set[int]) -> Automaton:
    labels = tuple("yes" if state in accepted else "no" for state in range(len(moves)))
    return Automaton(f"Tomita's language {number}: {summary}", "01", moves, labels)


AUTOMATA: Mapping[str, Automaton] = {
    "parity": Automaton("is the number of 1s even or odd?", "01", ((0, 1), (1, 0)), ("even", "odd")),
    "even-pairs": Automaton(
        "is the number of changes between neighbours even?", "01",
        ((1, 3), (1, 2), (1, 2), (4, 3), (4, 3)), ("yes", "yes", "no", "yes", "no"),
    ),
    "cycle": Automaton(
        "where on a circle of five places do steps to the left, to the right and none lead?", "<=>",
        tuple(((place - 1) % 5, place, (place + 1) % 5) for place in range(5)), tuple("ABCDE"),
    ),
    "tomita-1": _tomita(1, "1 alone", ((1, 0), (1, 1)), {0}),
    "tomita-2": _tomita(2, "10 again and again", ((2, 1), (0, 2), (2, 2)), {0}),
    "tomita-3": _tomita(
        3, "no odd run of 1 with an odd run of 0 after it", ((0, 1), (2, 0), (3, 4), (2, 1), (4, 4)), {0, 1, 3}
    ),
    "tomita-4": _tomita(4, "no 000", ((1, 0), (2, 0), (3, 0), (3, 3)), {0, 1, 2}),
    "tomita-5": _tomita(5, "an even number of 0 and of 1", ((2, 1), (3, 0), (0, 3), (1, 2)), {0}),
    "tomita-6": _tomita(6, "as many 0 as 1, but for a multiple of three", ((1, 2), (2, 0), (0, 1)), {0}),
    "tomita-7": _tomita(7, "0, then 1, then 0, then 1", ((0, 1), (2, 1), (2, 3), (4, 3), (4, 4)), {0, 1, 2, 3}),
}  # fmt: skip
"""Regular languages by name."""


class RegularLanguage(MemorySource[tuple[str, str]]):
    """Strings, and what an automaton says of each; all labels are equally frequent.

    First a label is drawn, of those that a string of this length can have, then one of all strings that have it.

    Args:
        count: number of items.
        language: a name of AUTOMATA: "parity", "even-pairs", "cycle", or "tomita-1" to "tomita-7".
        length: symbols of a string, or the fewest and the most.
        seed: of all items.
        part: "train", "valid" or "test".

    Raises:
        UnknownNameError: there is no such language.
        UsageError: a length below 1.

    Source: parity, even pairs and the circle: Delétang et al. 2023, "Neural networks and the Chomsky hierarchy".
    Tomita 1982, "Dynamic construction of finite automata from examples using hill-climbing".

    Example:
        >>> strings = RegularLanguage(4, language="parity", length=(3, 9))
        >>> [label == ("odd" if string.count("1") % 2 else "even") for string, label in strings]
        [True, True, True, True]
    """

    def __init__(
        self, count: int, *, language: str = "parity", length: Length = (1, 40), seed: int = 0, part: Part = "train"
    ) -> None:
        super().__init__(count, seed=seed, part=part)
        if language not in AUTOMATA:
            raise UnknownNameError("language", language, AUTOMATA)
        self._automaton = AUTOMATA[language]
        self._between = checked_length(length, least=1)
        self._paths = {label: _Paths(self._automaton, label) for label in sorted(set(self._automaton.labels))}

    def make(self, index: int, random: np.random.Generator) -> tuple[str, str]:
        left = drawn_length(random, self._between)
        possible = [label for label, paths in self._paths.items() if paths.reaches(left)]
        label = possible[int(random.integers(len(possible)))]
        state, string, moves = 0, list[str](), self._automaton.moves
        shares: list[float] = random.random(left).tolist()
        for place, share in enumerate(shares):
            symbol = bisect_right(self._paths[label].shares(left - place, state), share)
            string.append(self._automaton.alphabet[symbol])
            state = moves[state][symbol]
        return "".join(string), label


class _Paths:
    """By how many strings an automaton comes to a label; the numbers are exact, however large."""

    def __init__(self, automaton: Automaton, label: str) -> None:
        self._moves = automaton.moves
        self._ways = [[int(each == label) for each in automaton.labels]]
        self._shares: list[list[list[float]]] = [[]]

    def reaches(self, left: int) -> bool:
        """Whether some string of this length comes from the start to the label."""
        self._extend(left)
        return self._ways[left][0] > 0

    def shares(self, left: int, state: int) -> list[float]:
        """From a state with some symbols left: the share of the strings that go on with an earlier symbol or with each
        of them but the last.
        """
        self._extend(left)
        return self._shares[left][state]

    def _extend(self, left: int) -> None:
        while len(self._ways) <= left:
            after = self._ways[-1]
            each = [[after[to] for to in moves] for moves in self._moves]
            self._ways.append([sum(ways) for ways in each])
            self._shares.append(
                [[sum(ways[:last]) / max(1, sum(ways)) for last in range(1, len(ways))] for ways in each]
            )
