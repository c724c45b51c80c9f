"""Records are gathered in order: as many as asked for, none beside its like, and what was waited for at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from throughtime.data.record import Record
from throughtime.tasks.supervised import gathering
from throughtime.tasks.supervised.gathering import gather


def gathered(texts: str, **how: Any) -> list[str]:
    """Texts between spaces, those that are handed on together without one."""
    records = [Record(text, None, "") for text in texts.split()]
    given = {"live": False, "most": 100, "most_steps": 1000, **how}
    chunks = list(gather(records, **given))
    assert [record for chunk in chunks for record in chunk] == records
    return [" ".join(str(record.content) for record in chunk) for chunk in chunks]


@pytest.mark.parametrize(
    ("how", "chunks"),
    [
        ({}, ["a b a ccc a d"]),
        ({"most": 2}, ["a b", "a ccc", "a d"]),
        ({"most_steps": 3}, ["a b a", "ccc", "a d"]),
        ({"apart": lambda record: record.content}, ["a b", "a ccc", "a d"]),
        ({"apart": lambda record: record.content, "most": 1}, ["a", "b", "a", "ccc", "a", "d"]),
        ({"apart": lambda record: len(record.content)}, ["a", "b", "a ccc", "a", "d"]),
    ],
    ids=["all", "records", "steps", "none twice", "one by one", "none of a length"],
)
def test_what_is_handed_on_together(how: dict[str, Any], chunks: list[str]) -> None:
    assert gathered("a b a ccc a d", **how) == chunks


def test_nothing() -> None:
    assert gathered("") == []


@pytest.mark.parametrize(("live", "chunks"), [(True, ["a b", "c", "d"]), (False, ["a b c d"])])
def test_what_was_waited_for_is_handed_on_at_once(
    live: bool, chunks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock goes on by a second before b and c; nobody waits for the others."""
    now = iter([0.0, 0.01, 0.01, 1.0, 1.0, 2.0, 2.0, 2.01, 2.01])
    monkeypatch.setattr(gathering.time, "perf_counter", lambda: next(now) if live else 0.0)

    def coming() -> Iterator[Record]:
        yield from (Record(text, None, "") for text in "abcd")

    found = gather(coming(), live=live, most=100, most_steps=1000)
    assert [" ".join(str(record.content) for record in chunk) for chunk in found] == chunks
