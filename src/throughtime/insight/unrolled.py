"""One pass of a stack over one sequence, step by step on the reference, with every state at hand.

Each state is the very tensor that the next step reads, so a gradient of anything later can be asked for with respect to
it, and it can be changed on the way. In float64: a gradient that fades over a thousand steps is a number there still.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.errors import UnknownNameError
from throughtime.kernels.call import Call
from throughtime.kernels.reference.loop import advance
from throughtime.layers import Recurrent
from throughtime.layers.construction.block import Block

__all__ = [
    "Intervention",
    "Lane",
    "Unrolled",
    "lane_named",
    "lanes",
    "numbers",
    "parts",
    "precise",
    "unroll",
    "working_dtype",
]

Carry = tuple[Tensor, ...]


@dataclass(frozen=True)
class Lane:
    """One layer and direction."""

    layer: int
    """Its number."""
    direction: int
    """0 forward, 1 backward."""

    @property
    def name(self) -> str:
        """Such as "l0" or "l1_reverse"."""
        return f"l{self.layer}{'_reverse' if self.direction else ''}"


class Intervention(Protocol):
    """What is done to a pass on its way."""

    def before(self, lane: Lane, step: int, call: Call, from_x: Tensor) -> tuple[Call, Tensor]:
        """Change a call's weights, or the input's part of the gates (n, G*H), for one step."""
        ...

    def after(self, lane: Lane, step: int, carry: Carry, gates: dict[str, Tensor]) -> Carry:
        """Change the carry, parts of (n, width), that the step has made; see what its gates were."""
        ...


@dataclass(kw_only=True)
class Unrolled:
    """What a pass left."""

    y: Tensor
    """(T, n, D*P), what the stack gives."""
    state: Any
    """After the last step, as the layers give it."""
    inputs: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    """Lane -> (T, n, I) what it read."""
    before: dict[str, Carry] = field(default_factory=dict[str, Carry])
    """Lane -> the carry before its first step."""
    states: dict[str, list[Tensor]] = field(default_factory=dict[str, list[Tensor]])
    """Part of the carry -> after each step, in the order of the sequence, (n, width)."""
    gates: dict[str, list[Tensor]] = field(default_factory=dict[str, list[Tensor]])
    """Gate -> at each step, (n, H)."""

    def stacked(self, track: str) -> Tensor:
        """A part of the carry or a gate over time, (T, n, width)."""
        return torch.stack((self.states | self.gates)[track])


def lanes(layer: Recurrent) -> list[Lane]:
    """Every layer and direction of a stack, in the order of its weights."""
    return [Lane(number, direction) for number in range(layer.num_layers) for direction in range(layer.directions)]


def lane_named(layer: Recurrent, name: str) -> Lane:
    """Find the lane of a name.

    Args:
        layer: the stack.
        name: its name, such as "l1_reverse".

    Raises:
        UnknownNameError: it is not there; the message has those that are.
    """
    known = {lane.name: lane for lane in lanes(layer)}
    if name not in known:
        raise UnknownNameError("layer", name, known)
    return known[name]


def parts(layer: Recurrent) -> tuple[str, ...]:
    """Name the parts of the carry, h first, of a layer's cell."""
    return layer.cell.carry(layer.proj_size > 0)


def numbers(tensor: Tensor) -> NDArray[np.float64]:
    """A tensor as what results hold."""
    return np.asarray(tensor.detach().cpu().numpy(), np.float64)


def working_dtype(like: Tensor) -> torch.dtype:
    """Type in which a pass over tensors like one computes: float64, but where a device has none."""
    return like.dtype if like.device.type == "mps" else torch.float64


def precise(layer: Recurrent) -> list[Call]:
    """One call for each layer, its weights and its initial state in the type of a pass, without gradients."""
    calls: list[Call] = []
    for call in layer.step_calls(1):
        tensors = call.tensors()
        calls.append(call.with_tensors([tensor.detach().to(working_dtype(call.rows)) for tensor in tensors]))
    return calls


def unroll(layer: Recurrent, x: Tensor, state: Any = None, interventions: Sequence[Intervention] = ()) -> Unrolled:
    """Run a stack in evaluation, step by step.

    Args:
        layer: the layers.
        x: (T, n, I) in the type of a pass; T is 1 or more.
        state: the state before, as the layers take it for n rows, or None.
        interventions: what is done on the way, one after the other.

    Returns:
        What the pass left; gradients flow through all of it where they are on.
    """
    states = layer.states(x.shape[1], x)
    entered = states.enter(state, None) if state is not None else None
    seen = Unrolled(y=x, state=None)
    finals: list[list[Tensor]] = []
    for number, call in enumerate(precise(layer)):
        given = [part.expand(-1, x.shape[1], -1) for part in call.state] if entered is None else entered[number]
        whole = layer.block(number)
        block = Block({name: tensor.detach().to(x) for name, tensor in whole.p.items()}, whole.residual)
        ends: list[Carry] = []
        outputs: list[Tensor] = []
        read = block.enter(seen.y)
        for direction in range(layer.directions):
            lane = Lane(number, direction)
            seen.inputs[lane.name] = read
            seen.before[lane.name] = tuple(part[direction] for part in given)
            y, end = _lane(lane, replace(call, rows=read), seen, interventions)
            outputs.append(y)
            ends.append(end)
        seen.y = block.leave(seen.y if layer.pre_norm else read, torch.cat(outputs, -1))
        finals.append([torch.stack(part) for part in zip(*ends, strict=True)])
    seen.state = states.leave(finals, None)
    return seen


def _lane(lane: Lane, call: Call, seen: Unrolled, interventions: Sequence[Intervention]) -> tuple[Tensor, Carry]:
    """One layer and direction: its output (T, n, P) and its last carry."""
    body, carry = call.body(), seen.before[lane.name]
    projected = body.project(call.parameters(lane.direction), call.rows).unbind(0)
    names = body.carry("weight_hr" in call.names)
    unmasked: list[Tensor | None] = [None] * len(names)
    every: list[tuple[Carry, dict[str, Tensor]]] = []
    steps = range(len(projected))
    for step in reversed(steps) if lane.direction else steps:
        now, from_x = call, projected[step]
        for each in interventions:
            now, from_x = each.before(lane, step, now, from_x)
        carry, gates = advance(now, lane.direction, from_x, carry, None, unmasked)
        for each in interventions:
            carry = each.after(lane, step, carry, gates)
        every.append((carry, gates))
    ordered = every[::-1] if lane.direction else every
    for number, name in enumerate(names):
        seen.states[f"{name}_{lane.name}"] = [made[number] for made, _ in ordered]
    for name in ordered[0][1]:
        seen.gates[f"{name}_{lane.name}"] = [gates[name] for _, gates in ordered]
    return torch.stack([made[0] for made, _ in ordered]), carry
