"""One direction of a call over a run of steps, as the C++ core takes it: sizes, options, weights, room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from throughtime.kernels.call import Call
from throughtime.kernels.packing import address, core, packed, target
from throughtime.kernels.reference.cell import Parameters, cell_named
from throughtime.kernels.reference.slstm import SLSTMCell

__all__ = ["CELLS", "Kept", "Pass", "flat", "number_of", "pair", "passes", "split_pair", "wide"]

CELLS = {"rnn_tanh": 0, "rnn_relu": 1, "lstm": 2, "lstm_peephole": 2, "gru": 3, "gru_reset_before": 6}
"""Cell name -> its number in the core; those of an sLSTM, which has a name for each number of heads, apart."""

_SLSTM, _SLSTM_EXP = 4, 5

_PLAIN = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}
"""Parameters of a cell that has nothing extra."""

_STATS = 4
"""Numbers that the core keeps per token of a layer-normalised cell."""

_SMALL = 1 << 18
"""Multiplications of a sweep under which waking a second thread costs more than it brings."""


def number_of(cell: str) -> int | None:
    """A cell's number in the core; None where it has no such cell.

    Args:
        cell: name of a registered cell.
    """
    if cell in CELLS:
        return CELLS[cell]
    body = cell_named(cell)
    if type(body) is not SLSTMCell:  # a class made from it may have another step
        return None
    return _SLSTM_EXP if body.exponential_forget else _SLSTM


class Kept(NamedTuple):
    """What a pass keeps for its backward pass."""

    saved: Tensor | None
    """(N, slots*H): the core's own."""
    stats: Tensor | None
    """(N, 4): the core's own, with layer norm."""
    product: Tensor | None
    """(N, G*H): W_ih x before its layer norm."""
    moments: Tensor | None
    """(2, N, 1): mean and 1/deviation of that."""


class Pass:
    """One direction of a call over all its steps, or over a run of them.

    Args:
        call: the call.
        number: its direction: 0 forward, 1 backward.
        p: the direction's parameters by name.
        sizes: rows of each step.
        first_step: number of the first step in the call.
        rows: the call's rows that these steps have.
        resets: (N,) bool: the state is cleared before this row in the order of this direction; or None.
    """

    def __init__(
        self,
        call: Call,
        number: int,
        p: Parameters,
        sizes: list[int],
        first_step: int,
        rows: slice,
        resets: Tensor | None,
    ) -> None:
        self.call, self.number, self.p, self.rows = call, number, p, rows
        self.sizes, self.first_step, self.resets = sizes, first_step, resets
        self.cell, self.gates, self.heads = number_of(call.cell), len(call.body().gates), call.body().heads
        self.width = call.state[0].shape[-1]  # P
        self.hidden = p["weight_hh"].shape[0] // self.gates
        self.tokens: int = rows.stop - rows.start
        self.normed = "ln_hh.weight" in p
        self.apart = call.cell == "gru_reset_before"  # the candidate's recurrent product waits for the other gates

    @property
    def threads(self) -> int:
        """Threads that the core may use, at most."""
        work = self.tokens * self.p["weight_hh"].numel()
        return torch.get_num_threads() if work > _SMALL else 1

    def of(self, rows: Tensor) -> Tensor:
        """The rows and columns of (N', D*P) that are this pass'."""
        return rows[self.rows, self.number * self.width : (self.number + 1) * self.width]

    def sweep(self, row_ids: Tensor | None) -> Any:
        """The core's loop, ready to run."""
        call = self.call
        zoneout = [*call.zoneout, 0.0][:2]
        seed = 0 if call.seed is None else int(call.seed)
        noise = core().Noise(
            *zoneout, call.recurrent_dropout, call.training, seed, call.layer, address(row_ids), self.first_step
        )
        inputs, batch = self.p["weight_ih"].shape[1], call.state[0].shape[1]
        return core().Sweep(
            target(), self.cell, inputs, self.hidden, self.width, batch, self.sizes, bool(self.number),
            self.threads, address(self.resets), noise,
        )  # fmt: skip

    def row_ids(self) -> Tensor | None:
        """(B,) int64, contiguous, or None."""
        ids = self.call.row_ids
        return None if ids is None else ids.contiguous()

    def recurrent_weights(self, *, transposed: bool, fresh: bool) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """W_hh, the candidate's part of it where that is apart, and W_hr, packed."""
        w, w_hr = self.p["weight_hh"], self.p.get("weight_hr")
        projection = None if w_hr is None else packed(w_hr, 1, transposed=transposed, fresh=fresh)
        if self.heads > 1:
            w, fresh = _over_heads(w, self.gates, self.heads), True
        if not self.apart:
            return packed(w, self.gates, transposed=transposed, fresh=fresh), None, projection
        r_z, n = slice(0, 2 * self.hidden), slice(2 * self.hidden, 3 * self.hidden)
        gating = packed(w, 2, part=r_z, transposed=transposed, fresh=fresh)
        return gating, packed(w, 1, part=n, transposed=transposed, fresh=fresh), projection

    def extras(self) -> list[Tensor | None]:
        """What is not in every cell, in the core's order."""
        p, bias = self.p, self.p.get("bias_hh")
        inner = self.call.cell == "gru" and bias is not None and not self.normed
        bias_n = flat(bias[2 * self.hidden :]) if inner and bias is not None else None
        if p.keys() <= _PLAIN and not self.call.restart:
            return [bias_n, *[None] * 7]
        peepholes, gain, gain_c, shift_c = (
            flat(p.get(name)) for name in ("weight_ch", "ln_hh.weight", "ln_c.weight", "ln_c.bias")
        )
        shift = p.get("ln_hh.bias")
        if shift is not None and bias is not None:
            shift = shift + bias
        restart = [part[self.number].detach().contiguous() for part in self.call.restart]
        return [bias_n, peepholes, gain, flat(shift), gain_c, shift_c, *(pair(restart) if restart else (None, None))]

    @property
    def kept_per_token(self) -> list[int]:
        """Numbers kept per token: the fields of :class:`Kept`, as far as there are any."""
        variant = (any(self.call.zoneout), "weight_hr" in self.p, self.normed)
        slots: int = core().saved(self.cell, *variant)[0]
        return [slots * self.hidden, *([_STATS, self.gates * self.hidden, 2] if self.normed else [])]

    def kept(self, room: Tensor) -> Kept:
        """Parts of the room (N, numbers) for what is kept."""
        parts = cast("tuple[Tensor, ...]", room.view(-1).split([self.tokens * size for size in self.kept_per_token]))
        if not self.normed:
            return Kept(parts[0], None, None, None)
        wide = self.gates * self.hidden
        return Kept(parts[0], parts[1], parts[2].view(self.tokens, wide), parts[3].view(2, self.tokens, 1))


