"""From what the loops leave, gradients of all gates at all tokens, to those of rows and parameters: large products."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from throughtime.kernels.call import Call
from throughtime.kernels.triton.sweep.layout import Z_PLACES, gather, gather_columns
from throughtime.kernels.triton.sweep.plan import Plan
from throughtime.kernels.triton.sweep.weights import Weights, normed_product

__all__ = ["all_of", "keeping", "room"]

Found = dict[str, Tensor]


def keeping(call: Call) -> Call:
    """The call, made to keep what backward needs.

    Args:
        call: one that keeps nothing.
    """
    return replace(call, keep=True, recompute=False)


def room(call: Call, plan: Plan) -> dict[str, Tensor | None]:
    """Room for what the program backward leaves.

    Args:
        call: the call.
        plan: how it is laid out.
    """
    rows, hidden = call.rows, plan.hidden_pad

    def each(numbers: int, there: bool = True) -> Tensor | None:
        return rows.new_empty(call.directions, rows.shape[0], numbers) if there else None

    batch = call.state[0].shape[1]
    summed = any(plan.sums)
    return {
        "grad_z": each(plan.columns * hidden),
        "grad_gates": each(plan.x_columns * hidden, plan.apart),
        "grad_n": each(hidden, plan.cell == "gru_before"),
        "grad_m": each(plan.width_pad, plan.projected),
        "sums": rows.new_zeros(7, call.directions, batch, hidden, dtype=torch.float32) if summed else None,
    }


def all_of(
    call: Call,
    plan: Plan,
    weights: Weights,
    tokens: int,
    kept: Found,
    found: dict[str, Tensor | None],
    state: list[Tensor],
) -> list[Tensor]:
    """Gradients of ``call.tensors()``, in that order.

    Args:
        call: the call.
        plan: how it is laid out.
        weights: its parameters.
        tokens: N.
        kept: what forward kept, by name.
        found: what backward left, by name.
        state: gradients of the state.
    """
    grad_rows = torch.zeros_like(call.rows) if tokens < call.rows.shape[0] else torch.empty_like(call.rows)
    grads: list[Tensor] = []
    for number in range(call.directions):
        mine = {
            name: each[number, :tokens]
            for name, each in {**kept, **found}.items()
            if each is not None and name != "sums"
        }
        sums = found["sums"]
        named = {} if sums is None else _summed(plan, sums[:, number].sum(1))
        if plan.normed:
            wide, weight = _normed_input(call, plan, weights, number, mine, named)
        else:
            wide = mine["grad_gates"] if plan.apart else mine["grad_z"]
            weight = weights.input_weight(number)
            named["weight_ih"] = gather(wide.t() @ call.rows[:tokens], weights.x_places, plan.x_columns, plan.hidden)
            named["bias_ih"] = gather(wide.sum(0), weights.x_places, plan.x_columns, plan.hidden)
        if number:
            grad_rows[:tokens].addmm_(wide, weight)
        else:
            torch.mm(wide, weight, out=grad_rows[:tokens])
        _recurrent(plan, mine, named)
        parameters = weights.sets[number]
        grads += [named[name].to(parameters[name].dtype).view_as(parameters[name]) for name in call.names]
    restart = [torch.zeros_like(part) for part in call.restart]
    if plan.sums[0]:
        for slot, part in enumerate(restart):
            part.copy_(cast(Tensor, found["sums"])[slot].sum(1)[:, : part.shape[1]])
    return [grad_rows, *state, *restart, *grads]


def _summed(plan: Plan, sums: Tensor) -> Found:
    """Gradients that the loop has summed up itself, of (7, H)."""
    hidden = plan.hidden
    return {
        "weight_ch": sums[2:5, :hidden].flatten(),
        "ln_c.weight": sums[5, :hidden],
        "ln_c.bias": sums[6, :hidden],
    }


def _normed_input(
    call: Call, plan: Plan, weights: Weights, number: int, mine: Found, named: Found
) -> tuple[Tensor, Tensor]:
    """Gradients on the input's side of a layer-normalised cell; returns that of ``W_ih x``, and W_ih."""
    p, wide = weights.sets[number], mine["grad_gates"]
    rows = call.rows[: wide.shape[0]]
    raw, _, mean, scale = normed_product(p, rows)
    grad = gather_columns(wide, weights.x_places, plan.x_columns, plan.hidden)
    grad, named["ln_ih.weight"], named["ln_ih.bias"] = torch.ops.aten.native_layer_norm_backward(
        grad, raw, raw.shape[-1:], mean, scale, p["ln_ih.weight"], p["ln_ih.bias"], [True, True, True]
    )
    named["bias_ih"], named["weight_ih"] = named["ln_ih.bias"].clone(), grad.t() @ rows
    return grad, p["weight_ih"]


def _recurrent(plan: Plan, mine: Found, named: Found) -> None:
    """Gradients on the recurrent side."""
    places, hidden, width = Z_PLACES[plan.cell], plan.hidden, plan.width
    raw = mine["grad_z"]
    named["weight_hh"] = gather(raw.t() @ mine["entering"], places, plan.columns, hidden, width)
    if plan.cell == "gru_before":
        candidate = (mine["grad_n"].t() @ mine["reset_h"])[:hidden, :hidden]
        named["weight_hh"] = torch.cat([named["weight_hh"], candidate])
    if plan.normed:
        _normed_recurrent(plan, mine, named)
    else:
        named["bias_hh"] = gather(raw.sum(0), places, plan.columns, hidden)
        if plan.cell == "gru_before":
            named["bias_hh"] = torch.cat([named["bias_hh"], mine["grad_n"].sum(0)[:hidden]])
    if plan.projected:
        named["weight_hr"] = (mine["grad_m"].t() @ mine["fresh"])[:width, :hidden]


def _normed_recurrent(plan: Plan, mine: Found, named: Found) -> None:
    """Gradients of the gain and the shift of ``ln_hh``, and of the bias beside it."""
    places, hidden = Z_PLACES[plan.cell], plan.hidden
    grads = gather_columns(mine["grad_gates"], places, plan.x_columns, hidden).float()
    hats = gather_columns(mine["normed"], places, plan.columns, hidden).float()
    if plan.norms_n:
        grads = torch.cat([grads, gather_columns(mine["grad_gates"], (3,), plan.x_columns, hidden).float()], 1)
        hats = torch.cat([hats, mine["normed_n"][:, :hidden].float()], 1)
    named["ln_hh.weight"], named["ln_hh.bias"] = (grads * hats).sum(0), grads.sum(0)
    named["bias_hh"] = named["ln_hh.bias"].clone()
