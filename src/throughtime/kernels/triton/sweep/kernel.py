"""The sweep on a GPU behind our call: large products in PyTorch, the time loops in Triton.

The input's projection and the weight gradients are PyTorch's, over all tokens at once. The loops are given addresses,
so everything is checked first. The carry and all sums are float32; what programs tell each other, and what is kept of
the gates, has the call's type.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.kernels.call import Call
from throughtime.kernels.checks import check_call, check_gradients
from throughtime.kernels.triton.sweep import gradients
from throughtime.kernels.triton.sweep.launch import launch, processors, shared
from throughtime.kernels.triton.sweep.plan import KINDS, Plan, Shape, planned
from throughtime.kernels.triton.sweep.rooms import bytes_per_token, rooms
from throughtime.kernels.triton.sweep.weights import Weights

__all__ = ["CELLS", "DTYPES", "backward", "forward", "reserve"]

CELLS = frozenset(KINDS)
"""Cells that it runs."""

DTYPES = (torch.float32, torch.bfloat16, torch.float16)
"""Types it computes in."""


def plan_of(call: Call, sizes: Sequence[int]) -> Plan:
    """How a call is laid out.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
        sizes: its rows at each step; empty: what it keeps is asked for, which depends on no step and no row.
    """
    rows, batch = call.rows, call.state[0].shape[1] if sizes else 1  # room is asked for while B is any number
    exact = rows.dtype != torch.float32 or not torch.backends.cudnn.allow_tf32
    zone_h, zone_c = (_zone(call, p) for p in [*call.zoneout, 0.0][:2])
    drops = call.training and _last(call.recurrent_dropout) is not None
    shape = Shape(
        cell=call.cell, hidden=call.weights[call.names.index("weight_hh")].shape[0] // len(call.body().gates),
        width=call.state[0].shape[-1], item=rows.dtype.itemsize, batch=batch, directions=call.directions,
        processors=processors(rows.device), shared=shared(rows.device),
    )  # fmt: skip
    normed = "ln_hh.weight" in call.names
    return planned(
        shape, normed=normed, peepholes="weight_ch" in call.names, projected="weight_hr" in call.names,
        shifted=normed or (call.cell == "gru" and "bias_hh" in call.names), resets=call.resets is not None,
        restart=bool(call.restart), zone_h=zone_h, zone_c=zone_c, drops=drops,
        dense=bool(sizes) and sizes[0] == sizes[-1] == batch, keeps=call.keep and not call.recompute,
        precision="ieee" if exact else "tf32", resident=rows.device.type == "cuda",
    )  # fmt: skip


def _zone(call: Call, p: float) -> int:
    if p == 0.0 or (call.training and _last(p) is None):
        return 0
    return 1 if call.training else 2


def _last(p: float) -> int | None:
    """The largest 32-bit word of a unit that falls out, as a signed number; None where none does."""
    words = int(p * 2**32)
    return None if words == 0 else (words - 1 + 2**31) % 2**32 - 2**31


def reserve(call: Call) -> Tensor:
    """Room for what forward keeps for backward, or nothing where it keeps nothing.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
    """
    if not call.keep or call.recompute:
        return call.rows.new_empty(0, dtype=torch.uint8)
    return _room(call, plan_of(call, []))


def _room(call: Call, plan: Plan) -> Tensor:
    size = bytes_per_token(plan, call.rows.dtype)
    return call.rows.new_empty(call.directions, call.rows.shape[0], size, dtype=torch.uint8)


@dataclass(frozen=True, kw_only=True)
class _Swept:
    """One call on its way through the programs."""

    call: Call
    plan: Plan
    weights: Weights
    sizes: list[int]

    @classmethod
    def of(cls, call: Call, sizes: list[int]) -> _Swept:
        plan = plan_of(call, sizes)
        return cls(call=call, plan=plan, weights=Weights(call, plan), sizes=sizes)

    def arguments(self) -> dict[str, Any]:
        """Those that both programs have."""
        call, plan, rows = self.call, self.plan, self.call.rows
        batch, device = call.state[0].shape[1], rows.device
        groups = -(-batch // plan.rows)
        seed = int(call.seed) if call.seed is not None and plan.noisy else 0
        p_h, p_c = [*call.zoneout, 0.0][:2]
        ids = call.row_ids if call.row_ids is not None or not plan.noisy else torch.arange(batch, device=device)
        shares = plan.boards * 2 * plan.programs * batch * plan.directions
        return {
            **self._steps(groups),
            "resets": None if call.resets is None else call.resets.contiguous().view(torch.uint8),
            "row_ids": None if ids is None else ids.contiguous(), "batch": batch, "total": len(self.sizes),
            "tokens": rows.shape[0], "groups": groups, "layer": call.layer,
            "counters": torch.zeros(plan.directions * groups * 32, dtype=torch.int32, device=device),
            "board": torch.empty(shares, dtype=torch.float32, device=device),
            "key": _signed(seed), "key_high": _signed(seed >> 32), "p_h": p_h, "p_c": p_c, "last_h": _last(p_h) or 0,
            "last_c": _last(p_c) or 0, "last_hidden": _last(call.recurrent_dropout) or 0,
            "hidden_scale": 1.0 / (1.0 - call.recurrent_dropout) if call.recurrent_dropout < 1 else 0.0,
        }  # fmt: skip

    def _steps(self, groups: int) -> dict[str, Any]:
        """Where each step begins, and how many each group has, where steps are not all alike."""
        if self.plan.dense:
            return {"starts": None, "lengths": None}
        sizes = torch.tensor(self.sizes, dtype=torch.int64, device="cpu")
        starts = torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
        firsts = range(0, groups * self.plan.rows, self.plan.rows)
        lengths = [bisect_left(self.sizes, -first, key=lambda size: -size) for first in firsts]  # sizes fall
        device = self.call.rows.device
        return {
            "starts": starts.to(device, non_blocking=True),
            "lengths": torch.tensor(lengths, dtype=torch.int32, device="cpu").to(device, non_blocking=True),
        }

    def carry(self, parts: Sequence[Tensor]) -> dict[str, Tensor | None]:
        """A carry, or its gradient, float32 and padded: a copy, which the programs change."""
        pads = [self.plan.width_pad, self.plan.hidden_pad]
        padded = [
            functional.pad(part.float(), (0, pad - part.shape[-1]))  # without padding this copies too
            for part, pad in zip(parts, pads, strict=False)
        ]  # fmt: skip
        wide = [part.contiguous() for part in padded]
        return {"carry_h": wide[0], "carry_c": wide[1] if len(wide) > 1 else None}

    def narrow(self, carry: dict[str, Tensor | None]) -> list[Tensor]:
        """The reverse, in the call's type."""
        found = [part for part in carry.values() if part is not None]
        return [
            part[..., : old.shape[-1]].to(old.dtype).contiguous()
            for part, old in zip(found, self.call.state, strict=True)
        ]


