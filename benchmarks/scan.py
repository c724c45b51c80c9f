"""How fast a recurrence that is linear in its state is swept, beside what PyTorch has for it.

python benchmarks/scan.py [--rounds 7]: the recurrence alone, given its gates, forward and backward, beside an eager
loop, PyTorch's associative_scan (eager and compiled) and the closed form in log-space; a whole minGRU layer in training
beside our GRU and PyTorch's; the same with one sequence of 65,536 steps on one thread and on all. Ways take turns in
one process, all with all cores. Writes benchmarks/results/scan.json and prints a table. Also tells the share of the
bandwidth that a copy of the same memory has, how the time goes with T, and what memory a step takes.
"""

from __future__ import annotations

import argparse
import re
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch._higher_order_ops.associative_scan import associative_scan

import throughtime as tt
from throughtime.bench.page import fit_table
from throughtime.bench.results import conditions, write

HERE = Path(__file__).parent
BATCH, STEPS, UNITS, LONG = 8, 4096, 256, 65_536
GOAL, GOAL_GRU, GOAL_TORCH, GOAL_CORES = 8.0, 2.2, 4.0, 1.7

Way = Callable[[], object]


def in_turns(ways: Mapping[str, Way], rounds: int) -> dict[str, list[float]]:
    """Seconds of every way in every round, after one that does not count."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - began)
    return {name: found[1:] for name, found in times.items()}


def faster(times: Mapping[str, list[float]], ours: str, other: str) -> float:
    """The median of the other's time over ours within a round."""
    return statistics.median(b / a for a, b in zip(times[ours], times[other], strict=True))


def composed(first: tuple[Tensor, Tensor], then: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return first[0] * then[0], then[0] * first[1] + then[1]


def recurrences(steps: int) -> dict[str, Way]:
    """Forward and backward of h[t] = a[t] h[t-1] + b[t] with a in 0.8 to 1."""
    torch.manual_seed(0)
    shape = (steps, BATCH, UNITS)
    a = torch.rand(shape).mul_(0.2).add_(0.8).requires_grad_()
    b = torch.randn(shape, requires_grad=True)
    given = torch.randn(shape)

    def backward(states: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(states, [a, b], given)

    def loop() -> object:
        state, states = b.new_zeros(shape[1:]), list[Tensor]()
        for a_t, b_t in zip(a.unbind(), b.unbind(), strict=True):
            state = a_t * state + b_t
            states.append(state)
        return backward(torch.stack(states))

    def scan() -> object:
        return backward(associative_scan(composed, (a, b), 0, combine_mode="generic")[1])

    def closed() -> object:
        decay = a.log().cumsum(0)
        return backward(decay.exp() * (b * (-decay).exp()).cumsum(0))

    return {
        "ours": lambda: backward(tt.linear_scan(a, b)[0]),
        "an eager loop": loop,
        "associative_scan, eager": scan,
        "associative_scan, compiled": torch.compile(scan),
        "the closed form in log-space": closed,
    }


def copied(steps: int) -> Way:
    """A copy of as many numbers as a sweep must at least move: a, b, h forward; a, h, dh, da, db backward."""
    numbers = 8 * steps * BATCH * UNITS // 2
    source, target = torch.ones(numbers), torch.empty(numbers)
    return lambda: target.copy_(source)


def trained(layer: nn.Module, x: Tensor) -> Way:
    def step() -> None:
        y = layer(x)[0]
        y.backward(torch.ones_like(y))

    return step


def on_threads(way: Way, threads: int) -> Way:
    def run() -> object:
        torch.set_num_threads(threads)
        return way()

    return run


def row(figure: str, steps: int, times: Mapping[str, list[float]], other: str, goal: float | None) -> dict[str, Any]:
    ratio = faster(times, "ours", other)
    ours = steps / statistics.median(times["ours"])
    return {"figure": figure, "goal": goal, "ours": ours, "plain": ours / ratio, "ours/plain": ratio}


def alone(rounds: int) -> tuple[list[dict[str, Any]], str]:
    """The recurrence by itself: beside others, beside a copy, and how its time goes with T."""
    shown = f"B {BATCH}, T {STEPS:,}, H {UNITS}"
    times = in_turns(recurrences(STEPS), rounds)
    rows = [
        row(f"steps/s, the recurrence given its gates ({shown}), beside {name}", STEPS, times, name, GOAL)
        for name in times
        if name != "ours"
    ]
    share = faster(in_turns({"ours": recurrences(STEPS)["ours"], "copy": copied(STEPS)}, rounds), "ours", "copy")
    lengths = (1024, 4096, 16_384, LONG)
    each = {steps: statistics.median(in_turns({"x": recurrences(steps)["ours"]}, rounds)["x"]) for steps in lengths}
    grown = ", ".join(f"{1e9 * seconds / steps / BATCH / UNITS:.2f} at T {steps:,}" for steps, seconds in each.items())
    memory = ", ".join(f"{peak(steps):,.0f} at T {steps:,}" for steps in lengths[1:])
    compiled = faster(times, "ours", "associative_scan, compiled")
    told = (
        f"The recurrence moves its numbers at {100 * share:.0f} % of the speed of a copy of as many; at that speed "
        f"it would be {compiled / share:.1f} times as fast as the compiled scan. Nanoseconds for a unit and step: "
        f"{grown}. Memory of a process, MiB: {memory}."
    )
    return rows, told


def peak(steps: int) -> float:
    """MiB that a process has taken after one forward and backward of ours, all of it still held."""
    ran = subprocess.run(
        [sys.executable, __file__, "--peak", str(steps)], capture_output=True, text=True, check=True
    )  # fmt: skip
    return int(ran.stdout.split()[0]) / 1024


def layers(rounds: int) -> list[dict[str, Any]]:
    """A whole layer in training."""
    torch.manual_seed(0)
    x = torch.randn(STEPS, BATCH, UNITS, requires_grad=True)
    made = {"ours": tt.MinGRU(UNITS, UNITS), "our GRU": tt.GRU(UNITS, UNITS), "torch.nn.GRU": nn.GRU(UNITS, UNITS)}
    times = in_turns({name: trained(layer, x) for name, layer in made.items()}, rounds)
    figure = f"steps/s, a minGRU layer in training, B {BATCH}, T {STEPS:,}, H {UNITS}, beside "
    rows = [
        row(figure + name, STEPS, times, name, goal)
        for name, goal in zip(list(made)[1:], (GOAL_GRU, GOAL_TORCH), strict=True)
    ]
    long = torch.randn(LONG, 1, UNITS, requires_grad=True)
    cores, step = torch.get_num_threads(), trained(made["ours"], long)
    times = in_turns({"ours": on_threads(step, cores), "one": on_threads(step, 1)}, rounds)
    torch.set_num_threads(cores)
    alone_on = f"steps/s, the same with one sequence, B 1, T {LONG:,}, on {cores} threads beside one"
    return [*rows, row(alone_on, LONG, times, "one", GOAL_CORES)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "scan.json")
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        held = recurrences(given.peak)["ours"]()
        print(*re.findall(r"VmRSS:\s*(\d+)", Path("/proc/self/status").read_text()), held is None)
        return
    rows, told = alone(given.rounds)
    results = {
        "title": "`linear_scan` and minGRU",
        "told": told,
        "command": shlex.join(["python", "benchmarks/scan.py", "--rounds", str(given.rounds)]),
        "conditions": conditions() | {"rounds": given.rounds},
        "rows": [*rows, *layers(given.rounds)],
    }
    write(given.out, results)
    print("\n".join(fit_table(results)))
    print(told)


if __name__ == "__main__":
    main()
