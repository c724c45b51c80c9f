"""Labels that differ only in how Unicode composes their letters are one, wherever they stand."""

from __future__ import annotations

from unicodedata import normalize

from throughtime.data.record import Record, Span, Spans
from throughtime.tasks.supervised.records import compose_labels

WHOLE, PARTS = normalize("NFC", "caf\u00e9"), normalize("NFD", "caf\u00e9")


def test_labels_are_composed_and_two_ways_of_writing_one_are_told() -> None:
    notes: list[str] = []
    spans = Spans((Span(0, 1, PARTS), Span(1, 2), Span(2, 3, "plain")))
    targets = [PARTS, WHOLE, "plain", (PARTS, "x"), spans, 1.5]
    read = compose_labels([Record("a", target, "") for target in targets], notes.append)
    composed = Spans((Span(0, 1, WHOLE), Span(1, 2), Span(2, 3, "plain")))
    assert [record.target for record in read] == [WHOLE, WHOLE, "plain", (WHOLE, "x"), composed, 1.5]
    assert len(notes) == 1 and repr(WHOLE) in notes[0]


def test_one_way_of_writing_needs_no_word() -> None:
    notes: list[str] = []
    assert compose_labels([Record("a", PARTS, "")], notes.append)[0].target == WHOLE
    assert not notes
