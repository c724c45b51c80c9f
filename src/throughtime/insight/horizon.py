"""How far back an input still changes what is said: by gradient, and by reading something else in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.insight.flow import gradient_flow
from throughtime.insight.results import Horizon
from throughtime.insight.subject import Subject, changed, read
from throughtime.insight.unrolled import Unrolled, lanes, numbers, parts
from throughtime.insight.windows import WINDOW, look
from throughtime.layers import Recurrent

__all__ = ["memory_horizon"]

ROWS_AT_ONCE = 1 << 17
"""Steps that are read side by side at once, where each replacement takes a whole pass."""


def memory_horizon(
    subject: Subject,
    *,
    towards: int | str | None = None,
    positions: int = 50,
    replacements: int = 2,
    threshold: float = 0.01,
    seed: int = 0,
    window: int = WINDOW,
) -> Horizon:
    """Measure how much an input of each distance still changes what is said, and each unit's last state.

    .. code-block:: text

        by gradient       || d score / d x[t] ||
        by substitution   rms over r of | score(x with x[r] in place of x[t]) - score(x) |           r: other steps

    The gradient is of a small change; a gate that is shut for good shows none, and still another input may open it. So
    there is the substitution, by what the sequence itself has elsewhere. It costs one pass over the steps since.

    Args:
        subject: what is looked at.
        towards: number or label of the score; None: the largest, or of layers by themselves the outputs together.
        positions: how many steps are replaced, one at a time, spread evenly over the logarithms of their distances.
        replacements: R, how many others are read in place of each.
        threshold: share of the largest effect below which nothing is said to be left.
        seed: of the draw of the replacements.
        window: steps that are looked at, at most.

    Returns:
        Both, and the effect on each unit.

    Raises:
        UsageError: a number out of range, or a score or a window that cannot be.

    Source: by substitution: Khandelwal, He, Qi and Jurafsky 2018, "Sharp nearby, fuzzy far away: how neural language
    models use context", section 3, there with whole stretches of text.

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import memory_horizon, subject
        >>> found = memory_horizon(subject(tt.RNN(3, 8), torch.randn(200, 3)))
        >>> found.reach_by_substitution < 50, found.units["h_l0"].shape == (len(found.positions), 8)
        (True, True)
    """
    for name, value in {"positions": positions, "replacements": replacements}.items():
        if value < 1:
            raise UsageError(f"{name} must be 1 or more, got {value}")
    if not 0 < threshold < 1:
        raise UsageError(f"threshold must be between 0 and 1, got {threshold}")
    flow = gradient_flow(subject, towards=towards, window=window)
    base = _base(subject, window, towards)
    chosen = _positions(subject, base.start, positions)
    draw = np.random.default_rng(seed)
    others = [_others(draw, position, len(subject.x), replacements) for position in chosen]
    effects = [_effect(subject, base, *each) for each in _passes(subject, base, chosen, others)]
    units = zip(*(each for _, each in effects), strict=True)
    return Horizon(
        at=subject.at,
        steps=flow.steps,
        towards=flow.towards,
        by_gradient=flow.inputs,
        positions=np.array(chosen, dtype=np.int64),
        distances=np.abs(np.array(chosen, dtype=np.int64) - subject.at),
        by_substitution=np.array([effect for effect, _ in effects]),
        units={name: numbers(torch.stack(part)) for name, part in zip(base.names, units, strict=True)},
        threshold=threshold,
        texts=flow.texts,
        note=flow.note,
    )


@dataclass(frozen=True)
class _Base:
    """The sequence as it is."""

    start: int
    """The first step that is looked at."""
    stop: int
    """The first that is not."""
    y: Tensor
    """(T, D*P), the layers' outputs."""
    seen: Unrolled
    """The pass over the steps that are looked at."""
    finals: list[Tensor]
    """The state after the last step that is read, (width,) of each lane and part."""
    names: list[str]
    """What each of those is called."""
    scores: Tensor
    """(S,), what is said."""
    picked: int | None
    """Number of the score that counts; None: all of them."""


