"""Sentences whose next word was decided long before."""

from __future__ import annotations

from collections import Counter

import pytest

from throughtime.data.memory.agreement import COUNTRIES, NOUNS, Agreement

ONE, SEVERAL = ({pair[number] for pair in NOUNS} for number in (0, 1))


@pytest.mark.parametrize("between", [*range(13), 50])
def test_the_word_that_decides_stands_as_many_words_before_as_it_says(between: int) -> None:
    for text, right in Agreement(60, length=between, kind="number"):
        words = text.split()
        assert len(words) == between + 2 and words[0] == "the"
        assert right == ("is" if words[1] in ONE else "are") and words[1] in ONE | SEVERAL
    for text, right in Agreement(60, length=between, kind="country"):
        words = text.split()
        assert words[:4] == ["I", "grew", "up", "in"] and COUNTRIES[words[4]] == right
        assert len(words) == between + 5
        assert words[-4:] == ["and", "I", "speak", "fluent"] or between < 4


def test_what_stands_between_says_nothing_of_the_answer() -> None:
    """Other things are as often several as one, and other countries are as often the right one as any."""
    numbers, same, others = Counter[tuple[str, bool]](), 0, 0
    for text, right in Agreement(1500, length=20):
        words = text.split()
        if right in ("is", "are"):
            numbers.update((right, word in SEVERAL) for word in words[2:] if word in ONE | SEVERAL)
        else:
            named = [word for word in words[5:] if word in COUNTRIES]
            same, others = same + sum(COUNTRIES[word] == right for word in named), others + len(named)
    for right in ("is", "are"):
        several, total = numbers[right, True], numbers[right, True] + numbers[right, False]
        assert total > 1800 and abs(several / total - 0.5) < 0.05, "within four standard deviations"
    assert others > 900 and abs(same / others - 1 / 6) < 0.06, "within five standard deviations"


def test_a_half_of_the_sentences_is_of_each_kind_and_all_answers_come() -> None:
    answers = Counter(right for _, right in Agreement(2000, length=(1, 50)))
    assert set(answers) == {"is", "are", *COUNTRIES.values()}
    assert abs(answers["is"] + answers["are"] - 1000) < 112, "five standard deviations of 22.4"


def test_sentences_read_as_they_should() -> None:
    text, _ = next(item for item in Agreement(99, length=12) if item[1] == "is")
    assert text.split()[2] == "which" and text.split()[4] == "the"
    text, _ = next(item for item in Agreement(99, length=12) if item[1] == "French")
    assert text.startswith("I grew up in France where I ") and text.endswith(" and I speak fluent")
