"""Formal languages, beside plain descriptions of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise, product

import pytest

from throughtime.data.memory.counting import END, Brackets, CountedRuns
from throughtime.data.memory.regular import AUTOMATA, RegularLanguage


def runs(string: str) -> list[str]:
    return [match.group() for match in re.finditer(r"0+|1+", string)]


def odd_after_odd(string: str) -> bool:
    found = runs(string)
    return any(one[0] == "1" and len(one) % 2 and len(other) % 2 for one, other in pairwise(found))


def yes(right: bool) -> str:
    return "yes" if right else "no"


DESCRIBED: dict[str, Callable[[str], str]] = {
    "parity": lambda s: ("even", "odd")[s.count("1") % 2],
    "even-pairs": lambda s: yes((s.count("01") + len(re.findall("(?=10)", s))) % 2 == 0),
    "cycle": lambda s: "ABCDE"[(s.count(">") - s.count("<")) % 5],
    "tomita-1": lambda s: yes(re.fullmatch("1*", s) is not None),
    "tomita-2": lambda s: yes(re.fullmatch("(10)*", s) is not None),
    "tomita-3": lambda s: yes(not odd_after_odd(s)),
    "tomita-4": lambda s: yes("000" not in s),
    "tomita-5": lambda s: yes(s.count("0") % 2 == s.count("1") % 2 == 0),
    "tomita-6": lambda s: yes((s.count("0") - s.count("1")) % 3 == 0),
    "tomita-7": lambda s: yes(re.fullmatch("0*1*0*1*", s) is not None),
}


@pytest.mark.parametrize("name", AUTOMATA)
def test_an_automaton_tells_what_its_description_says_of_all_short_strings(name: str) -> None:
    automaton = AUTOMATA[name]
    for length in range(9):
        for symbols in product(automaton.alphabet, repeat=length):
            string = "".join(symbols)
            assert automaton.label(string) == DESCRIBED[name](string), string


@pytest.mark.parametrize("name", AUTOMATA)
def test_strings_have_the_label_that_their_language_gives_them(name: str) -> None:
    for string, label in RegularLanguage(60, language=name, length=(1, 30)):
        assert DESCRIBED[name](string) == label and set(string) <= set(AUTOMATA[name].alphabet)


@pytest.mark.parametrize("name", AUTOMATA)
def test_all_strings_of_a_label_are_equally_likely_and_so_are_the_labels(name: str) -> None:
    length, drawn = 4, 4000
    counts = Counter(RegularLanguage(drawn, language=name, length=length))
    strings = ["".join(symbols) for symbols in product(AUTOMATA[name].alphabet, repeat=length)]
    by_label = Counter(DESCRIBED[name](string) for string in strings)
    for string in strings:
        label = DESCRIBED[name](string)
        expected = drawn / len(by_label) / by_label[label]
        assert abs(counts[string, label] - expected) < 5 * expected**0.5, (string, "within five standard deviations")


def test_a_language_with_no_string_of_a_length_gives_the_others() -> None:
    assert {label for _, label in RegularLanguage(50, language="tomita-2", length=5)} == {"no"}


def test_long_strings_are_drawn_though_one_in_very_many_is_accepted() -> None:
    found = RegularLanguage(20, language="tomita-1", length=1200)
    assert Counter(label for _, label in found)["yes"] == sum(string == "1" * 1200 for string, _ in found) > 3


@pytest.mark.parametrize("symbols", ["ab", "abc"])
def test_counted_runs_and_what_may_come_next(symbols: str) -> None:
    for words, labels in CountedRuns(60, length=(1, 9), symbols=symbols):
        n = len(words) // len(symbols)
        assert "".join(words) == "".join(symbol * n for symbol in symbols)
        for place, label in enumerate(labels):
            begun = "".join(words[: place + 1])
            # What may come next, found by trying: all strings of the language that begin so.
            whole = ["".join(symbol * m for symbol in symbols) for m in range(1, 11)]
            later = {string[place + 1 : place + 2] or END for string in whole if string.startswith(begun)}
            assert set(later) == ({END} if label == END else set(label)), (begun, label)


def test_counted_runs_one_after_the_other() -> None:
    lengths = [len(words) // 2 for words, _ in CountedRuns(7, length=(3, 5), each=True)]
    assert lengths == [3, 4, 5, 3, 4, 5, 3]
    assert CountedRuns(2, length=(1, 2), symbols="abc", each=True)[1] == (
        ["a", "a", "b", "b", "c", "c"],
        ["ab", "ab", "b", "c", "c", END],
    )


PAIR = dict(zip(")]}>", "([{<", strict=True))


def closes(word: str) -> str:
    return {opening: closing for closing, opening in PAIR.items()}[word]


@pytest.mark.parametrize("kinds", [1, 2, 4])
def test_brackets_close_and_labels_name_the_one_that_may(kinds: int) -> None:
    for words, labels in Brackets(200, length=(2, 20), kinds=kinds):
        stack = list[str]()
        for word, label in zip(words, labels, strict=True):
            if word in PAIR:
                assert stack.pop() == PAIR[word]
            else:
                stack.append(word)
            assert label == (closes(stack[-1]) if stack else END)
        assert not stack and len(words) % 2 == 0 and 2 <= len(words) <= 20
    assert len({word for words, _ in Brackets(200, kinds=kinds) for word in words}) == 2 * kinds


def test_all_shapes_of_brackets_are_equally_likely() -> None:
    counts = Counter("".join(words) for words, _ in Brackets(5600, length=8, kinds=1))
    assert len(counts) == 14, "the fourth Catalan number"
    assert all(abs(count - 400) < 100 for count in counts.values()), "five standard deviations of 19.3"
