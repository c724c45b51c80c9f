"""Steps of a stream on a GPU, captured once as a graph and replayed: one launch in place of a dozen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import torch
from torch import Tensor

from throughtime.kernels.native_stream import Carry
from throughtime.kernels.sight import has_memory
from throughtime.layers.steps import LayeredSteps

__all__ = ["FIRST", "CapturedSteps", "CudaGraph", "Graph"]

FIRST = 16
"""Steps that are launched as they come before one is captured, which takes as long as a hundred of them."""


class Graph(Protocol):
    """Work on fixed memory that can be done again at once."""

    def record(self, work: Callable[[], None]) -> None:
        """Take down what ``work`` does; what it leaves in memory meanwhile is not to be relied upon."""
        ...

    def replay(self) -> None:
        """Do it again."""
        ...


class CudaGraph:
    """A :class:`Graph` of an NVIDIA GPU.

    Args:
        device: the GPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._graph = device, torch.cuda.CUDAGraph()

    def record(self, work: Callable[[], None]) -> None:
        """Take down what ``work`` does, after it was run once beside it so that libraries are loaded.

        Args:
            work: launches kernels alone; reads nothing back.

        Raises:
            RuntimeError: it does something else.
        """
        with torch.cuda.device(self._device):
            here, side = torch.cuda.current_stream(), torch.cuda.Stream()
            side.wait_stream(here)
            with torch.cuda.stream(side):
                work()
                self._capture(work)
            here.wait_stream(side)

    def _capture(self, work: Callable[[], None]) -> None:
        # Errors of this thread's own calls alone: another may copy or allocate meanwhile.
        self._graph.capture_begin(capture_error_mode="thread_local")
        try:
            work()
        except BaseException:
            with suppress(RuntimeError):  # it says that the capture has failed
                self._graph.capture_end()
            raise
        self._graph.capture_end()

    def replay(self) -> None:
        """Do it again, on the current stream."""
        self._graph.replay()


class CapturedSteps:
    """The steps of another, of which one is captured as a graph and replayed from then on: the same numbers, sooner.

    Input, state and output of the graph have fixed places; a step copies its input there and its output from there.

    Args:
        steps: says what a step is, and runs chunks.
        like: (B, I), the form of one step's input.
        make: makes an empty graph.

    Source: Gray 2019, "Getting started with CUDA graphs", NVIDIA technical blog.
    """

    def __init__(self, steps: LayeredSteps, like: Tensor, make: Callable[[], Graph]) -> None:
        self._steps, self._make = steps, make
        self._carries, self._like, self._taken = steps.carries, like, 0
        self._graph: Graph | None = None
        self._refused = ""
        self._x = self._y = like  # the fixed places, once there is a graph; the state's are in _carries

    @property
    def how(self) -> str:
        """How a step is run."""
        if self._refused:
            return f"each step launched anew, for none could be captured: {self._refused}"
        return "each step replayed from a graph" if self._graph else f"each step replayed from a graph, after {FIRST}"

    @property
    def carries(self) -> list[Carry]:
        """The state of each layer; reading and setting it copies."""
        return _cloned(self._carries)

    @carries.setter
    def carries(self, value: Sequence[Carry]) -> None:
        if self._graph is None:
            self._carries = _cloned(value)
            return
        for new, old in zip(value, self._carries, strict=True):
            for given, place in zip(new, old, strict=True):
                place.copy_(given)

    def quick(self, x: Tensor, out: Any) -> Tensor | None:
        """One replayed step.

        Args:
            x: any tensor.
            out: None, or nothing is done.

        Returns:
            (B, P); None, and nothing is done, where no step is captured or x is not plain memory of the stream's form.
        """
        like, graph = self._x, self._graph
        if graph is None or out is not None or x.shape != like.shape or x.dtype is not like.dtype:
            return None
        if x.device != like.device or x.requires_grad or not has_memory((x,)):
            return None
        like.copy_(x)
        graph.replay()
        return self._y.clone()

    def step(self, x: Tensor) -> Tensor:
        """One step.

        Args:
            x: (B, I).

        Returns:
            (B, P).
        """
        self._taken += 1
        if self._graph is None and self._taken > FIRST and not self._refused:
            self._capture()
        if self._graph is None:
            y, self._carries = self._steps.advanced(x, self._carries)
            return y.clone()  # it is the state, too
        self._x.copy_(x)
        self._graph.replay()
        return self._y.clone()

    def _capture(self) -> None:
        """Capture a step on the state there is, or take down why that cannot be."""
        before, graph = self._carries, self._make()
        with torch.inference_mode(False):  # places that are written to outside of it, too
            self._x, self._carries = torch.zeros_like(self._like), _cloned(before)

            def work() -> None:
                y, after = self._steps.advanced(self._x, self._carries)
                self._y = y.clone()
                for new, old in zip(after, self._carries, strict=True):
                    for made, place in zip(new, old, strict=True):
                        place.copy_(made)

            try:
                graph.record(work)
                self._graph = graph
            except RuntimeError as error:
                self._refused = str(error).partition("\n")[0]
        self.carries = before

    def feed(self, x: Tensor) -> Tensor:
        """One step or more.

        Args:
            x: (T, B, I).

        Returns:
            (T, B, P).
        """
        self._steps.carries = self._carries
        y = self._steps.feed(x)
        self.carries = self._steps.carries
        return y

    def select(self, rows: Tensor) -> None:
        """Go on with some rows; where they are as many as before the graph still serves.

        Args:
            rows: (B',) int64, each from 0 to B - 1.
        """
        chosen = [tuple(part[rows] for part in carry) for carry in self._carries]
        if rows.numel() != self._like.shape[0]:
            self._like = self._like.new_zeros(rows.numel(), self._like.shape[1])
            self._graph, self._taken = None, 0
        self.carries = chosen


def _cloned(carries: Sequence[Carry]) -> list[Carry]:
    return [tuple(part.detach().clone() for part in carry) for carry in carries]