def _signed(word: int) -> int:
    """Its low 32 bits as a signed number."""
    return (word + 2**31) % 2**32 - 2**31


# -- forward -----------------------------------------------------------------------------------------------------------


def forward(call: Call) -> tuple[Tensor, list[Tensor], Tensor]:
    """Sweep every direction of one layer.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.

    Returns:
        y (N', D*P), the final carry, and what backward needs (empty where it keeps nothing).
    """
    sizes = check_call(call, call.cell in CELLS, call.rows.device.type)
    y, final, kept = _forward(call, sizes)
    return y, final, kept if call.keep and not call.recompute else reserve(call)


def _forward(call: Call, sizes: list[int]) -> tuple[Tensor, list[Tensor], Tensor]:
    """The same, with the room it worked in."""
    program = import_module("throughtime.kernels.triton.sweep.forward").forward

    swept, rows = _Swept.of(call, sizes), call.rows
    y = rows.new_empty(rows.shape[0], call.directions * call.state[0].shape[-1])
    tokens, kept = sum(sizes), _room(call, swept.plan)
    if rows.shape[0] > tokens:  # rows past the last token give zeros
        y.zero_()
        kept.zero_()
    if tokens == 0:
        return y, [part.clone() for part in call.state], kept
    carry = swept.carry(call.state)
    parts = {name: None for name in ("gates", "memory", "reset_h", "fresh", "normed", "normed_n", "stats")}
    launch(
        program, swept.plan,
        {
            **swept.arguments(), **swept.weights.forward(), **carry, **parts, **rooms(kept, swept.plan, rows.dtype),
            "from_x": swept.weights.project(tokens), "y": y,
        },
        rows.device, back=False,
    )  # fmt: skip
    return y, swept.narrow(carry), kept


# -- backward ----------------------------------------------------------------------------------------------------------


def backward(call: Call, y: Tensor, kept: Tensor, grad_y: Tensor, grad_final: Sequence[Tensor]) -> list[Tensor]:
    """Gradients with respect to ``call.tensors()``, in that order.

    Args:
        call: as for :func:`forward`.
        y: (N', D*P) from forward.
        kept: what forward kept; where it kept nothing it is run again.
        grad_y: (N', D*P) gradient of y.
        grad_final: gradients of the final carry, parts of (D, B, width).
    """
    program = import_module("throughtime.kernels.triton.sweep.backward").backward

    sizes = check_call(call, call.cell in CELLS, call.rows.device.type)
    check_gradients(call, y, kept, reserve(call), grad_y, grad_final)
    if sum(sizes) == 0:
        tensors = call.tensors()
        given = dict(zip(range(1, 1 + len(grad_final)), grad_final, strict=True))
        return [given[k].clone() if k in given else torch.zeros_like(tensor) for k, tensor in enumerate(tensors)]
    if call.recompute:
        call = gradients.keeping(call)
        _, _, kept = _forward(call, sizes)
    swept = _Swept.of(call, sizes)
    carry, parts = swept.carry(grad_final), rooms(kept, swept.plan, call.rows.dtype)
    found = gradients.room(call, swept.plan)
    read = {name: parts.get(name) for name in ("gates", "memory", "normed", "normed_n", "stats")}
    launch(
        program, swept.plan,
        {
            **swept.arguments(), **swept.weights.backward(), **carry, **read, **found,
            "grad_y": grad_y.contiguous().resolve_neg(),
        },
        call.rows.device, back=True,
    )  # fmt: skip
    return gradients.all_of(call, swept.plan, swept.weights, sum(sizes), parts, found, swept.narrow(carry))
