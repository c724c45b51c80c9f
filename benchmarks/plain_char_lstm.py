"""The peer of ``fit generate``: a plain PyTorch character LSTM, written with care, that knows nothing of throughtime.

Time-major batches (no copies for the kernel), fused AdamW, one synchronisation a step. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional


class CharLSTM(nn.Module):
    def __init__(self, vocabulary: int, embedding: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, ids: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        y, state = self.lstm(self.dropout(self.embedding(ids)), state)
        return self.output(self.dropout(y)), state


def lanes_of(path: Path, lanes: int) -> tuple[Tensor, int]:
    """(steps, lanes) ids of the first 90 % of the text, and the size of the vocabulary."""
    text = path.read_text()
    text = text[: len(text) * 9 // 10]
    index = {character: k for k, character in enumerate(sorted(set(text)))}
    ids = torch.tensor([index[character] for character in text])
    steps = len(ids) // lanes
    return ids[: steps * lanes].view(lanes, steps).t().contiguous(), len(index)


def train(data: Tensor, model: CharLSTM, window: int, steps: int) -> float:
    """Tokens per second over ``steps`` steps, after five to warm up."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, fused=True)
    state, start, tokens = None, 0.0, 0
    for step in range(steps + 5):
        if step == 5:
            start, tokens = time.perf_counter(), 0
        at = step * window % (len(data) - window - 1)
        ids, targets = data[at : at + window], data[at + 1 : at + window + 1]
        logits, state = model(ids, state)
        state = (state[0].detach(), state[1].detach())
        loss = functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        tokens += targets.numel()
        if not loss.item() < 100:
            raise RuntimeError("diverged")
    return tokens / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", type=Path)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--embedding", type=int, default=128)
    parser.add_argument("--lanes", type=int, default=32)
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--dropout", type=float, default=0.3)
    options = parser.parse_args()
    torch.manual_seed(0)
    data, vocabulary = lanes_of(options.text, options.lanes)
    model = CharLSTM(vocabulary, options.embedding, options.hidden, options.dropout)
    speed = train(data, model, options.window, options.steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"tokens_per_second": speed, "peak_mib": peak}))


if __name__ == "__main__":
    main()
