"""Which part of a long sequence is unrolled: the steps before what is said, from the state that was there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.insight.subject import Subject, changed, read
from throughtime.insight.unrolled import Intervention, Unrolled, unroll, working_dtype

__all__ = ["WINDOW", "Window", "look"]

WINDOW = 10_000
"""Steps that are unrolled at most: about a gigabyte of states and gates for two layers of 256 units."""


@dataclass(frozen=True)
class Window:
    """A pass over a part of a sequence, and the scores that came of it."""

    start: int
    """Its first step."""
    x: Tensor
    """(S, 1, I) what was read there; gradients can be asked for with respect to it."""
    seen: Unrolled
    """The pass."""
    scores: Tensor
    """(S',) what was said of the whole sequence."""
    note: str
    """What was left out, in a sentence; empty where nothing was."""

    @property
    def steps(self) -> range:
        """The steps that were unrolled."""
        return range(self.start, self.start + len(self.x))


def look(subject: Subject, window: int = WINDOW, interventions: Sequence[Intervention] = ()) -> Window:
    """Unroll the last steps up to the one at which something is said; those before and after it are read as usual.

    Args:
        subject: what is looked at.
        window: steps to unroll at most. Layers that read both ways are unrolled whole.
        interventions: what is done on the way, in the window.

    Returns:
        The pass. Where gradients are on, they reach every state of it, and ``x``.

    Raises:
        UsageError: a window of no step, or a stack that reads both ways and more steps than the window has.
    """
    if window < 1:
        raise UsageError(f"window must be 1 step or more, got {window}")
    layer, steps = subject.recurrent, len(subject.x)
    if layer.bidirectional and steps > window:
        raise UsageError(
            f"layers that read both ways are looked at whole, and {steps} steps are more than window={window}: "
            "give a part of the sequence, or a larger window"
        )
    stop = steps if layer.bidirectional else subject.at + 1
    start = max(0, stop - window)
    before, state = _read(subject, 0, start, subject.state)
    x = subject.x[start:stop, None].to(working_dtype(subject.x)).requires_grad_(torch.is_grad_enabled())
    seen = unroll(layer, x, changed(state, lambda part: part.to(x)), interventions)
    own = changed(seen.state, lambda part: part.to(subject.x))
    after, end = _read(subject, stop, steps, own)
    y = torch.cat([before, seen.y[:, 0].to(subject.x), after])
    scores = subject.score(y, end)
    note = f"steps {start} to {stop - 1} of {steps} were looked at" if start else ""
    return Window(start, x, seen, scores, note)


def _read(subject: Subject, start: int, stop: int, state: Any) -> tuple[Tensor, Any]:
    """Outputs (S, D*P) of steps that are not unrolled, and the state after; of no step, the state as it was."""
    if start == stop:
        return subject.x.new_zeros(0, subject.recurrent.output_size), state
    with torch.no_grad():
        y, after = read(subject.recurrent, subject.x[start:stop, None], changed(state, Tensor.detach))
    return y[:, 0], after
