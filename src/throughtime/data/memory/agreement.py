"""Sentences whose next word was decided many words ago: by the number of a subject, or by a country."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypeVar, get_args

import numpy as np

from throughtime.data.memory.source import Length, MemorySource, Part, checked_length, drawn_length
from throughtime.errors import UnknownNameError

__all__ = ["Agreement", "Kind"]

Kind: TypeAlias = Literal["number", "country", "both"]
"""What a sentence asks for: is or are, a language, or either, a half of the sentences each."""

NOUNS = (
    ("cat", "cats"), ("dog", "dogs"), ("girl", "girls"), ("boy", "boys"), ("author", "authors"), ("guard", "guards"),
    ("farmer", "farmers"), ("horse", "horses"), ("key", "keys"), ("picture", "pictures"), ("house", "houses"),
    ("table", "tables"),
)  # fmt: skip
"""Things, one and several of them."""
COUNTRIES = {
    "France": "French", "Spain": "Spanish", "Italy": "Italian", "Germany": "German", "Poland": "Polish",
    "Greece": "Greek",
}  # fmt: skip
"""Countries, and what is spoken there."""
PLACES = ("near", "behind", "beside", "above", "under", "with")
ADJECTIVES = ("old", "red", "small", "quiet")
WHILES = ("often", "today", "again", "slowly")
SAW = ("saw", "met", "liked", "painted")
"""Verbs that are the same for one and for several."""
TAILS = ((), ("speaking",), ("and", "speak"), ("and", "I", "speak"), ("and", "I", "speak", "fluent"))
"""What stands before a language, by how many words there is room for; with none the country asks for it by itself."""

Word = TypeVar("Word")


class Agreement(MemorySource[tuple[str, str]]):
    """The beginning of a sentence, and the word that must come next.

    .. code-block:: text

        number    the cat which saw the dogs near the old tables often              -> is
        country   I grew up in France where I met the girls near Spain and I speak fluent -> French

    Between the word that decides and the one that is asked for stand ``length`` words. They name other things, one and
    several, and other countries: the word that counts is the first of its sort, not the last.

    Args:
        count: number of items.
        length: words between, or the fewest and the most.
        kind: "number", "country", or "both", a half each.
        seed: of all items.
        part: "train", "valid" or "test".

    Raises:
        UnknownNameError: there is no such kind.
        UsageError: a length below 0.

    Source: the number of a verb: Elman 1991, "Distributed representations, simple recurrent networks, and grammatical
    structure"; Linzen, Dupoux and Goldberg 2016, "Assessing the ability of LSTMs to learn syntax-sensitive
    dependencies". The country: Bengio, Simard and Frasconi 1994, "Learning long-term dependencies with gradient descent
    is difficult", is what it illustrates.

    Example:
        >>> text, right = Agreement(1, length=20, kind="country")[0]
        >>> text[:13], len(text.split()), COUNTRIES[text.split()[4]] == right
        ('I grew up in ', 25, True)
    """

    def __init__(
        self, count: int, *, length: Length = (1, 50), kind: Kind = "both", seed: int = 0, part: Part = "train"
    ) -> None:
        super().__init__(count, seed=seed, part=part)
        if kind not in get_args(Kind):
            raise UnknownNameError("kind", kind, get_args(Kind))
        self._between = checked_length(length, least=0)
        self._kind = kind

    def make(self, index: int, random: np.random.Generator) -> tuple[str, str]:
        between = drawn_length(random, self._between)
        of_number = random.random() < 0.5 if self._kind == "both" else self._kind == "number"
        return _of_number(random, between) if of_number else _of_country(random, between)


def _of_number(random: np.random.Generator, between: int) -> tuple[str, str]:
    """A subject with a clause that is about others, and the verb's form."""
    several = int(random.integers(2))
    words = ["the", _choose(random, NOUNS)[several]]
    if between >= 4:
        words += ["which", _choose(random, SAW), "the", _thing(random)]
    words += _filling(random, between + 2 - len(words), NOUNS)
    return " ".join(words), ("is", "are")[several]


def _of_country(random: np.random.Generator, between: int) -> tuple[str, str]:
    """Where somebody grew up, what happened after that, and the language."""
    country = _choose(random, tuple(COUNTRIES))
    words = ["I", "grew", "up", "in", country]
    tail = TAILS[min(between, len(TAILS) - 1)]
    left = between - len(tail)
    if left >= 5:
        words += ["where", "I", _choose(random, SAW), "the", _thing(random)]
        left -= 5
    words += [*_filling(random, left, [*NOUNS, *((name,) for name in COUNTRIES)]), *tail]
    return " ".join(words), COUNTRIES[country]


def _filling(random: np.random.Generator, left: int, names: Sequence[tuple[str, ...]]) -> list[str]:
    """Fill an exact number of words with phrases of place, and what is left with words of time."""
    words: list[str] = []
    while left - len(words) >= 2:
        phrase = _phrase(random, _choose(random, names))
        if len(words) + len(phrase) > left:
            break
        words += phrase
    return words + [_choose(random, WHILES) for _ in range(left - len(words))]


def _phrase(random: np.random.Generator, name: tuple[str, ...]) -> list[str]:
    """One of a few ways to say where: near the dogs, near the old dogs, near Spain."""
    place = _choose(random, PLACES)
    if len(name) == 1:
        return [place, *name]
    adjective = [_choose(random, ADJECTIVES)] if random.random() < 0.5 else []
    return [place, "the", *adjective, _choose(random, name)]


def _thing(random: np.random.Generator) -> str:
    return _choose(random, _choose(random, NOUNS))


def _choose(random: np.random.Generator, given: Sequence[Word]) -> Word:
    return given[int(random.integers(len(given)))]
