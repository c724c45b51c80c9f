"""Records gathered as they come, so that several are predicted at a time. Loads no torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from throughtime.data.record import Record

__all__ = ["gather"]

PATIENCE = 0.05
"""Seconds for a record to come, after which whoever sends them is taken to wait for the answer."""


def gather(
    records: Iterable[Record],
    *,
    live: bool,
    most: int,
    most_steps: int,
    apart: Callable[[Record], object] | None = None,
) -> Iterator[list[Record]]:
    """Gather records as they come, to be read side by side.

    Args:
        records: what is to be read, as it comes.
        live: whether a record that had to be waited for is handed on at once, not with the next ones.
        most: records that are handed on together, at most.
        most_steps: steps from which on they are handed on.
        apart: gives what two records that are handed on together must not have in common; None lets all be together.

    Yields:
        Records in order, one at least.

    Example:
        >>> records = [Record(text, None, "") for text in ("a", "b", "a", "c")]
        >>> chunks = gather(records, live=False, most=9, most_steps=99, apart=lambda record: record.content)
        >>> ["".join(record.content for record in chunk) for chunk in chunks]
        ['ab', 'ac']
    """
    chunk: list[Record] = []
    there: set[object] = set()
    steps, asked = 0, time.perf_counter()
    for record in records:
        key = len(there) if apart is None else apart(record)
        if key in there:
            yield chunk
            chunk, steps = [], 0
            there.clear()
        chunk.append(record)
        there.add(key)
        steps += len(record.content)
        waited = live and time.perf_counter() - asked > PATIENCE
        if len(chunk) == most or steps >= most_steps or waited:
            yield chunk
            chunk, steps = [], 0
            there.clear()
        asked = time.perf_counter()
    if chunk:
        yield chunk
