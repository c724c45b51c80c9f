"""AdamW on PyTorch's fused kernel, without what ``torch.optim.AdamW`` loads the moment it is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

__all__ = ["AdamW"]


class AdamW:
    """AdamW (Loshchilov, Hutter 2019): the same numbers and the same state as ``torch.optim.AdamW(fused=True)``.

    That class loads TorchDynamo when it is made, to keep the compiler out of it: two seconds, with which a short run is
    half done. Here nothing is compiled, so PyTorch's function behind that class is called alone.

    Args:
        groups: dictionaries of ``params``, their ``weight_decay``, and ``lr``, which may be set before each step.
        betas: shares of the means of gradients and of squared gradients that a step keeps.

    Source: Loshchilov, Hutter 2019, "Decoupled weight decay regularization".

    Example:
        >>> weight = nn.Parameter(torch.ones(1))
        >>> optimizer = AdamW([{"params": [weight], "weight_decay": 0.0, "lr": 0.5}])
        >>> (2 * weight).sum().backward()
        >>> optimizer.step()
        >>> weight.item()
        0.5
    """

    def __init__(self, groups: Iterable[dict[str, Any]], betas: tuple[float, float] = (0.9, 0.99)) -> None:
        self.param_groups = list(groups)
        self.state: defaultdict[nn.Parameter, dict[str, Tensor]] = defaultdict(dict)
        self._betas = betas

    def zero_grad(self) -> None:
        """Drop all gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Take one step along the gradients; a parameter without one stays as it is."""
        for group in self.param_groups:
            moved = [parameter for parameter in group["params"] if parameter.grad is not None]
            states = [self._state_of(parameter) for parameter in moved]
            adamw(
                moved,
                [parameter.grad for parameter in moved],
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                [state["step"] for state in states],
                fused=True,
                amsgrad=False,
                beta1=self._betas[0],
                beta2=self._betas[1],
                lr=group["lr"],
                weight_decay=group["weight_decay"],
                eps=1e-8,
                maximize=False,
            )

    def _state_of(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        """The state of a parameter, under the names that PyTorch gives it; new before its first step."""
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
            state["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
            state["exp_avg_sq"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return state
