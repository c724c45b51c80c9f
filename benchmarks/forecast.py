"""How fast a run of ``forecast`` draws paths, beside the same network and the same sampler on PyTorch's LSTM cells.

python benchmarks/forecast.py RUN FILE [--paths 100] [--rounds 5]: RUN is a trained recursive run with the default
network, FILE the series that it goes on from. Both networks have the run's weights, draw from the same noise, and take
turns in one process; the plain one is tried in blocks of the same size and of all series at once, and counts with the
faster. Writes benchmarks/results/forecast.json and prints a table. Goals: 1.5 times as fast, and for the 414 series of
M4 Hourly with 100 paths of 48 steps at most 10 seconds.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

import throughtime as tt
from throughtime.bench.page import fit_table
from throughtime.bench.results import conditions, write
from throughtime.data.reading import Problems
from throughtime.data.user_data import user_data
from throughtime.tasks.forecast.ways import recursive
from throughtime.tasks.forecast.ways.encoding import encode, tail

HERE = Path(__file__).parent
FIGURE, GOAL = "series/s, {paths} paths of {horizon} steps each", 1.5
TOLD = """\
The same network with the same weights and the same draws; the steps of the plain one are `torch.nn.LSTMCell`s. All else
is our sampler in both."""


class CellStream:
    """Steps of PyTorch's LSTM cells with the weights of our layers, where our sampler has a stream."""

    def __init__(self, recurrent: Any, batch_size: int) -> None:
        self.state: Any = None
        self.cells: list[nn.LSTMCell] = []
        for layer in range(recurrent.num_layers):
            weight = getattr(recurrent, f"weight_ih_l{layer}")
            cell = nn.LSTMCell(weight.shape[1], recurrent.hidden_size)
            cell.load_state_dict({
                name: getattr(recurrent, f"{name}_l{layer}").detach()
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            })  # fmt: skip
            self.cells.append(cell)

    def step(self, x: Tensor) -> Tensor:
        h, c = self.state if isinstance(self.state, list) else [list(part) for part in self.state]
        for layer, cell in enumerate(self.cells):
            h[layer], c[layer] = cell(x, (h[layer], c[layer]))
            x = h[layer]
        self.state = [h, c]
        return x


@contextmanager
def plain(way: Any, block: int) -> Generator[None]:
    """Have the sampler step PyTorch's cells."""
    layers = way.model.encoder.recurrent
    with (
        patch.object(type(layers), "stream", lambda layer, batch_size: CellStream(layer, batch_size)),
        patch.object(recursive, "BLOCK", block),
    ):
        yield


def measure(way: Any, encoded: Any, horizon: int, paths: int, rounds: int) -> dict[str, Any]:
    def draw() -> tuple[float, Any]:
        began = time.perf_counter()
        found = way.paths(encoded, horizon, paths, lambda row: np.random.Generator(np.random.PCG64(row)))
        return time.perf_counter() - began, found

    blocks = (recursive.BLOCK, len(encoded) * paths)
    _, own = draw()
    pilots: dict[int, float] = {}
    for block in blocks:
        with plain(way, block):
            pilots[block], other = draw()
        print(f"plain, blocks of {block:,} paths: {pilots[block]:.2f} s; farthest {np.abs(own - other).max():.2g}")
    fastest = min(pilots, key=lambda block: pilots[block])
    ours: list[float] = []
    others: list[float] = []
    for _ in range(rounds):
        ours.append(draw()[0])
        with plain(way, fastest):
            others.append(draw()[0])
    print(f"ours {statistics.median(ours):.2f} s, plain {statistics.median(others):.2f} s")
    return {
        "figure": FIGURE.format(paths=paths, horizon=horizon),
        "goal": GOAL,
        "ours": len(encoded) / statistics.median(ours),
        "plain": len(encoded) / statistics.median(others),
        "ours/plain": statistics.median(other / own for own, other in zip(ours, others, strict=True)),
        "seconds": statistics.median(ours),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--paths", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "forecast.json")
    given = parser.parse_args()
    run = tt.load(given.run)
    panel = run.reader.read_to_forecast(user_data({"data": given.file}), given.run, Problems())
    learner, inputs = run.model, run.model.inputs
    steps = inputs.context + inputs.lead
    encoded = [encode(tail(each, steps), inputs, panel.clock, inputs.horizon) for each in panel.series]
    with torch.no_grad():
        row = measure(learner.way, encoded, inputs.horizon, given.paths, given.rounds)
    words = ["python", "benchmarks/forecast.py", given.run.name, given.file.name, "--paths", str(given.paths)]
    about = {"title": "`forecast`", "told": TOLD, "command": shlex.join([*words, "--rounds", str(given.rounds)])}
    results = {**about, "conditions": conditions() | {"rounds": given.rounds, "series": len(encoded)}, "rows": [row]}
    write(given.out, results)
    print("\n".join(fit_table(results)))


if __name__ == "__main__":
    main()
