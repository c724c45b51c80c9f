"""By what the most lasting change of a state is multiplied over a distance: products of Jacobians, not written out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from throughtime.errors import UsageError
from throughtime.insight.results import Floats, Spectrum
from throughtime.insight.subject import Subject
from throughtime.insight.unrolled import Lane, Unrolled, lane_named, lanes, parts, precise
from throughtime.insight.windows import WINDOW, look
from throughtime.kernels.call import Call
from throughtime.kernels.reference.loop import advance

__all__ = ["jacobian_spectrum"]

BLOCK = 4
"""Vectors that are iterated at once for each distance: singular values that lie close do not slow the largest down."""
ROUNDS = 60
"""Rounds at most."""
REST = 0.05
"""Share of the tolerance by which an estimate may still grow in a round and be at rest: it grows ever more slowly."""


def jacobian_spectrum(
    subject: Subject,
    *,
    distances: int | Sequence[int] = 20,
    layers: Sequence[str] | None = None,
    tolerance: float = 0.01,
    window: int = WINDOW,
) -> Spectrum:
    """Find the largest singular value of the product of Jacobians over several distances.

    .. code-block:: text

        J[d] = d s[at] / d s[at - d] = J(step at) ... J(step at - d + 1)        s: the whole carry of one layer, (h, c)
        V <- orthonormal(J[d] orthonormal(J[d]^T V))                            block power iteration
        sigma[d] = largest singular value of J[d] on all orthonormal(J[d]^T V) so far

    What a layer reads is held fast, so this is of each layer by itself. J^T V goes through reverse
    mode, J U through reverse mode of that, all distances in one sweep, scaled on the way so that nothing under- or
    overflows. Where the largest change fades fast, nothing of it is left to learn from; where it grows, training blows
    up.

    Args:
        subject: what is looked at. A stack that reads one way is followed up to ``subject.at``; one that reads both
            ways to the last step, and in its backward directions to the first.
        distances: how many, spread evenly over their logarithms from 1 to all steps, or which.
        layers: names of layers and directions, such as "l0" or "l1_reverse"; None: all.
        tolerance: relative, of the singular values.
        window: steps that are looked at, at most.

    Returns:
        The logarithms of the singular values, by distance. An sLSTM's state holds its memory and what it is scaled by;
        both count.

    Raises:
        UnknownNameError: a layer that is not there.
        UsageError: a distance below 1 or above the steps that there are, or a tolerance out of range.

    Source: Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks", section 2.1;
    the iteration: Musco and Musco 2015, "Randomized block Krylov methods for stronger and faster approximate singular
    value decomposition", algorithm 2: nothing of earlier rounds is forgotten, so that fewer are needed.

    Example:
        >>> import torch, throughtime as tt
        >>> from throughtime.insight import jacobian_spectrum, subject
        >>> found = jacobian_spectrum(subject(tt.RNN(3, 8), torch.randn(50, 3)), distances=[1, 10, 49])
        >>> found.distances.tolist(), bool(found.log_largest["l0"][2] < found.log_largest["l0"][0])
        ([1, 10, 49], True)
    """
    if not 0 < tolerance < 1:
        raise UsageError(f"tolerance must be between 0 and 1, got {tolerance}")
    layer = subject.recurrent
    chosen = lanes(layer) if layers is None else [lane_named(layer, name) for name in layers]
    with torch.no_grad():
        seen = look(subject, window)
    spread = _distances(distances, len(seen.x))
    kind = subject.x.dtype  # what is scaled on the way needs no float64 against under- and overflow
    calls = [call.with_tensors([tensor.to(kind) for tensor in call.tensors()]) for call in precise(layer)]
    logs: dict[str, Floats] = {}
    rest: dict[str, NDArray[np.bool_]] = {}
    rounds: dict[str, int] = {}
    for lane in chosen:
        line = _line(lane, calls[lane.layer], parts(layer), seen.seen)
        logs[lane.name], rest[lane.name], rounds[lane.name] = _iterated(line, spread, tolerance)
    return Spectrum(
        at=seen.steps.stop - 1,
        distances=np.array(spread, dtype=np.int64),
        log_largest=logs,
        converged=rest,
        rounds=rounds,
        note=seen.note,
    )


def _distances(asked: int | Sequence[int], steps: int) -> list[int]:
    if isinstance(asked, int):
        if asked < 1:
            raise UsageError(f"distances must be 1 or more of them, got {asked}")
        return sorted({round(d) for d in np.geomspace(1, steps, asked).tolist()})
    wrong = [d for d in asked if not 1 <= d <= steps]
    if wrong or not asked:
        raise UsageError(f"a distance must be 1 to {steps}, the steps that are looked at, got {wrong or 'none'}")
    return sorted(set(asked))


@dataclass(frozen=True)
class _Line:
    """One layer and direction, in the order in which it reads."""

    step: Callable[[int, tuple[Tensor, ...]], tuple[Tensor, ...]]
    """The carry after a step, of the carry before it, for any number of rows."""
    before: list[tuple[Tensor, ...]]
    """The carry before each step, parts of (1, width)."""


def _line(lane: Lane, call: Call, names: tuple[str, ...], seen: Unrolled) -> _Line:
    kind = call.rows.dtype
    read = seen.inputs[lane.name].to(kind)
    projected = list(call.body().project(call.parameters(lane.direction), read))
    tracks = [seen.states[f"{name}_{lane.name}"] for name in names]
    after: list[tuple[Tensor, ...]] = [tuple(part) for part in zip(*tracks, strict=True)]
    if lane.direction:
        projected, after = projected[::-1], after[::-1]
    unmasked: list[Tensor | None] = [None] * len(names)

    def step(number: int, carry: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        from_x = projected[number].expand(len(carry[0]), -1)
        return advance(call, lane.direction, from_x, carry, None, unmasked)[0]

    before = [seen.before[lane.name], *after[:-1]]
    return _Line(step, [tuple(part.to(kind) for part in carry) for carry in before])


class _Subspace:
    """What is known of J[d]: some orthonormal directions, and what becomes of them.

    Args:
        start: (K, size) left directions to begin with, orthonormal.
    """

    def __init__(self, start: Tensor) -> None:
        self.left = start
        self.basis = self.images = start[:0]
        self.scale, self.log_largest, self.resting = -math.inf, -math.inf, False

    def orthonormal(self, rows: Tensor) -> Tensor:
        """Directions (K, size) that are new, of those that J^T gave; zeros where there are no more."""
        for _ in range(2):  # once is not enough where little is left
            rows = _orthonormal(rows - rows @ self.basis.mT @ self.basis)
        known = (rows @ self.basis.mT).square().sum(1) > 0.1  # where nothing was left, what came out is any direction
        return torch.where(known[:, None], 0.0, rows)

    def add(self, rows: Tensor, images: Tensor, scale: float, growth: float) -> None:
        """Take in new directions and what became of them, times exp(scale); at rest below a growth."""
        common = max(scale, self.scale)
        self.images = torch.cat([self.images * math.exp(self.scale - common), images * math.exp(scale - common)])
        self.basis, self.scale = torch.cat([self.basis, rows]), common
        found = _log_largest(self.images, common)
        self.resting = found == -math.inf or found - self.log_largest < growth
        self.log_largest = max(found, self.log_largest)
        self.left = _orthonormal(images)


def _orthonormal(rows: Tensor) -> Tensor:
    return cast(Tensor, torch.linalg.qr(rows.mT)[0]).mT


def _log_largest(rows: Tensor, scale: float) -> float:
    largest = cast(Tensor, torch.linalg.matrix_norm(rows, 2)).item()
    return math.log(largest) + scale if largest > 0 else -math.inf


def _iterated(line: _Line, distances: list[int], tolerance: float) -> tuple[Floats, NDArray[np.bool_], int]:
    """Logarithms of the largest singular values, whether each came to rest, and the rounds."""
    size = sum(part.shape[1] for part in line.before[0])
    like, block = line.before[0][0], min(BLOCK, size)
    draw = torch.Generator(like.device).manual_seed(0)
    drawn = torch.randn(len(distances), block, size, generator=draw, dtype=like.dtype, device=like.device)
    known = {d: _Subspace(_orthonormal(own)) for d, own in zip(distances, drawn, strict=True)}
    rounds = 0
    while rounds < ROUNDS and (moving := [d for d in distances if not known[d].resting]):
        rounds += 1
        back = _swept(line, {d: known[d].left for d in moving}, forward=False)
        rows: dict[int, Tensor] = {}
        for d, (vectors, scale) in back.items():
            known[d].resting = abs(_log_largest(vectors, scale) - known[d].log_largest) < REST * tolerance
            if not known[d].resting:
                rows[d] = known[d].orthonormal(vectors)
        for d, (images, scale) in _swept(line, rows, forward=True).items() if rows else ():
            known[d].add(rows[d], images, scale, REST * tolerance)
    told = np.array([known[d].log_largest for d in distances])
    return told, np.array([known[d].resting for d in distances]), rounds


def _swept(line: _Line, blocks: dict[int, Tensor], *, forward: bool) -> dict[int, tuple[Tensor, float]]:
    """J[d] V of every distance (forward), or J[d]^T V; each with the logarithm of what it is to be multiplied by.

    All distances end at the last step, so that one sweep over the steps serves all: going back they part one by one,
    going forward they join.
    """
    count, last = len(next(iter(blocks.values()))), len(line.before)
    order = sorted(blocks, reverse=True)  # the farthest first: those that are under way are the first rows
    logs = dict.fromkeys(order, 0.0)
    rows = torch.cat([blocks[d] for d in order])
    steps = range(last - order[0], last)
    done: dict[int, Tensor] = {}
    now = rows[:0] if forward else rows
    for number in steps if forward else reversed(steps):
        under_way = sum(d >= last - number for d in order)
        if forward and len(now) < under_way * count:
            now = torch.cat([now, rows[len(now) : under_way * count]])
        now = (_forward if forward else _back)(line, number, now)
        if number % 8 == 0:
            now = _scaled(now, order[:under_way], logs, count)
        if not forward and (leaves := last - number) in blocks:
            done[leaves], now = now[-count:], now[:-count]
    if forward:
        done = dict(zip(order, cast("tuple[Tensor, ...]", now.split(count)), strict=True))
    return {d: (done[d], logs[d]) for d in order}


def _scaled(rows: Tensor, under_way: Sequence[int], logs: dict[int, float], count: int) -> Tensor:
    """The blocks brought to size 1 each, and their logarithms with what was taken away."""
    sizes = rows.view(len(under_way), -1).abs().amax(1)
    sizes = torch.where(sizes == 0, 1.0, sizes)
    for d, size in zip(under_way, cast("list[float]", sizes.log().tolist()), strict=True):
        logs[d] += size
    return rows / sizes.repeat_interleave(count)[:, None]


def _parted(rows: Tensor, carry: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Rows (n, size) as parts of a carry, (n, width) each."""
    return cast("tuple[Tensor, ...]", rows.split([part.shape[1] for part in carry], 1))


