"""One page's talk with the server: what it has read, and what is answered while one types."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import numpy as np

from throughtime.errors import ThroughtimeError, UnknownNameError, UsageError
from throughtime.lab.frames import Answer
from throughtime.lab.looking import LOOKS
from throughtime.lab.opened import Lab, OpenedText
from throughtime.lab.questions import Asked, text_in, whole_in
from throughtime.lab.readers import Seen
from throughtime.lab.reading import Floats, Reading

__all__ = ["Session"]

TOP = 8
"""Things that may be said which are shown."""


class Session:
    """What one page has read, and with which run.

    Args:
        lab: the runs.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab, self._lock = lab, threading.Lock()
        self._of: tuple[str, str | None] | None = None
        self._track = ""
        self._read: tuple[OpenedText, Reading, Seen] | None = None

    def answer(self, asked: Asked) -> Answer:
        """Answer what the page asks.

        Args:
            asked: the question.

        Returns:
            The answer; where something is wrong with what was asked, its ``error`` says so in a line.
        """
        try:
            name = text_in(asked, "ask")
            if name in LOOKS:
                return LOOKS[name](self._lab, asked)
            if name not in _READS:
                raise UnknownNameError("question", name, [*_READS, *LOOKS])
            with self._lock:
                return _READS[name](self, asked)
        except ThroughtimeError as error:
            return Answer(words={"error": str(error)})

    def runs(self, asked: Asked) -> Answer:
        """Say which runs there are."""
        described: list[object] = []
        for opened in self._lab.runs.values():
            with opened.lock:
                described.append(opened.described())
        return Answer(words={"runs": described})

    def read(self, asked: Asked) -> Answer:
        """Read a text on from where it has changed, and give what is new of one track."""
        opened, text, name = self._lab[text_in(asked, "run")], text_in(asked, "text"), text_in(asked, "track")
        condition = text_in(asked, "condition", "") or None
        if name not in opened.tracks:
            raise UnknownNameError("track", name, opened.tracks)
        fresh = self._of != (opened.name, condition) or self._read is None
        reading = Reading(opened.reader.recurrent) if fresh or self._read is None else self._read[1]
        self._of = None  # until all has gone well: what the page has must be a beginning of what is kept
        with opened.lock:
            seen = opened.reader.see(text, condition)
            first = reading.read(seen.x)
        first = first if self._track == name and not fresh else 0
        self._of, self._track, self._read = (opened.name, condition), name, (opened, reading, seen)
        words = {"steps": reading.steps, "first": first, "notes": list(seen.notes)}
        return Answer(words=words, arrays={"spans": seen.spans[first:], "track": reading.track(name)[first:]})

    def step(self, asked: Asked) -> Answer:
        """Give every number of one step, and what is said there."""
        opened, reading, seen = self._reading()
        step = whole_in(asked, "step")
        if step >= reading.steps:
            raise UsageError(f"there is no step {step}: the text has the steps 0 to {reading.steps - 1}")
        with opened.lock:
            said = opened.reader.say(seen, reading.outputs, step, TOP)
        if not np.isfinite(said.shares).all():
            raise UsageError("the network gives probabilities that are not finite: its weights went astray in training")
        arrays: dict[str, Floats] = {name: reading.track(name)[step] for name in reading.names}
        words = {"step": step, "names": list(said.names), "kind": said.kind, "shares": said.shares.tolist()}
        return Answer(words=words, arrays=arrays)

    def unit(self, asked: Asked) -> Answer:
        """Give every gate and state of one unit over the text."""
        opened, reading, _ = self._reading()
        lane, unit = text_in(asked, "lane"), whole_in(asked, "unit")
        names = [name for name, width in opened.tracks.items() if name.split("_", 1)[1] == lane and unit < width]
        if not names:
            raise UsageError(f"there is no unit {unit} in {lane}")
        return Answer(words={"unit": unit, "lane": lane}, arrays={name: reading.track(name)[:, unit] for name in names})

    def _reading(self) -> tuple[OpenedText, Reading, Seen]:
        if self._read is None or self._of is None:
            raise UsageError("no text has been read yet")
        return self._read


_READS: Mapping[str, Callable[[Session, Asked], Answer]] = {
    "runs": Session.runs,
    "read": Session.read,
    "step": Session.step,
    "unit": Session.unit,
}
"""What is answered while one types, by name."""
