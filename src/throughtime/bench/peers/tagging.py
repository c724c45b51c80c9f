"""A whole training step of a tagger: embedding, bidirectional LSTM, linear layer, cross entropy, AdamW.

Lengths are uniform from 5 to 60; eight batches take turns. The workload gives B and H; the rest is below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from throughtime import layers
from throughtime.bench.workload import Work, Workload

__all__ = ["ours", "packed", "padded"]

VOCABULARY, EMBEDDING, TAGS = 5000, 100, 20
SHORTEST, LONGEST, BATCHES = 5, 60, 8
NO_TAG = -100


class _Batch(NamedTuple):
    ids: Tensor
    """(T, B)"""
    tags: Tensor
    """(T, B), NO_TAG past the end of a row."""
    lengths: Tensor
    """(B,)"""


def _batches(rows: int) -> Iterator[_Batch]:
    """Endless batches, each as long as its longest row."""
    draw = torch.Generator().manual_seed(0)
    drawn: list[_Batch] = []
    for _ in range(BATCHES):
        lengths = torch.randint(SHORTEST, LONGEST + 1, (rows,), generator=draw)
        shape = (int(lengths.max()), rows)
        past = torch.arange(shape[0])[:, None] >= lengths
        ids = torch.randint(VOCABULARY, shape, generator=draw).masked_fill(past, 0)
        drawn.append(_Batch(ids, torch.randint(TAGS, shape, generator=draw).masked_fill(past, NO_TAG), lengths))
    return cycle(drawn)


Read = Callable[[Tensor, Tensor], Tensor]
"""(embedded (T, B, E), lengths (B,)) -> (T, B, 2H)"""


def _training(workload: Workload, module: nn.Module, read: Read) -> Work:
    """One step of training on the next batch."""
    embedding, linear = nn.Embedding(VOCABULARY, EMBEDDING), nn.Linear(2 * workload.hidden, TAGS)
    optimizer = torch.optim.AdamW(nn.ModuleList([embedding, module, linear]).parameters(), fused=True)
    batches = _batches(workload.batch)

    def step() -> float:
        batch = next(batches)
        logits = linear(read(embedding(batch.ids), batch.lengths))
        loss = functional.cross_entropy(logits.flatten(0, 1), batch.tags.flatten(), ignore_index=NO_TAG)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def ours(workload: Workload) -> Work:
    """Our layer, which takes the lengths.

    Args:
        workload: B and H.
    """
    module = layers.LSTM(EMBEDDING, workload.hidden, bidirectional=True)
    return _training(workload, module, lambda x, lengths: module(x, lengths=lengths)[0])


def packed(workload: Workload) -> Work:
    """``torch.nn.LSTM`` on packed rows, as most scripts have it.

    Args:
        workload: B and H.
    """
    module = nn.LSTM(EMBEDDING, workload.hidden, bidirectional=True)

    def read(x: Tensor, lengths: Tensor) -> Tensor:
        rows = pack_padded_sequence(x, lengths, enforce_sorted=False)
        return pad_packed_sequence(module(rows)[0], total_length=len(x))[0]

    return _training(workload, module, read)


def padded(workload: Workload) -> Work:
    """Two ``torch.nn.LSTM`` on padded rows, the second on rows turned round in place.

    The bidirectional layer on padded rows would be shorter and wrong: its second direction would begin in the padding.

    Args:
        workload: B and H.
    """
    there, back = (nn.LSTM(EMBEDDING, workload.hidden) for _ in range(2))

    def turned(x: Tensor, lengths: Tensor) -> Tensor:
        at = torch.arange(len(x))[:, None]
        return x.gather(0, torch.where(at < lengths, lengths - 1 - at, at)[:, :, None].expand_as(x))

    def read(x: Tensor, lengths: Tensor) -> Tensor:
        return torch.cat([there(x)[0], turned(back(turned(x, lengths))[0], lengths)], -1)

    return _training(workload, nn.ModuleList([there, back]), read)
