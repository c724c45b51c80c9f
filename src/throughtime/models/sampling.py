"""Choosing the next token from logits: temperature, top-k, top-p, with a generator of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from throughtime.doors import named
from throughtime.errors import UsageError

__all__ = ["Draw", "Sampler"]

Draw = Callable[[Tensor], int]
"""Takes logits (V,) and gives a token id."""


class Sampler:
    """Draw tokens from a softmax, narrowed as asked.

    .. code-block:: text

        p = softmax(logits / temperature), of which the top_k largest and then the fewest that together
        reach top_p are kept

    Args:
        temperature: below 1 sharpens, above 1 flattens; 0 takes the most likely token always.
        top_k: keep this many of the most likely tokens; None keeps all.
        top_p: keep the fewest tokens whose probabilities together reach this share; None keeps all.
        banned: ids that are never drawn.
        seed: seed of the draw; None takes one from the system.

    Raises:
        UsageError: a value outside its range.

    Source: top-k as in Fan, Lewis, Dauphin 2018, "Hierarchical neural story generation"; top-p as in Holtzman et al.
    2020, "The curious case of neural text degeneration".

    Example:
        >>> Sampler(temperature=0.0)(torch.tensor([0.1, 3.0, 0.2]))
        1
    """

    def __init__(
        self,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        banned: Sequence[int] = (),
        seed: int | None = None,
    ) -> None:
        _check(temperature, top_k, top_p)
        self.temperature, self.top_k, self.top_p = temperature, top_k, top_p
        self._banned = list(banned)
        self._generator = torch.Generator()
        if seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(seed)

    def __call__(self, logits: Tensor) -> int:
        # On the CPU, where the generator lives, one draw gives the same token whatever device made the logits.
        logits = logits.detach().to("cpu", torch.float32, copy=True)
        logits[self._banned] = -torch.inf
        if self.temperature == 0:
            return int(logits.argmax())
        ranked, order = torch.sort(logits / self.temperature, descending=True, stable=True)
        p = torch.softmax(ranked[: self.top_k], 0)
        if self.top_p is not None:
            p = p[p.cumsum(0) - p < self.top_p]
        return int(order[torch.multinomial(p, 1, generator=self._generator)])


def _check(temperature: float, top_k: int | None, top_p: float | None) -> None:
    if not 0 <= temperature < float("inf"):
        raise UsageError(f"{named('temperature')} must be 0 or more, not {temperature}")
    if top_k is not None and top_k < 1:
        raise UsageError(f"{named('top_k')} must be at least 1, not {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise UsageError(f"{named('top_p')} must be above 0 and at most 1, not {top_p}")