def _back(line: _Line, number: int, rows: Tensor) -> Tensor:
    """J^T of one step, (n, size) -> (n, size)."""
    with torch.enable_grad():
        leaves, ends = _one_step(line, number, len(rows))
        told = _parted(rows, ends)
        found = _gradients(ends, leaves, told)
    return torch.cat(found, 1)


def _forward(line: _Line, number: int, rows: Tensor) -> Tensor:
    """J of one step, (n, size) -> (n, size): the derivative of J^T v, which is linear, with respect to v."""
    with torch.enable_grad():
        leaves, ends = _one_step(line, number, len(rows))
        v = [torch.zeros_like(end, requires_grad=True) for end in ends]
        products = _gradients(ends, leaves, v, again=True)
        found = _gradients(products, v, _parted(rows, leaves))
    return torch.cat(found, 1)


def _one_step(line: _Line, number: int, rows: int) -> tuple[list[Tensor], list[Tensor]]:
    """The carry before a step, the same in all rows, and the one after it, made of that."""
    leaves = [part.expand(rows, -1).clone().requires_grad_() for part in line.before[number]]
    return leaves, list(line.step(number, tuple(leaves)))


def _gradients(
    ends: Sequence[Tensor], leaves: Sequence[Tensor], told: Sequence[Tensor], *, again: bool = False
) -> tuple[Tensor, ...]:
    """Gradients to the leaves of those ends that depend on any; zeros where none does."""
    depend = [(end, own) for end, own in zip(ends, told, strict=True) if end.requires_grad]
    if not depend:
        return tuple(map(torch.zeros_like, leaves))
    outputs, gradients = [end for end, _ in depend], [own for _, own in depend]
    return torch.autograd.grad(
        outputs, leaves, gradients, create_graph=again, allow_unused=True, materialize_grads=True
    )
