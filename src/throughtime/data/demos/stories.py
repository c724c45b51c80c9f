"""Stories of people, places and things, and questions about them, made by playing a small world: for demos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal

from throughtime.data.demos.making import Files, writing
from throughtime.errors import UsageError

__all__ = ["Story", "one_fact", "stories", "two_facts"]

PEOPLE = ("Daniel", "John", "Mary", "Sandra")
PLACES = ("bathroom", "bedroom", "garden", "hallway", "kitchen", "office")
THINGS = ("apple", "football", "milk")
GOES = ("journeyed to", "moved to", "travelled to", "went back to", "went to")
TAKES = ("got", "grabbed", "picked up", "took")
DROPS = ("discarded", "dropped", "left", "put down")
SHORT, LONG = (2, 10), (15, 60)
"""Fewest and most statements of a story of one fact, and of two."""
DROPPED, TAKEN = 0.25, 0.6
"""How often who can drop a thing does, and who can take one."""


@dataclass(frozen=True, slots=True)
class Story:
    """Statements, and a question about them."""

    statements: tuple[str, ...]
    """What happens, in order."""
    question: str
    """Where somebody or something is at the end."""
    answer: str
    """The place."""
    facts: tuple[int, ...]
    """The statements that tell, from 0: who has, or left, the thing; where that one went."""


@dataclass(slots=True)
class _World:
    """Who is where, and who has what."""

    random: Random
    told: list[str] = field(default_factory=list[str])
    place: dict[str, str] = field(default_factory=dict[str, str])
    went: dict[str, int] = field(default_factory=dict[str, int])
    """Statement of each one's last move."""
    holder: dict[str, str] = field(default_factory=dict[str, str])
    lies: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    """Where each thing was put down, and the statement that tells how who did so came there."""
    moved: dict[str, int] = field(default_factory=dict[str, int])
    """Statement in which each thing was last taken or put down."""

    def choose(self, given: Sequence[str]) -> str:
        return given[int(self.random.random() * len(given))]  # only random() stays as it is in every Python

    def go(self, who: str) -> None:
        place = self.choose([each for each in PLACES if each != self.place.get(who)])
        self.place[who], self.went[who] = place, len(self.told)
        self.told.append(f"{who} {self.choose(GOES)} the {place}.")

    def act(self, who: str) -> None:
        """Let one drop or take a thing, or go somewhere."""
        has = [thing for thing in THINGS if self.holder.get(thing) == who]
        chance = self.random.random()
        if has and chance < DROPPED:
            self._drop(who, self.choose(has))
        elif (near := self._near(who)) and chance < TAKEN:
            self._take(who, self.choose(near))
        else:
            self.go(who)

    def _near(self, who: str) -> list[str]:
        """What one can take: what was put down here, or was seen nowhere yet."""
        if who not in self.place:
            return []
        free = [thing for thing in THINGS if thing not in self.holder]
        return [thing for thing in free if thing not in self.lies or self.lies[thing][0] == self.place[who]]

    def _take(self, who: str, thing: str) -> None:
        self.holder[thing], self.moved[thing] = who, len(self.told)
        self.lies.pop(thing, None)
        self.told.append(f"{who} {self.choose(TAKES)} the {thing}.")

    def _drop(self, who: str, thing: str) -> None:
        del self.holder[thing]
        self.lies[thing], self.moved[thing] = (self.place[who], self.went[who]), len(self.told)
        self.told.append(f"{who} {self.choose(DROPS)} the {thing}.")


def one_fact(random: Random) -> Story:
    """Make a story of people who go from place to place, and ask where one of them is.

    Args:
        random: what is drawn from.

    Returns:
        A story of 2 to 10 statements, of which one gives the answer.

    Source: Weston et al. 2015, "Towards AI-complete question answering: a set of prerequisite toy tasks", task 1.

    Example:
        >>> story = one_fact(Random(1))
        >>> story.statements[-1], story.question, story.answer, story.facts
        ('Sandra journeyed to the bathroom.', 'Where is Sandra?', 'bathroom', (2,))
    """
    world = _World(random)
    for _ in range(_between(*SHORT, random)):
        world.go(world.choose(PEOPLE))
    who = world.choose(sorted(world.place))
    return Story(tuple(world.told), f"Where is {who}?", world.place[who], (world.went[who],))


def two_facts(random: Random) -> Story:
    """Make a story of people who also take things along and put them down, and ask where a thing is.

    Args:
        random: what is drawn from.

    Returns:
        A story of 15 to 60 statements, of which two give the answer: the last one of the thing, and where who had it
        then was or went to with it.

    Source: Weston et al. 2015, task 2.

    Example:
        >>> story = two_facts(Random(1))
        >>> [story.statements[fact] for fact in story.facts], story.question, story.answer
        (['Daniel got the milk.', 'Daniel went back to the office.'], 'Where is the milk?', 'office')
    """
    world = _World(random)
    least = _between(*LONG, random)
    while len(world.told) < least or not world.moved:
        world.act(world.choose(PEOPLE))
    thing = world.choose(sorted(world.moved))
    who = world.holder.get(thing)
    place, fact = world.lies[thing] if who is None else (world.place[who], world.went[who])
    return Story(tuple(world.told), f"Where is the {thing}?", place, (world.moved[thing], fact))


def _between(low: int, high: int, random: Random) -> int:
    return low + int(random.random() * (high - low + 1))


def stories(folder: Path, *, facts: Literal[1, 2] = 2, train: int = 10_000, valid: int = 1_000, seed: int = 0) -> Files:
    """Write stories in bAbI's format, those to learn from and others to validate on; no story is there twice.

    Args:
        folder: where the files go.
        facts: how many statements give an answer.
        train: stories to learn from, each with a question.
        valid: stories to validate on.
        seed: of which stories.

    Returns:
        The files.

    Raises:
        UsageError: a number of facts that is neither 1 nor 2.
    """
    makers: dict[Any, Any] = {1: one_fact, 2: two_facts}
    if facts not in makers:
        raise UsageError(f"stories have 1 or 2 facts, not {facts}")
    random, there = Random(seed), dict[tuple[str, ...], Story]()
    while len(there) < train + valid:
        story: Story = makers[facts](random)
        there.setdefault(story.statements, story)
    made = list(there.values())
    paths = [folder / f"stories-{name}.txt" for name in ("train", "valid")]
    for path, part in zip(paths, (made[:train], made[train:]), strict=True):
        with writing(path) as file:
            file.write("".join(_lines(part)).encode())
    return [paths[0]], [paths[1]]


def _lines(made: Iterable[Story]) -> Iterable[str]:
    for story in made:
        yield from (f"{number} {statement}\n" for number, statement in enumerate(story.statements, 1))
        facts = " ".join(str(fact + 1) for fact in story.facts)
        yield f"{len(story.statements) + 1} {story.question}\t{story.answer}\t{facts}\n"
