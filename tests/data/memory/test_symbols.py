"""Copying and associative recall."""

from __future__ import annotations

from collections import Counter

from throughtime.data.memory.copying import BLANK, GO, Copy, SelectiveCopy
from throughtime.data.memory.recall import AssociativeRecall


def test_copying_asks_for_the_symbols_after_as_many_steps_as_it_says() -> None:
    for length in (1, 2, 30):
        for words, labels in Copy(50, length=length, symbols=4, alphabet=3):
            assert len(words) == len(labels) == 4 + length + 4
            assert set(words[:4]) <= {"a", "b", "c"} and labels[-4:] == words[:4]
            assert words[4:] == [BLANK] * (length - 1) + [GO] + [BLANK] * 4
            assert set(labels[:-4]) == {BLANK}
            assert words.index(GO) - 3 == length, "steps from the last symbol to the one that says: write"


def test_selective_copying_keeps_the_order_wherever_the_symbols_stand() -> None:
    places = Counter[int]()
    for words, labels in SelectiveCopy(300, length=8, symbols=3, alphabet=2):
        read, rest = words[:8], words[8:]
        assert rest == [GO, BLANK, BLANK] and labels[:8] == [BLANK] * 8
        assert [word for word in read if word != BLANK] == labels[8:]
        places.update(place for place, word in enumerate(read) if word != BLANK)
    assert sum(places.values()) == 900
    assert min(places[place] for place in range(8)) > 70, "112 each, five standard deviations of 8.4"
    words, labels = SelectiveCopy(1, length=3, symbols=3)[0]
    assert words[:3] == labels[3:], "no blank is left"


def test_symbols_are_equally_frequent() -> None:
    counts = Counter(symbol for words, _ in Copy(400, length=1, alphabet=8) for symbol in words[:10])
    assert len(counts) == 8 and all(abs(count - 500) < 105 for count in counts.values()), "five deviations of 20.9"


def test_recall_asks_for_each_key_once_and_labels_it_with_its_value() -> None:
    orders = set[tuple[int, ...]]()
    for words, labels in AssociativeRecall(300, length=9, pairs=3, keys=5, values=4):
        told, asked = words[:6], words[6:]
        value = dict(zip(told[::2], told[1::2], strict=True))
        assert len(value) == 3 and set(value) <= {f"k{n}" for n in range(5)}
        assert set(value.values()) <= {f"v{n}" for n in range(4)}
        assert len(words) == len(labels) == 15 and labels[:6] == [BLANK] * 6
        assert sorted(word for word in asked if word != BLANK) == sorted(value)
        assert labels[6:] == [value.get(word, BLANK) for word in asked]
        orders.add(tuple(told[::2].index(word) for word in asked if word != BLANK))
    assert len(orders) == 6, "keys are asked for in any order"
