"""Noise inside the loop, as a function of where it falls and never of a generator's state.

Each mask bit is decided by ``Philox4x32-10(counter, key)`` with

.. code-block:: text

    key     = (seed mod 2^32, seed div 2^32)                          seed: drawn once per call
    counter = (unit div 4, step, row, purpose + 8 * (direction + 2 * layer))
    word    = output[unit mod 4]
    drop    = word < floor(p * 2^32)

so every kernel, batch layout, recomputation and resumed run draws the same mask, bit for bit. ``row`` is the caller's
row and ``step`` the position in that row's own sequence, whatever the order in which a kernel visits them.

Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3 (Philox4x32-10,
without change; the tests hold its published known answers).
"""

from __future__ import annotations

from enum import IntEnum

import torch
from torch import Tensor

__all__ = ["Purpose", "dropped", "philox4x32"]

_WORD = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10

Words = tuple[Tensor, Tensor, Tensor, Tensor]


class Purpose(IntEnum):
    """What a mask is for; part of the counter, so that masks of one call are independent."""

    ZONEOUT_H = 0
    ZONEOUT_C = 1
    RECURRENT_DROPOUT = 2
    WEIGHT_DROPOUT = 3
    VARIATIONAL_DROPOUT = 4


def philox4x32(counter: Words, key: tuple[Tensor, Tensor]) -> Words:
    """Ten rounds of Philox on four 32-bit words, held in int64 tensors of any (common) shape.

    Args:
        counter: four int64 tensors with values in [0, 2^32).
        key: two () int64 tensors with values in [0, 2^32).

    Returns:
        four int64 tensors with values in [0, 2^32), uniformly distributed.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        low0, high0 = _multiply(c0, _MULTIPLIERS[0])
        low1, high1 = _multiply(c2, _MULTIPLIERS[1])
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return c0, c1, c2, c3


def _multiply(a: Tensor, b: int) -> tuple[Tensor, Tensor]:
    """Low and high word of a 32 x 32 bit product; int64 wraps, and wrapping keeps the bits."""
    product = a * b
    return product & _WORD, (product >> 32) & _WORD


def dropped(
    p: float, seed: Tensor, purpose: Purpose, layer: int, direction: int, rows: Tensor, steps: Tensor, units: int
) -> Tensor:
    """Which units fall out, each with probability ``p``.

    Args:
        p: probability in [0, 1].
        seed: () int64, drawn once per call.
        purpose: what the mask is for.
        layer: index of the layer in its stack.
        direction: 0 forward, 1 backward.
        rows: (n,) int64, the caller's row of each mask.
        steps: (n,) int64, the step of each mask; zeros for a mask that all steps share.
        units: width of the mask.

    Returns:
        (n, units) bool, true where the unit falls out.
    """
    key = (seed & _WORD, (seed >> 32) & _WORD)
    quads = torch.arange((units + 3) // 4, device=rows.device)
    shape = (rows.numel(), quads.numel())
    where = torch.tensor(purpose + 8 * (direction + 2 * layer), device=rows.device)
    counter = (quads.expand(shape), steps[:, None].expand(shape), rows[:, None].expand(shape), where.expand(shape))
    words = torch.stack(philox4x32(counter, key), dim=-1).flatten(1)
    return words[:, :units] < int(p * 2**32)
