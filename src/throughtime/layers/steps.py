"""What runs the steps of a stream: the core's own object, or one layer after the other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from throughtime.kernels import dispatch, torch_fused
from throughtime.kernels.call import Call
from throughtime.kernels.native_stream import Carry
from throughtime.kernels.reference.loop import advance
from throughtime.layers.construction.block import Block
from throughtime.layers.streamable import Streamable

__all__ = ["LayeredSteps", "Steps"]


class Steps(Protocol):
    """Runs the steps and holds the state; gradients are off around it."""

    @property
    def carries(self) -> list[Carry]:
        """The state of each layer; reading and setting it copies."""
        ...

    @carries.setter
    def carries(self, value: Sequence[Carry]) -> None: ...

    def step(self, x: Tensor) -> Tensor:
        """One step: (B, I) -> (B, P)."""
        ...

    def feed(self, x: Tensor) -> Tensor:
        """One step or more: (T, B, I) -> (T, B, P)."""
        ...

    def select(self, rows: Tensor) -> None:
        """Go on with some rows (B',), which may come several times."""
        ...


class LayeredSteps:
    """One layer after the other, each with a copy of its weights.

    Args:
        layer: gives what does not depend on weights.
        calls: one call per layer, for a single step.
        blocks: what stands around each layer.
        bare: a step is PyTorch's own cell.
        forced: the kernel that chunks must run on, or None.
    """

    def __init__(
        self, layer: Streamable, calls: list[Call], blocks: list[Block], bare: bool, forced: str | None
    ) -> None:
        self._layer, self._bare, self._forced = layer, bare, forced
        self._blocks = [block.copied() for block in blocks]
        self._calls = [replace(call, weights=[weight.detach().clone() for weight in call.weights]) for call in calls]
        self.carries = [tuple(part[0] for part in call.state) for call in calls]

    @property
    def carries(self) -> list[Carry]:
        """The state of each layer; reading and setting it copies."""
        return [tuple(part.clone() for part in carry) for carry in self._carries]

    @carries.setter
    def carries(self, value: Sequence[Carry]) -> None:
        self._carries = [tuple(part.detach().clone() for part in carry) for carry in value]

    def step(self, x: Tensor) -> Tensor:
        """One step.

        Args:
            x: (B, I).

        Returns:
            (B, P).
        """
        y, self._carries = self.advanced(x, self._carries)
        return y.clone()  # it is the state, too

    def advanced(self, x: Tensor, carries: Sequence[Carry]) -> tuple[Tensor, list[Carry]]:
        """One step from any state; that of these steps is not touched.

        Args:
            x: (B, I).
            carries: the state of each layer.

        Returns:
            (B, P), which may be a part of the state after it, and that state.
        """
        after: list[Carry] = []
        for call, block, carry in zip(self._calls, self._blocks, carries, strict=True):
            after.append(self._one(call, block.enter(x), carry))
            x = block.leave(x, after[-1][0])
        return x, after

    def _one(self, call: Call, x: Tensor, carry: Carry) -> Carry:
        p = call.parameters(0)
        if self._bare:
            return torch_fused.step(call.cell, p, x, carry)
        return advance(call, 0, call.body().project(p, x), carry, None, [None] * len(carry))[0]

    def feed(self, x: Tensor) -> Tensor:
        """One step or more.

        Args:
            x: (T, B, I).

        Returns:
            (T, B, P).
        """
        steps, batch = x.shape[:2]
        rows, sizes = x.reshape(steps * batch, -1), torch.full((steps,), batch, device="cpu")
        request = self._layer.request(rows, batch, dense=True, resets=False)
        request = replace(request, keep=False, hidden_dropout=False)
        with dispatch.use_kernel(self._forced) if self._forced else nullcontext():
            for number, (call, block) in enumerate(zip(self._calls, self._blocks, strict=True)):
                state, read = [part[None] for part in self._carries[number]], block.enter(rows)
                y, final = dispatch.run(replace(call, rows=read, batch_sizes=sizes, state=state), request)
                self._carries[number] = tuple(part[0] for part in final)
                rows = block.leave(rows, y)
        return rows.view(steps, batch, -1)

    def select(self, rows: Tensor) -> None:
        """Go on with some rows.

        Args:
            rows: (B',) int64, each from 0 to B - 1.
        """
        self._carries = [tuple(part[rows] for part in carry) for carry in self._carries]
