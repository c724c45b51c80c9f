"""An independent restatement of the layers: one sequence, one step, one gate at a time.

No batch axis, no packing, no code of ours: gates are taken one by one, resets are sequences cut in pieces, the backward
direction is a sequence turned around, masks come from Philox on Python's integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from oracle_cells import CELLS, Carry, Parameters, norm, sigmoid
from torch import Tensor

__all__ = ["CELLS", "Carry", "Net", "Noise", "Parameters", "falls", "philox", "sigmoid"]

# -- noise -----------------------------------------------------------------------------------------

ZONEOUT_H, ZONEOUT_C, RECURRENT, WEIGHT, VARIATIONAL = range(5)


def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """Philox4x32-10 (Salmon et al. 2011) on Python's integers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 % 2**32, (p0 >> 32) ^ c[3] ^ k[1], p0 % 2**32]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def falls(p: float, seed: int, purpose: int, layer: int, direction: int, row: int, step: int, units: int) -> Tensor:
    """(units,) bool: which units fall out."""
    key = (seed % 2**32, seed // 2**32)
    where = purpose + 8 * (direction + 2 * layer)
    words = [philox((unit // 4, step, row, where), key)[unit % 4] for unit in range(units)]
    return torch.tensor([word < math.floor(p * 2**32) for word in words])


def scale(p: float, *where: int) -> Tensor:
    """(units,) float64: 0 where a unit falls out, else 1/(1-p)."""
    return (~falls(p, *where)).double() / (1 - p)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """The options that draw masks, and the call's seed; ``training`` false: none is drawn, zoneout mixes."""

    training: bool = False
    seed: int = 0
    zoneout: tuple[float, float] = (0.0, 0.0)
    recurrent_dropout: float = 0.0
    weight_dropout: float = 0.0
    input_dropout: float = 0.0
    variational_dropout: float = 0.0


# -- one direction of one layer over one sequence --------------------------------------------------


@dataclass(kw_only=True)
class Direction:
    """One direction of one layer: its parameters and where it stands."""

    cell: str
    p: Parameters
    layer: int
    direction: int
    noise: Noise
    gates: list[dict[str, Tensor]] = field(default_factory=list)

    def run(self, xs: list[Tensor], row: int, start: Carry, restart: Carry, resets: list[bool]) -> tuple:
        """Outputs by step, and the final carry: the sequence cut at its resets, each piece on its own."""
        bounds = sorted({0, len(xs), *(t for t, reset in enumerate(resets[: len(xs)]) if reset)})
        pieces = [range(a, b) for a, b in pairwise(bounds)]
        if self.direction:
            pieces = [piece[::-1] for piece in pieces[::-1]]
        carry, outputs = start, {}
        for k, piece in enumerate(pieces):
            cleared = k > 0 or (self.direction == 0 and len(resets) > 0 and resets[0])
            carry = restart if cleared else carry
            for t in piece:
                carry, gates = self.step(xs[t], row, t, carry)
                outputs[t] = carry, gates
        steps = [outputs[t] for t in range(len(xs))]
        return [carry for carry, _ in steps], carry, [gates for _, gates in steps]

    def step(self, x: Tensor, row: int, t: int, carry: Carry) -> tuple[Carry, dict[str, Tensor]]:
        noise, h = self.noise, carry[0]
        if noise.training and noise.recurrent_dropout:
            where = (noise.seed, RECURRENT, self.layer, self.direction, row, 0, len(h))
            h = h * scale(noise.recurrent_dropout, *where)
        fresh, gates = CELLS[self.cell](self.p, x, h, carry)
        return [self.zone(k, row, t, old, new) for k, (old, new) in enumerate(zip(carry, fresh, strict=True))], gates

    def zone(self, part: int, row: int, t: int, old: Tensor, new: Tensor) -> Tensor:
        p = self.noise.zoneout[min(part, 1)]
        if not self.noise.training:
            return p * old + (1 - p) * new
        kept = falls(p, self.noise.seed, min(part, 1), self.layer, self.direction, row, t, len(old)).to(old.dtype)
        return kept * old + (1 - kept) * new


# -- what stands around a layer ---------------------------------------------------------------------


def fed_forward(p: Parameters, y: Tensor) -> Tensor:
    """``y + W_down GELU(W_up LN(y))`` with GELU(a) = a P(Z <= a), where the parameters hold it."""
    if "weight_up" not in p:
        return y
    inner = p["weight_up"] @ norm(p, "ln_ff", y) + p.get("bias_up", torch.zeros(1, dtype=y.dtype))
    inner = inner * (1 + torch.erf(inner / math.sqrt(2))) / 2
    return y + p["weight_down"] @ inner + p.get("bias_down", torch.zeros(1, dtype=y.dtype))


# -- the stack over one sequence -------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Net:
    """A stack: for each layer, for each direction, its parameters by name without suffix."""

    cell: str
    layers: list[list[Parameters]]
    """What stands around a layer is among the parameters of its first direction."""
    residual: bool = False
    noise: Noise = Noise()

    def row(
        self, x: Tensor, row: int, start: list[list[Carry]], restart: list[list[Carry]], resets: list[bool]
    ) -> tuple[Tensor, list[list[Carry]], list[list[dict[str, Tensor]]]]:
        """One row: x (t, I); start and restart by layer and direction; y (t, D*P), final carry, everything traced."""
        xs, finals, traces = list(x), [], []
        for layer, directions in enumerate(self.layers):
            around, came = directions[0], xs
            xs = self.masked([norm(around, "ln_in", x) for x in xs], layer, row)
            came = came if "ln_in.weight" in around else xs
            swept = [
                Direction(cell=self.cell, p=self.weights(p, layer, d), layer=layer, direction=d, noise=self.noise).run(
                    xs, row, start[layer][d], restart[layer][d], resets
                )
                for d, p in enumerate(directions)
            ]
            finals.append([final for _, final, _ in swept])
            traces.append([{"carry": carries, "gates": gates} for carries, _, gates in swept])
            ys = [torch.cat([carries[t][0] for carries, _, _ in swept]) for t in range(len(xs))]
            ys = [y + x for y, x in zip(ys, came, strict=True)] if self.residual and layer else ys
            xs = [norm(around, "ln_out", fed_forward(around, y)) for y in ys]
        return torch.stack(xs) if xs else x.new_zeros(0), finals, traces

    def masked(self, xs: list[Tensor], layer: int, row: int) -> list[Tensor]:
        """Variational dropout: one mask for all steps."""
        p = self.noise.variational_dropout if layer else self.noise.input_dropout
        if not (self.noise.training and p and xs):
            return xs
        mask = scale(p, self.noise.seed, VARIATIONAL, layer, 0, row, 0, len(xs[0]))
        return [x * mask for x in xs]

    def weights(self, p: Parameters, layer: int, direction: int) -> Parameters:
        """Weight dropout: one mask on W_hh for all rows and steps."""
        drop = self.noise.weight_dropout
        if not (self.noise.training and drop):
            return p
        w = p["weight_hh"]
        where = (self.noise.seed, WEIGHT, layer, direction)
        mask = torch.stack([scale(drop, *where, row, 0, w.shape[1]) for row in range(w.shape[0])])
        return {**p, "weight_hh": w * mask}
