"""The linear recurrent unit of Orvieto et al. 2023."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from throughtime.kernels.reference.cell import CAPABILITIES, Parameters
from throughtime.kernels.reference.diagonal.cell import LinearCell, State

__all__ = ["LRUCell"]


class LRUCell(LinearCell):
    """LRU: H complex states that turn and decay at speeds of their own, and a linear read-out.

    .. code-block:: text

        lambda = exp(-exp(nu) + i exp(theta))                   |lambda| < 1 whatever nu is            (eq. 6)
        s[t] = lambda s[t-1] + exp(gamma) * (B x[t])            s complex                              (eq. 7)
        h[t] = Re(C s[t]) + D x[t]                                                                     (eq. 1)

    ``weight_ih`` holds the rows of Re B, Im B and D; ``weight_hs (P, 2H)`` the columns of Re C and -Im C. The layer
    itself has no nonlinearity: stack it with ``feed_forward``. The state is (h, re, im).

    Source: Orvieto et al. 2023, "Resurrecting recurrent neural networks for long sequences"; the start, section 3.4 and
    appendix A: |lambda| uniform over the ring from 0.9 to 0.999, phases in 0 to pi/10 so that long spans are seen,
    exp(gamma) = sqrt(1 - |lambda|^2).
    """

    name = "lru"
    gates = ("re", "im", "skip")
    own = ("nu", "theta", "gamma")
    state = ("re", "im")
    capabilities = CAPABILITIES - {"zoneout", "recurrent_dropout", "layer_norm"}
    radii = (0.9, 0.999)
    """|lambda| at the start, at least and at most."""
    largest_phase = math.pi / 10

    @property
    def reads(self) -> int:
        return 2

    def shapes(self, input_size: int, hidden_size: int, proj_size: int, bias: bool) -> dict[str, tuple[int, ...]]:
        shapes = super().shapes(input_size, hidden_size, proj_size, False)  # a bias is one of the layers around it
        return {**shapes, "weight_hs": (hidden_size, 2 * hidden_size)}

    def start(self, p: dict[str, Tensor]) -> None:
        least, most = self.radii
        squared = torch.empty_like(p["nu"]).uniform_(least**2, most**2)  # uniform over the ring, not over the radius
        p["nu"].copy_(torch.log(-0.5 * torch.log(squared)))
        p["theta"].copy_(torch.log(torch.empty_like(p["theta"]).uniform_(1e-3, self.largest_phase)))
        p["gamma"].copy_(0.5 * torch.log(1 - squared))
        hidden, inputs = p["nu"].shape[0], p["weight_ih"].shape[1]
        b, d = p["weight_ih"][: 2 * hidden], p["weight_ih"][2 * hidden :]
        b.normal_(0.0, 1 / math.sqrt(2 * inputs))
        d.normal_(0.0, 1 / math.sqrt(inputs))
        p["weight_hs"].normal_(0.0, 1 / math.sqrt(hidden))

    def numbers(self, p: Parameters) -> State:
        radius, phase = torch.exp(-torch.exp(p["nu"])), torch.exp(p["theta"])
        return radius * torch.cos(phase), radius * torch.sin(phase)

    def project(self, p: Parameters, x: Tensor) -> Tensor:
        scale = torch.cat([torch.exp(p["gamma"])] * 2 + [torch.ones_like(p["gamma"])])
        return functional.linear(x, p["weight_ih"] * scale[:, None])

    def coefficients(self, x: State, own: State) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        return torch.complex(*own), torch.complex(x[0], x[1]), {}

    def unit(self, x: State, own: State, state: State) -> tuple[State, dict[str, Tensor]]:
        (re, im), (a_re, a_im) = state, own  # in reals: complex numbers have no half precision
        return (a_re * re - a_im * im + x[0], a_re * im + a_im * re + x[1]), {}

    def joined(self, state: State) -> Tensor:
        return torch.complex(*state)

    def parted(self, state: Tensor) -> State:
        return state.real, state.imag

    def read(self, p: Parameters, from_x: Tensor, state: State) -> Tensor:
        hidden = state[0].shape[-1]
        return functional.linear(torch.cat(state, -1), p["weight_hs"]) + from_x[..., 2 * hidden :]
