"""A call's parameters as the programs read them, all directions side by side, and the input's part of the gates."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.kernels.call import Call
from throughtime.kernels.reference.cell import Parameters
from throughtime.kernels.triton.sweep.layout import X_PLACES, Z_PLACES, spread, spread_columns
from throughtime.kernels.triton.sweep.plan import Plan

__all__ = ["Weights", "normed_product"]


def normed_product(p: Parameters, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """``W_ih x``, its layer norm, and each row's mean and 1 / deviation.

    Args:
        p: the parameters of one direction.
        rows: (N, I).
    """
    raw = functional.linear(rows, p["weight_ih"])
    normed, mean, scale = torch.native_layer_norm(raw, raw.shape[-1:], p["ln_ih.weight"], p["ln_ih.bias"], 1e-5)
    return raw, normed, mean, scale


class Weights:
    """The parameters of a call in the order of the programs.

    Args:
        call: see :class:`throughtime.kernels.call.Call`.
        plan: how it is laid out.
    """

    def __init__(self, call: Call, plan: Plan) -> None:
        self.call, self.plan = call, plan
        self.sets = [call.parameters(number) for number in range(call.directions)]
        self.x_places, self.z_places = X_PLACES[plan.cell], Z_PLACES[plan.cell]

    def input_weight(self, number: int) -> Tensor:
        """(columns, I) W_ih of a direction; a column that no gate has is 0."""
        return spread(self.sets[number]["weight_ih"], self.x_places, self.plan.x_columns, self.plan.hidden_pad)

    def project(self, tokens: int) -> Tensor:
        """(D, N', columns): ``W_ih x`` with all biases but what a reset gate scales, in the first ``tokens`` rows.

        Args:
            tokens: N.
        """
        call, plan = self.call, self.plan
        width = plan.x_columns * plan.hidden_pad
        out, rows = call.rows.new_empty(call.directions, call.rows.shape[0], width), call.rows[:tokens]
        for number, p in enumerate(self.sets):
            into = out[number, :tokens]
            if plan.normed:
                normed = normed_product(p, rows)[1]
                normed = normed + p["bias_ih"] if "bias_ih" in p else normed
                spread_columns(normed, self.x_places, into.view(tokens, -1, plan.x_columns))
            elif "bias_ih" in p:
                bias = spread(self._bias(p), self.x_places, plan.x_columns, plan.hidden_pad)
                torch.addmm(bias, rows, self.input_weight(number).t(), out=into)
            else:
                torch.mm(rows, self.input_weight(number).t(), out=into)
        return out

    def _bias(self, p: Parameters) -> Tensor:
        """(G*H,) both biases, but not the one that the reset gate of a GRU scales."""
        b_ih, b_hh = p["bias_ih"], p["bias_hh"]
        if self.plan.cell != "gru":
            return b_ih + b_hh
        gating = 2 * self.plan.hidden
        return torch.cat([b_ih[:gating] + b_hh[:gating], b_ih[gating:]])

    def _every(self, of: Callable[[Parameters], Tensor], there: bool = True) -> Tensor | None:
        """One tensor out of those of all directions."""
        if not there:
            return None
        return torch.stack([of(p) for p in self.sets]) if len(self.sets) > 1 else of(self.sets[0])[None].contiguous()

    def _gating(self, block: Tensor) -> Tensor:
        """The part of W_hh, or of a vector beside it, that meets h; what meets r * h stands apart."""
        return block[: len(self.z_places) * self.plan.hidden]

    def _recurrent(self, p: Parameters) -> Tensor:
        """(columns, P) W_hh."""
        plan = self.plan
        gating = self._gating(p["weight_hh"])
        return spread(gating, self.z_places, plan.columns, plan.hidden_pad, plan.width_pad)

    def _candidate(self, p: Parameters) -> Tensor:
        """(H, H) W_hn where it meets r * h."""
        pad = self.plan.hidden_pad - self.plan.hidden
        return functional.pad(p["weight_hh"][2 * self.plan.hidden :], (0, pad, 0, pad))

    def _projection(self, p: Parameters) -> Tensor:
        """(P, H) W_hr."""
        plan = self.plan
        return functional.pad(p["weight_hr"], (0, plan.hidden_pad - plan.hidden, 0, plan.width_pad - plan.width))

    def _vectors(self) -> dict[str, Tensor | None]:
        """What is added and multiplied unit by unit, float32."""
        plan, hidden = self.plan, self.plan.hidden
        pad = plan.hidden_pad - hidden

        def columns(of: Callable[[Parameters], Tensor]) -> Callable[[Parameters], Tensor]:
            return lambda p: spread(self._gating(of(p)).float(), self.z_places, plan.columns, plan.hidden_pad)

        def units(of: Callable[[Parameters], Tensor]) -> Callable[[Parameters], Tensor]:
            return lambda p: functional.pad(of(p).float().view(-1, hidden), (0, pad)).flatten()

        return {
            "gain": self._every(columns(lambda p: p["ln_hh.weight"]), plan.normed),
            "shift": self._every(columns(self._shift), plan.shifted),
            "gain_n": self._every(units(lambda p: p["ln_hh.weight"][2 * hidden :]), plan.norms_n),
            "shift_n": self._every(units(lambda p: self._shift(p)[2 * hidden :]), plan.norms_n),
            "gain_c": self._every(units(lambda p: p["ln_c.weight"]), plan.norms_c),
            "shift_c": self._every(units(lambda p: p["ln_c.bias"]), plan.norms_c),
            "peepholes": self._every(units(lambda p: p["weight_ch"]), plan.peepholes),
        }

    def _shift(self, p: Parameters) -> Tensor:
        """(G*H,) what is added to the recurrent product, or to its norm."""
        if not self.plan.normed:  # a GRU: the bias that its reset gate scales
            gating = 2 * self.plan.hidden
            return torch.cat([torch.zeros_like(p["bias_hh"][:gating]), p["bias_hh"][gating:]])
        return p["ln_hh.bias"] + p["bias_hh"] if "bias_hh" in p else p["ln_hh.bias"]

    def forward(self) -> dict[str, Tensor | None]:
        """Arguments of the program forward."""
        plan, restart = self.plan, self.call.restart
        pads = (plan.width_pad, plan.hidden_pad)
        padded = [
            functional.pad(part.float(), (0, pad - part.shape[-1])) for part, pad in zip(restart, pads, strict=False)
        ]
        before, projected = plan.cell == "gru_before", plan.projected
        return {
            "w": self._every(lambda p: self._recurrent(p).t().contiguous()),
            "w_n": self._every(lambda p: self._candidate(p).t().contiguous(), before),
            "w_r": self._every(lambda p: self._projection(p).t().contiguous(), projected),
            "restart_h": padded[0].contiguous() if padded else None,
            "restart_c": padded[1].contiguous() if len(padded) > 1 else None,
            **self._vectors(),
        }

    def backward(self) -> dict[str, Tensor | None]:
        """Arguments of the program backward: the matrices turned, and no sums that it does not need."""
        vectors = self._vectors()
        wanted = ("gain", "gain_n", "gain_c", "shift_c", "peepholes")
        return {
            "w": self._every(self._recurrent),
            "w_n": self._every(self._candidate, self.plan.cell == "gru_before"),
            "w_r": self._every(self._projection, self.plan.projected),
            **{name: vectors[name] for name in wanted},
        }
