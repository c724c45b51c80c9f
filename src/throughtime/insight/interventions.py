"""What if a unit were silent, a gate open, a memory another: the same pass with that changed, and what it then says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import torch
from torch import Tensor

from throughtime.errors import UnknownNameError, UsageError
from throughtime.insight.results import Change, Tracks
from throughtime.insight.subject import Subject
from throughtime.insight.unrolled import Intervention, Lane, Unrolled, lanes, numbers, parts
from throughtime.insight.windows import look
from throughtime.kernels.call import Call

__all__ = ["Edit", "ablate", "clamp", "intervene"]

Which = int | Sequence[int] | None
"""One, several, or all."""


@dataclass(frozen=True)
class Edit:
    """A part of the carry, or a gate, held at a value; :func:`ablate` and :func:`clamp` make one."""

    track: str
    """Such as "c_l0" or "f_l1_reverse"."""
    value: float
    """What it is held at."""
    units: tuple[int, ...] | None = None
    """Of which units; None: all."""
    steps: tuple[int, ...] | None = None
    """At which steps; None: all."""

    def __str__(self) -> str:
        units = "all units" if self.units is None else _listed("unit", self.units)
        return f"{self.track}: {units} held at {self.value:g}" + (
            f" at {_listed('step', self.steps)}" if self.steps else ""
        )


def ablate(track: str, units: Which = None, steps: Which = None) -> Edit:
    """Silence units: hold them at 0.

    Args:
        track: part of the carry or gate, such as "h_l0".
        units: which; None: all.
        steps: at which; None: all.

    Returns:
        What :func:`intervene` takes.

    Example:
        >>> print(ablate("h_l0", [3, 4, 5], 7))
        h_l0: units 3 to 5 held at 0 at step 7
    """
    return clamp(track, 0.0, units, steps)


def clamp(track: str, value: float, units: Which = None, steps: Which = None) -> Edit:
    """Hold units at a value.

    Args:
        track: part of the carry or gate, such as "c_l0" or "f_l0".
        value: what they are held at; a gate's must be one that it can have.
        units: which; None: all.
        steps: at which; None: all.

    Returns:
        What :func:`intervene` takes.

    Example:
        >>> print(clamp("f_l0", 1.0))
        f_l0: all units held at 1
    """
    return Edit(track, value, _chosen("units", units), _chosen("steps", steps))


def intervene(subject: Subject, *edits: Edit) -> Change:
    """Run the layers again with something held on the way, and see what is said then.

    .. code-block:: text

        a part of the carry   s[t][unit] <- value     once step t is done: step t + 1 sees it and, where it is h, y[t]
        a gate                gate[t][unit] = value   inside of step t, whatever is read and remembered

    A memory c that is changed after its step has gone into h of that step already: to silence a unit for the layers
    above, ablate h. Everything later follows from the change; nothing else is held.

    Args:
        subject: what is looked at.
        edits: what is held; where two meet, the later one counts.

    Returns:
        The scores and the states with the edits and without.

    Raises:
        UnknownNameError: a track that is not there.
        UsageError: no edit, a unit or a step that is not there, a value that a gate cannot be held at.

    Source: ablation of units: Meyes, Lu, de Puiseaux and Meisen 2019, "Ablation studies in artificial neural networks";
    Lakretz et al. 2019, "The emergence of number and syntax units in LSTM language models", section 4.1.

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import clamp, intervene, subject
        >>> seen = subject(tt.LSTM(3, 4), torch.randn(30, 3))
        >>> change = intervene(seen, clamp("f_l0", 1.0), clamp("i_l0", 0.0, steps=range(1, 30)))
        >>> bool(abs(change.states_after["c_l0"][29] - change.states_after["c_l0"][0]).max() < 1e-9)  # all is kept
        True
    """
    if not edits:
        raise UsageError("an intervention holds something: give ablate(...) or clamp(...)")
    steps = len(subject.x)
    with torch.no_grad():
        before = look(subject, steps)
        held = [_intervention(subject, edit, before.seen) for edit in edits]
        after = look(subject, steps, held)
    carried = [f"{part}_{lane.name}" for lane in lanes(subject.recurrent) for part in parts(subject.recurrent)]
    return Change(
        edits=tuple(map(str, edits)),
        labels=subject.labels or tuple(map(str, range(len(before.scores)))),
        before=numbers(before.scores),
        after=numbers(after.scores),
        states_before=_states(before.seen, carried),
        states_after=_states(after.seen, carried),
        texts=subject.texts[: before.steps.stop],
    )


def _states(seen: Unrolled, names: list[str]) -> Tracks:
    return {name: numbers(seen.stacked(name)[:, 0]) for name in names}


def _chosen(name: str, which: Which) -> tuple[int, ...] | None:
    if which is None:
        return None
    chosen = (which,) if isinstance(which, int) else tuple(which)
    if not chosen:
        raise UsageError(f"{name} is empty: leave it out for all, or give one or several")
    return chosen


def _listed(what: str, numbers: tuple[int, ...]) -> str:
    if len(numbers) == 1:
        return f"{what} {numbers[0]}"
    if numbers == tuple(range(numbers[0], numbers[-1] + 1)):
        return f"{what}s {numbers[0]} to {numbers[-1]}"
    return f"{what}s {', '.join(map(str, numbers))}"


def _intervention(subject: Subject, edit: Edit, seen: Unrolled) -> Intervention:
    """The edit, checked against what there is."""
    tracks = seen.states | seen.gates
    if edit.track not in tracks:
        raise UnknownNameError("track", edit.track, tracks)
    width, steps = tracks[edit.track][0].shape[1], len(seen.y)
    for unit in edit.units or ():
        if not 0 <= unit < width:
            raise UsageError(f"there is no unit {unit} in {edit.track}: it has the units 0 to {width - 1}")
    for step in edit.steps or ():
        if not 0 <= step < steps:
            raise UsageError(f"there is no step {step} before what is said: there are the steps 0 to {steps - 1}")
    units = torch.tensor(edit.units or range(width), device=subject.x.device)
    own = frozenset(range(steps) if edit.steps is None else edit.steps)
    name, _, lane = edit.track.partition("_")
    kind = _HeldPart if edit.track in seen.states else _HeldGate
    return kind(edit, name, lane, units, own)


@dataclass
class _Held:
    """What is held in one lane."""

    edit: Edit
    """The edit."""
    name: str
    """Of the part or the gate, without the lane."""
    lane: str
    """In which layer and direction."""
    units: Tensor
    """(K,) of which units."""
    steps: frozenset[int]
    """At which steps."""

    def meets(self, lane: Lane, step: int) -> bool:
        """Whether something is held there."""
        return step in self.steps and lane.name == self.lane

    def before(self, lane: Lane, step: int, call: Call, from_x: Tensor) -> tuple[Call, Tensor]:
        return call, from_x

    def after(self, lane: Lane, step: int, carry: tuple[Tensor, ...], gates: dict[str, Tensor]) -> tuple[Tensor, ...]:
        return carry


class _HeldPart(_Held):
    """A part of the carry, written over after a step."""

    def before(self, lane: Lane, step: int, call: Call, from_x: Tensor) -> tuple[Call, Tensor]:
        self._names = call.body().carry("weight_hr" in call.names)
        return call, from_x

    def after(self, lane: Lane, step: int, carry: tuple[Tensor, ...], gates: dict[str, Tensor]) -> tuple[Tensor, ...]:
        if not self.meets(lane, step):
            return carry
        place = self._names.index(self.name)
        held = carry[place].index_fill(1, self.units, self.edit.value)
        return (*carry[:place], held, *carry[place + 1 :])


class _HeldGate(_Held):
    """A gate, given the sum that makes it the value, and nothing of the past beside it."""

    _sums: Tensor | None = None
    """(G*H,) what sums are set to; nan where they stay."""
    _released: tuple[Call, Call] | None = None
    """A call and the same with nothing of the past in the gate: the last one met, as most steps have the same."""

    def before(self, lane: Lane, step: int, call: Call, from_x: Tensor) -> tuple[Call, Tensor]:
        if not self.meets(lane, step):
            return call, from_x
        gates, hidden = call.body().gates, from_x.shape[-1] // len(call.body().gates)
        if self.name not in gates:
            self._refuse(call)
        blocks = [gates.index(name) for name in _together(call.cell, self.name)]
        if self._released is None or self._released[0] is not call:
            self._released = (call, _without_past(call, lane.direction, blocks, self.units, hidden))
        if self._sums is None:
            self._sums = self._found(self._released[1], lane, from_x, hidden)
        return self._released[1], torch.where(self._sums.isnan(), from_x, self._sums)

    def after(self, lane: Lane, step: int, carry: tuple[Tensor, ...], gates: dict[str, Tensor]) -> tuple[Tensor, ...]:
        if self.meets(lane, step) and not self._is_held(gates) and self._released is not None:
            self._refuse(self._released[0])
        return carry

    def _found(self, call: Call, lane: Lane, from_x: Tensor, hidden: int) -> Tensor:
        """The sums under which the gate has the value: by the inverse of what the cell makes of them, whichever."""
        gates, like = call.body().gates, torch.tensor(self.edit.value, dtype=from_x.dtype)
        zeros = tuple(torch.zeros_like(part[lane.direction, :1]) for part in call.state)
        for inverse in _INVERSES:
            sums = torch.full_like(from_x[0], torch.nan)
            for name in _together(call.cell, self.name):
                value = like if name == self.name else 1 - like
                sums[gates.index(name) * hidden + self.units] = inverse(value).to(sums.device)
            if sums.isnan().sum() > sums.numel() - len(self.units):
                continue  # the value is none that such a gate can have
            tried = torch.where(sums.isnan(), from_x[:1], sums)
            if self._is_held(call.body().step(call.parameters(lane.direction), tried, zeros[0], zeros)[1]):
                return sums
        self._refuse(call)

    def _is_held(self, gates: dict[str, Tensor]) -> bool:
        held = gates[self.name].index_select(-1, self.units)
        return bool((held - self.edit.value).abs().max() <= 1e-6)

    def _refuse(self, call: Call) -> NoReturn:
        raise UsageError(
            f"{self.edit.track} of cell {call.cell!r} cannot be held at {self.edit.value:g}: "
            "it has no such values, or is made of more than a sum of its own"
        )


_INVERSES: tuple[Callable[[Tensor], Tensor], ...] = (
    torch.logit,
    torch.atanh,
    lambda value: value,
    lambda value: torch.where(value >= 0.5, value - 0.5, torch.logit(value)),
)
"""Of a sigmoid, a tanh, nothing, and the positive candidate of minGRU in log-space: nan where there is no such sum."""


def _together(cell: str, gate: str) -> tuple[str, ...]:
    """Gates that are one choice: those of a minLSTM sum to 1."""
    return ("i", "f") if cell.startswith("minlstm") and gate in ("i", "f") else (gate,)


def _without_past(call: Call, direction: int, blocks: list[int], units: Tensor, hidden: int) -> Call:
    """The same call, where the sums of some gates and units are the input's part alone."""
    body, weights = call.body(), list(call.weights)
    rows = torch.cat([block * hidden + units for block in blocks])
    normed = "ln_hh.weight" in call.names  # then a row of W_hh is a part of the norm of all the others
    for place, name in enumerate(call.names):
        at = direction * len(call.names) + place
        if name in ("bias_hh", "ln_hh.weight", "ln_hh.bias") or (name == "weight_hh" and not normed):
            weights[at] = weights[at].index_fill(0, rows, 0.0)
        elif name == "weight_ch":  # peepholes, of i, f and o
            seen = [("i", "f", "o").index(body.gates[block]) * hidden for block in blocks if body.gates[block] != "g"]
            for first in seen:
                weights[at] = weights[at].index_fill(0, first + units, 0.0)
        elif name in {f"{own}_{body.gates[block]}" for own in "uv" for block in blocks} | {"u"}:
            weights[at] = weights[at].index_fill(0, units, 0.0)
    return replace(call, weights=weights)
