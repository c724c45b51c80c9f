"""How long things take on a device, taking turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

import torch

__all__ = ["Clock"]

Work = Callable[[], object]

ROUNDS, LEAST = 30, 3
"""Turns of everybody in a row, at most and at least."""
SECONDS = 1.5
"""Time for a row, after which no more turns are taken."""


class Clock:
    """Times work on one device.

    Args:
        device: where the work is done; on a GPU its own clock is read.
        quick: two turns each, whatever they say.
    """

    def __init__(self, device: torch.device, quick: bool = False) -> None:
        self._on_gpu = device.type == "cuda"
        self._rounds, self._least = (2, 1) if quick else (ROUNDS, LEAST)

    def medians(self, work: Mapping[str, Work]) -> dict[str, float]:
        """Let each do its work in turn, and give the median time of each in milliseconds.

        Args:
            work: what is timed, by name; done once before it is timed.
        """
        for each in work.values():
            each()
        taken: dict[str, list[float]] = {name: [] for name in work}
        began = time.perf_counter()
        for turn in range(self._rounds):
            if turn >= self._least and time.perf_counter() - began > SECONDS:
                break
            for name, each in work.items():
                taken[name].append(self._once(each))
        return {name: median(each) for name, each in taken.items()}

    def _once(self, work: Work) -> float:
        if not self._on_gpu:
            began = time.perf_counter()
            work()
            return 1e3 * (time.perf_counter() - began)
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        start.record()
        work()
        end.record()
        torch.cuda.synchronize()
        return float(start.elapsed_time(end))

    def each(self, work: Work, times: int) -> float:
        """Do work many times without waiting between, and give the time of one in milliseconds, as its caller sees it.

        Args:
            work: what is timed.
            times: how often.
        """
        for _ in range(times // 4 + 20):
            work()
        self.settle()
        began = time.perf_counter()
        for _ in range(times):
            work()
        self.settle()
        return 1e3 * (time.perf_counter() - began) / times

    def settle(self) -> None:
        """Wait until all work is done."""
        if self._on_gpu:
            torch.cuda.synchronize()
