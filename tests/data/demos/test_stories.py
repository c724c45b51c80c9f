"""Stories are what they say: who plays them again comes to the same answer, by the statements that are named."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from throughtime.data.demos.stories import PLACES, Story, one_fact, stories, two_facts
from throughtime.data.formats.questions.babi import is_babi
from throughtime.errors import UsageError

DROPS = "discarded|dropped|left|put down"


def replay(story: Story) -> tuple[str, set[int]]:
    """Where what is asked for is at the end, and the statements that tell."""
    where, holder, lies = dict[str, tuple[str, int]](), dict[str, tuple[str, int]](), dict[str, tuple[str, set[int]]]()
    for number, text in enumerate(story.statements):
        who, what, thing = text[:-1].split()[0], text, text[:-1].split()[-1]
        if thing in PLACES:
            where[who] = (thing, number)
        elif re.search(DROPS, what):
            assert holder.pop(thing)[0] == who, "only who has a thing puts it down"
            lies[thing] = (where[who][0], {number, where[who][1]})
        else:
            assert thing not in holder, "nobody takes what another has"
            assert thing not in lies or lies.pop(thing)[0] == where[who][0], "it is taken where it lies"
            holder[thing] = (who, number)
    asked = story.question[:-1].split()[-1]
    if asked in where:
        return where[asked][0], {where[asked][1]}
    if asked in holder:
        who, number = holder[asked]
        return where[who][0], {number, where[who][1]}
    return lies[asked]


@pytest.mark.parametrize(("make", "sizes"), [(one_fact, (2, 10)), (two_facts, (15, 60))])
def test_the_answer_follows_from_the_facts(make: object, sizes: tuple[int, int]) -> None:
    random, dropped = Random(2), 0
    for _ in range(400):
        story: Story = make(random)  # type: ignore[operator]
        assert replay(story) == (story.answer, set(story.facts))
        assert sizes[0] <= len(story.statements) <= sizes[1]
        dropped += bool(re.search(DROPS, story.statements[story.facts[0]]))
    assert dropped > 100 if make is two_facts else not dropped, "things that lie are asked for as often"


def test_no_story_is_in_both_parts_and_the_same_seed_makes_the_same(tmp_path: Path) -> None:
    (train,), (valid,) = stories(tmp_path / "a", facts=1, train=300, valid=100)
    parts = [path.read_text() for path in (train, valid)]
    assert is_babi(parts[0].splitlines())
    told = [re.split(r"(?m)^1 ", part)[1:] for part in parts]
    assert (len(told[0]), len(told[1])) == (300, 100)
    without = [{re.sub(r"\d+ Where.*\n", "", story) for story in each} for each in told]
    assert len(without[0] | without[1]) == 400
    again = stories(tmp_path / "b", facts=1, train=300, valid=100)
    assert again[0][0].read_text() == parts[0]
    other = stories(tmp_path / "c", facts=1, train=300, valid=100, seed=1)
    assert other[0][0].read_text() != parts[0]
    with pytest.raises(UsageError, match="1 or 2 facts, not 3"):
        stories(tmp_path, facts=3)  # type: ignore[arg-type]
