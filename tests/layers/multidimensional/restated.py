"""Grid LSTM and ConvLSTM restated for the oracle: one sequence, one step, one block or one place at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import oracle
import torch
from cases import Case
from oracle import Carry, Parameters, sigmoid
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from throughtime.layers import Recurrent
from throughtime.layers.multidimensional import ConvLSTM, GridLSTM

Stepped = tuple[Carry, dict[str, Tensor]]

# -- Grid LSTM: Kalchbrenner, Danihelka and Graves 2015 ------------------------------------------------------------


def transform(weight: Tensor, bias: Tensor, seen: Tensor, m: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Eq. 1, gate by gate."""
    u, f, o, c = (weight[k * len(m) : (k + 1) * len(m)] @ seen + bias[k * len(m) : (k + 1) * len(m)] for k in range(4))
    u, f, o, c = sigmoid(u), sigmoid(f), sigmoid(o), torch.tanh(c)
    m = f * m + u * c
    return torch.tanh(o * m), m, [u, f, o, c]


def grid(depth: int, dimensions: int, tied: bool, priority: bool) -> Callable[..., Stepped]:
    def of_block(p: Parameters, along: str, block: int, width: int) -> tuple[Tensor, Tensor]:
        name = along if tied else f"{along}_{block}"
        weight = p[f"weight_{name}"]
        return weight, p.get(f"bias_{name}", torch.zeros(4 * width, dtype=weight.dtype))

    def step(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> Stepped:
        side = p["weight_in"] @ x + p.get("bias_in", torch.zeros(1, dtype=x.dtype))
        width = len(side) // 2
        h_1, m_1 = side[:width], side[width:]
        gates: dict[str, Tensor] = {}
        after: dict[str, list[Tensor]] = {"hidden": [], "memory": []}
        for block in range(depth):
            if dimensions == 1:
                h_1, m_1, _ = transform(*of_block(p, "depth", block, width), h_1, m_1)
                continue
            h_2, m_2 = (part[block * width : (block + 1) * width] for part in carry[1:])
            hidden, memory, of_time = transform(*of_block(p, "time", block, width), torch.cat([h_1, h_2]), m_2)
            seen_above = torch.cat([h_1, hidden if priority else h_2])
            h_1, m_1, of_depth = transform(*of_block(p, "depth", block, width), seen_above, m_1)
            after["hidden"].append(hidden)
            after["memory"].append(memory)
            for along, found in (("time", of_time), ("depth", of_depth)):
                gates |= {f"{gate}_{along}_{block}": value for gate, value in zip("ufoc", found, strict=True)}
        return [h_1, *(torch.cat(parts) for parts in after.values() if parts)], gates

    return step


@dataclass(frozen=True, kw_only=True)
class GridCase(Case):
    """A Grid LSTM and a batch for it."""

    depth: int = 2
    grid: dict[str, Any] = field(default_factory=dict)
    """Of dimensions, tied and priority those that are asked for."""

    def made(self, inputs: int, hidden: int | list[int], **options: Any) -> Recurrent:
        return GridLSTM(inputs, hidden, self.depth, **self.grid, **options)

    def layer(self) -> Recurrent:
        layer = super().layer()
        asked = {"dimensions": 2, "tied": False, "priority": False, **self.grid}
        oracle.CELLS[self.cell] = grid(self.depth, **asked)
        return layer


# -- ConvLSTM: Shi et al. 2015 -------------------------------------------------------------------------------------

PLACE = (3, 2)
AREA = math.prod(PLACE)


def convolved(weight: Tensor, picture: Tensor) -> Tensor:
    """``W * X``: at each place, over each offset that stays inside, W of that offset times the channels there."""
    (_, height, width), (down, across) = picture.shape, weight.shape[2:]
    places = []
    for y in range(height):
        for x in range(width):
            total = torch.zeros(weight.shape[0], dtype=weight.dtype)
            for a in range(down):
                for b in range(across):
                    row, column = y + a - down // 2, x + b - across // 2
                    if 0 <= row < height and 0 <= column < width:
                        total = total + weight[:, :, a, b] @ picture[:, row, column]
            places.append(total)
    return torch.stack(places, 1).reshape(-1, height, width)


def conv_lstm(p: Parameters, x: Tensor, seen: Tensor, carry: Carry) -> Stepped:
    """Eq. 3."""
    channels = p["weight_hh"].shape[1]
    c = carry[1].reshape(channels, *PLACE)
    total = convolved(p["weight_ih"], x.reshape(-1, *PLACE)) + convolved(p["weight_hh"], seen.reshape(-1, *PLACE))
    for bias in ("bias_ih", "bias_hh"):
        total = total + p[bias][:, None, None] if bias in p else total
    i, f, g, o = total.reshape(4, channels, *PLACE)
    w_ci, w_cf, w_co = p.get("weight_ch", torch.zeros(3 * channels, *PLACE, dtype=c.dtype)).reshape(3, *c.shape)
    i, f, g = sigmoid(i + w_ci * c), sigmoid(f + w_cf * c), torch.tanh(g)
    c = f * c + i * g
    o = sigmoid(o + w_co * c)
    h = o * torch.tanh(c)
    return [h.flatten(), c.flatten()], {name: gate.flatten() for name, gate in zip("ifgo", (i, f, g, o), strict=True)}


oracle.CELLS["conv_lstm"] = conv_lstm


@dataclass(frozen=True, kw_only=True)
class ConvCase(Case):
    """A ConvLSTM and a batch for it: rows and states are flat here, pictures where the layer sees them."""

    cell: str = "conv_lstm"
    input_size: int = 2 * AREA
    hidden: int | tuple[int, ...] = 2
    """Channels."""
    kernel: tuple[int, int] = (3, 1)

    def made(self, inputs: int, hidden: int | list[int], **options: Any) -> Recurrent:
        return ConvLSTM(inputs // AREA, hidden, PLACE, self.kernel, **options)

    def entered(self, batch: Any) -> Any:
        return pictured(super().entered(batch))

    def left(self, y: Any) -> list[Tensor]:
        return super().left(flat(y))

    def joined(self, layer: Recurrent, initial: Any) -> Any:
        return pictured(super().joined(layer, initial))

    def parted(self, layer: Recurrent, final: Any) -> list[list[list[Tensor]]]:
        return super().parted(layer, flat(final))


def changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A batch in any form, or a state."""
    if value is None:
        return None
    if isinstance(value, PackedSequence):
        return PackedSequence(change(value.data), *value[1:])
    if isinstance(value, list | tuple):
        return type(value)(changed(each, change) for each in value)
    if value.is_nested:
        return torch.nested.as_nested_tensor([change(row) for row in value.unbind()], layout=torch.jagged)
    return change(value)


def pictured(value: Any) -> Any:
    return changed(value, lambda each: each.reshape(*each.shape[:-1], -1, *PLACE))


def flat(value: Any) -> Any:
    return changed(value, lambda each: each.flatten(-3))
