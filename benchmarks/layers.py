"""Every layer beside its twin in torch.nn, through the public interface: python benchmarks/layers.py [--quick].

Figures are ratios of medians within one run; above 1, throughtime is the faster. Writes benchmarks/results/layers.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import torch
from measure import paired, save, table
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import throughtime as tt

STEPS = 100
SHAPES = [(1, 64), (1, 128), (8, 128), (32, 128), (32, 256), (64, 512)]
CELLS = ["RNN", "LSTM", "GRU"]
Call = Callable[[nn.Module, Tensor, Tensor], Tensor]


def padded(layer: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    return layer(x)[0]


def ours_ragged(layer: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    return layer(x, lengths=lengths)[0]


def torch_ragged(layer: nn.Module, x: Tensor, lengths: Tensor) -> Tensor:
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    return pad_packed_sequence(layer(packed)[0], total_length=x.shape[0])[0]


def work(call: Call, layer: nn.Module, x: Tensor, lengths: Tensor, training: bool) -> Callable[[], object]:
    """One inference, or one forward and backward with gradients of the input and all weights."""

    def infer() -> object:
        with torch.no_grad():
            return call(layer, x, lengths)

    def train() -> object:
        layer.zero_grad(set_to_none=True)
        leaf = x.detach().requires_grad_()
        call(layer, leaf, lengths).sum().backward()
        return leaf.grad

    return train if training else infer


def twins(cell: str, hidden: int, **options: Any) -> tuple[nn.Module, nn.Module]:
    ours: nn.Module = getattr(tt, cell)(hidden, hidden, **options)
    theirs: nn.Module = getattr(nn, cell)(hidden, hidden, **options)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def row(cell: str, batch: int, hidden: int, form: str, training: bool, rounds: int, **options: Any) -> dict[str, Any]:
    ours, theirs = twins(cell, hidden, **options)
    x = torch.randn(STEPS, batch, hidden)
    lengths = torch.randint(10, STEPS + 1, (batch,))
    pair: tuple[Call, Call] = (ours_ragged, torch_ragged) if form == "ragged" else (padded, padded)
    measured = paired(
        work(pair[0], ours, x, lengths, training), work(pair[1], theirs, x, lengths, training), rounds
    )  # fmt: skip
    what = "training" if training else "inference"
    return {"cell": cell, "form": form, "what": what, "batch": batch, "hidden": hidden, **options, **measured}


def rows(rounds: int, quick: bool) -> list[dict[str, Any]]:
    shapes = SHAPES[:4] if quick else SHAPES
    plans: list[tuple[Any, ...]] = list(product(CELLS, shapes, ["padded"], [False, True], [{}]))
    plans += list(product(CELLS, [(16, 128), (32, 256)], ["ragged"], [False, True], [{}]))
    plans += list(product(CELLS, [(32, 128)], ["padded"], [False, True], [{"num_layers": 2, "bidirectional": True}]))
    return [
        row(cell, batch, hidden, form, training, rounds, **options)
        for cell, (batch, hidden), form, training, options in plans
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="small shapes only")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "layers.json")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    measured = rows(arguments.rounds, arguments.quick)
    save(arguments.out, measured)
    print(table(measured, ["cell", "form", "what", "batch", "hidden", "ours_ms", "theirs_ms", "ratio", "ratio_low"]))
    print(f"lowest ratio {min(each['ratio'] for each in measured):.3f}")


if __name__ == "__main__":
    main()