def _base(subject: Subject, window: int, towards: int | str | None) -> _Base:
    layer = subject.recurrent
    with torch.no_grad():
        seen = look(subject, window)
        y, _ = read(layer, subject.x[:, None], subject.state)
        state = changed(seen.seen.state, lambda part: part.to(y))
        scores = subject.score(y[:, 0], state).detach()
    return _Base(
        start=seen.start,
        stop=seen.steps.stop,
        y=y[:, 0],
        seen=seen.seen,
        finals=_by_track(layer, state, 1, y),
        names=[f"{part}_{lane.name}" for lane in lanes(layer) for part in parts(layer)],
        scores=scores,
        picked=subject.number(scores, towards),
    )


def _by_track(layer: Recurrent, state: Any, rows: int, like: Tensor) -> list[Tensor]:
    """A state as the layers give it -> (rows, width) of each lane and part."""
    by_layer = layer.states(rows, like).enter(state, None)
    return [part[lane.direction] for lane in lanes(layer) for part in by_layer[lane.layer]]


def _positions(subject: Subject, start: int, count: int) -> list[int]:
    """Steps at distances that grow evenly in their logarithms, before the score and, read both ways, after it."""
    at, last = subject.at, len(subject.x) - 1 if subject.recurrent.bidirectional else subject.at
    sides = [side for side in ((at - start, -1), (last - at, 1)) if side[0]]
    each = max(1, (count - 1) // max(1, len(sides)))
    spread = [{at + way * round(d) for d in np.geomspace(1, far, each).tolist()} for far, way in sides]
    return sorted({at}.union(*spread) if count > 1 else {at})


def _others(draw: np.random.Generator, position: int, steps: int, count: int) -> list[int]:
    """Steps whose input is read in place of that of a position: any but itself."""
    if steps == 1:
        return [position] * count
    return [(position + int(off)) % steps for off in draw.integers(1, steps, count)]


Pass = tuple[Tensor, Any, int]
"""Outputs (S, R, D*P) from a step on, the state after them, and that step."""


def _passes(subject: Subject, base: _Base, chosen: list[int], others: list[list[int]]) -> Iterator[Pass]:
    """The sequence read with another input at one step, R times for each of the steps in turn."""
    layer, count = subject.recurrent, len(others[0])
    many = max(1, ROWS_AT_ONCE // (len(subject.x) * count)) if layer.bidirectional else 1
    for first in range(0, len(chosen), many):
        group = list(zip(chosen[first : first + many], others[first : first + many], strict=True))
        begin, stop = (0, len(subject.x)) if layer.bidirectional else (group[0][0], base.stop)
        x = subject.x[begin:stop, None].repeat(1, len(group) * count, 1)
        for row, (position, own) in enumerate(group):
            x[position - begin, row * count : (row + 1) * count] = subject.x[own]
        state = subject.state if layer.bidirectional else _state_before(subject, base, begin)
        with torch.no_grad():
            y, after = read(
                layer, x, changed(state, lambda part, rows=x.shape[1]: part.expand(-1, rows, -1).contiguous())
            )
        for row in range(len(group)):
            own = slice(row * count, (row + 1) * count)
            yield y[:, own], changed(after, lambda part, own=own: part[:, own]), begin


def _state_before(subject: Subject, base: _Base, position: int) -> Any:
    """The state before a step, as the layers take it for one row; they read one way."""
    layer = subject.recurrent
    if position == 0:
        return subject.state
    by_layer: list[list[Tensor]] = []
    for lane in lanes(layer):
        if position == base.start:
            carry = base.seen.before[lane.name]
        else:
            carry = [base.seen.states[f"{part}_{lane.name}"][position - 1 - base.start] for part in parts(layer)]
        by_layer.append([part[None].to(subject.x) for part in carry])
    return layer.states(1, subject.x).leave(by_layer, None)


def _effect(subject: Subject, base: _Base, y: Tensor, after: Any, begin: int) -> tuple[float, list[Tensor]]:
    """How much the score changes, and (width,) how much each unit of each lane and part: rms over the replacements."""
    differences: list[Tensor] = []
    for row in range(y.shape[1]):
        whole = torch.cat([base.y[:begin], y[:, row], base.y[begin + len(y) :]])
        with torch.no_grad():
            scores = subject.score(whole, changed(after, lambda part, row=row: part[:, row : row + 1])).detach()
        change = (scores - base.scores).double().square()
        differences.append(change.sum() if base.picked is None else change[base.picked])
    tracks = zip(_by_track(subject.recurrent, after, y.shape[1], y), base.finals, strict=True)
    units = [(now - before).double().square().mean(0).sqrt() for now, before in tracks]
    return torch.stack(differences).mean().sqrt().item(), units
