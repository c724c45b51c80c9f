"""Memorisation: a Grid LSTM and a stacked LSTM of as many parameters learn to say back what they have read.

python benchmarks/grid_lstm.py [--batches 800] [--symbols 8] [--seed 0]: random symbols of an alphabet of 16 are read
one a step, then as many blank steps follow, at which they are to be said in their order. Both networks have the same
batches of 32, drawn as they go, the same optimiser and the same start of the forget gates. No sequence comes twice, so
what is told is of sequences not seen before: the share of symbols that were right in the last 50 batches. After
Kalchbrenner, Danihelka and Graves 2015, "Grid long short-term memory", section 4.3: there 20 symbols of 64, 43 tied
blocks and 100 units. Goal: after the same batches the Grid LSTM, whose blocks are tied, has more symbols right.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

import throughtime as tt

ALPHABET, BATCH, JUDGED = 16, 32, 50


def batches(symbols: int, count: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """What is read (2S, B, 17), the last feature being the blank, and the symbols (S, B)."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        said = torch.randint(ALPHABET, (symbols, BATCH), generator=generator)
        read = torch.cat([said, torch.full_like(said, ALPHABET)])
        yield functional.one_hot(read, ALPHABET + 1).float(), said


def networks(seed: int) -> dict[str, nn.Module]:
    torch.manual_seed(seed)
    return {
        "stacked LSTM, 2 layers of 72 units": tt.LSTM(ALPHABET + 1, 72, 2, init="forget_bias"),
        "Grid LSTM, 4 tied blocks of 64 units": tt.GridLSTM(ALPHABET + 1, 64, 4, tied=True, init="forget_bias"),
    }


def learn(layer: nn.Module, symbols: int, count: int, seed: int) -> Iterator[float]:
    """The share of symbols that were right in each batch, before it is learned from."""
    output = nn.Linear(layer.output_size, ALPHABET)
    parameters = [*layer.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=3e-3)
    for x, said in batches(symbols, count, seed):
        scores = output(layer(x)[0][symbols:])
        loss = functional.cross_entropy(scores.flatten(0, 1), said.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        yield (scores.argmax(-1) == said).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=800)
    parser.add_argument("--symbols", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    marks = [given.batches * part // 4 for part in range(1, 5)]
    print(f"{'symbols right after batch':38} {' '.join(f'{mark:>6}' for mark in marks)}")
    for name, layer in networks(given.seed).items():
        began, right = time.process_time(), list[float]()
        print(f"{name:38}", end="", flush=True)
        for share in learn(layer, given.symbols, given.batches, given.seed):
            right.append(share)
            if len(right) in marks:
                last = right[-JUDGED:]
                print(f" {sum(last) / len(last):6.3f}", end="", flush=True)
        count = sum(parameter.numel() for parameter in layer.parameters())
        print(f"   {count:,} parameters, {time.process_time() - began:.0f} s")


if __name__ == "__main__":
    main()