def passes(call: Call, number: int, sizes: list[int], steps: int | None = None) -> list[Pass]:
    """One direction of a call in runs of at most so many steps, in the order in which the direction meets them.

    Args:
        call: the call.
        number: 0 forward, 1 backward.
        sizes: its rows at each step, none of them 0.
        steps: steps of each run; None: all in one.
    """
    p = call.parameters(number)
    if steps is None:
        return [Pass(call, number, p, sizes, 0, slice(0, sum(sizes)), _resets(call, number, sizes))]
    starts, resets = [0, *accumulate(sizes)], _resets(call, number, sizes)
    runs: list[Pass] = []
    for first in range(0, max(1, len(sizes)), steps):
        last = min(first + steps, len(sizes))
        rows = slice(starts[first], starts[last])
        runs.append(Pass(call, number, p, sizes[first:last], first, rows, None if resets is None else resets[rows]))
    return runs[::-1] if number else runs


def _resets(call: Call, number: int, sizes: list[int]) -> Tensor | None:
    """(N,) bool: the state is cleared before this row in the order of the direction."""
    resets = call.resets
    if resets is None or number == 0:
        return resets if resets is None else resets.contiguous()
    later, start = torch.zeros_like(resets), 0
    for size, after in pairwise(sizes):
        later[start : start + after] = resets[start + size : start + size + after]
        start += size
    return later


def wide(tensor: Tensor | None) -> Tensor | None:
    """A tensor in the type of the state and of all sums, contiguous."""
    if tensor is None:
        return None
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).contiguous()


def flat(tensor: Tensor | None) -> Tensor | None:
    """A tensor whose numbers lie side by side."""
    return None if tensor is None else tensor.detach().contiguous()


def _over_heads(weight: Tensor, gates: int, heads: int) -> Tensor:
    """W_hh (G*H, H/heads) as the whole matrix (G*H, H), zero between heads."""
    size = weight.shape[1]
    whole = weight.new_zeros(gates, heads, size, heads, size)
    whole.diagonal(dim1=1, dim2=3).copy_(weight.detach().view(gates, heads, size, size).permute(0, 2, 3, 1))
    return whole.view(weight.shape[0], heads * size)


def pair(parts: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
    """A carry as the core takes it: h, and the others side by side, (B, C*H), or None.

    Args:
        parts: h (B, P) and C parts of (B, H).
    """
    return parts[0], None if len(parts) == 1 else parts[1] if len(parts) == 2 else torch.cat([*parts[1:]], -1)


def split_pair(h: Tensor, beside: Tensor | None, count: int) -> list[Tensor]:
    """A carry out of the two parts that the core gives.

    Args:
        h: (B, P).
        beside: (B, C*H), or None.
        count: parts of the carry, 1 + C.
    """
    if beside is None or count == 1:
        return [h]
    if count == 2:
        return [h, beside]
    # not contiguous(): a part of a single row is that already, with strides of the whole
    return [h, *(part.clone(memory_format=torch.contiguous_format) for part in beside.chunk(count - 1, -1))]
