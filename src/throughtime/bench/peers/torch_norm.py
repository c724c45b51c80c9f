"""A layer-normalised LSTM as one writes it in PyTorch, where there is none: a loop over time, eager and compiled."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from throughtime.bench.peers.torch_layers import weights, work_of
from throughtime.bench.workload import Work, Workload

__all__ = ["NormedLSTM", "compiled", "eager"]


class NormedLSTM(nn.Module):
    """LSTM whose two products and memory are layer-normalised; the input's product is hoisted out of the loop.

    Args:
        workload: what is computed.

    Source: Ba, Kiros and Hinton 2016, "Layer normalization", eq. 20-22.
    """

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        hidden, p = workload.hidden, weights(workload)
        self.weight_ih, self.weight_hh = nn.Parameter(p["weight_ih_l0"]), nn.Parameter(p["weight_hh_l0"])
        self.bias = nn.Parameter(p["bias_ih_l0"] + p["bias_hh_l0"])
        self.norm_ih, self.norm_hh = nn.LayerNorm(4 * hidden), nn.LayerNorm(4 * hidden)
        self.norm_c = nn.LayerNorm(hidden)

    def forward(self, x: Tensor) -> Tensor:
        """The outputs (T, B, H) of x (T, B, I)."""
        from_x = self.norm_ih(functional.linear(x, self.weight_ih)) + self.bias
        h = c = x.new_zeros(x.shape[1], self.weight_hh.shape[1])
        steps: list[Tensor] = []
        for from_x_t in from_x.unbind(0):
            i, f, g, o = (from_x_t + self.norm_hh(functional.linear(h, self.weight_hh))).chunk(4, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(self.norm_c(c))
            steps.append(h)
        return torch.stack(steps)


def eager(workload: Workload) -> Work:
    """The loop as it is.

    Args:
        workload: what is computed.
    """
    module = NormedLSTM(workload)
    return work_of(workload, module, module)


def compiled(workload: Workload) -> Work:
    """The loop unrolled and fused by ``torch.compile``, which takes minutes and holds for this T alone.

    Args:
        workload: what is computed.
    """
    module = NormedLSTM(workload)
    return work_of(workload, module, torch.compile(module))
